#!lua flags=allow-oom
--@use job end whole
-- ARGV: id, fence, stage, iteration, mark and name of a batch, the name of its endpoint
-- ("" = not told), delay_ms, why, then the calls of it, "index/attempt", that are to be
-- told these names. delay_ms 0 or more: the job is given up and due again after so long,
-- or when mail comes, and says why; -1: it stays claimed. A repeat finds its own fence in
-- `released`.
local id, fence, stage, iteration = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local mark, name, endpoint = ARGV[5], ARGV[6], ARGV[7]
local delay_ms, why = tonumber(ARGV[8]), ARGV[9]
local CALLS_MAX, WAKE, CALLS_AT = 64, 3, 10 -- WAKE: time and mail
local mine, entry, capped = holds(id, fence)
if not mine then
  local was = redis.call("HGET", job_key(id), "released")
  return {was == fence and "ok" or "fenced"}
end
local now = now_ms()

local function tell()
  local calls, places, records = {}, {}, {}
  for n = 1, math.min(#ARGV - CALLS_AT + 1, CALLS_MAX) do
    calls[n] = ARGV[CALLS_AT + n - 1]
    places[n] = stage .. "/" .. iteration .. "/" .. calls[n]
  end
  if #calls == 0 then return end
  local open = redis.call("HMGET", part_key(id, "rsv"), unpack(places))
  local record = '{"s":"sent","t":' .. int(now) .. ',"b":' .. cjson.encode(mark) ..
                 ',"n":' .. cjson.encode(name) ..
                 (endpoint ~= "" and ',"e":' .. cjson.encode(endpoint) or '') .. '}'
  for n, call in ipairs(calls) do
    if open[n] then
      records[#records + 1], records[#records + 2] = call, record
    end
  end
  if #records == 0 then return end
  redis.call("HSET", journal_key(id, stage, iteration), unpack(records))
  redis.call("HINCRBY", job_key(id), "progress", 1)
end

local function give_up()
  ack(entry, capped)
  redis.call("ZREM", key("given"), id)
  redis.call("HSET", job_key(id), "state", "waiting", "owner", "", "entry", "",
             "wake", WAKE, "due_ms", 0)
  redis.call("HSET", campaign_key(id), "waiting", why, "waiting_ms", int(now + delay_ms))
  local dirty = tonumber(redis.call("HGET", job_key(id), "dirty")) or 0
  due_at(id, bit.band(dirty, WAKE) ~= 0 and now or now + delay_ms)
  redis.call("HSET", job_key(id), "released", fence)
end

return whole(id, entry, function()
  tell()
  if delay_ms >= 0 then give_up() end
end)

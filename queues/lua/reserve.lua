#!lua
--@use job end whole
-- ARGV: id, fence, stage, iteration, then per call: index, attempt, tokens, nano; one
-- word more is the mark of the batch they go into, two the name of its endpoint as well:
-- they stand in their records, and these are of no holder (fence 0), so that no load takes
-- them for lost.
local id, fence, stage, iteration = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local CALLS_MAX, JOURNALS_MAX = 64, 1000
local mine, entry = holds(id, fence)
if not mine then return {"fenced"} end

local bud, rsv = part_key(id, "bud"), part_key(id, "rsv")
local journal = journal_key(id, stage, iteration)
local more = (#ARGV - 4) % 4
local batch = more > 0 and ARGV[#ARGV - more + 1] or nil
local endpoint = more > 1 and ARGV[#ARGV] or nil
local owner = batch and "0" or fence
local sent = '{"s":"sent","t":' .. int(now_ms()) ..
             (batch and ',"b":' .. cjson.encode(batch) or '') ..
             (endpoint and ',"e":' .. cjson.encode(endpoint) or '') .. '}'

-- What the budget still gives of calls, tokens and nano; negative maximum: no bound.
local function rooms()
  local b = redis.call("HMGET", bud, "calls_max", "calls", "calls_r", "tokens_max",
                       "tokens", "tokens_r", "nano_max", "nano", "nano_r")
  local room = {}
  for i = 1, 3 do
    local max = tonumber(b[3 * i - 2]) or -1
    local used = (tonumber(b[3 * i - 1]) or 0) + (tonumber(b[3 * i]) or 0)
    room[i] = max < 0 and math.huge or max - used
  end
  return room
end

local room, full, taken, granted = nil, false, {0, 0, 0}, {}
local records, reserved = {}, {} -- field, value, … of the journal and of rsv
local function reserve(call, place, stored, held, cost)
  local mine = owner .. " " .. int(cost[2]) .. " " .. int(cost[3])
  if stored or granted[call] then
    -- asked again by the same holder, because the first reply was lost
    return (held or granted[call]) == mine and "ok" or "exists"
  end
  for i = 1, 3 do full = full or taken[i] + cost[i] > room[i] end
  if full then return "over_budget" end
  for i = 1, 3 do taken[i] = taken[i] + cost[i] end
  granted[call] = mine
  records[#records + 1], records[#records + 2] = call, sent
  reserved[#reserved + 1], reserved[#reserved + 2] = place, mine
  return "ok"
end

local verdicts = {}
local function judge_all()
  local calls, places = {}, {}
  for n = 1, math.min(math.floor((#ARGV - 4) / 4), CALLS_MAX) do
    calls[n] = ARGV[4 * n + 1] .. "/" .. ARGV[4 * n + 2]
    places[n] = stage .. "/" .. iteration .. "/" .. calls[n]
  end
  if #calls == 0 then return end
  room = rooms()
  local stored, held = redis.call("HMGET", journal, unpack(calls)),
                       redis.call("HMGET", rsv, unpack(places))
  for n, call in ipairs(calls) do
    verdicts[n] = reserve(call, places[n], stored[n], held[n],
        {1, tonumber(ARGV[4 * n + 3]) or 0, tonumber(ARGV[4 * n + 4]) or 0})
  end
end

local function write()
  if redis.call("EXISTS", journal) == 0 then
    spoil(id, redis.call("HGET", job_key(id), "dirty"))
    local jrs = part_key(id, "jrs")
    if redis.call("RPUSH", jrs, journal) > JOURNALS_MAX then
      redis.call("UNLINK", redis.call("LPOP", jrs))
    end
  end
  redis.call("HSET", journal, unpack(records))
  redis.call("HSET", rsv, unpack(reserved))
  redis.call("HINCRBY", bud, "calls_r", int(taken[1]))
  redis.call("HINCRBY", bud, "tokens_r", int(taken[2]))
  redis.call("HINCRBY", bud, "nano_r", int(taken[3]))
end

local outcome = whole(id, entry, function()
  judge_all()
  if taken[1] > 0 then write() end
end)
return outcome[1] == "ok" and verdicts or outcome

--@use job
-- ARGV: id, fence, stage, iteration, then per call: index, attempt, tokens, nano
local id, fence, stage, iteration = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local JOURNALS_MAX = 1000
if not holds(id, fence) then return {"fenced"} end

local bud, rsv = part_key(id, "bud"), part_key(id, "rsv")
local journal = journal_key(id, stage, iteration)
local sent = '{"s":"sent","t":' .. int(now_ms()) .. '}'
local NAMES = {"calls", "tokens", "nano"}
local room = {} -- what the budget still gives; negative maximum: no bound
for i, name in ipairs(NAMES) do
  local b = redis.call("HMGET", bud, name .. "_max", name, name .. "_r")
  local max = tonumber(b[1]) or -1
  room[i] = max < 0 and math.huge or max - (tonumber(b[2]) or 0) - (tonumber(b[3]) or 0)
end

local full, taken = false, {0, 0, 0}
local function reserve(call, cost)
  local place = stage .. "/" .. iteration .. "/" .. call
  local mine = fence .. " " .. int(cost[2]) .. " " .. int(cost[3])
  if redis.call("HEXISTS", journal, call) == 1 then
    -- asked again by the same holder, because the first reply was lost
    return redis.call("HGET", rsv, place) == mine and "ok" or "exists"
  end
  for i = 1, 3 do full = full or taken[i] + cost[i] > room[i] end
  if full then return "over_budget" end
  for i = 1, 3 do taken[i] = taken[i] + cost[i] end
  redis.call("HSET", journal, call, sent)
  redis.call("HSET", rsv, place, mine)
  return "ok"
end

local is_new = redis.call("EXISTS", journal) == 0
local verdicts = {}
for at = 5, math.min(#ARGV - 3, 5 + 63 * 4), 4 do
  verdicts[#verdicts + 1] = reserve(ARGV[at] .. "/" .. ARGV[at + 1],
      {1, tonumber(ARGV[at + 2]) or 0, tonumber(ARGV[at + 3]) or 0})
end
if taken[1] > 0 then
  for i, name in ipairs(NAMES) do
    redis.call("HINCRBY", bud, name .. "_r", int(taken[i]))
  end
end
if is_new and taken[1] > 0 then
  local jrs = part_key(id, "jrs")
  if redis.call("RPUSH", jrs, journal) > JOURNALS_MAX then
    redis.call("UNLINK", redis.call("LPOP", jrs))
  end
end
return verdicts

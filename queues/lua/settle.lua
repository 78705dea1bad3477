#!lua flags=allow-oom
--@use job end whole money
-- ARGV: id, fence, stage, iteration, then per settlement: how many words follow, index,
-- attempt, record, tokens_in, tokens_out, nano, requests (-1: answered by the cache), call,
-- audit field, value, … beside what, call, tokens_in and tokens_out, which are added here.
local id, fence, stage, iteration = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local AUDIT_MAX, JOURNALS_MAX = 10000, 1000
local mine, entry = holds(id, fence)
if not mine then return {"fenced"} end

local journal = journal_key(id, stage, iteration)
local bud, rsv, audit = part_key(id, "bud"), part_key(id, "rsv"), part_key(id, "audit")
local now = int(now_ms())
local in_budget, in_public = {}, {} -- what is added to fields of the two hashes
local records, released = {}, {} -- field, value, … of the journal; fields of rsv

local function add(sums, name, n) sums[name] = (sums[name] or 0) + n end

local function release(place, held)
  local tokens, most = string.match(held, "^%d+ (%d+) (%d+)$")
  released[#released + 1] = place
  add(in_budget, "calls_r", -1)
  add(in_budget, "tokens_r", -tonumber(tokens))
  add(in_budget, "nano_r", -tonumber(most))
end

-- at: where the settlement's index stands in ARGV
local function charge(at)
  local tokens_in, tokens_out = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local requests = tonumber(ARGV[at + 6])
  if requests > 0 then
    add(in_budget, "calls", requests)
    add(in_public, "calls", requests)
  elseif requests < 0 then
    add(in_public, "cached", 1)
  end
  add(in_budget, "tokens", tokens_in + tokens_out)
  add(in_budget, "nano", tonumber(ARGV[at + 5]))
  add(in_public, "tokens_in", tokens_in)
  add(in_public, "tokens_out", tokens_out)
end

-- {"s":"ok",…} becomes {"t":ms,"s":"ok",…}. No pattern with .* walks the whole record.
local function stamped(text)
  local first = string.find(text, "[^%s{]") or #text
  local comma = string.sub(text, first, first) == "}" and "" or ","
  return '{"t":' .. now .. comma .. string.sub(text, first)
end

local function settle(at, last, call, place, held)
  records[#records + 1] = call
  records[#records + 1] = stamped(ARGV[at + 2])
  if ARGV[at + 7] == "1" then
    if held then release(place, held) end
    charge(at)
  end
  if last >= at + 9 then
    local audit_last = at + 7 + math.floor((last - at - 7) / 2) * 2
    redis.call("XADD", audit, "MAXLEN", "~", AUDIT_MAX, "*", "what", "call",
               "call", id .. "/" .. place, "tokens_in", ARGV[at + 3],
               "tokens_out", ARGV[at + 4], unpack(ARGV, at + 8, audit_last))
  end
end

local function write_sums(name, sums)
  for field, n in pairs(sums) do redis.call("HINCRBY", name, field, int(n)) end
end

local function write(any_new)
  if #records == 0 then return end
  if any_new and redis.call("EXISTS", journal) == 0 then
    spoil(id, redis.call("HGET", job_key(id), "dirty"))
    local jrs = part_key(id, "jrs")
    if redis.call("RPUSH", jrs, journal) > JOURNALS_MAX then
      redis.call("UNLINK", redis.call("LPOP", jrs))
    end
  end
  redis.call("HSET", journal, unpack(records))
  if #released > 0 then redis.call("HDEL", rsv, unpack(released)) end
  write_sums(bud, in_budget)
  write_sums(campaign_key(id), in_public)
  if in_budget.nano then
    redis.call("HSET", campaign_key(id), "usd", decimal(redis.call("HGET", bud, "nano"), 9))
  end
  redis.call("HINCRBY", job_key(id), "progress", #records / 2)
end

return whole(id, entry, function()
  local at, firsts, lasts, calls, places = 5, {}, {}, {}, {}
  while at < #ARGV do
    local n = #calls + 1
    firsts[n], lasts[n] = at + 1, at + tonumber(ARGV[at])
    calls[n] = ARGV[at + 1] .. "/" .. ARGV[at + 2]
    places[n] = stage .. "/" .. iteration .. "/" .. calls[n]
    at = lasts[n] + 1
  end
  local held, stored = redis.call("HMGET", rsv, unpack(places)),
                       redis.call("HMGET", journal, unpack(calls))
  local any_new, seen = false, {}
  for n, call in ipairs(calls) do
    local is_repeat = stored[n] and not held[n] or seen[call]
    if not is_repeat then
      seen[call], any_new = true, any_new or not stored[n]
      settle(firsts[n], lasts[n], call, places[n], held[n])
    end
  end
  write(any_new)
end)

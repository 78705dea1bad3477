#!lua flags=allow-oom
--@use job end whole money
-- ARGV: id, fence, stage, iteration, index, attempt, record, tokens_in, tokens_out,
-- nano, was_sent, call, audit field, value, …
local id, fence, stage, iteration = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call, record = ARGV[5] .. "/" .. ARGV[6], ARGV[7]
local tokens_in, tokens_out, nano = ARGV[8], ARGV[9], ARGV[10]
local was_sent, is_call = ARGV[11] == "1", ARGV[12] == "1"
local AUDIT_MAX, JOURNALS_MAX = 10000, 1000
local mine, entry = holds(id, fence)
if not mine then return {"fenced"} end

local place = stage .. "/" .. iteration .. "/" .. call
local journal = journal_key(id, stage, iteration)
local bud, rsv = part_key(id, "bud"), part_key(id, "rsv")

local function settle_budget(held)
  if held then
    local tokens, most = string.match(held, "^%d+ (%d+) (%d+)$")
    redis.call("HDEL", rsv, place)
    redis.call("HINCRBY", bud, "calls_r", -1)
    redis.call("HINCRBY", bud, "tokens_r", int(-tonumber(tokens)))
    redis.call("HINCRBY", bud, "nano_r", int(-tonumber(most)))
  end
  if was_sent then
    redis.call("HINCRBY", bud, "calls", 1)
    redis.call("HINCRBY", campaign_key(id), "calls", 1)
  end
  redis.call("HINCRBY", bud, "tokens", int(tokens_in + tokens_out))
  redis.call("HINCRBY", campaign_key(id), "tokens_in", tokens_in)
  redis.call("HINCRBY", campaign_key(id), "tokens_out", tokens_out)
  redis.call("HINCRBY", bud, "nano", nano)
  redis.call("HSET", campaign_key(id), "usd", decimal(redis.call("HGET", bud, "nano"), 9))
end

-- {"s":"ok",…} becomes {"t":ms,"s":"ok",…}
local function stamped(text)
  local rest = string.match(text, "^%s*{%s*(.*)$") or "}"
  local comma = string.sub(rest, 1, 1) == "}" and "" or ","
  return '{"t":' .. int(now_ms()) .. comma .. rest
end

local function keep(is_new)
  redis.call("HSET", journal, call, stamped(record))
  if is_new and redis.call("HLEN", journal) == 1 then
    local jrs = part_key(id, "jrs")
    if redis.call("RPUSH", jrs, journal) > JOURNALS_MAX then
      redis.call("UNLINK", redis.call("LPOP", jrs))
    end
  end
end

return whole(id, entry, function()
  local held = redis.call("HGET", rsv, place)
  local stored = redis.call("HGET", journal, call)
  if stored and not held then return end -- a repeat
  keep(not stored)
  if is_call then settle_budget(held) end
  if #ARGV >= 14 then
    redis.call("XADD", part_key(id, "audit"), "MAXLEN", "~", AUDIT_MAX, "*",
               unpack(ARGV, 13, 12 + math.floor((#ARGV - 12) / 2) * 2))
  end
  redis.call("HINCRBY", job_key(id), "progress", 1)
end)

-- lib_lost.lua: calls that nobody will settle any more.
local LOST_AUDIT_MAX = 10000

-- One reservation of an earlier holder: the call counts, its estimate counts as spent.
local function lose(id, place, tokens, nano, now)
  local stage, iteration, call = string.match(place, "^(.*)/(%d+)/(%d+/%d+)$")
  redis.call("HDEL", part_key(id, "rsv"), place)
  local bud = part_key(id, "bud")
  for name, n in pairs({calls = 1, tokens = tokens, nano = nano}) do
    redis.call("HINCRBY", bud, name, int(n))
    redis.call("HINCRBY", bud, name .. "_r", int(-n))
  end
  redis.call("HINCRBY", bud, "lost", 1)
  redis.call("HINCRBY", campaign_key(id), "calls", 1)
  redis.call("HSET", journal_key(id, stage, iteration), call,
             '{"s":"lost","t":' .. int(now) .. '}')
  redis.call("XADD", part_key(id, "audit"), "MAXLEN", "~", LOST_AUDIT_MAX, "*",
             "what", "possibly_billed", "call", id .. "/" .. place, "tokens", int(tokens),
             "usd", decimal(int(nano), 9))
end

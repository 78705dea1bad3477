#!lua flags=no-writes
-- What an operator asks first. Reply: [redis_ms, [[stream, length, ms of its oldest
-- entry], …], backlog, ms of the oldest job in it, dead, refused in the last hour (100
-- = or more), [worker, ms of its last beat, …]]
local HOUR_MS, REFUSED_MAX, WORKERS_MAX, PAGE = 3600000, 100, 256, 10
local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)

local streams = {}
for i, name in ipairs({"inbox", "events", "control"}) do
  local first = redis.call("XRANGE", key(name), "-", "+", "COUNT", 1)[1]
  local ms = first and tonumber(string.match(first[1], "^%d+")) or 0
  streams[i] = {name, redis.call("XLEN", key(name)), ms}
end

-- Entries hold up to 64 KiB of refused input: few at once.
local function refused()
  local n, from = 0, string.format("%.0f", now - HOUR_MS)
  while n < REFUSED_MAX do
    local page = redis.call("XRANGE", key("rejected"), from, "+", "COUNT", PAGE)
    n = n + #page
    if #page < PAGE then break end
    from = "(" .. page[#page][1]
  end
  return n
end

local oldest = redis.call("ZRANGE", key("queued"), 0, 0, "WITHSCORES")
return {now, streams, redis.call("ZCARD", key("queued")), tonumber(oldest[2]) or 0,
        redis.call("ZCARD", key("dead")), refused(),
        redis.call("ZREVRANGE", key("hb"), 0, WORKERS_MAX - 1, "WITHSCORES")}

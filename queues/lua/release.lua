#!lua flags=allow-oom
--@use job end whole
-- ARGV: id, fence. A repeat finds its own fence in `released`.
local id, fence = ARGV[1], ARGV[2]
local held, entry, capped = holds(id, fence)
if not held then
  local was = redis.call("HGET", job_key(id), "released")
  return {was == fence and "ok" or "fenced"}
end
return whole(id, entry, function()
  ack(entry, capped)
  local j = redis.call("HMGET", job_key(id), "tenant", "prio")
  redis.call("ZREM", key("given"), id)
  enqueue(id, j[1], j[2], true, now_ms())
  redis.call("HSET", job_key(id), "released", fence)
end)

#!lua flags=allow-oom
--@use job
-- ARGV: worker. Its name is used up: a late tick under it claims nothing.
local worker = ARGV[1]
local held = redis.pcall("XPENDING", READY, "w", "-", "+", 1, worker)
if not held.err and #held > 0 then return {"busy"} end
redis.pcall("XGROUP", "DELCONSUMER", READY, "w", worker)
redis.call("ZREM", key("hb"), worker)
redis.call("ZADD", key("gone"), now_ms(), worker)
redis.call("UNLINK", poke_key(worker))
return {"left"}

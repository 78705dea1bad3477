#!lua flags=allow-oom
--@use job
-- ARGV: id, fence, from
local id, from = ARGV[1], tonumber(ARGV[3])
if not holds(id, ARGV[2]) then return {"fenced"} end
return {redis.call("LRANGE", part_key(id, "mail"), from, from + 255)}

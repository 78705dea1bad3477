#!lua flags=no-writes
-- ARGV: id
local out = {}
for i, vid in ipairs(redis.call("LRANGE", part_key(ARGV[1], "vids"), 0, -1)) do
  out[i] = {vid, redis.call("HGETALL", variant_key(ARGV[1], vid))}
end
return out

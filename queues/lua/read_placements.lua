#!lua flags=no-writes
-- ARGV: id
local id, out = ARGV[1], {}
for i, place in ipairs(redis.call("LRANGE", part_key(id, "places"), 0, -1)) do
  out[i] = {place, redis.call("HGETALL", placement_key(id, place)),
            redis.call("GET", alloc_key(id, place)) or ""}
end
return out

#!lua flags=no-writes
-- ARGV: count
local out = {}
local count = math.min(tonumber(ARGV[1]) or 0, 1000)
if count < 1 then return out end
for _, id in ipairs(redis.call("ZREVRANGE", key("campaigns"), 0, count - 1)) do
  local fields = redis.call("HGETALL", campaign_key(id))
  if #fields > 0 then out[#out + 1] = {id, fields} end
end
return out

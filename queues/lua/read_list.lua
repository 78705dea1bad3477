#!lua flags=no-writes
-- ARGV: from (0 is the newest), count
-- A page: where the next one begins ("": there is none), then [id, hash] of each. Hashes are
-- some 40 fields each: so few that Redis is held for a fraction of a ms.
local PAGE_MAX = 16
local from, out = math.max(tonumber(ARGV[1]) or 0, 0), {}
local count = math.min(tonumber(ARGV[2]) or 0, PAGE_MAX)
if count < 1 then return {"", out} end
local ids = redis.call("ZREVRANGE", key("campaigns"), from, from + count - 1)
for _, id in ipairs(ids) do
  local fields = redis.call("HGETALL", campaign_key(id))
  if #fields > 0 then out[#out + 1] = {id, fields} end
end
return {#ids == count and tostring(from + count) or "", out}

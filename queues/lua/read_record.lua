#!lua flags=no-writes
-- ARGV: id. What a replay starts from and is held against, all of one moment; nil if
-- there is no such campaign. Reply: [commits, state of the job, spec, checkpoint,
-- campaign hash, [[variant, hash], …], [[placement, hash, shares, rank with scores], …],
-- [[stage, iteration], …] of the journals kept, counters, newest inputs or nil,
-- number of inputs]
local id = ARGV[1]
local campaign = redis.call("HGETALL", campaign_key(id))
if #campaign == 0 then return false end

local variants, placements, journals = {}, {}, {}
for i, vid in ipairs(redis.call("LRANGE", part_key(id, "vids"), 0, -1)) do
  variants[i] = {vid, redis.call("HGETALL", variant_key(id, vid))}
end
for i, place in ipairs(redis.call("LRANGE", part_key(id, "places"), 0, -1)) do
  placements[i] = {place, redis.call("HGETALL", placement_key(id, place)),
                   redis.call("GET", alloc_key(id, place)) or "",
                   redis.call("ZREVRANGE", rank_key(id, place), 0, -1, "WITHSCORES")}
end
local before = #part_key(id, "jr:")
for _, name in ipairs(redis.call("LRANGE", part_key(id, "jrs"), 0, -1)) do
  local stage, iteration = string.match(string.sub(name, before + 1), "^(.*):(%d+)$")
  if stage then journals[#journals + 1] = {stage, iteration} end
end
local j = redis.call("HMGET", job_key(id), "commits", "state", "inputs")
local newest = redis.call("XREVRANGE", part_key(id, "inputs"), "+", "-", "COUNT", 1)[1]
return {tonumber(j[1]) or 0, j[2] or "", redis.call("GET", part_key(id, "spec")) or "",
        redis.call("GET", part_key(id, "ck")) or "", campaign, variants, placements,
        journals, redis.call("HGETALL", part_key(id, "n")), newest or false,
        tonumber(j[3]) or 0}

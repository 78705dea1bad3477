-- lib_public.lua: public hashes are born with every field of the contract, so that a
-- reader never misses one.
local function ensure_placement(id, place)
  local name = placement_key(id, place)
  if redis.call("EXISTS", name) == 1 then return end
  redis.call("HSET", name, "epoch", 0, "leader", "", "tied", 0, "lift", 0,
             "lift_lo", 0, "lift_hi", 0, "srm", 1, "impressions", 0, "delivered", 0,
             "conversions", 0, "revenue", 0)
  redis.call("RPUSH", part_key(id, "places"), place)
end

local function ensure_variant(id, vid)
  local name = variant_key(id, vid)
  if redis.call("EXISTS", name) == 1 then return end
  redis.call("HSET", name, "placement", "", "text", "", "state", "pending",
             "parent", "", "round", 0, "reason", "", "weight", 0, "p_best", 0,
             "expected_loss", 0, "rate", 0, "rate_lo", 0, "rate_hi", 0,
             "impressions", 0, "delivered", 0, "clicks", 0, "conversions", 0,
             "revenue", 0, "complaints", 0, "unsubscribes", 0, "bounces", 0,
             "refunds", 0, "first_impressions", 0, "first_expected", 0, "usd", 0)
  redis.call("RPUSH", part_key(id, "vids"), vid)
end

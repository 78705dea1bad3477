-- lib_cap.lua: what is in flight of tenants with a cap. `held` has their entries of the ready
-- stream, each with the number of its tenant as score, so that ZCOUNT tells how many there are.
-- A job that is counted says for whom in its field `held`; count_out() is in lib_job.lua.
local function number_of(tenant)
  return int(tonumber(string.sub(redis.sha1hex(tenant), 1, 12), 16))
end

-- was: the field as it is. pcall: as in count_out().
local function count_in(id, entry, tenant, was)
  if was ~= tenant then redis.call("HSET", job_key(id), "held", tenant) end
  pcall(set_add, "held", number_of(tenant), entry)
end

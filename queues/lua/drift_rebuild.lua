#!lua flags=allow-oom
--@use job birth end
-- ARGV: id, sha256 of its spec ("" = there is none)
-- A campaign without its job gets a new one, whose fence is above all that were; without
-- its spec nobody can go on with it, and it ends.
local id, sha = ARGV[1], ARGV[2]
local ENDED = {done = true, failed = true, cancelled = true, over_budget = true}
if redis.call("EXISTS", job_key(id)) == 1 then return {"there"} end
local c = redis.call("HMGET", campaign_key(id), "state", "tenant")
if not c[1] or ENDED[c[1]] then return {"gone"} end
local now = now_ms()
if sha == "" or redis.call("EXISTS", part_key(id, "spec")) == 0 then
  finish(id, "dead", "failed", "internal", DEAD_KEEP_MS, now)
  return {"ended"}
end
local text = redis.call("GET", part_key(id, "ck")) or ""
local ok, ck = pcall(cjson.decode, text)
local at = ok and type(ck) == "table" and ck or {}
local stage = type(at.stage) == "string" and at.stage or ""
local o = {tenant = c[2] or "default", prio = "normal", parent = "", sha = sha, fence = now,
           stage = stage, iteration = int(tonumber(at.iteration) or 0),
           starts_ms = stage == "" and tonumber(redis.call("ZSCORE", key("starts"), id)),
           deadline_ms = tonumber(redis.call("ZSCORE", key("deadlines"), id))}
create_job(id, o, now)
redis.call("ZREM", key("given"), id)
redis.call("LREM", lane_key(o.tenant, o.prio), 0, id)
enqueue(id, o.tenant, o.prio, stage ~= "", now)
return {"rebuilt"}

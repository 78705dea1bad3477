#!lua flags=allow-oom
--@use job end
-- ARGV: "retry" or "drop", campaign, who. One of those that gave up is queued again, from its
-- last checkpoint and with its crashes forgotten; or nothing is left of it.
-- Reply: "ok"; "not_dead": it is not among them (any more), nothing happened; "gone": it has
-- no job that could go on.
local what, id, by = ARGV[1], ARGV[2], ARGV[3]
local AUDIT_MAX = 10000
local now = now_ms()
local j = redis.pcall("HMGET", job_key(id), "state", "tenant", "prio", "stage", "parent",
                      CLOCKS.starts, CLOCKS.deadlines, "dirty")
local state = not j.err and j[1]
local is_dead = redis.call("ZSCORE", key("dead"), id) and (not state or state == "dead")

local function drop()
  erase({id})
  return {"ok"}
end

-- What may fail on damaged keys comes first: until then it stays among the dead.
local function retry()
  if state ~= "dead" or redis.call("EXISTS", campaign_key(id)) == 0 then return {"gone"} end
  redis.call("HSET", campaign_key(id), "state", "queued", "error", "", "updated_ms", int(now))
  enqueue(id, j[2] or "default", j[3] or "normal", (j[4] or "") ~= "", now)
  redis.call("HSET", job_key(id), "crashes", "0")
  spoil(id, j[8])
  each_key(id, function(name) redis.call("PERSIST", name) end)
  forget({id})
  redis.call("ZADD", key("campaigns"), int(now), id)
  set_clock("starts", id, tonumber(j[6]))
  set_clock("deadlines", id, tonumber(j[7]))
  redis.pcall("XADD", part_key(id, "audit"), "MAXLEN", "~", AUDIT_MAX, "*", "what", "retry",
              "by", by)
  if (j[5] or "") ~= "" then tell_parent(id, j[5], "queued", false, now) end
  changed(id, "queued")
  return {"ok"}
end

if not is_dead then return {"not_dead"} end
return what == "drop" and drop() or retry()

#!lua
--@use job birth end money
-- ARGV: entry, id, tenant, kind, priority, spec, sha256, calls_max, tokens_max,
-- nano_max, usd_known, not_before_ms, parent, state, error, start_within_ms, deadline_ms (0:
-- none), fence of the parent's holder (0: it is said by nobody who holds it)
-- Refused as a whole when memory is full.
-- Reply: "admitted"; "same": it was, before; "conflict": with another spec; "gone": the entry is
-- not there; "full": no room for more; "fenced": the parent is not held by who says so;
-- "unusable", why: keys of this name, its lane or its parent are not what they should be. An
-- error: what all campaigns share is not. Then nothing has changed, and the entry stays.
local entry, id, tenant, kind = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local prio = (ARGV[5] == "high" or ARGV[5] == "low") and ARGV[5] or "normal"
local spec, sha, nano_max = ARGV[6], ARGV[7], ARGV[10]
local not_before, parent, state, err = tonumber(ARGV[12]), ARGV[13], ARGV[14], ARGV[15]
local within, deadline, holder = tonumber(ARGV[16]), tonumber(ARGV[17]), ARGV[18] or "0"

if entry ~= "" and not redis.call("XRANGE", key("inbox"), entry, entry)[1] then
  return {"gone"}
end
local was = redis.pcall("HMGET", job_key(id), "state", "sha", "tenant")
if was.err then return {"unusable", was.err} end
if was[1] and (was[2] ~= sha or was[3] ~= tenant) then return {"conflict"} end

local function remove_entry()
  if entry ~= "" then redis.call("XDEL", key("inbox"), entry) end
end
if was[1] then
  remove_entry()
  return {"same"}
end

if holder ~= "0" then
  local p = redis.pcall("HMGET", job_key(parent), "state", "fence")
  if p[1] ~= "claimed" or p[2] ~= holder then return {"fenced"} end
end
if redis.call("EXISTS", key("full")) == 1 then return {"full"} end
if redis.call("EXISTS", campaign_key(id)) == 1 then
  return {"unusable", "it is there without a job: `barker doctor --repair` mends that"}
end
local function is_no(type, name)
  local is = redis.call("TYPE", name).ok
  return is ~= type and is ~= "none" and name .. " is no " .. type
end
local why = is_no("list", lane_key(tenant, prio)) or
            parent ~= "" and (is_no("hash", job_key(parent)) or
                              is_no("hash", part_key(parent, "kids")))
if why then return {"unusable", why} end
local OWN = {campaign_key(id), job_key(id), part_key(id, "spec"), part_key(id, "bud")}
local now = now_ms()
local function create()
  redis.call("UNLINK", unpack(OWN)) -- parts without their campaign are nobody's
  redis.call("HSET", campaign_key(id), "state", state, "error", err, "updated_ms", int(now),
             "progress", "0", "stage", "", "calls", "0", "tokens_in", "0", "tokens_out", "0",
             "usd", "0", "kind", kind, "tenant", tenant, "round", "0", "usd_known", ARGV[11],
             "usd_budget", nano_max == "-1" and "0" or decimal(nano_max, 9), "cached", "0",
             "variants", "0", "live", "0", "pending", "0", "rejected", "0",
             "impressions", "0", "delivered", "0", "clicks", "0", "conversions", "0",
             "orphans", "0", "recipients", "0", "revenue", "0", "lift", "0", "lift_lo", "0", "lift_hi", "0",
             "created_ms", int(now), "waiting", "", "waiting_ms", "0")
  if parent ~= "" then redis.call("HSET", campaign_key(id), "parent", parent) end
  redis.call("SET", part_key(id, "spec"), spec)
  redis.call("HSET", part_key(id, "bud"), "calls_max", ARGV[8], "tokens_max", ARGV[9],
             "nano_max", nano_max, "calls", "0", "tokens", "0", "nano", "0",
             "calls_r", "0", "tokens_r", "0", "nano_r", "0", "lost", "0")
  create_job(id, {tenant = tenant, prio = prio, parent = parent, sha = sha, fence = 0,
                  spec_bytes = int(#spec), stage = "", iteration = "0",
                  starts_ms = within > 0 and math.max(now, not_before) + within,
                  deadline_ms = deadline > 0 and now + deadline}, now)
end

-- Of many children those that have ended are forgotten by their parent.
local KIDS_MAX = 1000
local function forget_kids(of)
  local name = part_key(of, "kids")
  if redis.call("HLEN", name) <= KIDS_MAX then return end
  local kids = redis.call("HGETALL", name)
  for i = 1, #kids, 2 do
    if ENDED[kids[i + 1]] then redis.call("HDEL", name, kids[i]) end
  end
end

-- It ends as it begins, or it stands where workers find it.
local function place()
  if state ~= "queued" then
    put_off()
    finish(id, "done", state, err, UNBEGUN_KEEP_MS, now)
    flush() -- lists and watchers that are damaged have nothing of it
    return
  end
  if parent ~= "" then tell_parent(id, parent, state, false, now) end
  redis.call("ZADD", key("campaigns"), int(now), id)
  if not_before > now then
    due_at(id, not_before)
  else
    enqueue(id, tenant, prio, false, now)
  end
end

-- pcall: what is damaged has nothing of it.
local function undo()
  later = nil
  redis.call("UNLINK", unpack(OWN))
  for _, name in ipairs({"campaigns", "due", "queued", "done", "starts", "deadlines"}) do
    redis.pcall("ZREM", key(name), id)
  end
  redis.pcall("LREM", lane_key(tenant, prio), 0, id)
  if parent ~= "" then redis.pcall("HDEL", part_key(parent, "kids"), id) end
end

local ok, problem = pcall(function()
  create()
  place()
end)
if not ok then
  undo()
  return redis.error_reply("ERR " .. (type(problem) == "table" and problem.err or tostring(problem)))
end
remove_entry()
if parent ~= "" and state == "queued" then pcall(forget_kids, parent) end
if state == "queued" then pcall(changed, id, state) end -- it stands, be it told or not
return {"admitted"}

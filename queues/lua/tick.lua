#!lua flags=allow-oom
--@use job end
-- ARGV: worker, slots, lease_ms, beat
local worker, slots = ARGV[1], tonumber(ARGV[2])
local lease_ms, beat = tonumber(ARGV[3]), ARGV[4] == "1"
local MOVES_MAX, CRASHES_MAX, GONE_KEEP_MS = 64, 5, 86400000
local RECONNECT_MS = 2000 -- the longest pause between two attempts, core/io/redis.h
local PRIOS = {"high", "normal", "low"}
local now, recovered = now_ms(), 0

-- hb: worker → ms of its last beat, negative from the moment it was declared dead
-- until its last job is taken from it; then its name stays in `gone` for a day.
local function is_alive()
  local at = redis.call("ZSCORE", key("hb"), worker)
  if at and tonumber(at) < 0 then return false end
  if not at and redis.call("ZSCORE", key("gone"), worker) then return false end
  if beat or not at then redis.call("ZADD", key("hb"), now, worker) end
  return true
end

-- When Redis was away (stalled, restarted, failed over) every beat is old, though the
-- workers live. While `grace` exists nobody is declared dead: they get a lease to beat
-- again, after a restart also the time to reconnect. `run` is the server that beat last.
local function note_absence()
  local info = redis.pcall("INFO", "SERVER")
  local run = type(info) == "string" and string.match(info, "run_id:(%x+)") or "?"
  local was = redis.call("GET", key("run"))
  local newest = redis.call("ZREVRANGE", key("hb"), 0, 0, "WITHSCORES")[2]
  if was ~= run then
    redis.call("SET", key("run"), run)
    if was then redis.call("SET", key("grace"), 1, "PX", lease_ms + RECONNECT_MS) end
  elseif newest and now - math.abs(newest) > lease_ms then
    redis.call("SET", key("grace"), 1, "PX", lease_ms, "NX")
  end
end

local function group_pending()
  for _, group in ipairs(redis.pcall("XINFO", "GROUPS", READY)) do
    if group[2] == "w" then return group[6] end
  end
  redis.pcall("XGROUP", "CREATE", READY, "w", "0", "MKSTREAM")
  return 0
end

-- Back into the lane under a new fence, so that the old holder is refused.
local function reroute(id, j)
  redis.call("HSET", job_key(id), "fence", int(j.fence + 1))
  redis.call("ZREM", key("given"), id)
  enqueue(id, j.tenant, j.prio, true, now)
  recovered = recovered + 1
end

local function job(id)
  local j = redis.call("HMGET", job_key(id), "state", "fence", "entry", "tenant", "prio",
                       "crashes", "progress", "progress_claim")
  return {state = j[1], fence = tonumber(j[2]) or 0, entry = j[3],
          tenant = j[4] or "default", prio = j[5] or "normal",
          crashes = j[7] == j[8] and tonumber(j[6]) or 0}
end

local function take_from(owner, entry)
  local found = redis.call("XRANGE", READY, entry, entry)[1]
  ack(entry)
  if not found then return end
  local id = found[2][2]
  local j = job(id)
  if j.state ~= "claimed" or j.entry ~= entry then return end
  redis.call("HSET", job_key(id), "crashes", j.crashes + 1)
  if j.crashes + 1 < CRASHES_MAX then
    reroute(id, j)
  else
    bury(id, "crashes", "crashes", owner, now)
  end
end

local function take_all_from(name, most)
  local taken = 0
  while taken < most do
    local rows = redis.call("XPENDING", READY, "w", "-", "+",
                            math.min(16, most - taken), name)
    if #rows == 0 then break end
    for _, row in ipairs(rows) do take_from(name, row[1]) end
    taken = taken + #rows
  end
  return taken
end

-- What exceeds the moves of one call is left for the next beat. A consumer goes only
-- when nothing is pending: Redis would drop its rows.
local function reap()
  local silent = redis.call("ZRANGEBYSCORE", key("hb"), "-inf", now - lease_ms,
                            "LIMIT", 0, 4)
  local left = MOVES_MAX
  for _, name in ipairs(silent) do
    redis.call("ZADD", key("hb"), -now, name)
    left = left - take_all_from(name, left)
    if left > 0 then
      redis.call("XGROUP", "DELCONSUMER", READY, "w", name)
      redis.call("ZREM", key("hb"), name)
      redis.call("ZADD", key("gone"), now, name)
      redis.call("UNLINK", poke_key(name))
    end
  end
end

-- A claim whose reply was lost is never loaded: taken back, uncharged.
local function take_back()
  local late = redis.call("ZRANGEBYSCORE", key("given"), "-inf", now - 2 * lease_ms,
                          "LIMIT", 0, 16)
  for _, id in ipairs(late) do
    redis.call("ZREM", key("given"), id)
    local j = job(id)
    if j.state == "claimed" then
      ack(j.entry)
      reroute(id, j)
    end
  end
end

-- A name in `queued` whose job is elsewhere (keys deleted by hand) leaves the gauges.
local function heal()
  local oldest = redis.call("ZRANGE", key("queued"), 0, 0)[1]
  local state = oldest and redis.call("HGET", job_key(oldest), "state")
  if oldest and state ~= "queued" and state ~= "ready" then
    redis.call("ZREM", key("queued"), oldest)
  end
end

local function due_to_lanes()
  local due = redis.call("ZRANGEBYSCORE", key("due"), "-inf", now, "LIMIT", 0, MOVES_MAX)
  for _, id in ipairs(due) do
    redis.call("ZREM", key("due"), id)
    local j = job(id)
    if j.state == "waiting" then
      enqueue(id, j.tenant, j.prio, true, now)
    elseif j.state == "queued" and not redis.call("ZSCORE", key("queued"), id) then
      enqueue(id, j.tenant, j.prio, false, now)
    end
  end
end

local function to_ready(id)
  local state = redis.call("HGET", job_key(id), "state")
  if state == "queued" then
    local entry = redis.call("XADD", READY, "*", "j", id)
    redis.call("HSET", job_key(id), "state", "ready", "entry", entry)
    return 1
  end
  if not state then redis.call("ZREM", key("queued"), id) end
  return 0
end

-- One job of each tenant in turn, the highest of its own priorities first. An empty
-- tenant leaves the ring when its turn comes, so a turn may move nothing.
local function lanes_to_ready(want)
  local last = redis.call("ZREVRANGE", key("ring"), 0, 0, "WITHSCORES")
  local turn, moved = tonumber(last[2]), 0
  for _ = 1, turn and 2 * MOVES_MAX or 0 do
    if moved >= want then break end
    local tenant, id = redis.call("ZRANGE", key("ring"), 0, 0)[1], nil
    if not tenant then break end
    for _, prio in ipairs(PRIOS) do
      id = id or redis.call("LPOP", lane_key(tenant, prio))
    end
    if id then
      turn = turn + 1
      redis.call("ZADD", key("ring"), turn, tenant)
      moved = moved + to_ready(id)
    else
      redis.call("ZREM", key("ring"), tenant)
    end
  end
end

local function claim_entry(entry)
  local eid, id = entry[1], entry[2][2]
  local j = redis.call("HMGET", job_key(id), "state", "fence", "entry", "progress")
  if j[1] ~= "ready" or j[3] ~= eid then
    ack(eid)
    return nil -- the hash is the truth
  end
  local fence = int(j[2] + 1)
  redis.call("HSET", job_key(id), "state", "claimed", "fence", fence, "owner", worker,
             "progress_claim", j[4])
  redis.call("ZREM", key("queued"), id)
  redis.call("ZADD", key("given"), now, id)
  return {id, tonumber(fence)}
end

local function claim()
  local out, n = {}, math.min(slots, MOVES_MAX)
  local waiting = redis.call("XLEN", READY) - group_pending()
  lanes_to_ready(math.min(MOVES_MAX, 2 * slots - waiting))
  local got = redis.call("XREADGROUP", "GROUP", "w", worker, "COUNT", n,
                         "STREAMS", READY, ">")
  for _, entry in ipairs(got and got[1][2] or {}) do
    out[#out + 1] = claim_entry(entry)
  end
  return out
end

if beat then note_absence() end
local alive = is_alive()
local claimed, poked = {}, {}
if alive then
  if beat then
    group_pending()
    if redis.call("EXISTS", key("grace")) == 0 then reap() end
    take_back()
    heal()
    sweep(now)
    redis.call("ZREMRANGEBYSCORE", key("gone"), "-inf", now - GONE_KEEP_MS)
  end
  due_to_lanes()
  if slots > 0 and redis.call("ZCARD", key("queued")) > 0 then claimed = claim() end
  poked = redis.call("LPOP", poke_key(worker), MOVES_MAX) or {}
end
local oldest = redis.call("ZRANGE", key("queued"), 0, 0, "WITHSCORES")
return {now, alive and 1 or 0, redis.call("XLEN", key("inbox")),
        redis.call("XLEN", key("control")), redis.call("XLEN", key("events")),
        claimed, poked, redis.call("ZCARD", key("queued")),
        oldest[2] and now - oldest[2] or 0, recovered}

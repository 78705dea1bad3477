#!lua flags=allow-oom
--@use job cap end mail clock turn
-- ARGV: worker, slots, lease_ms, beat, terms of the tenants, then campaign and fence of each
-- claim that has arrived since the last call. Terms: with a beat the text of hear_terms();
-- else "" where there are none, and any word where there are.
local worker, slots = ARGV[1], tonumber(ARGV[2])
local lease_ms, beat, terms = tonumber(ARGV[3]), ARGV[4] == "1", ARGV[5]
local MOVES_MAX, CRASHES_MAX, GONE_KEEP_MS = 64, 5, 86400000
local RECONNECT_MS = 2000 -- the longest pause between two attempts, core/io/redis.h
local FULL_PART = 0.9 -- of maxmemory
local SPECS_BYTES = 256 * 1024 -- of specs that come with their claims, in one call
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
local function note_absence(info)
  local run = string.match(info, "run_id:(%x+)") or "?"
  local was = redis.call("GET", key("run"))
  local newest = redis.call("ZREVRANGE", key("hb"), 0, 0, "WITHSCORES")[2]
  if was ~= run then
    redis.call("SET", key("run"), run)
    if was then redis.call("SET", key("grace"), 1, "PX", lease_ms + RECONNECT_MS) end
  elseif newest and now - math.abs(newest) > lease_ms then
    redis.call("SET", key("grace"), 1, "PX", lease_ms, "NX")
  end
end

-- What is later than now was written before the clock went back: a dead worker would be
-- missed, and a lost claim taken back, when that time has come again.
local function note_clock()
  local limit = "(" .. int(now + lease_ms)
  for _, name in ipairs({"hb", "given"}) do
    local later = redis.call("ZRANGEBYSCORE", key(name), limit, "+inf", "LIMIT", 0, MOVES_MAX)
    for _, one in ipairs(later) do redis.call("ZADD", key(name), int(now), one) end
  end
  if redis.call("PTTL", key("grace")) > lease_ms + RECONNECT_MS then
    redis.call("DEL", key("grace"))
  end
end

-- While `full` exists nothing is admitted: the tenth that is left is for what is under way.
local function note_memory(info)
  local used = tonumber(string.match(info, "used_memory:(%d+)")) or 0
  local most = tonumber(string.match(info, "maxmemory:(%d+)")) or 0
  if most > 0 and used >= FULL_PART * most then
    redis.call("SET", key("full"), int(math.floor(100 * used / most)), "PX", 2 * lease_ms)
  else
    redis.call("DEL", key("full"))
  end
end

local function note_server()
  local info = redis.pcall("INFO", "SERVER", "MEMORY")
  info = type(info) == "string" and info or ""
  note_absence(info)
  note_memory(info)
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
                       "crashes", "progress", "progress_claim", "held")
  return {state = j[1], fence = tonumber(j[2]) or 0, entry = j[3],
          tenant = j[4] or "default", prio = j[5] or "normal",
          crashes = j[7] == j[8] and tonumber(j[6]) or 0, held = j[9]}
end

local function take_from(owner, entry)
  local found = redis.call("XRANGE", READY, entry, entry)[1]
  ack(entry)
  if not found then return end
  local id = found[2][2]
  local j = job(id)
  if j.state ~= "claimed" or j.entry ~= entry then return end
  count_out(entry, j.held)
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
      ack(j.entry, j.held)
      reroute(id, j)
    end
  end
end

-- A name in `queued` whose job is elsewhere (keys deleted by hand) leaves the gauges.
local function heal()
  local oldest = redis.call("ZRANGE", key("queued"), 0, 0)[1]
  local state = oldest and redis.pcall("HGET", job_key(oldest), "state")
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

-- From its lane into the ready stream; what was read of it, or nil if it is elsewhere, or
-- no hash: then it is for `doctor`. Only a campaign that nobody has held has the fence 0.
local function to_ready(id)
  local j = redis.pcall("HMGET", job_key(id), "state", "fence", "progress", "created_ms",
                        "held", "clocks", "spec_bytes", "pending_events")
  if not j.err and j[6] ~= "" and is_too_late(id, now) then return nil end
  if j[1] == "queued" then
    local entry = redis.call("XADD", READY, "*", "j", id)
    return {id = id, entry = entry, fence = j[2], progress = j[3], fresh = j[2] == "0" and j[4],
            created_ms = j[4], held = j[5] or "", bytes = tonumber(j[7]), spec = false,
            cap_of = false, pending = j[8]}
  end
  if not j.err and not j[1] then redis.call("ZREM", key("queued"), id) end
end

-- The next n of the tenant's lanes, those of its highest priority first. Fewer: there are no
-- more, or (true) one of them is no list: that stops nobody else.
local function pop_lanes(tenant, n)
  local ids = {}
  while #ids < n do
    local got = redis.pcall("LMPOP", 3, lane_key(tenant, "high"), lane_key(tenant, "normal"),
                            lane_key(tenant, "low"), "LEFT", "COUNT", int(n - #ids))
    if not got or got.err then return ids, got and true or false end
    for _, id in ipairs(got[2]) do ids[#ids + 1] = id end
  end
  return ids, false
end

-- The jobs of those whose turns they are, in the order of the turns, by entry.
local function move(plan, moved)
  local count, used, popped, next_of = 0, 0, {}, {}
  for _, tenant in ipairs(plan) do
    if not popped[tenant] then
      local damaged
      popped[tenant], damaged = pop_lanes(tenant.name, tenant.planned)
      has_had(tenant, #popped[tenant], damaged)
      used = used + #popped[tenant] + (tenant.over and 1 or 0)
    end
    local n = (next_of[tenant] or 0) + 1
    next_of[tenant] = n
    local job = popped[tenant][n] and to_ready(popped[tenant][n])
    if job then
      if tenant.most then
        job.cap_of, tenant.in_flight = tenant.name, tenant.in_flight + 1
      end
      moved[job.entry], count = job, count + 1
    end
  end
  return count, used
end

-- So a turn may move nothing.
local function lanes_to_ready(want)
  local all, last = read_ring(terms ~= "")
  local ring, moved, count, turns = all, {}, 0, 0
  while count < want and turns < 2 * MOVES_MAX do
    local plan = plan_turns(ring, last, math.min(want - count, 2 * MOVES_MAX - turns))
    local n, used = move(plan, moved)
    count, turns = count + n, turns + used
    ring = still_in(ring, now)
    if #plan == 0 then break end
  end
  note_turns(all)
  return moved
end

-- Left in the stream by a worker of the release before, or by a call that came to grief
-- on damaged keys.
local function job_at(entry, id)
  local j = redis.pcall("HMGET", job_key(id), "state", "fence", "entry", "progress",
                        "due_ms", "tenant", "held")
  if j[1] == "ready" and j[3] == entry or j[1] == "queued" and (j[5] or "0") == "0" then
    local tenant = {name = j[6] or "default"}
    give_terms({tenant}, terms ~= "")
    return {id = id, entry = entry, fence = j[2], progress = j[4], held = j[7] or "",
            cap_of = tenant.most and tenant.name}
  end
  ack(entry) -- the hash is the truth
end

-- Whether all those are as they were admitted: the rare mail before a start, and keys
-- that are gone, are for jobs_load.
local function are_fresh(jobs)
  local mails, hashes = {"EXISTS"}, {"EXISTS"}
  for _, job in ipairs(jobs) do
    if job.fresh then
      mails[#mails + 1] = part_key(job.id, "mail")
      hashes[#hashes + 1] = campaign_key(job.id)
    end
  end
  return #hashes > 1 and redis.call(unpack(mails)) == 0 and
         redis.call(unpack(hashes)) == #hashes - 1
end

-- The specs of campaigns that nobody has held yet: there is nothing else to be loaded. What is
-- too much for one call (a spec may have a MiB), or damaged, comes with its load.
local function read_specs(jobs)
  local names, whose, left = {"MGET"}, {}, SPECS_BYTES
  for _, job in ipairs(jobs) do
    if job.fresh then
      local name = part_key(job.id, "spec")
      local bytes = job.bytes or redis.pcall("STRLEN", name) -- admitted by the release before
      if type(bytes) == "number" and bytes <= left then
        left = left - bytes
        names[#names + 1], whose[#whose + 1] = name, job
      end
    end
  end
  local specs = #whose > 0 and redis.call(unpack(names)) or {}
  for i, job in ipairs(whose) do job.spec = specs[i] or nil end
end

local function begin(id)
  redis.call("HSET", campaign_key(id), "state", "running", "updated_ms", int(now))
  changed(id, "running")
end

local function hand_out(job)
  local id, n = job.id, (tonumber(job.fence) or 0) + 1
  local fence = int(n)
  local spec = job.spec and pcall(begin, id) and job.spec
  if spec then -- with it, as load.lua notes it; nobody made progress or left marks yet
    redis.call("HSET", job_key(id), "state", "claimed", "fence", fence, "owner", worker,
               "entry", job.entry, "loaded", fence .. "/0")
    if job.pending ~= "0" then redis.call("HSET", job_key(id), "pending_events", "0") end
  else -- damaged keys are for the holder to find
    redis.call("HSET", job_key(id), "state", "claimed", "fence", fence, "owner", worker,
               "entry", job.entry, "progress_claim", job.progress or "0")
  end
  if job.cap_of then
    count_in(id, job.entry, job.cap_of, job.held)
  elseif job.held ~= "" then
    redis.call("HSET", job_key(id), "held", "")
  end
  set_drop("queued", id)
  set_add("given", int(now), id)
  return spec and {id, n, spec, job.created_ms} or {id, n}
end

local function take_ready(want)
  local waiting = redis.call("XLEN", READY) - group_pending()
  local jobs, moved = {}, lanes_to_ready(want - waiting)
  local got = redis.call("XREADGROUP", "GROUP", "w", worker, "COUNT", want,
                         "STREAMS", READY, ">")
  for _, entry in ipairs(got and got[1][2] or {}) do
    jobs[#jobs + 1] = moved[entry[1]] or job_at(entry[1], entry[2][2])
  end
  return jobs
end

local function claim()
  local out = {}
  put_off()
  local ok, jobs = pcall(take_ready, math.min(slots, MOVES_MAX))
  jobs = ok and jobs or {}
  if are_fresh(jobs) then pcall(read_specs, jobs) end
  for _, job in ipairs(jobs) do
    local fine, row = pcall(hand_out, job)
    if fine then out[#out + 1] = row else ack(job.entry) end
  end
  flush()
  return out
end

-- What the worker has in hand needs no taking back; another's later claim does. Most have ended
-- since, and stand in `given` no more.
local function confirm()
  local last = math.min(#ARGV - 1, 5 + 2 * MOVES_MAX)
  if last < 6 then return end
  local given, held = {"ZMSCORE", key("given")}, {"ZREM", key("given")}
  for i = 6, last, 2 do given[#given + 1] = ARGV[i] end
  local since = redis.pcall(unpack(given))
  for i = 6, last, 2 do
    if (since.err or since[i / 2 - 2]) and
       redis.pcall("HGET", job_key(ARGV[i]), "fence") == ARGV[i + 1] then
      held[#held + 1] = ARGV[i]
    end
  end
  if #held > 2 then redis.call(unpack(held)) end
end

if beat then note_server() end
local alive = is_alive()
local claimed, poked = {}, {}
if alive and beat then
  local heard, counted = hear_terms(terms, now)
  if not heard then return {"malformed"} end
  if counted then count_on(counted) end
end
if alive then
  confirm() -- before anything that takes back
  if beat then
    group_pending()
    note_clock()
    if redis.call("EXISTS", key("grace")) == 0 then
      reap()
      take_back()
    end
    heal()
    ring_all(now)
    if terms ~= "" then heal_terms(now) end
    sweep(now)
    redis.call("ZREMRANGEBYSCORE", key("gone"), "-inf", now - GONE_KEEP_MS)
  end
  due_to_lanes()
  if slots > 0 and redis.call("ZCARD", key("queued")) > 0 then claimed = claim() end
  poked = redis.call("LPOP", poke_key(worker), MOVES_MAX) or {}
end
local oldest = redis.call("ZRANGE", key("queued"), 0, 0, "WITHSCORES")
return {now, alive and 1 or 0, redis.call("XLEN", key("inbox")),
        redis.call("XLEN", key("control")),
        redis.call("XLEN", key("events")) + redis.call("ZCARD", key("dirty")),
        claimed, poked, redis.call("ZCARD", key("queued")),
        oldest[2] and now - oldest[2] or 0, recovered}

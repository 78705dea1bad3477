-- lib_clock.lua: the two clocks that a spec may give a campaign. In `starts` stands by when a
-- worker must have begun it, in `deadlines` by when it must have ended. The beats ring them.
local RINGS_MAX = 64 -- of each, in one call
local LETTER = '{"do":"deadline","v":"","by":"barker","text":"","via":"","t":%s}'

local function clocked(id)
  local j = redis.call("HMGET", job_key(id), "state", "loaded")
  return {state = j[1] or "", begun = (j[2] or "") ~= ""}
end

-- No worker has begun it, and none is about to: it ends here.
local function end_unbegun(id, err, now)
  redis.call("HSET", job_key(id), "rung", 1) -- so its lane still names it: see drift.lua
  finish(id, "done", "failed", err, UNBEGUN_KEEP_MS, now)
end

-- True: it has rung. One that is being handed out is looked at again.
local RING = {}
function RING.starts(id, j, now)
  if j.state == "claimed" and not j.begun then return false end
  if not j.begun then end_unbegun(id, "expired", now) end
  return true
end
-- One that has begun ends with what it has: its holder, or the next one, reads the letter.
function RING.deadlines(id, j, now)
  if j.state == "claimed" or j.begun then
    post(id, string.format(LETTER, int(now)), true, now)
    if j.state == "waiting" then due_at(id, now) end
  else
    end_unbegun(id, "deadline", now)
  end
  return true
end

local function ring_one(name, id, now)
  local j = clocked(id)
  local over = j.state == "" or j.state == "done" or j.state == "dead"
  if over or RING[name](id, j, now) then stop_clock(name, id) end
end

-- pcall: damaged keys of one campaign (for `doctor`) hold up no other.
local function ring_all(now)
  put_off()
  for name in pairs(CLOCKS) do
    local due = redis.pcall("ZRANGEBYSCORE", key(name), "-inf", now, "LIMIT", 0, RINGS_MAX)
    for _, id in ipairs(due) do
      if not pcall(ring_one, name, id, now) then redis.pcall("ZREM", key(name), id) end
    end
  end
  flush()
end

-- When more are over than the beats can ring in time: what comes out of its lane too late is
-- begun by nobody.
local function is_too_late(id, now)
  local at = redis.call("HMGET", job_key(id), CLOCKS.starts, CLOCKS.deadlines)
  local times = {starts = at[1], deadlines = at[2]}
  for name in pairs(CLOCKS) do
    if (tonumber(times[name]) or now + 1) <= now then pcall(ring_one, name, id, now) end
  end
  return redis.call("HGET", job_key(id), "state") == "done"
end

-- lib_job.lua: the job hash and its places: due set, lanes, ready stream.
local READY = ready_key(1)
local MAIL, EVENTS, CHILDREN = 2, 4, 8 -- bits of enum jobs_wake; TIME is 1

local function now_ms()
  local t = redis.call("TIME")
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- Lua prints 1e14 and more with an exponent; integers go out through this.
-- Adding zero makes an IEEE -0 a 0: Redis takes no "-0" for a number.
local function int(n) return string.format("%.0f", n + 0) end

-- The one test of ownership. fence is text, as it came.
local function holds(id, fence)
  local j = redis.call("HMGET", job_key(id), "state", "fence", "entry")
  return j[1] == "claimed" and j[2] == fence, j[3]
end

-- Removes the in-flight record; both commands, or the entry would stay somewhere.
local function ack(entry)
  if entry and entry ~= "" then
    redis.call("XACK", READY, "w", entry)
    redis.call("XDEL", READY, entry)
  end
end

-- Into its lane. A campaign that has begun goes before those that have not.
local function enqueue(id, tenant, prio, begun, now)
  redis.call(begun and "LPUSH" or "RPUSH", lane_key(tenant, prio), id)
  redis.call("ZADD", key("queued"), "NX", now, id)
  if not redis.call("ZSCORE", key("ring"), tenant) then
    local last = redis.call("ZREVRANGE", key("ring"), 0, 0, "WITHSCORES")
    redis.call("ZADD", key("ring"), (tonumber(last[2]) or 0) + 1, tenant)
  end
  redis.call("HSET", job_key(id), "state", "queued", "owner", "", "entry", "",
             "due_ms", 0)
end

-- Due at ms, or earlier if it was to be earlier.
local function due_at(id, ms)
  if redis.call("ZADD", key("due"), "LT", "CH", ms, id) == 1 then
    redis.call("HSET", job_key(id), "due_ms", ms)
  end
end

-- Something of kind `what` came: a waiting job that wants it is due now, else the job
-- remembers it until the next wait.
local function wake(id, what, now)
  local j = redis.call("HMGET", job_key(id), "state", "wake", "dirty")
  if j[1] == "waiting" and bit.band(tonumber(j[2]) or 0, what) ~= 0 then
    due_at(id, now)
  elseif j[1] == "waiting" or j[1] == "claimed" then
    redis.call("HSET", job_key(id), "dirty", bit.bor(tonumber(j[3]) or 0, what))
  end
end

-- When pending events make a re-rank due; nil if there are none.
local function rerank_at(pending, events, ms, now)
  if pending <= 0 then return nil end
  if events > 0 and pending >= events then return now end
  return now + ms
end

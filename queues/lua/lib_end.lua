-- lib_end.lua: what is told to watchers, and how a campaign ends.
local CHANGES_MAX = 10000
local DONE_MAX, DEAD_MAX = 100000, 10000
local DEAD_KEEP_MS = 30 * 86400000

local function changed(id, what)
  local rev = int(redis.call("INCR", key("rev")))
  redis.call("XADD", key("changes"), "MAXLEN", "~", CHANGES_MAX, "*",
             "rev", rev, "c", id, "what", what)
  redis.call("PUBLISH", key("changes"), '{"rev":' .. rev .. ',"c":' ..
             cjson.encode(id) .. ',"what":' .. cjson.encode(what) .. '}')
end

-- Every key of one campaign expires after ms. The lists of names bound the loop; one
-- that is not there is not read (this is the longest part of most ends), one that is no
-- list any more names nothing: pcall answers with a table without items.
local function expire(id, ms)
  ms = int(ms)
  local function one(name) return redis.call("PEXPIRE", name, ms) end
  local function each(part)
    if one(part_key(id, part)) == 0 then return ipairs({}) end
    return ipairs(redis.pcall("LRANGE", part_key(id, part), 0, -1))
  end
  for _, name in each("jrs") do one(name) end
  for _, vid in each("vids") do one(variant_key(id, vid)) end
  for _, place in each("places") do
    one(placement_key(id, place))
    one(rank_key(id, place))
    one(alloc_key(id, place))
    one(epochs_key(id, place))
  end
  for _, part in ipairs({"spec", "ck", "bud", "rsv", "mail", "n", "kids", "series",
                         "audit", "inputs", "doc"}) do
    one(part_key(id, part))
  end
  one(campaign_key(id))
  one(job_key(id))
end

local function forget(id)
  redis.call("ZREM", key("done"), id)
  redis.call("ZREM", key("campaigns"), id)
  redis.call("ZREM", key("dead"), id)
  redis.call("UNLINK", dead_key(id))
end

-- `done` is scored by the time at which the keys expire: what is past goes from the
-- lists, 16 per call; over the cap the soonest to expire goes early.
local function sweep(now)
  local past = redis.call("ZRANGEBYSCORE", key("done"), "-inf", now, "LIMIT", 0, 16)
  for _, id in ipairs(past) do forget(id) end
  if redis.call("ZCARD", key("done")) > DONE_MAX then
    local first = redis.call("ZRANGE", key("done"), 0, 0)[1]
    expire(first, 1000)
    forget(first)
  end
end

-- The parent learns how its child is, and wakes if it ended.
local function tell_parent(id, parent, state, ended, now)
  local at = redis.call("HGET", job_key(parent), "state")
  if not at or at == "done" or at == "dead" then return end
  redis.pcall("HSET", part_key(parent, "kids"), id, state)
  if ended then wake(parent, CHILDREN, now) end
end

-- Terminal: job state `as` ("done" or "dead"), campaign state `state`. Ends also what
-- has a damaged campaign hash.
local function finish(id, as, state, err, keep_ms, now)
  local j = redis.call("HMGET", job_key(id), "entry", "parent")
  ack(j[1])
  redis.call("ZREM", key("due"), id)
  redis.call("ZREM", key("given"), id)
  redis.call("ZREM", key("queued"), id)
  redis.pcall("HSET", campaign_key(id), "state", state, "error", err,
              "updated_ms", now)
  redis.call("HSET", job_key(id), "state", as, "owner", "", "entry", "", "wake", 0)
  redis.call("ZADD", key("campaigns"), now, id)
  redis.call("ZADD", key("done"), now + keep_ms, id)
  expire(id, keep_ms)
  if j[2] and j[2] ~= "" then tell_parent(id, j[2], state, true, now) end
  sweep(now)
  changed(id, state)
end

-- Gave up: kept for people in `dead`, with the reason and the last owner.
local function bury(id, err, reason, owner, now)
  local j = redis.call("HMGET", job_key(id), "tenant", "fence", "stage", "iteration",
                       "crashes")
  redis.call("HSET", dead_key(id), "reason", reason, "owner", owner, "ms", now,
             "tenant", j[1] or "", "fence", j[2] or 0, "stage", j[3] or "",
             "iteration", j[4] or 0, "crashes", j[5] or 0)
  redis.call("PEXPIRE", dead_key(id), DEAD_KEEP_MS)
  redis.call("ZADD", key("dead"), now, id)
  if redis.call("ZCARD", key("dead")) > DEAD_MAX then
    redis.call("UNLINK", dead_key(redis.call("ZPOPMIN", key("dead"))[1]))
  end
  finish(id, "dead", "failed", err, DEAD_KEEP_MS, now)
end

-- lib_end.lua: what is told to watchers, and how a campaign ends.
local CHANGES_MAX = "10000" -- as text, which is cheaper to pass
local DONE_MAX, DEAD_MAX = 100000, 10000
local DEAD_KEEP_MS = 30 * 86400000
local UNBEGUN_KEEP_MS = 7 * 86400000 -- of a campaign that ends before it starts
local ENDED = {done = true, failed = true, cancelled = true, over_budget = true}
local SWEEP_MAX = 64 -- as many as may end in one call

local quotes = {}
local function quoted(word)
  local text = quotes[word]
  if not text then
    text = string.find(word, "[^%w%._~-]") and cjson.encode(word) or '"' .. word .. '"'
    quotes[word] = text
  end
  return text
end

local function announce(id, what, rev)
  redis.call("PUBLISH", key("changes"), '{"rev":' .. rev .. ',"c":' .. quoted(id) ..
             ',"what":' .. quoted(what) .. '}')
end

local function changed(id, what)
  if later then
    local told = later.told
    local n = #told
    told[n + 1], told[n + 2] = id, what
  else
    local rev = int(redis.call("INCR", key("rev")))
    redis.call("XADD", key("changes"), "MAXLEN", "~", CHANGES_MAX, "*",
               "rev", rev, "c", id, "what", what)
    announce(id, what, rev)
  end
end

-- Whether anybody may be listening. What is published reaches also the listeners at replicas
-- and, in a cluster, at the other nodes, whom this server does not know.
local function is_heard()
  local info = redis.pcall("INFO", "REPLICATION", "CLUSTER")
  if type(info) ~= "string" or not string.find(info, "connected_slaves:0\r", 1, true) or
     not string.find(info, "cluster_enabled:0\r", 1, true) then return true end
  local patterns = redis.pcall("PUBSUB", "NUMPAT")
  if patterns ~= 0 then return true end
  return redis.pcall("PUBSUB", "NUMSUB", key("changes"))[2] ~= 0
end

-- To ask costs as much as to announce this many.
local ASK_FROM = 8
local function tell_all(told, first)
  local name, n = key("changes"), #told / 2
  local heard = n < ASK_FROM or is_heard()
  for i = 1, n do
    local id, what = told[2 * i - 1], told[2 * i]
    local rev = string.format("%d", first + i) -- each is new, so not by int()
    if i < n then
      redis.pcall("XADD", name, "*", "rev", rev, "c", id, "what", what)
    else -- its trimming counts for all
      redis.pcall("XADD", name, "MAXLEN", "~", CHANGES_MAX, "*", "rev", rev, "c", id,
                  "what", what)
    end
    if heard then pcall(announce, id, what, rev) end
  end
end

-- Writes all that was put off.
local function flush()
  local told = later.told
  flush_sets()
  later = nil
  local rev = #told > 0 and redis.pcall("INCRBY", key("rev"), int(#told / 2))
  if type(rev) == "number" then tell_all(told, rev - #told / 2) end
end

-- Parts that every campaign has, and those that a campaign that ends as it came has not:
-- one look instead of many.
local ALWAYS = {"spec", "bud"}
local MAYBE = {"jrs", "vids", "places", "ck", "rsv", "mail", "n", "d", "f", "u", "kids", "series",
               "audit", "inputs", "doc"}
local function add_parts(names, id, parts)
  local before, n = part_key(id, ""), #names
  for i = 1, #parts do names[n + i] = before .. parts[i] end
end
local function is_bare(id)
  local names = {"EXISTS"}
  add_parts(names, id, MAYBE)
  return redis.call(unpack(names)) == 0
end

-- Calls one(name) for every key of one campaign. The lists of names bound the loop; one
-- that is no list any more names nothing: pcall answers with a table without items.
local function each_key(id, one)
  local function each(part)
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
  for _, part in ipairs(MAYBE) do one(part_key(id, part)) end
  for _, part in ipairs(ALWAYS) do one(part_key(id, part)) end
  one(campaign_key(id))
  one(job_key(id))
end

local function expire(id, ms, bare)
  ms = int(ms)
  if bare then
    redis.call("PEXPIRE", part_key(id, "spec"), ms)
    redis.call("PEXPIRE", campaign_key(id), ms)
    redis.call("PEXPIRE", job_key(id), ms)
  else
    each_key(id, function(name) return redis.call("PEXPIRE", name, ms) end)
  end
end

-- Off the lists that all campaigns share; at most SWEEP_MAX of them.
local LISTS = {"done", "campaigns", "dead", "starts", "deadlines"}
local function forget(ids)
  if #ids == 0 then return end
  local dead = {}
  for i, id in ipairs(ids) do dead[i] = dead_key(id) end
  for _, name in ipairs(LISTS) do redis.call("ZREM", key(name), unpack(ids)) end
  redis.call("UNLINK", unpack(dead))
end

-- Nothing is left of them. What ended as it came goes with one command.
local function erase(ids)
  for _, id in ipairs(ids) do
    if is_bare(id) then
      local names = {job_key(id), campaign_key(id)}
      for i, part in ipairs(ALWAYS) do names[i + 2] = part_key(id, part) end
      redis.call("UNLINK", unpack(names))
    else
      expire(id, 1000)
    end
  end
  forget(ids)
end

-- `done` is scored by the time at which the keys expire: what is past goes from the
-- lists, 64 per call; over the cap those that expire soonest go early.
local function sweep(now)
  local past = redis.call("ZRANGEBYSCORE", key("done"), "-inf", now, "LIMIT", 0,
                          SWEEP_MAX)
  forget(past)
  local over = math.min(redis.call("ZCARD", key("done")) - DONE_MAX, SWEEP_MAX)
  if over > 0 then erase(redis.call("ZRANGE", key("done"), 0, over - 1)) end
end

-- The parent learns how its child is, and wakes if it ended.
local function tell_parent(id, parent, state, ended, now)
  local j = redis.call("HMGET", job_key(parent), "state", "dirty")
  local at = j[1]
  if not at or at == "done" or at == "dead" then return end
  spoil(parent, j[2])
  redis.pcall("HSET", part_key(parent, "kids"), id, state)
  if ended then wake(parent, CHILDREN, now) end
end

-- Terminal: job state `as` ("done" or "dead"), campaign state `state`. A caller may know
-- the job's entry, parent and `held`, and have fields for the two hashes: {entry, parent,
-- held, campaign = {…}, job = {…}, bare = is_bare() (then writes are put off), first = nobody
-- has written an error or waited yet}; without them it ends also what has a damaged campaign hash.
local function finish(id, as, state, err, keep_ms, now, o)
  o = o or redis.call("HMGET", job_key(id), "entry", "parent", "held")
  local parent = o[2]
  ack(o[1], o[3])
  set_drop("given", id)
  if not o.campaign then -- else it is in hand, so in neither of these
    set_drop("due", id)
    set_drop("queued", id)
  end
  if o.first then
    redis.call("HSET", campaign_key(id), "state", state, "updated_ms", int(now),
               unpack(o.campaign))
    redis.call("HSET", job_key(id), "state", as, "owner", "", "entry", "", unpack(o.job))
  else
    local put = o.campaign and redis.call or redis.pcall
    put("HSET", campaign_key(id), "state", state, "error", err, "updated_ms", int(now),
        unpack(o.campaign or {}))
    redis.call("HSET", job_key(id), "state", as, "owner", "", "entry", "", "wake", "0",
               unpack(o.job or {}))
  end
  set_add("campaigns", int(now), id)
  set_add("done", int(now + keep_ms), id)
  expire(id, keep_ms, o.bare)
  if parent and parent ~= "" then tell_parent(id, parent, state, true, now) end
  -- Its budget has nothing that its spec does not say. Last: up to here it may be buried still.
  if o.bare then later.gone[#later.gone + 1] = part_key(id, "bud") end
  if not later then sweep(now) end
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

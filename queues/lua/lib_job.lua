-- lib_job.lua: the job hash and its places: due set, lanes, ready stream.
local READY = ready_key(1)
local MAIL, EVENTS, CHILDREN = 2, 4, 8 -- bits of enum jobs_wake; TIME is 1

local function now_ms()
  local t = redis.call("TIME")
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- Lua prints 1e14 and more with an exponent; integers go out through this. It is also
-- faster: Redis prints numbers it is given by "%.17g". Most are the same few, like now.
local texts = {}
local function int(n)
  local text = texts[n]
  if not text then
    text = string.format("%d", n)
    texts[n] = text
  end
  return text
end

-- The one test of ownership. fence is text, as it came. With it what ack() takes.
local function holds(id, fence)
  local j = redis.call("HMGET", job_key(id), "state", "fence", "entry", "held")
  return j[1] == "claimed" and j[2] == fence, j[3], j[4]
end

-- A script that does the same for many jobs begins with put_off() and ends with flush():
-- what goes to keys that all jobs share is then written once for all of them.
local later
local function put_off()
  later = {adds = {}, drops = {}, acks = {}, told = {}, freed = {}, gone = {"UNLINK"}}
end

-- Of a sorted set that all jobs share.
local function set_add(name, score, id)
  if not later then return redis.call("ZADD", key(name), score, id) end
  local words = later.adds[name]
  if not words then
    words = {"ZADD", key(name)}
    later.adds[name] = words
  end
  local n = #words
  words[n + 1], words[n + 2] = score, id
end
local function set_drop(name, id)
  if not later then return redis.call("ZREM", key(name), id) end
  local words = later.drops[name]
  if not words then
    words = {"ZREM", key(name)}
    later.drops[name] = words
  end
  words[#words + 1] = id
end

-- What the terms of a tenant say: its weight, and how many campaigns it may have in flight
-- (nil: no limit).
local function terms_of(text)
  local weight, most = string.match(type(text) == "string" and text or "", "^(%d+) (%d+)$")
  most = tonumber(most)
  return tonumber(weight) or 1, most and most > 0 and most or nil
end

-- In the ring a tenant at its cap stands behind all others, its score ASIDE and since when.
local ASIDE = 2 ^ 51

-- The smallest number of turns, nil if the ring is empty.
local function first_turn()
  local first = tonumber(redis.call("ZRANGE", key("ring"), 0, 0, "WITHSCORES")[2])
  return first and first >= ASIDE and 0 or first
end

-- A tenant that comes (back) waits for one turn of the others, of its weight, and goes before
-- those who just had it.
local function join_ring(tenant)
  if redis.call("ZSCORE", key("ring"), tenant) then return end
  local first, weight = first_turn(), 1
  if first then weight = terms_of(redis.pcall("HGET", key("terms"), tenant)) end
  redis.call("ZADD", key("ring"), (first or 0) + 0.999 / weight, tenant)
end

-- One that stood aside had its turn before it, and has it now.
local function come_back(tenant)
  local turn = tonumber(redis.call("ZSCORE", key("ring"), tenant) or 0)
  if turn >= ASIDE then redis.call("ZADD", key("ring"), first_turn(), tenant) end
end

-- What is in flight is counted for its tenant no more (lib_cap.lua). tenant: the field `held`
-- of the job. pcall: a set that is damaged by hand takes nothing from what jobs are.
local function count_out(entry, tenant)
  if not tenant or tenant == "" then return end
  pcall(set_drop, "held", entry)
  if later then later.freed[tenant] = true else pcall(come_back, tenant) end
end

-- Removes the in-flight record; both commands, or the entry would stay somewhere. held: the
-- job's field of that name.
local function ack(entry, held)
  if not entry or not string.find(entry, "^%d+%-%d+$") then return end
  if later then
    later.acks[#later.acks + 1] = entry
  else
    redis.call("XACK", READY, "w", entry)
    redis.call("XDEL", READY, entry)
  end
  count_out(entry, held)
end

-- Both have 13 digits of ms from 2001 to 2286: then texts of one length compare as they are.
local function comes_before(a, b)
  if #a == #b and string.byte(a, 14) == 45 and string.byte(b, 14) == 45 then return a < b end
  local a_ms, a_seq = string.match(a, "^(%d+)-(%d+)$")
  local b_ms, b_seq = string.match(b, "^(%d+)-(%d+)$")
  a_ms, b_ms = tonumber(a_ms), tonumber(b_ms)
  return a_ms < b_ms or a_ms == b_ms and tonumber(a_seq) < tonumber(b_seq)
end

-- The entry that comes right after it.
local function after(entry)
  local ms, seq = string.match(entry, "^(%d+)-(%d+)$")
  return ms .. "-" .. int(tonumber(seq) + 1)
end

-- XDEL walks a node of the stream for each entry. All that comes before the first one
-- that is still held, or up to the last one if none is, has been held and ended: it goes at
-- once. They were handed out in the order of the stream.
local function ack_all(entries)
  redis.pcall("XACK", READY, "w", unpack(entries))
  local first = redis.pcall("XPENDING", READY, "w", "-", "+", 1)
  if first.err then return end
  local held, left, last = first[1] and first[1][1], {}, entries[1]
  for _, entry in ipairs(entries) do
    if held and comes_before(held, entry) then left[#left + 1] = entry end
    if not held and comes_before(last, entry) then last = entry end
  end
  redis.pcall("XTRIM", READY, "MINID", held or after(last))
  if #left > 0 then redis.pcall("XDEL", READY, unpack(left)) end
end

-- pcall: what each job is has been written; a shared key that is no set any more
-- (damaged by hand) takes nothing from that. What was dropped stays dropped.
local function flush_sets()
  if #later.acks > 0 then ack_all(later.acks) end
  for _, words in pairs(later.adds) do redis.pcall(unpack(words)) end
  for _, words in pairs(later.drops) do redis.pcall(unpack(words)) end
  for tenant in pairs(later.freed) do pcall(come_back, tenant) end
  if #later.gone > 1 then redis.call(unpack(later.gone)) end
end

-- Into its lane. A campaign that has begun goes before those that have not.
local function enqueue(id, tenant, prio, begun, now)
  redis.call(begun and "LPUSH" or "RPUSH", lane_key(tenant, prio), id)
  redis.call("ZADD", key("queued"), "NX", int(now), id)
  join_ring(tenant)
  redis.call("HSET", job_key(id), "state", "queued", "owner", "", "entry", "",
             "due_ms", "0")
end

-- Due at ms, or earlier if it was to be earlier.
local function due_at(id, ms)
  if redis.call("ZADD", key("due"), "LT", "CH", ms, id) == 1 then
    redis.call("HSET", job_key(id), "due_ms", ms)
  end
end

-- A new campaign has its four keys and no more. The field `dirty` of its job is "" (like 0)
-- until a script adds others, except by a commit, which is counted, and except events, which
-- know no job: then it is spoiled, and its end looks for what there is. Where there is no such
-- field nothing is added.
local function spoil(id, dirty)
  if dirty == "" then redis.call("HSET", job_key(id), "dirty", "0") end
end

-- Something of kind `what` came: a waiting job that wants it is due now, else the job
-- remembers it until the next wait.
local function wake(id, what, now)
  local j = redis.call("HMGET", job_key(id), "state", "wake", "dirty")
  if j[1] == "waiting" and bit.band(tonumber(j[2]) or 0, what) ~= 0 then
    due_at(id, now)
  elseif j[1] == "waiting" or j[1] == "claimed" then
    redis.call("HSET", job_key(id), "dirty", bit.bor(tonumber(j[3]) or 0, what))
  else
    spoil(id, j[3])
  end
end

-- Sorted sets of campaigns by the Unix ms at which something is over for them, and the field
-- of the job that says the same. The job's field `clocks` is "" while it never had one.
local CLOCKS = {starts = "starts_ms", deadlines = "deadline_ms"}
local function set_clock(name, id, ms) -- 0, nil: none
  if not ms or ms <= 0 then return end
  redis.call("HSET", job_key(id), CLOCKS[name], int(ms), "clocks", "1")
  redis.call("ZADD", key(name), int(ms), id)
end
local function stop_clock(name, id)
  redis.call("HDEL", job_key(id), CLOCKS[name])
  redis.call("ZREM", key(name), id)
end

-- When pending events make a re-rank due; nil if there are none.
local function rerank_at(pending, events, ms, now)
  if pending <= 0 then return nil end
  if events > 0 and pending >= events then return now end
  return now + ms
end

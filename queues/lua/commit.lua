#!lua flags=allow-oom
--@use job end whole public money lost
-- ARGV: id, fence, number of this commit, then operations as queues/results.c writes
-- them; the last one says what the job does next. All or nothing: the list is walked
-- once before anything is written, and an error after that ends the job (lib_whole.lua).
local id, fence, number = ARGV[1], ARGV[2], tonumber(ARGV[3])
local STREAM_MAX, EPOCHS_MAX = 10000, 1000
local HASH = {C = 0, V = 1, P = 1, A = 0, S = 0, I = 1} -- words before the field count
local FIXED = {R = 3, U = 2, L = 3, D = 1, H = 1, M = 1, E = 2, K = 3, W = 5, X = 3}
local LAST = {K = true, W = true, X = true}
local now = now_ms()

-- [{op, first argument, first field, last field}], or nil if the list is broken.
local function walk()
  local ops, at, closed = {}, 4, false
  while at <= #ARGV do
    local op = ARGV[at]
    local words = HASH[op] or FIXED[op]
    if closed or not words then return nil end
    local o, stop = {op, at + 1}, at + words
    if HASH[op] then
      local fields = tonumber(string.match(ARGV[stop + 1] or "", "^%d+$"))
      if not fields then return nil end
      o[3], o[4] = stop + 2, stop + 1 + 2 * fields
      stop = o[4]
    end
    if stop > #ARGV then return nil end
    closed = LAST[op]
    ops[#ops + 1] = o
    at = stop + 1
  end
  return closed and ops or nil
end

local function put(name, o)
  if o[4] > o[3] then redis.call("HSET", name, unpack(ARGV, o[3], o[4])) end
end
local function append(part, o)
  if o[4] > o[3] then
    redis.call("XADD", part_key(id, part), "MAXLEN", "~", STREAM_MAX, "*",
               unpack(ARGV, o[3], o[4]))
  end
end

-- Entries are numbered without gaps; one that decided nothing gives its place to the
-- next.
local function put_inputs(o, decided)
  local name = part_key(id, "inputs")
  local j = redis.call("HMGET", job_key(id), "inputs", "inputs_loose")
  local seq, loose = tonumber(j[1]) or 0, j[2] or ""
  if loose ~= "" then
    redis.call("XDEL", name, loose)
    seq = seq - 1
  end
  local entry = redis.call("XADD", name, "MAXLEN", "~", STREAM_MAX, "*", "seq", int(seq),
                           unpack(ARGV, o[3], o[4]))
  redis.call("HSET", job_key(id), "inputs", int(seq + 1), "inputs_loose",
             decided and "" or entry)
end

local function set_alloc(place, epoch, json)
  ensure_placement(id, place)
  redis.call("SET", alloc_key(id, place), json)
  redis.call("HSET", placement_key(id, place), "epoch", epoch)
  redis.call("HSET", epochs_key(id, place), epoch, json)
  redis.call("HDEL", epochs_key(id, place), int((tonumber(epoch) or 0) - EPOCHS_MAX))
end

-- After mail was taken: what came later still wakes; nothing left, nothing to wake for.
local function mail_done(count)
  redis.call("LTRIM", part_key(id, "mail"), int(math.max(count, 0)), -1)
  if redis.call("EXISTS", part_key(id, "mail")) == 0 then
    local dirty = tonumber(redis.call("HGET", job_key(id), "dirty")) or 0
    redis.call("HSET", job_key(id), "dirty", bit.band(dirty, bit.bnot(MAIL)))
  end
end

local function checkpoint(stage, iteration, text)
  redis.call("SET", part_key(id, "ck"), text)
  redis.call("HSET", job_key(id), "stage", stage, "iteration", iteration)
  redis.call("HSET", campaign_key(id), "stage", stage, "updated_ms", now)
  redis.call("ZADD", key("campaigns"), now, id)
end

local function wait(mask, until_ms, entry)
  local j = redis.call("HMGET", job_key(id), "dirty", "pending_events",
                       "rerank_events", "rerank_ms")
  local dirty, at = tonumber(j[1]) or 0, nil
  ack(entry)
  redis.call("ZREM", key("given"), id)
  redis.call("HSET", job_key(id), "state", "waiting", "owner", "", "entry", "",
             "wake", mask, "due_ms", 0)
  if bit.band(mask, 1) ~= 0 and until_ms > 0 then at = until_ms end
  if bit.band(mask, EVENTS) ~= 0 then
    local soon = rerank_at(tonumber(j[2]) or 0, tonumber(j[3]) or 0,
                           tonumber(j[4]) or 0, now)
    at = soon and math.min(at or soon, soon) or at
  end
  if bit.band(mask, dirty) ~= 0 then at = now end
  if at then due_at(id, at) end
end

local DO = {}
function DO.C(o) put(campaign_key(id), o) end
function DO.V(o, vid)
  ensure_variant(id, vid)
  put(variant_key(id, vid), o)
end
function DO.P(o, place)
  ensure_placement(id, place)
  put(placement_key(id, place), o)
end
function DO.A(o) append("audit", o) end
function DO.S(o) append("series", o) end
function DO.I(o, decided) put_inputs(o, decided == "1") end
function DO.R(_, place, vid, mean)
  mean = tonumber(mean)
  ensure_placement(id, place) -- by its name the rank is found, and expires
  redis.call("ZADD", rank_key(id, place), mean == mean and mean or 0, vid)
end
function DO.U(_, place, vid) redis.call("ZREM", rank_key(id, place), vid) end
function DO.L(_, place, epoch, json) set_alloc(place, epoch, json) end
function DO.D(_, json) redis.call("SET", part_key(id, "doc"), json) end
function DO.H(_, what) changed(id, what) end
function DO.M(_, count) mail_done(tonumber(count) or 0) end
function DO.E(_, events, ms)
  redis.call("HSET", job_key(id), "rerank_events", events, "rerank_ms", ms)
end
function DO.K(_, stage, iteration, text) checkpoint(stage, iteration, text) end
function DO.W(o, stage, iteration, text, entry)
  checkpoint(stage, iteration, text)
  wait(tonumber(ARGV[o[2] + 3]) or 0, tonumber(ARGV[o[2] + 4]) or 0, entry)
end
-- Calls that are still in a batch will be billed, and nobody asks for them any more.
local function lose_batches()
  local open = redis.pcall("HGETALL", part_key(id, "rsv"))
  for i = 1, #open, 2 do
    local tokens, nano = string.match(open[i + 1], "^0 (%d+) (%d+)$")
    if tokens then lose(id, open[i], tonumber(tokens), tonumber(nano), now) end
  end
  if #open > 0 then
    redis.call("HSET", campaign_key(id), "usd",
               decimal(redis.call("HGET", part_key(id, "bud"), "nano"), 9))
  end
end
function DO.X(_, state, err, keep_ms)
  lose_batches()
  finish(id, "done", state, err, math.max(tonumber(keep_ms) or 0, 1000), now)
end

local held, entry = holds(id, fence)
local j = redis.call("HMGET", job_key(id), "commits", "commit_fence", "progress")
local commits = tonumber(j[1]) or 0
if j[2] == fence and number == commits - 1 then return {"ok"} end -- a repeat
if not held or number ~= commits then return {"fenced"} end
local ops = walk()
if not ops then return {"malformed"} end
return whole(id, entry, function()
  for _, o in ipairs(ops) do
    DO[o[1]](o, ARGV[o[2]], ARGV[o[2] + 1], ARGV[o[2] + 2], entry)
  end
  redis.call("HSET", job_key(id), "commits", commits + 1, "commit_fence", fence,
             "progress", int((tonumber(j[3]) or 0) + 1)) -- last: it says that all stands
end)

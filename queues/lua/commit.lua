#!lua flags=allow-oom
--@use job end whole public money lost
-- ARGV: of each commit the number of its words, and these: id, fence, number of this
-- commit, then operations as queues/results.c writes them; the last one says what the job
-- does next. Each is all or nothing, whatever comes of the others: its list is walked once
-- before anything is written, and an error after that ends the job (lib_whole.lua).
local id, fence, number -- of the commit in hand
local STREAM_MAX, EPOCHS_MAX = "10000", 1000
local HASH = {C = 0, V = 1, P = 1, A = 0, S = 0, I = 1} -- words before the field count
local FIXED = {R = 3, U = 2, L = 3, D = 1, H = 1, M = 1, E = 2, K = 3, W = 5, X = 3}
local LAST = {K = true, W = true, X = true}
local now = now_ms()

-- [{op, first argument, first field, last field}], or nil if the list is broken.
local function walk(at, last)
  local ops, closed = {}, false
  while at <= last do
    local op = ARGV[at]
    local words = HASH[op] or FIXED[op]
    if closed or not words then return nil end
    local o, stop = {op, at + 1, 0, 0}, at + words
    if HASH[op] then
      local fields = tonumber(string.match(ARGV[stop + 1] or "", "^%d+$"))
      if not fields then return nil end
      o[3], o[4] = stop + 2, stop + 1 + 2 * fields
      stop = o[4]
    end
    if stop > last then return nil end
    closed = LAST[op]
    ops[#ops + 1] = o
    at = stop + 1
  end
  return closed and ops or nil
end

-- Fields of the campaign's hash and the job's, written once at the end.
local of_campaign, of_job
local function put_campaign()
  if #of_campaign > 0 then
    redis.call("HSET", campaign_key(id), unpack(of_campaign))
    of_campaign = {}
  end
end
local function add(list, ...)
  for i = 1, select("#", ...) do list[#list + 1] = select(i, ...) end
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

-- After mail was taken: what is left still wakes; nothing left, nothing to wake for.
local function mail_done(count)
  redis.call("LTRIM", part_key(id, "mail"), int(math.max(count, 0)), -1)
  local dirty = tonumber(redis.call("HGET", job_key(id), "dirty")) or 0
  local left = redis.call("EXISTS", part_key(id, "mail")) == 1
  redis.call("HSET", job_key(id), "dirty",
             left and bit.bor(dirty, MAIL) or bit.band(dirty, bit.bnot(MAIL)))
end

local function checkpoint(stage, iteration, text)
  redis.call("SET", part_key(id, "ck"), text)
  add(of_job, "stage", stage, "iteration", iteration)
  add(of_campaign, "stage", stage, "updated_ms", int(now))
  set_add("campaigns", int(now), id)
end

local function wait(mask, until_ms, entry, held)
  local j = redis.call("HMGET", job_key(id), "dirty", "pending_events",
                       "rerank_events", "rerank_ms")
  local dirty, at = tonumber(j[1]) or 0, nil
  ack(entry, held)
  set_drop("given", id)
  redis.call("HSET", job_key(id), "state", "waiting", "owner", "", "entry", "",
             "wake", int(mask), "due_ms", "0")
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
function DO.C(o)
  if #of_campaign == 0 then
    of_campaign = {unpack(ARGV, o[3], o[4])}
  else
    for i = o[3], o[4] do of_campaign[#of_campaign + 1] = ARGV[i] end
  end
end
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
function DO.W(o, stage, iteration, text, j)
  checkpoint(stage, iteration, text)
  put_campaign() -- while the job still has an owner to be named
  wait(tonumber(ARGV[o[2] + 3]) or 0, tonumber(ARGV[o[2] + 4]) or 0, j[3], j[8])
end
-- Calls that are still in a batch will be billed, and nobody asks for them any more.
local function lose_batches()
  put_campaign()
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
function DO.X(_, state, err, keep_ms, j)
  local bare = is_bare(id)
  if not bare then lose_batches() end
  finish(id, "done", state, err, math.max(tonumber(keep_ms) or 0, 1000), now,
         {j[3], j[7], j[8], campaign = of_campaign, job = of_job, bare = bare})
  of_campaign, of_job = {}, {}
end

-- The words from `at` up to `last`.
local function commit(at, last)
  id, fence, number = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local j = redis.pcall("HMGET", job_key(id), "state", "fence", "entry", "commits",
                        "commit_fence", "progress", "parent", "held")
  if j.err then return {"damaged"} end
  local commits = tonumber(j[4]) or 0
  if j[5] == fence and number == commits - 1 then return {"ok"} end -- a repeat
  local held = j[1] == "claimed" and j[2] == fence
  if not held or number ~= commits then return {"fenced"} end
  local ops = walk(at + 3, last)
  if not ops then return {"malformed"} end
  of_campaign = {}
  of_job = {"commits", int(commits + 1), "commit_fence", fence, "progress",
            int((tonumber(j[6]) or 0) + 1)} -- written last: it says that all stands
  return whole(id, j[3], function()
    for _, o in ipairs(ops) do
      DO[o[1]](o, ARGV[o[2]], ARGV[o[2] + 1], ARGV[o[2] + 2], j)
    end
    put_campaign()
    if #of_job > 0 then redis.call("HSET", job_key(id), unpack(of_job)) end
  end)
end

local at, replies = 1, {}
put_off()
while at <= #ARGV do
  local count = tonumber(string.match(ARGV[at], "^%d+$"))
  if not count or count < 3 or at + count > #ARGV then
    replies[#replies + 1] = {"malformed"} -- and so is what follows
    break
  end
  local ok, verdict = pcall(commit, at + 1, at + count)
  replies[#replies + 1] = ok and verdict or {"damaged"}
  at = at + count + 1
end
flush()
pcall(sweep, now)
return replies

#!lua flags=allow-oom
--@use job end whole public money lost
-- ARGV: of each commit the number of its words, and these: id, fence, number of this
-- commit, then operations as queues/results.c writes them; the last one says what the job
-- does next. Each is all or nothing, whatever comes of the others: its list is walked once
-- before anything is written, and an error after that ends the job (lib_whole.lua).
local id, fence -- of the commit in hand
local STREAM_MAX, EPOCHS_MAX = "10000", 1000
local HASH = {C = 0, V = 1, P = 1, A = 0, S = 0, I = 1} -- words before the field count
local FIXED = {R = 3, U = 2, L = 3, D = 1, H = 1, M = 1, E = 2, K = 3, W = 5, X = 3}
local LAST = {K = true, W = true, X = true}
local now = now_ms()

-- The same few, again and again.
local counts = {}
local function count_of(text)
  if not text then return nil end
  local n = counts[text]
  if not n then
    n = tonumber(string.match(text, "^%d+$"))
    counts[text] = n
  end
  return n
end

-- A commit is {id, fence, number, whether it does no more than to end a campaign, then of each
-- operation: op, its first word, where its fields begin and end}; the rest of it is false.
-- Nothing of operations if their list is broken.
local ID, FENCE, NUMBER, PLAIN, OPS = 1, 2, 3, 4, 5
local ENDING = {C = true, H = true, X = true}
local function walk(at, last)
  local c = {ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), false,
             false, false, false, false, false, false, false, false, false}
  local n, op, plain = OPS, nil, true
  at = at + 3
  while at <= last do
    local closed = LAST[op]
    op = ARGV[at]
    local words = HASH[op] or FIXED[op]
    local from, stop = 0, at + (words or 0)
    if HASH[op] then
      local fields = count_of(ARGV[stop + 1])
      from, stop = stop + 2, stop + 1 + 2 * (fields or last)
    end
    if closed or not words or stop > last then
      c[OPS] = false
      return c
    end
    plain = plain and ENDING[op]
    c[n], c[n + 1], c[n + 2], c[n + 3] = op, at + 1, from, stop
    n, at = n + 4, stop + 1
  end
  c[n] = false
  if not LAST[op] then c[OPS] = false end
  c[PLAIN] = plain and op == "X"
  return c
end

-- Fields of the campaign's hash and the job's, written once at the end.
local NONE = {} -- stays empty
local of_campaign, of_job
local function put_campaign()
  if #of_campaign > 0 then
    redis.call("HSET", campaign_key(id), unpack(of_campaign))
    of_campaign = NONE
  end
end
local function add(list, ...)
  for i = 1, select("#", ...) do list[#list + 1] = select(i, ...) end
end

local function put(name, from, to)
  if to > from then redis.call("HSET", name, unpack(ARGV, from, to)) end
end
local function append(part, from, to)
  if to > from then
    redis.call("XADD", part_key(id, part), "MAXLEN", "~", STREAM_MAX, "*",
               unpack(ARGV, from, to))
  end
end

-- Entries are numbered without gaps; one that decided nothing gives its place to the
-- next.
local function put_inputs(from, to, decided)
  local name = part_key(id, "inputs")
  local j = redis.call("HMGET", job_key(id), "inputs", "inputs_loose")
  local seq, loose = tonumber(j[1]) or 0, j[2] or ""
  if loose ~= "" then
    redis.call("XDEL", name, loose)
    seq = seq - 1
  end
  local entry = redis.call("XADD", name, "MAXLEN", "~", STREAM_MAX, "*", "seq", int(seq),
                           unpack(ARGV, from, to))
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
  if of_campaign == NONE then of_campaign = {} end
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

-- Each gets where its fields begin and end, and its first three words.
local DO = {}
function DO.C(from, to)
  if of_campaign == NONE then
    of_campaign = {unpack(ARGV, from, to)}
  else
    for i = from, to do of_campaign[#of_campaign + 1] = ARGV[i] end
  end
end
function DO.V(from, to, vid)
  ensure_variant(id, vid)
  put(variant_key(id, vid), from, to)
end
function DO.P(from, to, place)
  ensure_placement(id, place)
  put(placement_key(id, place), from, to)
end
function DO.A(from, to) append("audit", from, to) end
function DO.S(from, to) append("series", from, to) end
function DO.I(from, to, decided) put_inputs(from, to, decided == "1") end
function DO.R(_, _, place, vid, mean)
  mean = tonumber(mean)
  ensure_placement(id, place) -- by its name the rank is found, and expires
  redis.call("ZADD", rank_key(id, place), mean == mean and mean or 0, vid)
end
function DO.U(_, _, place, vid) redis.call("ZREM", rank_key(id, place), vid) end
function DO.L(_, _, place, epoch, json) set_alloc(place, epoch, json) end
function DO.D(_, _, json) redis.call("SET", part_key(id, "doc"), json) end
function DO.H(_, _, what) changed(id, what) end
function DO.M(_, _, count) mail_done(tonumber(count) or 0) end
function DO.E(_, _, events, ms)
  redis.call("HSET", job_key(id), "rerank_events", events, "rerank_ms", ms)
end
function DO.K(_, _, stage, iteration, text) checkpoint(stage, iteration, text) end
function DO.W(_, last, stage, iteration, text, j)
  checkpoint(stage, iteration, text)
  put_campaign() -- while the job still has an owner to be named
  wait(tonumber(ARGV[last - 1]) or 0, tonumber(ARGV[last]) or 0, j[3], j[8])
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
-- Events come for any campaign; of other keys see spoil().
local OF_EVENTS = {"n", "d"}
local LOOK_MAX = 200
local quiet -- no first commit that only ends its campaign comes after an event
local function look_ahead(commits)
  local names, n = {"EXISTS"}, 0
  for _, c in ipairs(commits) do
    if c and c[PLAIN] and c[NUMBER] == 0 then
      n = n + 1
      c[PLAIN] = n <= LOOK_MAX
      if c[PLAIN] then add_parts(names, c[ID], OF_EVENTS) end
    end
  end
  quiet = n > 0 and redis.pcall(unpack(names)) == 0
end

local ending = {} -- what finish() is told
function DO.X(_, _, state, err, keep_ms, j, first)
  local bare = first or is_bare(id)
  if not bare then lose_batches() end
  ending[1], ending[2], ending[3] = j[3], j[7], j[8]
  ending.campaign, ending.job = of_campaign, of_job
  ending.bare, ending.first = bare, first and err == ""
  finish(id, "done", state, err, math.max(count_of(keep_ms) or 0, 1000), now, ending)
  of_campaign, of_job = NONE, NONE
end

local function write(c, j, first)
  local i = OPS
  while c[i] do
    local at = c[i + 1]
    DO[c[i]](c[i + 2], c[i + 3], ARGV[at], ARGV[at + 1], ARGV[at + 2], j, first)
    i = i + 4
  end
  put_campaign()
  if #of_job > 0 then redis.call("HSET", job_key(id), unpack(of_job)) end
end

local function commit(c)
  id, fence = c[ID], c[FENCE]
  local j = redis.pcall("HMGET", job_key(id), "state", "fence", "entry", "commits",
                        "commit_fence", "progress", "parent", "held", "dirty")
  if j.err then return {"damaged"} end
  local commits, number = count_of(j[4]) or 0, c[NUMBER]
  if j[5] == fence and number == commits - 1 then return {"ok"} end -- a repeat
  local held = j[1] == "claimed" and j[2] == fence
  if not held or number ~= commits then return {"fenced"} end
  if not c[OPS] then return {"malformed"} end
  of_campaign = NONE
  of_job = {"commits", int(commits + 1), "commit_fence", fence, "progress",
            int((count_of(j[6]) or 0) + 1)} -- written last: it says that all stands
  local first = quiet and c[PLAIN] and commits == 0 and j[9] == ""
  return whole(id, j[3], write, c, j, first)
end

-- Last a false one if the words are no list of commits.
local function read_all()
  local at, commits = 1, {}
  while at <= #ARGV do
    local count = count_of(ARGV[at])
    if not count or count < 3 or at + count > #ARGV then
      commits[#commits + 1] = false
      break
    end
    commits[#commits + 1] = walk(at + 1, at + count)
    at = at + count + 1
  end
  return commits
end

local commits, replies = read_all(), {}
put_off()
look_ahead(commits)
for i, c in ipairs(commits) do
  local ok, verdict = true, {"malformed"}
  if c then ok, verdict = pcall(commit, c) end
  replies[i] = ok and verdict or {"damaged"}
end
flush()
pcall(sweep, now)
return replies

#!lua flags=allow-oom
--@use job money public seen
-- ARGV: cursor, last, window_ms, then per event: campaign, variant, type, count,
-- value in micro-units, currency, id hash ("0" = none), ts_ms, epoch
-- Sums are made in tables; each hash is read once and written once.
local cursor, last, window = ARGV[1], ARGV[2], tonumber(ARGV[3])
local STEP, HOLDOUT, EXACT_MAX = 9, "_holdout", 2 ^ 53
local PUBLIC = {impression = "impressions", delivered = "delivered", click = "clicks",
                conversion = "conversions"}
local KNOWN = {impression = 1, click = 1, cart = 1, conversion = 1, refund = 1, open = 1,
               delivered = 1, unsubscribe = 1, complaint = 1, bounce = 1, csat = 1,
               resolved = 1}
local COUNTERS_MAX = 20000 -- of one campaign; further custom types count as "other"
local redis, ARGV, tonumber, type = redis, ARGV, tonumber, type -- globals are slower

local state = redis.call("HMGET", key("ev"), "cursor", "gens", "applied", "duplicate",
                         "late", "orphan", "refused")
if (state[1] or "0-0") ~= cursor or not string.find(last, "^%d+%-%d+$") then
  return {"stale"}
end
local now = now_ms()

local function bump(sums, field, n) sums[field] = (sums[field] or 0) + n end

-- What the batch touches, looked up once: campaigns, their placements, their variants.
-- A hash that was damaged by hand (pcall) is none: it must not stop all the others.
local campaigns = {}
local function campaign_of(id)
  local c = campaigns[id]
  if c == nil then
    local left = redis.call("PTTL", campaign_key(id))
    c = left ~= -2 and
        {id = id, left = left, name = campaign_key(id), exact_name = part_key(id, "n"),
         variants = {}, places = {}, exact = {}, sums = {}, money = {}, events = 0}
    campaigns[id] = c
  end
  return c
end

local function placement_of(c, place)
  local p = c.places[place]
  if not p then
    local name = placement_key(c.id, place)
    local epoch = redis.pcall("HGET", name, "epoch")
    if not epoch then ensure_placement(c.id, place) end
    p = {name = name, sums = {}, epoch = type(epoch) == "string" and tonumber(epoch) or 0}
    c.places[place] = p
  end
  return p
end

local function variant_of(c, vid)
  local v = c.variants[vid]
  if v == nil then
    local name = variant_key(c.id, vid)
    local place = vid ~= HOLDOUT and redis.pcall("HGET", name, "placement")
    if vid == HOLDOUT then
      v = {prefixes = {}}
    elseif type(place) == "string" then
      v = {name = name, sums = {}, prefixes = {},
           place = place ~= "" and placement_of(c, place)}
    else
      v = false
    end
    c.variants[vid] = v
  end
  return v
end

-- "<epoch>:<variant>:". An epoch that was never in force is none: counters stay bounded.
local function prefix_of(v, vid, epoch)
  local prefix = v.prefixes[epoch]
  if not prefix then
    local n = tonumber(epoch) or -1
    local known = n >= 0 and n <= (v.place and v.place.epoch or -1)
    prefix = (known and int(n) or "-1") .. ":" .. vid .. ":"
    v.prefixes[epoch] = prefix
  end
  return prefix
end

-- Micro-units: all in `n`, per currency and owner.
local function add_money(c, v, vid, prefix, micro, currency)
  c.currency = c.currency or currency
  c.money[#c.money + 1] = {prefix .. "micro:" .. currency, micro}
  c.money[#c.money + 1] = {"revenue_micro:c:" .. currency, micro, c.name}
  if v.name then
    c.money[#c.money + 1] = {"revenue_micro:v:" .. vid .. ":" .. currency, micro, v.name}
  end
  if v.place then
    local place = string.sub(v.place.name, #placement_key(c.id, "") + 1)
    c.money[#c.money + 1] = {"revenue_micro:p:" .. place .. ":" .. currency, micro,
                             v.place.name}
  end
end

local function is_crowded(c)
  if c.crowded == nil then
    local fields = redis.pcall("HLEN", c.exact_name)
    c.crowded = type(fields) == "number" and fields > COUNTERS_MAX
  end
  return c.crowded
end

local function tally(c, v, vid, at)
  local type, count = ARGV[at + 2], tonumber(ARGV[at + 3]) or 1
  local micro, field = tonumber(ARGV[at + 4]) or 0, PUBLIC[type]
  if not KNOWN[type] and is_crowded(c) then type = "other" end
  local prefix = prefix_of(v, vid, ARGV[at + 8])
  bump(c.exact, prefix .. type, count)
  if field then
    bump(c.sums, field, count)
    if v.name then bump(v.sums, field, count) end
    if v.place and field ~= "clicks" then bump(v.place.sums, field, count) end
  end
  if micro ~= 0 then add_money(c, v, vid, prefix, micro, ARGV[at + 5]) end
  c.events = c.events + count
end

-- Adds sums to the fields of a hash, in two calls at most; a counter stands still past
-- 2^53, or at the end of 64 bits (pcall).
local function raise(name, sums)
  local fields, out = {}, {}
  for field in pairs(sums) do fields[#fields + 1] = field end
  if #fields <= 2 then
    for _, field in ipairs(fields) do
      local sum = redis.pcall("HINCRBY", name, field, sums[field])
      if type(sum) == "table" and string.find(sum.err, "WRONGTYPE", 1, true) then
        error(sum)
      end
    end
    return
  end
  local old = redis.call("HMGET", name, unpack(fields))
  for i, field in ipairs(fields) do
    out[2 * i - 1] = field
    out[2 * i] = int(math.min((tonumber(old[i]) or 0) + sums[field], EXACT_MAX))
  end
  redis.call("HSET", name, unpack(out))
end

-- 64-bit sums; an overflow leaves the old one: one absurd producer must not stop others.
-- Public revenue is in the currency that came first; others stay in `n`.
local function write_money(c)
  if not c.currency then return end
  redis.call("HSETNX", c.exact_name, "currency", c.currency)
  local main = ":" .. redis.call("HGET", c.exact_name, "currency")
  local owners = {}
  for _, m in ipairs(c.money) do
    redis.pcall("HINCRBY", c.exact_name, m[1], int(m[2]))
    if m[3] and string.sub(m[1], -#main) == main then owners[m[3]] = m[1] end
  end
  for owner, field in pairs(owners) do
    redis.call("HSET", owner, "revenue",
               decimal(redis.call("HGET", c.exact_name, field), 6))
  end
end

local function rerank_soon(c)
  local j = redis.call("HMGET", job_key(c.id), "state", "wake", "rerank_events",
                       "rerank_ms")
  if not j[1] then return end
  local pending = redis.call("HINCRBY", job_key(c.id), "pending_events", int(c.events))
  if j[1] == "waiting" and bit.band(tonumber(j[2]) or 0, EVENTS) ~= 0 then
    due_at(c.id, rerank_at(pending, tonumber(j[3]) or 0, tonumber(j[4]) or 0, now))
  end
end

-- A campaign that has ended expires: keys born now must end with it.
local function expire_late(c)
  if c.left < 0 then return end
  redis.call("PEXPIRE", c.exact_name, c.left)
  redis.call("PEXPIRE", part_key(c.id, "places"), c.left)
  for _, p in pairs(c.places) do redis.call("PEXPIRE", p.name, c.left) end
end

local function write(c)
  raise(c.name, c.sums)
  if c.events == 0 then return end
  raise(c.exact_name, c.exact)
  for _, v in pairs(c.variants) do
    if v and v.name then raise(v.name, v.sums) end
  end
  for _, p in pairs(c.places) do raise(p.name, p.sums) end
  write_money(c)
  rerank_soon(c)
  expire_late(c)
end

-- One campaign that cannot be written to (its keys were damaged by hand) must not stop
-- all the others, now and at each repeat.
local damage = ""
local function write_all()
  for id, c in pairs(campaigns) do
    if c and (c.events > 0 or c.sums.orphans) then
      local ok, problem = pcall(write, c)
      if not ok then
        damage = id .. ": " .. (type(problem) == "table" and problem.err or problem)
      end
    end
  end
end

local count = {applied = 0, duplicate = 0, late = 0, orphan = 0}
local stray, stray_vid = "", ""
local function judge(at)
  local vid, hash, ts = ARGV[at + 1], ARGV[at + 6], tonumber(ARGV[at + 7]) or 0
  if ts > 0 and ts < now - window then return "late" end
  local c = campaign_of(ARGV[at])
  local v = c and variant_of(c, vid)
  if not v then
    if c then bump(c.sums, "orphans", 1) end
    if stray == "" then stray, stray_vid = ARGV[at], vid end
    return "orphan"
  end
  if hash ~= "0" and is_seen(hash, now) then return "duplicate" end
  tally(c, v, vid, at)
  return "applied"
end

load_seen(state[2], now, window)
for at = 4, #ARGV - STEP + 1, STEP do bump(count, judge(at), 1) end
write_all()
local function total(at, n)
  return int(math.min((tonumber(state[at]) or 0) + n, EXACT_MAX))
end
redis.call("HSET", key("ev"), "gens", save_seen(), "cursor", last,
           "applied", total(3, count.applied), "duplicate", total(4, count.duplicate),
           "late", total(5, count.late), "orphan", total(6, count.orphan),
           "refused", total(7, 0))
redis.call("XTRIM", key("events"), "MINID", last)
redis.call("XDEL", key("events"), last)
local reply = {"applied", count.applied, count.duplicate, count.late, count.orphan}
if count.orphan > 0 or damage ~= "" then
  reply[6], reply[7], reply[8] = stray, stray_vid, damage
end
return reply

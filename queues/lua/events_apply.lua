#!lua flags=allow-oom
--@use job money public
-- ARGV: cursor, last, window_ms, then per event: campaign, variant, type, count,
-- value in micro-units, currency, id hash ("0" = none), ts_ms, epoch
local cursor, last, window = ARGV[1], ARGV[2], tonumber(ARGV[3])
local STEP, HOLDOUT = 9, "_holdout"
local PUBLIC = {impression = "impressions", click = "clicks", conversion = "conversions"}
local KNOWN = {impression = 1, click = 1, cart = 1, conversion = 1, refund = 1, open = 1,
               delivered = 1, unsubscribe = 1, complaint = 1, bounce = 1, csat = 1,
               resolved = 1}
local COUNTERS_MAX = 20000 -- of one campaign; further custom types count as "other"

if (redis.call("HGET", key("ev"), "cursor") or "0-0") ~= cursor or
   not string.find(last, "^%d+%-%d+$") then
  return {"stale"}
end
local now = now_ms()

-- Dedupe: sets of id hashes in generations. All that may still hold an id of the window
-- are asked; new ids go to the newest. Shards stay intsets (244 ids each, limit 512).
local SHARD, BITS_MIN, BITS_MAX, BITS_STEP = 244, 6, 20, 3
local gens, added = {}, 0
local function life(g) return g.opened + window + math.ceil(window / 3) end
local function open(number, bits)
  local g = {id = number, opened = now, bits = bits, count = 0}
  table.insert(gens, 1, g)
end

-- By age with shards for as many ids as the fullest generation had; by number with 8
-- times as many shards, so that there are few generations to ask.
local function load_generations()
  local text, number, most = redis.call("HGET", key("ev"), "gens") or "", 0, 0
  for i, o, b, c in string.gmatch(text, "(%d+) (%d+) (%d+) (%d+);") do
    local g = {id = tonumber(i), opened = tonumber(o), bits = tonumber(b),
               count = tonumber(c)}
    number, most = math.max(number, g.id), math.max(most, g.count)
    if life(g) > now then gens[#gens + 1] = g end
  end
  local newest, bits = gens[1], BITS_MIN
  while bits < BITS_MAX and SHARD * 2 ^ bits < most do bits = bits + 1 end
  if not newest or now - newest.opened >= window / 3 then
    open(number + 1, bits)
  elseif newest.count >= SHARD * 2 ^ newest.bits then
    open(number + 1, math.min(math.max(bits, newest.bits + BITS_STEP), BITS_MAX))
  end
end

local function save_generations()
  gens[1].count = gens[1].count + added
  local text = {}
  for _, g in ipairs(gens) do
    text[#text + 1] = string.format("%d %.0f %d %d;", g.id, g.opened, g.bits, g.count)
  end
  redis.call("HSET", key("ev"), "gens", table.concat(text), "cursor", last)
end

local function is_repeat(hash)
  local spread = tonumber(string.sub(hash, -7)) or 0
  for i = 2, #gens do
    local old = seen_key(gens[i].id, spread % 2 ^ gens[i].bits)
    if redis.call("SISMEMBER", old, hash) == 1 then return true end
  end
  local set = seen_key(gens[1].id, spread % 2 ^ gens[1].bits)
  if redis.call("SADD", set, hash) == 0 then return true end
  redis.call("PEXPIRE", set, int(life(gens[1]) - now), "NX")
  added = added + 1
  return false
end

-- What is known of a campaign, looked up once per batch.
local campaigns = {}
local function campaign(id)
  local c = campaigns[id]
  if c == nil then
    c = redis.call("EXISTS", campaign_key(id)) == 1 and
        {id = id, variants = {}, epochs = {}, exact = {}, public = {}, money = {},
         places = {}, events = 0} or false
    if c then c.crowded = redis.call("HLEN", part_key(id, "n")) > COUNTERS_MAX end
    campaigns[id] = c
  end
  return c
end

local function placement_of(c, vid)
  local place = c.variants[vid]
  if place == nil then
    place = redis.call("HGET", variant_key(c.id, vid), "placement")
    c.variants[vid] = place
    if place and place ~= "" then c.places[place] = true end
  end
  return place
end

-- An epoch that was never in force is no epoch, or counters had no bound.
local function known_epoch(c, place, epoch)
  local newest = c.epochs[place]
  if not newest then
    newest = tonumber(redis.call("HGET", placement_key(c.id, place), "epoch")) or 0
    c.epochs[place] = newest
  end
  return epoch >= 0 and epoch <= newest and epoch or -1
end

local function add(sums, hash, field, n)
  local fields = sums[hash] or {}
  sums[hash] = fields
  fields[field] = (fields[field] or 0) + n
end

local function tally(c, vid, place, type, count, micro, currency, epoch)
  if c.crowded and not KNOWN[type] then type = "other" end
  local held_out = vid == HOLDOUT
  local exact = (held_out and -1 or known_epoch(c, place, epoch)) .. ":" .. vid .. ":"
  add(c.exact, part_key(c.id, "n"), exact .. type, count)
  local owners = {campaign_key(c.id), not held_out and variant_key(c.id, vid),
                  not held_out and place ~= "" and placement_key(c.id, place)}
  for i, owner in ipairs(owners) do
    -- a placement has no clicks (contract §4)
    local field = PUBLIC[type]
    if owner and field and not (i == 3 and field == "clicks") then
      add(c.public, owner, field, count)
    end
  end
  if micro ~= 0 then
    add(c.exact, part_key(c.id, "n"), exact .. "micro:" .. currency, micro)
    c.currency = c.currency or currency
    add(c.money, campaign_key(c.id), "revenue_micro:c:" .. currency, micro)
    if not held_out then
      add(c.money, variant_key(c.id, vid), "revenue_micro:v:" .. vid .. ":" .. currency,
          micro)
      if place ~= "" then
        add(c.money, placement_key(c.id, place),
            "revenue_micro:p:" .. place .. ":" .. currency, micro)
      end
    end
  end
  c.events = c.events + count
end

-- An overflow of 64 bits leaves the old sum: one absurd producer must not stop others.
local function raise(hash, fields)
  for field, n in pairs(fields) do redis.pcall("HINCRBY", hash, field, int(n)) end
end

-- Public revenue is in the currency that came first; others stay in `n`.
local function write_money(c, n_key)
  if not c.currency then return end
  redis.call("HSETNX", n_key, "currency", c.currency)
  local main = ":" .. redis.call("HGET", n_key, "currency")
  for owner, fields in pairs(c.money) do
    raise(n_key, fields)
    for field in pairs(fields) do
      if string.sub(field, -#main) == main then
        redis.call("HSET", owner, "revenue", decimal(redis.call("HGET", n_key, field), 6))
      end
    end
  end
end

local function rerank_soon(c)
  local pending = redis.call("HINCRBY", job_key(c.id), "pending_events", int(c.events))
  local j = redis.call("HMGET", job_key(c.id), "state", "wake", "rerank_events",
                       "rerank_ms")
  if j[1] == "waiting" and bit.band(tonumber(j[2]) or 0, EVENTS) ~= 0 then
    due_at(c.id, rerank_at(pending, tonumber(j[3]) or 0, tonumber(j[4]) or 0, now))
  end
end

local function write(c)
  if c.events == 0 then return end
  local n_key, left = part_key(c.id, "n"), redis.call("PTTL", campaign_key(c.id))
  for place in pairs(c.places) do ensure_placement(c.id, place) end
  for hash, fields in pairs(c.exact) do raise(hash, fields) end
  for hash, fields in pairs(c.public) do raise(hash, fields) end
  write_money(c, n_key)
  if redis.call("EXISTS", job_key(c.id)) == 1 then rerank_soon(c) end
  if left > 0 then -- it has ended: keys born now must end with it
    redis.call("PEXPIRE", n_key, left)
    redis.call("PEXPIRE", part_key(c.id, "places"), left)
    for place in pairs(c.places) do
      redis.call("PEXPIRE", placement_key(c.id, place), left)
    end
  end
end

local counted, duplicate, late, orphan = 0, 0, 0, 0
local function judge(at)
  local id, vid, ts = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 7])
  if ts > 0 and ts < now - window then
    late = late + 1
    return
  end
  local c = campaign(id)
  local place = c and (vid == HOLDOUT and "" or placement_of(c, vid))
  if not place then
    orphan = orphan + 1
  elseif ARGV[at + 6] ~= "0" and is_repeat(ARGV[at + 6]) then
    duplicate = duplicate + 1
  else
    counted = counted + 1
    tally(c, vid, place, ARGV[at + 2], tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]),
          ARGV[at + 5], tonumber(ARGV[at + 8]))
  end
end

load_generations()
for at = 4, #ARGV - STEP + 1, STEP do judge(at) end
for _, c in pairs(campaigns) do
  if c then write(c) end
end
save_generations()
redis.call("XTRIM", key("events"), "MINID", last)
redis.call("XDEL", key("events"), last)
return {"applied", counted, duplicate, late, orphan}

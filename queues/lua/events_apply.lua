#!lua flags=allow-oom
--@use job seen
-- Says which events of a batch are new, adds them to what is not folded in yet (events_fold),
-- and moves the cursor.
-- ARGV: cursor, last, window_ms, worker, lease_ms, how many were late, of how many the time was
-- mended, how many stood in the batch before; then per campaign how many words follow, its id, and per variant its id, how many words follow, and groups of
-- events that are alike. A group of things with an id and without a value: its field of the
-- sums ("<epoch>:<variant>:<type>:<minute>"), how many, the hashes of their ids. Any other:
-- "+", field, currency, of events without an id how many, their count, their
-- value in micro-units; how many with an id, how many users; hash, count and value of each
-- id; the hashes of users whose impressions these are.
local ARGV, call, tonumber = ARGV, redis.call, tonumber -- globals are slower
local cursor, last, window = ARGV[1], ARGV[2], tonumber(ARGV[3])
local HOLDOUT, EXACT_MAX = "_holdout", 2 ^ 53
local READ_AHEAD = 400 -- entries that are read before the next batch says how large they are
local LARGE_MAX = 4 * 1024 * 1024 -- bytes of as many entries that are read as they are

local state = call("HMGET", key("ev"), "cursor", "seen", "applied", "duplicate", "late",
                   "orphan", "refused", "ts_fixed")
if (state[1] or "0-0") ~= cursor or not string.find(last, "^%d+%-%d+$") then
  return {"stale"}
end
local now = now_ms()
local count = {applied = 0, duplicate = tonumber(ARGV[8]) or 0, orphan = 0}
local stray, stray_vid = "", ""
local touched, damage = {"ZADD", key("dirty"), "NX"}, ""

-- Whether the campaign has this variant; asked of its hash once, then noted in `n`.
local function has_variant(id, vid)
  if vid == HOLDOUT then return call("EXISTS", campaign_key(id)) == 1 end
  local place = redis.pcall("HGET", variant_key(id, vid), "placement")
  return type(place) == "string" and place
end

-- The variants of the words from `at` to `stop`, each with whether it exists.
local function find_variants(id, at, stop)
  local fields, known = {"HMGET", part_key(id, "n")}, {}
  while at <= stop do
    fields[#fields + 1] = "@" .. ARGV[at]
    at = at + 2 + tonumber(ARGV[at + 1])
  end
  local noted = call(unpack(fields))
  for i = 1, #noted do
    local vid = string.sub(fields[i + 2], 2)
    known[vid] = noted[i]
    if not noted[i] then
      local place = has_variant(id, vid)
      known[vid] = place
      if place then
        call("HSET", part_key(id, "n"), fields[i + 2], place == true and "" or place)
        local left = call("PTTL", campaign_key(id)) -- of one that has ended
        if left >= 0 then call("PEXPIRE", part_key(id, "n"), left) end
      end
    end
  end
  return known
end

-- Money is summed in two parts, of which each stays exact in a double: thousands of units, and
-- micro-units below that.
local THOUSAND = 1e9
local function split(micro)
  local high = math.floor(micro / THOUSAND)
  return high, micro - high * THOUSAND
end
local function joined(high, low)
  local carry = math.floor(low / THOUSAND)
  high, low = high + carry, low - carry * THOUSAND
  if high >= 0 then return high == 0 and int(low) or string.format("%d%09d", high, low) end
  if low > 0 then high, low = high + 1, THOUSAND - low end
  return high == 0 and "-" .. int(low) or string.format("%d%09d", high, low)
end

-- The new ones of `n` events whose words begin at `at`.
local function take_others(at, n)
  local new, things, high, low = 0, 0, 0, 0
  for i = at, at + 3 * n - 1, 3 do
    if count_new(ARGV, i, 1) == 1 then
      new, things = new + 1, things + (tonumber(ARGV[i + 1]) or 1)
      local more, rest = split(tonumber(ARGV[i + 2]) or 0)
      high, low = high + more, low + rest
    end
  end
  return new, things, high, low
end

-- The sums of the campaign in hand: fields, what is added to each, and where each is: one may
-- come again with another currency.
local fields, sums, place_of, highs, lows, users
local function add(field, n)
  if n == 0 then return end
  local at = place_of[field] or #fields + 1
  place_of[field], fields[at], sums[at] = at, field, (sums[at] or 0) + n
end

-- Adds them to what is not folded in yet; a counter stands still past 2^53 or at the end of 64
-- bits (pcall). A value of more than 64 bytes makes Redis keep a hash in which fields are not
-- looked for one by one.
local WIDE = string.rep("-", 65)
local function raise(id)
  local name = part_key(id, "d")
  if #fields <= 2 then
    for i, field in ipairs(fields) do
      local sum = redis.pcall("HINCRBY", name, field, int(sums[i]))
      if type(sum) == "table" and string.find(sum.err, "WRONGTYPE", 1, true) then error(sum) end
    end
    return
  end
  local old = call("HMGET", name, unpack(fields))
  local out = {"HSET", name}
  for i, field in ipairs(fields) do
    out[2 * i + 1] = field
    out[2 * i + 2] = int(old[i] and math.min(tonumber(old[i]) + sums[i], EXACT_MAX) or sums[i])
  end
  if #fields > 8 and not old[1] then out[#out + 1], out[#out + 2] = "", WIDE end
  call(unpack(out))
end

-- Users of a placement, as numbers of 17 digits: one is new in each of them once.
local function count_users(g, n, place)
  local hashes = {}
  for i = 1, n do
    local text = string.sub(redis.sha1hex(ARGV[g + i - 1] .. place), 1, 13)
    hashes[i] = string.format("2%016d", tonumber(text, 16))
  end
  return count_new(hashes, 1, n)
end

-- The group whose "+" is at `g`; where the next one begins.
local function take_group(g, place)
  local field, currency = ARGV[g + 1], ARGV[g + 2]
  local free, things, micro = tonumber(ARGV[g + 3]), tonumber(ARGV[g + 4]), tonumber(ARGV[g + 5])
  local ids, seen_by = tonumber(ARGV[g + 6]), tonumber(ARGV[g + 7])
  g = g + 8
  local new, more, high, low = take_others(g, ids)
  add(field, things + more)
  local of_free, rest = split(micro)
  high, low = high + of_free, low + rest
  if high ~= 0 or low ~= 0 then
    local name = field .. ":" .. currency
    highs[name], lows[name] = (highs[name] or 0) + high, (lows[name] or 0) + low
  end
  count.applied, count.duplicate = count.applied + free + new, count.duplicate + ids - new
  g = g + 3 * ids
  for i = g, g + seen_by - 1 do users[#users + 1] = ARGV[i] end
  add(field .. "#", count_users(g, seen_by, place))
  return g + seen_by
end

local function take_variant(g, stop, place)
  while g <= stop do
    if ARGV[g] == "+" then
      g = take_group(g, place)
    else
      local n = tonumber(ARGV[g + 1])
      local new = count_new(ARGV, g + 2, n)
      if new > 0 then
        add(ARGV[g], new)
      end
      count.applied, count.duplicate = count.applied + new, count.duplicate + n - new
      g = g + 2 + n
    end
  end
end

local function count_strays(id, vid, g, stop)
  local n = 0
  while g <= stop do
    if ARGV[g] == "+" then
      local ids, seen_by = tonumber(ARGV[g + 6]), tonumber(ARGV[g + 7])
      n, g = n + tonumber(ARGV[g + 3]) + ids, g + 8 + 3 * ids + seen_by
    else
      n, g = n + tonumber(ARGV[g + 1]), g + 2 + tonumber(ARGV[g + 1])
    end
  end
  if stray == "" then stray, stray_vid = id, vid end
  count.orphan = count.orphan + n
  return n
end

local function campaign(at, stop)
  local id = ARGV[at]
  local known, strays = find_variants(id, at + 1, stop), 0
  fields, sums, place_of, highs, lows = {}, {}, {}, {}, {}
  users = {"PFADD", part_key(id, "u")}
  at = at + 1
  while at <= stop do
    local vid, last = ARGV[at], at + 1 + tonumber(ARGV[at + 1])
    if known[vid] then
      take_variant(at + 2, last, known[vid] == true and "" or known[vid])
    else
      strays = strays + count_strays(id, vid, at + 2, last)
    end
    at = last + 1
  end
  if strays > 0 and call("EXISTS", campaign_key(id)) == 1 then add("orphans", strays) end
  if #fields == 0 then return end
  raise(id)
  for field, high in pairs(highs) do
    local micro = joined(high, lows[field])
    if micro ~= "0" then redis.pcall("HINCRBY", part_key(id, "d"), field, micro) end
  end
  if #users > 2 then call(unpack(users)) end
  touched[#touched + 1], touched[#touched + 2] = int(now), id
end

-- Whether the next entries may be read as they are: the first nodes of the stream, each of
-- which holds one entry at least, have few bytes. MEMORY USAGE gives the average of those it
-- was told to look at, times all; a node has 100 entries at most.
local NODE_ENTRIES = 100
local function is_light(left)
  local bytes = redis.pcall("MEMORY", "USAGE", key("events"), "SAMPLES", READ_AHEAD)
  if type(bytes) ~= "number" then return 0 end
  if bytes <= LARGE_MAX then return 1 end
  local nodes = math.floor(left / NODE_ENTRIES)
  return nodes > READ_AHEAD and bytes / (nodes - 1) * READ_AHEAD <= LARGE_MAX and 1 or 0
end

load_seen(state[2], now, window)
local at = 9
while at < #ARGV do
  local stop = at + tonumber(ARGV[at])
  -- One campaign whose keys were damaged by hand must not stop all the others.
  local ok, problem = pcall(campaign, at + 1, stop)
  if not ok then
    damage = ARGV[at + 1] .. ": " .. (type(problem) == "table" and problem.err or problem)
  end
  at = stop + 1
end
if #touched > 3 then redis.pcall(unpack(touched)) end

local late = tonumber(ARGV[6]) or 0
local function total(i, n)
  return int(math.min((tonumber(state[i]) or 0) + n, EXACT_MAX))
end
call("HSET", key("ev"), "seen", save_seen(), "cursor", last,
     "applied", total(3, count.applied), "duplicate", total(4, count.duplicate),
     "late", total(5, late), "orphan", total(6, count.orphan), "refused", total(7, 0),
     "ts_fixed", total(8, tonumber(ARGV[7]) or 0))
call("XTRIM", key("events"), "MINID", last)
call("XDEL", key("events"), last)
local left = call("XLEN", key("events"))
if left > 0 then call("SET", lease_key("events"), ARGV[4], "PX", ARGV[5]) end
return {"applied", count.applied, count.duplicate, late, count.orphan, stray, stray_vid, damage,
        left > 0 and is_light(left) or 0, left}

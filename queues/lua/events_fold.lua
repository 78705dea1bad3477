#!lua flags=allow-oom
--@use job end money public
-- Folds what was counted into the public hashes and the exact counters, a campaign at a time:
-- those that have waited longest first.
-- ARGV: how many campaigns at most, that have waited for how many ms, ms that minutes are kept
local most, age, keep_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local HOLDOUT, EXACT_MAX = "_holdout", 2 ^ 53
local COUNTERS_MAX = 20000 -- of one campaign; further custom types count as "other"
local OF_ALL = {impression = "impressions", delivered = "delivered", click = "clicks",
                conversion = "conversions"}
local OF_VARIANT = {complaint = "complaints", unsubscribe = "unsubscribes", bounce = "bounces",
                    refund = "refunds"}
local OF_PLACEMENT = {impression = true, delivered = true, conversion = true}
local KNOWN = {impression = 1, click = 1, cart = 1, conversion = 1, refund = 1, open = 1,
               delivered = 1, unsubscribe = 1, complaint = 1, bounce = 1, csat = 1, resolved = 1}
local now = now_ms()

local function bump(sums, field, n) sums[field] = (sums[field] or 0) + n end

-- Adds sums to the fields of a hash, in two calls at most; a counter stands still past
-- 2^53, or at the end of 64 bits (pcall).
local function raise(name, sums)
  local fields, out = {}, {}
  for field in pairs(sums) do fields[#fields + 1] = field end
  if #fields <= 2 then
    for _, field in ipairs(fields) do
      local sum = redis.pcall("HINCRBY", name, field, int(sums[field]))
      if type(sum) == "table" and string.find(sum.err, "WRONGTYPE", 1, true) then error(sum) end
    end
    return
  end
  for at = 1, #fields, 1000 do
    local last = math.min(at + 999, #fields)
    local old = redis.call("HMGET", name, unpack(fields, at, last))
    out = {}
    for i = at, last do
      out[#out + 1] = fields[i]
      out[#out + 1] = int(math.min((tonumber(old[i - at + 1]) or 0) + sums[fields[i]], EXACT_MAX))
    end
    redis.call("HSET", name, unpack(out))
  end
end

local function placement_of(c, place)
  local p = c.places[place]
  if not p then
    local name = placement_key(c.id, place)
    local epoch = redis.pcall("HGET", name, "epoch")
    if not epoch then ensure_placement(c.id, place) end
    p = {name = name, place = place, sums = {}, firsts = {},
         epoch = type(epoch) == "string" and tonumber(epoch) or 0}
    c.places[place] = p
  end
  return p
end

local function variant_of(c, vid)
  local v = c.variants[vid]
  if not v then
    v = {sums = {}, vid = vid}
    if vid ~= HOLDOUT then
      local place = redis.call("HGET", c.exact_name, "@" .. vid)
      v.name = variant_key(c.id, vid)
      v.place = place and place ~= "" and placement_of(c, place)
    end
    c.variants[vid] = v
  end
  return v
end

-- An epoch that was never in force is none: counters stay bounded.
local function known_epoch(v, epoch)
  local n = tonumber(epoch) or -1
  return n >= 0 and n <= (v.place and v.place.epoch or -1) and int(n) or "-1"
end

local function is_crowded(c)
  if c.crowded == nil then
    local fields = redis.pcall("HLEN", c.exact_name)
    c.crowded = type(fields) == "number" and fields > COUNTERS_MAX
  end
  return c.crowded
end

local function add_things(c, v, vid, epoch, what, minute, n)
  if not KNOWN[what] and is_crowded(c) then what = "other" end
  bump(c.exact, epoch .. ":" .. vid .. ":" .. what, n)
  c.events = c.events + n
  local field = OF_ALL[what]
  if field then bump(c.sums, field, n) end
  if v.name and (field or OF_VARIANT[what]) then bump(v.sums, field or OF_VARIANT[what], n) end
  if v.place and OF_PLACEMENT[what] then bump(v.place.sums, field, n) end
  if KNOWN[what] and v.name then
    c.minutes[minute] = c.minutes[minute] or {}
    bump(c.minutes[minute], vid .. ":" .. what, n)
  end
end

-- Micro-units as text, which no double passes: all in `n`, per currency and owner.
local function add_money(c, v, vid, epoch, currency, micro)
  c.currency = c.currency or currency
  c.money[#c.money + 1] = {epoch .. ":" .. vid .. ":micro:" .. currency, micro}
  c.money[#c.money + 1] = {"revenue_micro:c:" .. currency, micro, c.name}
  if v.name then
    c.money[#c.money + 1] = {"revenue_micro:v:" .. vid .. ":" .. currency, micro, v.name}
  end
  if v.place then
    c.money[#c.money + 1] = {"revenue_micro:p:" .. v.place.place .. ":" .. currency, micro,
                             v.place.name}
  end
end

-- One field of what is not folded in yet, as events_apply named it.
local function take(c, field, text)
  local n = tonumber(text) or 0
  if field == "orphans" then return bump(c.sums, "orphans", n) end
  local epoch, vid, what, minute, rest =
      string.match(field, "^(%-?%d+):([^:]+):([^:]+):(%d+)([:#]?.*)$")
  if not epoch then return end
  local v = variant_of(c, vid)
  epoch = known_epoch(v, epoch)
  if rest == "" then
    add_things(c, v, vid, epoch, what, minute, n)
  elseif rest == "#" then
    bump(c.first, epoch .. ":" .. vid, n)
    if v.place and epoch ~= "-1" then
      v.place.firsts[epoch] = v.place.firsts[epoch] or {}
      bump(v.place.firsts[epoch], vid, n)
    end
  else
    add_money(c, v, vid, epoch, string.sub(rest, 2), text)
  end
end

-- 64-bit sums; an overflow leaves the old one: one absurd producer must not stop others.
-- Public revenue is in the currency that came first; others stay in `n`.
local function write_money(c)
  if not c.currency then return end
  redis.call("HSETNX", c.exact_name, "currency", c.currency)
  local main = ":" .. redis.call("HGET", c.exact_name, "currency")
  local owners = {}
  for _, m in ipairs(c.money) do
    redis.pcall("HINCRBY", c.exact_name, m[1], m[2])
    if m[3] and string.sub(m[1], -#main) == main then owners[m[3]] = m[1] end
  end
  for owner, field in pairs(owners) do
    redis.call("HSET", owner, "revenue", decimal(redis.call("HGET", c.exact_name, field), 6))
  end
end

local function rerank_soon(c)
  local j = redis.call("HMGET", job_key(c.id), "state", "wake", "rerank_events", "rerank_ms")
  if not j[1] then return end
  local pending = redis.call("HINCRBY", job_key(c.id), "pending_events", int(c.events))
  if j[1] == "waiting" and bit.band(tonumber(j[2]) or 0, EVENTS) ~= 0 then
    due_at(c.id, rerank_at(pending, tonumber(j[3]) or 0, tonumber(j[4]) or 0, now))
  end
end

-- A campaign that has ended expires: keys born now must end with it.
local function expire_late(c)
  local left = redis.call("PTTL", c.name)
  if left < 0 then return end
  for _, part in ipairs({"n", "f", "u", "places"}) do
    redis.call("PEXPIRE", part_key(c.id, part), left)
  end
  for _, p in pairs(c.places) do redis.call("PEXPIRE", p.name, left) end
end

-- First impressions beside what the shares of their epoch make expect of each variant: of those
-- that name their epoch, and whose shares are known still. Only as long as no user of the
-- campaign can have been forgotten: who is counted again with the same variant is no chance.
local function compare_shares(c, p)
  local created = tonumber(redis.call("HGET", c.name, "created_ms")) or 0
  if now - created > tonumber(keep_ms) then return end
  for epoch, firsts in pairs(p.firsts) do
    local json = redis.call("HGET", epochs_key(c.id, p.place), epoch)
    local ok, alloc = pcall(cjson.decode, json or "")
    local sum, all, arms = 0, 0, ok and type(alloc) == "table" and alloc.arms or {}
    for _, arm in ipairs(arms) do sum = sum + (tonumber(arm.w) or 0) end
    for _, n in pairs(firsts) do all = all + n end
    if sum > 0 then
      for _, arm in ipairs(arms) do
        local name = variant_key(c.id, arm.v)
        if redis.call("HEXISTS", name, "placement") == 1 then
          redis.call("HINCRBYFLOAT", name, "first_expected",
                     string.format("%.6f", all * (tonumber(arm.w) or 0) / sum))
        end
      end
      for vid, n in pairs(firsts) do
        redis.call("HINCRBY", variant_key(c.id, vid), "first_impressions", int(n))
      end
    end
  end
end

local function write(c)
  raise(c.name, c.sums)
  raise(c.exact_name, c.exact)
  raise(part_key(c.id, "f"), c.first)
  for _, v in pairs(c.variants) do
    if v.name then raise(v.name, v.sums) end
  end
  for _, p in pairs(c.places) do raise(p.name, p.sums) end
  for _, p in pairs(c.places) do compare_shares(c, p) end
  for minute, sums in pairs(c.minutes) do
    raise(minute_key(c.id, minute), sums)
    redis.call("PEXPIRE", minute_key(c.id, minute), keep_ms)
  end
  write_money(c)
  if next(c.first) then
    redis.call("HSET", c.name, "recipients", redis.call("PFCOUNT", part_key(c.id, "u")))
  end
  if c.events > 0 then rerank_soon(c) end
  expire_late(c)
end

-- At most about FIELDS_MAX fields of it; true if there are more.
local FIELDS_MAX, taken = 400, 0
local function take_counts(id)
  local name = part_key(id, "d")
  if redis.call("HLEN", name) <= FIELDS_MAX then
    local counts = redis.call("HGETALL", name)
    redis.call("UNLINK", name)
    return counts, false
  end
  local counts, names = redis.call("HSCAN", name, 0, "COUNT", FIELDS_MAX)[2], {"HDEL", name}
  for i = 1, #counts, 2 do names[#names + 1] = counts[i] end
  redis.call(unpack(names))
  return counts, redis.call("EXISTS", name) == 1
end

-- True if there is more of it. What came for a campaign that is gone goes too.
local function fold(id)
  if redis.call("EXISTS", campaign_key(id)) == 0 then
    for _, part in ipairs({"d", "n", "f", "u"}) do redis.call("UNLINK", part_key(id, part)) end
    return false
  end
  local counts, more = take_counts(id)
  taken = taken + #counts / 2
  if #counts == 0 then return more end
  local c = {id = id, name = campaign_key(id), exact_name = part_key(id, "n"), variants = {},
             places = {}, exact = {}, sums = {}, first = {}, money = {}, minutes = {}, events = 0}
  for i = 1, #counts, 2 do take(c, counts[i], counts[i + 1]) end
  write(c)
  return more
end

-- One campaign that cannot be written to (its keys were damaged by hand) must not stop
-- all the others, now and at each repeat.
local waiting, folded, damage = redis.call("ZRANGE", key("dirty"), 0, most - 1, "WITHSCORES"), 0, ""
for i = 1, #waiting, 2 do
  local id, since = waiting[i], tonumber(waiting[i + 1])
  if taken < FIELDS_MAX and (since <= now - age or since > now) then
    local ok, problem = pcall(fold, id)
    if not ok then
      redis.pcall("UNLINK", part_key(id, "d"))
      damage = id .. ": " .. (type(problem) == "table" and problem.err or problem)
    end
    if not ok or not problem then redis.call("ZREM", key("dirty"), id) end
    folded = folded + 1
  end
end
return {folded, redis.call("ZCARD", key("dirty")), damage}

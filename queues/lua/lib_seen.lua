-- lib_seen.lua: which event ids came already. Sets of 64-bit hashes in generations: all
-- that may still hold an id of the window are asked, new ids go to the newest. A shard
-- holds 244 ids on average and stays an intset (9 bytes an id; the limit is 512).
local SHARD, BITS_MIN, BITS_MAX, BITS_STEP = 244, 6, 20, 3
local gens, added = {}, 0

-- An id is added at most a third of the window after the opening, and asked for a whole
-- window after that.
local function open_seen(number, opened, bits, count, window)
  local size = 2 ^ bits
  return {id = number, opened = opened, bits = bits, count = count, size = size,
          full = SHARD * size, ends = opened + window + math.ceil(window / 3),
          prefix = seen_key(int(number), "")}
end

-- A new generation opens by age, with shards for as many ids as the fullest one had; or
-- by number, with 8 times as many shards, so that there are few generations to ask.
local function load_seen(text, now, window)
  local number, most, bits = 0, 0, BITS_MIN
  for i, o, b, c in string.gmatch(text or "", "(%d+) (%d+) (%d+) (%d+);") do
    local g = open_seen(tonumber(i), tonumber(o), tonumber(b), tonumber(c), window)
    number, most = math.max(number, g.id), math.max(most, g.count)
    if g.ends > now then gens[#gens + 1] = g end
  end
  while bits < BITS_MAX and SHARD * 2 ^ bits < most do bits = bits + 1 end
  local newest = gens[1]
  if newest and now - newest.opened < window / 3 then
    if newest.count < newest.full then return end
    bits = math.min(math.max(bits, newest.bits + BITS_STEP), BITS_MAX)
  end
  table.insert(gens, 1, open_seen(number + 1, now, bits, 0, window))
end

local function save_seen()
  gens[1].count = gens[1].count + added
  local text = {}
  for i, g in ipairs(gens) do
    text[i] = string.format("%d %.0f %d %d;", g.id, g.opened, g.bits, g.count)
  end
  return table.concat(text)
end

-- hash: a signed 64-bit number as text; Lua's doubles cannot hold it. A key that is no
-- set any more (pcall) has seen nothing.
-- A shard gets its TTL with its first ids: with 16 times more ids than shards the
-- chance of one that is still empty is e^-16, and one id in 64 looks again.
local function is_seen(hash, now)
  local spread = tonumber(string.sub(hash, -7)) or 0
  for i = 2, #gens do
    local g = gens[i]
    if redis.pcall("SISMEMBER", g.prefix .. spread % g.size, hash) == 1 then return true end
  end
  local g = gens[1]
  local set = g.prefix .. spread % g.size
  if redis.pcall("SADD", set, hash) == 0 then return true end
  if g.count + added < 16 * g.size or spread % 64 == 0 then
    redis.call("PEXPIRE", set, int(g.ends - now), "NX")
  end
  added = added + 1
  return false
end

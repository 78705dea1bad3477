-- lib_seen.lua: which event ids came already. Sets of hashes (numbers of 19 digits) in
-- generations: all that may still hold an id of the window are asked, new ids go to the
-- newest. A hash is in the set that its last digits name; with 244 in a set on average it
-- stays an intset (9 bytes an id; the limit is 512).
local SHARD, DIGITS_MIN, DIGITS_MAX, MOVES = 244, 2, 6, 4
local gens, added = {}, 0

-- An id is added at most a third of the window after the opening, and asked for a whole
-- window after that. next: the first set that was not moved into the generation after this
-- one; -1: none is.
local function open_seen(number, opened, digits, count, next, window)
  local size = 10 ^ digits
  return {id = number, opened = opened, digits = digits, count = count, next = next,
          size = size, full = SHARD * size, prefix = seen_key(int(number), ""),
          ends = opened + window + math.ceil(window / 3)}
end

-- A new generation opens by age, with sets for as many ids as the fullest one had; or by
-- number, with 10 times as many sets: then what the one before has is moved into it.
local function load_seen(text, now, window)
  local number, most, digits = 0, 0, DIGITS_MIN
  for i, o, d, c, n in string.gmatch(text or "", "(%d+) (%d+) (%d+) (%d+) (%-?%d+);") do
    local g = open_seen(tonumber(i), tonumber(o), tonumber(d), tonumber(c), tonumber(n), window)
    number, most = math.max(number, g.id), math.max(most, g.count)
    if g.ends > now then
      g.left = int(g.ends - now)
      gens[#gens + 1] = g
    end
  end
  while digits < DIGITS_MAX and SHARD * 10 ^ digits < most do digits = digits + 1 end
  local newest = gens[1]
  if newest and now - newest.opened < window / 3 then
    if newest.count < newest.full or newest.digits >= DIGITS_MAX then return end
    digits = math.max(digits, newest.digits + 1)
    newest.next = 0
  end
  local g = open_seen(number + 1, now, math.min(digits, DIGITS_MAX), 0, -1, window)
  g.left = int(g.ends - now)
  table.insert(gens, 1, g)
end

-- One set of the older generation becomes ten, or more, of the newer one.
local function move_set(from, to, number)
  local name = from.prefix .. string.format("%0" .. from.digits .. "d", number)
  local hashes, parts = redis.pcall("SMEMBERS", name), {}
  for _, hash in ipairs(hashes) do
    local set = to.prefix .. string.sub(hash, -to.digits)
    local words = parts[set]
    if not words then
      words = {"SADD", set}
      parts[set] = words
    end
    words[#words + 1] = hash
  end
  for set, words in pairs(parts) do
    local new = redis.pcall(unpack(words))
    added = added + (type(new) == "number" and new or 0)
    redis.pcall("PEXPIRE", set, to.left, "NX")
  end
  redis.call("UNLINK", name)
end

-- A few sets each time, so that soon there are few generations to be asked.
local function move_on()
  for i = #gens, 2, -1 do
    local g = gens[i]
    if g.next >= 0 then
      local stop = math.min(g.next + MOVES, g.size)
      for number = g.next, stop - 1 do move_set(g, gens[1], number) end
      g.next = stop
      if stop == g.size then table.remove(gens, i) end
      return
    end
  end
end

local function save_seen()
  move_on()
  gens[1].count = gens[1].count + added
  local text = {}
  for i, g in ipairs(gens) do
    text[i] = string.format("%d %.0f %d %d %d;", g.id, g.opened, g.digits, g.count, g.next)
  end
  return table.concat(text)
end

local function is_in_older(hash)
  for i = 2, #gens do
    local g = gens[i]
    local digits = string.sub(hash, -g.digits)
    if g.next <= 0 or (tonumber(digits) or g.size) >= g.next then
      if redis.pcall("SISMEMBER", g.prefix .. digits, hash) == 1 then return true end
    end
  end
  return false
end

-- How many of the n hashes that begin at list[at] are new, and notes them. A key that is no
-- set any more (pcall) has seen nothing. A set gets its TTL with its first ids: when there
-- are 8 times more ids than sets one in 3,000 is still empty, and later ones look again.
local function count_new(list, at, n)
  local g, pcall, sub, new = gens[1], redis.pcall, string.sub, 0
  local prefix, digits, is_alone = g.prefix, -g.digits, #gens == 1
  local fill = (g.count + added) / g.size
  local rare = fill < 8 and 1 or fill < 40 and 16 or 64
  for i = at, at + n - 1 do
    local hash = list[i]
    if is_alone or not is_in_older(hash) then
      local set = prefix .. sub(hash, digits)
      if pcall("SADD", set, hash) ~= 0 then
        new = new + 1
        if (g.count + added + new) % rare == 0 then pcall("PEXPIRE", set, g.left, "NX") end
      end
    end
  end
  added = added + new
  return new
end

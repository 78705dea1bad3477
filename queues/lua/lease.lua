--@use job lease
-- What an endpoint still allows, shared by all workers (docs/decisions/0010).
-- ARGV: worker, number of this request, ms after which calls of a silent worker are over, ms
-- for which the endpoint wants to be left alone; calls it has under way and the most of all
-- workers (0: no limit); slot of the call with which the server told what is left there (0:
-- none). Then of calls, tokens, tokens of prompts and tokens of replies seven numbers each:
-- the most (0: no limit), wanted, of the first in line, thousandths that get used as a rule,
-- by how much the pace was wrong; what the server told, with what that call took (-1: not
-- told), and for how many ms. Then what comes back: slot, and of each of the four.
-- Reply: [slot, ms after which it may be worth asking again, ms for which the endpoint wants
-- to be left alone, granted of each of the four, then left of each (-1: no limit)]
local ARRIVE_SLOTS = 4
local WINDOW_MS, BURST_MS = SLOT_MS * SLOTS, 1000
local POLL_MS, SETTLE_MS = 50, 100 -- for others to give back calls and tokens
local function arg(i) return tonumber(ARGV[i]) or 0 end
local worker, number, hold_ms, close_ms = ARGV[1], arg(2), arg(3), arg(4)
local holding, in_flight, told_slot = arg(5), arg(6), arg(7)
local kinds = {}
for i, name in ipairs({"call", "token", "in", "out"}) do
  local at = 1 + 7 * i
  local most = math.max(arg(at), 0)
  kinds[i] = {name = name, most = most, wanted = arg(at + 1),
              first = math.min(arg(at + 2), most), usual = math.max(arg(at + 3), 10) / 1000,
              pace = arg(at + 4), told = arg(at + 5), told_ms = arg(at + 6),
              ms = most > 0 and WINDOW_MS / most or 0,
              got = 0, used = 0, before = 0, less = 0}
end
local BACK_AT, BACK_STEP = 36, 5
local now = now_ms()
local slot = math.floor(now / SLOT_MS)
local calls, held = lease_key("calls"), lease_key("held")

local function answer(wait, closed)
  local out = {slot, math.ceil(wait), math.max(0, math.ceil(closed))}
  for i, k in ipairs(kinds) do
    out[3 + i] = k.got
    local left = math.floor(math.max(0, k.most - k.less - k.used - k.got))
    out[7 + i] = k.most > 0 and left or -1
  end
  return out
end

-- Calls under way of the others; a worker that fell silent keeps its own until the last
-- of them must be over.
local others = 0
local function read_held()
  local flat = redis.call("HGETALL", held)
  for i = 1, #flat, 2 do
    local n, seen, at = held_of(flat[i + 1])
    if flat[i] == worker then
      if number <= seen then return false end
    elseif math.abs(now - at) >= hold_ms then
      redis.call("HDEL", held, flat[i])
    else
      others = others + n
    end
  end
  return true
end
if in_flight > 0 and not read_held() then return answer(0, 0) end -- overtaken

local slots, state = {}, {}
local function read_slots()
  local flat = redis.call("HGETALL", calls)
  for i = 1, #flat, 2 do
    local n = tonumber(flat[i])
    if not n then
      state[flat[i]] = flat[i + 1]
    elseif math.abs(slot - n) >= SLOTS then
      redis.call("HDEL", calls, flat[i])
    else
      slots[n] = slot_of(flat[i + 1])
    end
  end
end
read_slots()

local function take_back()
  for at = BACK_AT, #ARGV - BACK_STEP + 1, BACK_STEP do
    local s = slots[arg(at)]
    if s then
      for i = 1, 4 do s[i] = math.max(0, s[i] - arg(at + i)) end
      s.changed = true
    end
  end
end
take_back()

-- When the next one is due at an even pace. Time that nobody used is kept for a second. No
-- debt outlasts the window, whatever a call claims to have used; a later time was written
-- before the clock went back.
for _, k in ipairs(kinds) do
  local due = tonumber(state[k.name .. "_due"]) or 0
  due = due > now + WINDOW_MS and now or math.max(due, now - BURST_MS)
  k.due = math.min(math.max(due - k.pace * k.ms, now - BURST_MS), now + WINDOW_MS)
end

for n, s in pairs(slots) do
  for i, k in ipairs(kinds) do
    k.used = k.used + s[i]
    if n < told_slot - ARRIVE_SLOTS then k.before = k.before + s[i] end
  end
end

-- By how much the server told less than is left here: what others take of it. It holds
-- until the server has all again, or until a later call was told better. Which of the calls
-- around that one it had counted by then is not known: none, and so it is never too little.
local function hear(k)
  local field = k.name .. "_less"
  local less, at, till = string.match(state[field] or "", "^(%d+) (%d+) (%d+)$")
  less, at, till = tonumber(less) or 0, tonumber(at) or 0, tonumber(till) or 0
  if till <= now or at > slot + SLOTS then less, at = 0, 0 end
  if k.told >= 0 and told_slot > 0 and told_slot >= at then
    local was, same = less, told_slot == at
    less = math.max(0, k.most - k.before - k.told, same and less or 0)
    till = math.max(now + k.told_ms, same and till or 0)
    if less > 0 or was > 0 then
      redis.call("HSET", calls, field, int(less) .. " " .. int(told_slot) .. " " .. int(till))
    end
  end
  k.less = less
end
for _, k in ipairs(kinds) do
  if k.most > 0 then hear(k) end
end

-- How much of one kind; a call may run the even pace into debt, never the window.
local function share(i, k, n)
  local paced = math.floor((now - k.due) / k.ms / k.usual)
  local room = k.most - k.less - k.used
  if i == 1 then return math.min(n, paced + 1, room), 1 end
  return math.min(k.wanted, math.max(k.first, paced), room), k.first
end

-- Calls, wait.
local function allot()
  local n = kinds[1].wanted
  local next_slot = (slot + 1) * SLOT_MS - now
  if in_flight > 0 then
    n = math.min(n, in_flight - others - holding)
    if n < 1 then return 0, POLL_MS end
  end
  for i, k in ipairs(kinds) do
    if k.most > 0 then
      if k.due > now then return 0, k.due - now end
      local got, least = share(i, k, n)
      if got < least then return 0, i == 1 and next_slot or math.min(next_slot, SETTLE_MS) end
      if least > 0 then n = math.min(n, math.max(1, math.floor(got / least))) end
      k.got = got
    end
  end
  return n, 0
end

-- Until when, and when that was said: if that is yet to come the clock went back.
local closed, said = tonumber(state.closed) or 0, tonumber(state.closed_at) or 0
local back_ms = math.max(0, said - now)
closed = closed - back_ms
if close_ms > 0 or back_ms > 0 then
  closed = math.max(closed, close_ms > 0 and now + close_ms or 0)
  redis.call("HSET", calls, "closed", int(closed), "closed_at", int(now))
end
-- Whoever was refused first is next; the others wait for it, while it keeps asking. One
-- of them stands behind it, or who has just been served would be the first to be back.
local line = {} -- {worker, ms of its last ask}, at most two
for _, name in ipairs({"head", "second"}) do
  local ms, who = string.match(state[name] or "", "^(%d+) (.+)$")
  if who and who ~= worker and math.abs(now - tonumber(ms)) < HEAD_MS then
    line[#line + 1] = {who, tonumber(ms)}
  elseif who == worker then
    line[#line + 1] = {worker, now}
  end
end
local function leave_line()
  for i = #line, 1, -1 do
    if line[i][1] == worker then table.remove(line, i) end
  end
end
local function stand_in_line()
  for _, place in ipairs(line) do
    if place[1] == worker then return end
  end
  if #line < 2 then line[#line + 1] = {worker, now} end
end
local function write_line()
  for i, name in ipairs({"head", "second"}) do
    local place = line[i] and int(line[i][2]) .. " " .. line[i][1] or ""
    if place ~= (state[name] or "") then redis.call("HSET", calls, name, place) end
  end
end

local n, wait, wanted = 0, 0, kinds[1].wanted
if wanted > 0 and closed > now then
  wait = closed - now
elseif wanted > 0 and line[1] and line[1][1] ~= worker then
  wait = POLL_MS
elseif wanted > 0 then
  n, wait = allot()
end
if n > 0 or wanted == 0 then leave_line() else stand_in_line() end
write_line()

if n > 0 then
  kinds[1].got = n
  local s = slots[slot] or {0, 0, 0, 0}
  for i, k in ipairs(kinds) do
    s[i] = s[i] + k.got
    k.due = k.due + k.got * k.usual * k.ms
  end
  s.changed = true
  slots[slot] = s
else
  for _, k in ipairs(kinds) do k.got = 0 end
end
for at, s in pairs(slots) do
  if s.changed then
    local parts = s[3] + s[4] > 0 and " " .. int(s[3]) .. " " .. int(s[4]) or ""
    redis.call("HSET", calls, int(at), int(s[1]) .. " " .. int(s[2]) .. parts)
  end
end
for _, k in ipairs(kinds) do
  if k.most > 0 then redis.call("HSET", calls, k.name .. "_due", int(math.floor(k.due + 0.5))) end
end
redis.call("PEXPIRE", calls, int(math.max(2 * WINDOW_MS, closed - now)))
if in_flight > 0 then
  redis.call("HSET", held, worker,
             int(holding + n) .. " " .. int(number) .. " " .. int(now))
  redis.call("PEXPIRE", held, int(hold_ms))
end
return answer(wait, closed - now)

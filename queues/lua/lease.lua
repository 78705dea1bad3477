--@use job
-- What an endpoint still allows, shared by all workers (docs/decisions/0010).
-- ARGV: worker, number of this request, calls it has under way, ms after which calls of a
-- silent worker are over; rpm, tpm, max_in_flight (0: no limit); calls and tokens wanted,
-- tokens of the first in line, thousandths of tokens that get used as a rule; tokens by
-- which the pace was wrong, ms for which the endpoint wants to be left alone; then what
-- comes back, in triples: slot, calls, tokens.
-- Reply: [slot, calls, tokens, ms after which it may be worth asking again, ms for which
-- the endpoint wants to be left alone]
local SLOT_MS, SLOTS = 500, 125 -- 60 s, 2 s from grant to arrival, one slot of rounding
local WINDOW_MS, BURST_MS, HEAD_MS = SLOT_MS * SLOTS, 1000, 1500
local POLL_MS, SETTLE_MS = 50, 100 -- for others to give back calls and tokens
local function arg(i) return tonumber(ARGV[i]) or 0 end
local worker, number, holding, hold_ms = ARGV[1], arg(2), arg(3), arg(4)
local rpm, tpm, in_flight = arg(5), arg(6), arg(7)
local wanted, tokens, first = arg(8), arg(9), math.min(arg(10), math.max(tpm, 0))
local usual = math.max(arg(11), 10) / 1000
local now = now_ms()
local slot = math.floor(now / SLOT_MS)
local calls, held = lease_key("calls"), lease_key("held")

-- Calls under way of the others; a worker that fell silent keeps its own until the last
-- of them must be over.
local others = 0
local function read_held()
  local flat = redis.call("HGETALL", held)
  for i = 1, #flat, 2 do
    local n, seen, at = string.match(flat[i + 1], "^(%d+) (%d+) (%d+)$")
    if flat[i] == worker then
      if number <= (tonumber(seen) or 0) then return false end
    elseif now - (tonumber(at) or 0) >= hold_ms then
      redis.call("HDEL", held, flat[i])
    else
      others = others + tonumber(n)
    end
  end
  return true
end
if in_flight > 0 and not read_held() then return {slot, 0, 0, 0, 0} end -- overtaken

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
      local c, t = string.match(flat[i + 1], "^(%d+) (%d+)$")
      slots[n] = {tonumber(c) or 0, tonumber(t) or 0}
    end
  end
end
read_slots()

-- When the next call and the next token are due at an even pace. Time that nobody used
-- is kept for a second.
local function due(name) return math.max(tonumber(state[name]) or 0, now - BURST_MS) end
local call_due, token_due = due("call_due"), due("token_due")
local call_ms = rpm > 0 and WINDOW_MS / rpm or 0
local token_ms = tpm > 0 and WINDOW_MS / tpm or 0
token_due = token_due - arg(12) * token_ms

local function take_back()
  for i = 14, #ARGV - 2, 3 do
    local s = slots[arg(i)]
    if s then
      s[1], s[2] = math.max(0, s[1] - arg(i + 1)), math.max(0, s[2] - arg(i + 2))
      s.changed = true
    end
    call_due = call_due - arg(i + 1) * call_ms
  end
  call_due, token_due = math.max(call_due, now - BURST_MS), math.max(token_due, now - BURST_MS)
end
take_back()

local used, used_tokens = 0, 0
for _, s in pairs(slots) do used, used_tokens = used + s[1], used_tokens + s[2] end

-- Calls, tokens, wait. A call may run the even pace into debt, never the window.
local function allot()
  local n, t = wanted, tokens
  local next_slot = (slot + 1) * SLOT_MS - now
  if in_flight > 0 then
    n = math.min(n, in_flight - others - holding)
    if n < 1 then return 0, 0, POLL_MS end
  end
  if rpm > 0 then
    if call_due > now then return 0, 0, call_due - now end
    n = math.min(n, math.floor((now - call_due) / call_ms) + 1, rpm - used)
    if n < 1 then return 0, 0, next_slot end
  end
  if tpm > 0 then
    if token_due > now then return 0, 0, token_due - now end
    local paced = math.floor((now - token_due) / token_ms / usual)
    t = math.min(t, math.max(first, paced), tpm - used_tokens)
    if t < first then return 0, 0, math.min(next_slot, SETTLE_MS) end
    if first > 0 then n = math.min(n, math.max(1, math.floor(t / first))) end
  end
  return n, t, 0
end

local closed = tonumber(state.closed) or 0
if arg(13) > 0 then
  closed = math.max(closed, now + arg(13))
  redis.call("HSET", calls, "closed", int(closed))
end
-- Whoever was refused first is next; the others wait for it, while it keeps asking. One
-- of them stands behind it, or who has just been served would be the first to be back.
local line = {} -- {worker, ms of its last ask}, at most two
for _, name in ipairs({"head", "second"}) do
  local ms, who = string.match(state[name] or "", "^(%d+) (.+)$")
  if who and who ~= worker and now - tonumber(ms) < HEAD_MS then
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

local n, t, wait = 0, 0, 0
if wanted > 0 and closed > now then
  wait = closed - now
elseif wanted > 0 and line[1] and line[1][1] ~= worker then
  wait = POLL_MS
elseif wanted > 0 then
  n, t, wait = allot()
end
if n > 0 or wanted == 0 then leave_line() else stand_in_line() end
write_line()

if n > 0 then
  local s = slots[slot] or {0, 0}
  slots[slot] = {s[1] + n, s[2] + t, changed = true}
  call_due, token_due = call_due + n * call_ms, token_due + t * usual * token_ms
end
for at, s in pairs(slots) do
  if s.changed then redis.call("HSET", calls, int(at), int(s[1]) .. " " .. int(s[2])) end
end
redis.call("HSET", calls, "call_due", int(call_due), "token_due", int(token_due))
redis.call("PEXPIRE", calls, int(math.max(2 * WINDOW_MS, closed - now)))
if in_flight > 0 then
  redis.call("HSET", held, worker,
             int(holding + n) .. " " .. int(number) .. " " .. int(now))
  redis.call("PEXPIRE", held, int(hold_ms))
end
return {slot, n, t, math.ceil(wait), math.max(0, math.ceil(closed - now))}

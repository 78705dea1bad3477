-- lib_lease.lua: how limits stand in lease_key("calls") and lease_key("held"), see lease.lua.
local SLOT_MS, SLOTS = 500, 125 -- 60 s, 2 s from grant to arrival, one slot of rounding
local HEAD_MS = 1500 -- who asks more rarely has lost its place in line

-- A slot of time: calls, tokens, tokens of prompts, of replies.
local function slot_of(text)
  local c, t, a, b = string.match(text, "^(%d+) (%d+) ?(%d*) ?(%d*)$")
  return {tonumber(c) or 0, tonumber(t) or 0, tonumber(a) or 0, tonumber(b) or 0}
end

-- A worker: its calls under way, the number and the ms of its last ask.
local function held_of(text)
  local n, seen, at = string.match(text, "^(%d+) (%d+) (%d+)$")
  return tonumber(n) or 0, tonumber(seen) or 0, tonumber(at) or 0
end

#!lua flags=no-writes
--@use job lease
-- How limits stand, for people. ARGV: ms after which calls of a silent worker are over.
-- Reply: [calls under way, tokens in the window, 1 if somebody waits for room]
local hold_ms = tonumber(ARGV[1]) or 0
local now = now_ms()
local under_way, tokens = 0, 0

local flat = redis.call("HVALS", lease_key("held"))
for _, text in ipairs(flat) do
  local n, _, at = held_of(text)
  if now - at < hold_ms then under_way = under_way + n end
end

flat = redis.call("HGETALL", lease_key("calls"))
local waits = 0
for i = 1, #flat, 2 do
  local n = tonumber(flat[i])
  if n and math.abs(math.floor(now / SLOT_MS) - n) < SLOTS then
    tokens = tokens + slot_of(flat[i + 1])[2]
  elseif flat[i] == "head" then
    local ms = tonumber(string.match(flat[i + 1], "^(%d+) .+$"))
    if ms and now - ms < HEAD_MS then waits = 1 end
  end
end
return {under_way, tokens, waits}

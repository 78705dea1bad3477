-- lib_nano.lua: nano-dollars beyond 2^53, as {whole dollars, nanos below 10^9}: exact.
local BILLION = 1000000000

local function carry(whole, rest)
  return {whole + math.floor(rest / BILLION), rest % BILLION}
end

local function nano(text) -- digits only; anything else is nothing
  local n = string.match(text or "", "^%d+$")
  if not n then return {0, 0} end
  return {tonumber(string.sub(n, 1, -10)) or 0, tonumber(string.sub(n, -9))}
end

local function plus(a, b) return carry(a[1] + b[1], a[2] + b[2]) end
local function minus(a, b) return carry(a[1] - b[1], a[2] - b[2]) end

-- Not below nothing.
local function nano_text(a)
  if a[1] < 0 then return "0" end
  if a[1] == 0 then return string.format("%.0f", a[2]) end
  return string.format("%.0f%09.0f", a[1], a[2])
end

-- Exact below 2^53.
local function nano_number(a) return a[1] * BILLION + a[2] end

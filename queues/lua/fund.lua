--@use job money nano
-- Money of a tenant, a ledger for each UTC day, shared by all workers (docs/decisions/0012).
-- ARGV: limit of a day in nano-dollars (-1: none), name of the worker's lease, number of
-- this request, ms after which nobody waits for a silent worker; the day of it (0: today;
-- of a day that is over nothing is granted), what the lease has spent so far, what its
-- calls under way hold; what more is wanted, the most that the first in line may cost (0:
-- nobody waits), and what may be kept at hand if there is plenty; an earlier lease of that
-- worker that it has done with, or nothing.
-- Reply: [day, ms that it still lasts, granted, what is spent or held by the silent, what may
-- come back, what is spent]
local DAY_MS, KEEP_MS = 86400000, 40 * 86400000
local FOLD_MS, FORGET_MS = 3600000, 43200000 -- of silence
local PLENTY, SHARE = 16, 4
local function arg(i) return tonumber(ARGV[i]) or 0 end
local limit, lease, number, lease_ms = ARGV[1], ARGV[2], arg(3), arg(4)
local said, under_way = nano(ARGV[6]), nano(ARGV[7])
local wanted, first, ahead = arg(8), arg(9), arg(10)
local now = now_ms()
local over = "w:" .. (ARGV[11] or "")
local today = math.floor(now / DAY_MS)
local about = arg(5) > 0 and arg(5) or today

-- Days since 1970 as YYYY-MM-DD: years begin in March, so that a leap day ends one.
local function date(days)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local day = z - era * 146097
  local year = math.floor((day - math.floor(day / 1460) + math.floor(day / 36524) -
                           math.floor(day / 146096)) / 365)
  day = day - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * day + 2) / 153)
  day = day - math.floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  year = year + era * 400 + (month <= 2 and 1 or 0)
  return string.format("%04d-%02d-%02d", year, month, day)
end

-- What the day has cost, and what the leases hold: live ones may give it back, silent
-- ones will not. After an hour that is booked as spent by them; what they said stays, for
-- who speaks again (of Redis' own absence, all do) says all that it has spent so far.
local function open(day)
  local book = {key = ledger_key(date(day)), spent = nano("0"),
                gone = nano("0"), live = nano("0"), said = nano("0"), number = 0}
  local flat, old = redis.call("HGETALL", book.key), {}
  for i = 1, #flat, 2 do
    local name = string.match(flat[i], "^w:(.+)$")
    local spent, held, seen, at = string.match(flat[i + 1], "^(%d+) (%d+) (%d+) (%d+)$")
    local silent = now - (tonumber(at) or now)
    if flat[i] == "nano" then
      book.spent = plus(book.spent, nano(flat[i + 1]))
    elseif name == lease then
      book.said, book.number = nano(spent), tonumber(seen) or 0
    elseif name and held == "0" then
      if flat[i] == over or silent > FORGET_MS then old[#old + 1] = flat[i] end
    elseif name and silent > FOLD_MS then
      book.spent = plus(book.spent, nano(held))
      redis.call("HSET", book.key, flat[i],
                 nano_text(plus(nano(spent), nano(held))) .. " 0 " .. seen .. " " .. at)
    elseif name then
      local sum = silent > lease_ms and "gone" or "live"
      book[sum] = plus(book[sum], nano(held))
    end
  end
  if #old > 0 then redis.call("HDEL", book.key, unpack(old, 1, math.min(#old, 1000))) end
  return book
end

local function write(book, spent_by_me, held)
  local all = plus(plus(book.gone, book.live), held)
  redis.call("HSET", book.key, "nano", nano_text(book.spent),
             "usd", decimal(nano_text(book.spent), 9),
             "usd_held", decimal(nano_text(all), 9), "usd_limit", limit == "-1" and limit or decimal(limit, 9),
             "w:" .. lease, nano_text(spent_by_me) .. " " .. nano_text(held) .. " " ..
             int(number) .. " " .. int(now))
  redis.call("PEXPIRE", book.key, KEEP_MS)
end

-- Much is given from plenty; of little no more than a part, or what the first one needs.
local function allot(room)
  if (wanted + ahead) * PLENTY <= room then return wanted + ahead end
  if first < 1 or room < first then return 0 end
  return math.min(wanted, math.max(first, math.floor(room / SHARE / first) * first))
end

local book, granted = open(about), 0
if number <= book.number then return {"fenced"} end -- overtaken
book.spent = plus(book.spent, minus(said, book.said))
if about == today then
  local used = plus(plus(book.spent, book.gone), plus(book.live, under_way))
  local room = limit == "-1" and math.huge or nano_number(minus(nano(limit), used))
  granted = allot(room)
end
write(book, said, plus(under_way, nano(int(granted))))
local left = about == today and (today + 1) * DAY_MS - now or 0 -- of one to come nothing, too
return {about, left, granted,
        nano_text(plus(book.spent, book.gone)), nano_text(book.live), nano_text(book.spent)}

#!lua flags=allow-oom
-- ARGV: worker, count, force, lease_ms, largest entry, bytes in all
local worker, count, force = ARGV[1], tonumber(ARGV[2]), ARGV[3] == "1"
local entry_max, reply_max = tonumber(ARGV[5]), tonumber(ARGV[6])
local PAGE = 25 -- entries held at once, whatever their size

local cursor = redis.call("HGET", key("ev"), "cursor") or "0-0"
local lease = lease_key("events")
local owner = redis.call("GET", lease)
local is_sound = redis.call("PTTL", lease) <= tonumber(ARGV[4]) -- or the clock went back
if owner and owner ~= worker and is_sound and not force then return {cursor, {}, 1} end

local function show(entry)
  local size = 0
  for _, word in ipairs(entry[2]) do size = size + #word end
  local fields = size <= entry_max and entry[2] or false
  return {entry[1], size, fields}, fields and size or 0
end

local out, from, bytes = {}, "(" .. cursor, 0
while #out < count and bytes < reply_max do
  local page = redis.call("XRANGE", key("events"), from, "+", "COUNT",
                          math.min(PAGE, count - #out))
  if #page == 0 then break end
  for _, entry in ipairs(page) do
    local one, size = show(entry)
    bytes = bytes + size
    if #out > 0 and bytes > reply_max then break end
    out[#out + 1] = one
  end
  from = "(" .. page[#page][1]
end
if #out > 0 then redis.call("SET", lease, worker, "PX", ARGV[4]) end
return {cursor, out, 0}

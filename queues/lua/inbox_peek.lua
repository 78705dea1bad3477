#!lua flags=allow-oom
-- Shows inbox entries one by one, so that an oversize spec is never held twice.
-- ARGV: worker, count, lease_ms, largest spec, bytes kept of a larger one, bytes in all
local worker, count, lease_ms = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local spec_max, kept_max, reply_max = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local lease = lease_key("inbox")
local owner = redis.call("GET", lease)
local is_sound = redis.call("PTTL", lease) <= tonumber(lease_ms) -- or the clock went back
if owner and owner ~= worker and is_sound then return {} end
if redis.call("XLEN", key("inbox")) == 0 then return {} end
redis.call("SET", lease, worker, "PX", lease_ms)

-- At most 128 bytes, cut between characters.
local function short(name)
  if #name <= 128 then return name end
  return (string.gsub(string.sub(name, 1, 128), "[\192-\255][\128-\191]*$", ""))
end

-- The fourth and fifth of a row: fields, and the first one of another name, or nil.
local function show(entry)
  local fields, spec, unknown, size = entry[2], nil, false, 0
  for i = 1, #fields, 2 do
    size = size + #fields[i + 1]
    if fields[i] == "spec" and not spec then
      spec = fields[i + 1]
    elseif fields[i] ~= "spec" and not unknown then
      unknown = short(fields[i])
    end
  end
  if spec then size = #spec end
  local whole = size <= spec_max
  return {entry[1], size, string.sub(spec or "", 1, whole and -1 or kept_max),
          whole and 1 or 0, #fields / 2, unknown}
end

local out, from, bytes = {}, "-", 0
while #out < math.min(count, 64) do
  local entry = redis.call("XRANGE", key("inbox"), from, "+", "COUNT", 1)[1]
  if not entry then break end
  local one = show(entry)
  bytes = bytes + #one[3]
  if #out > 0 and bytes > reply_max then break end
  out[#out + 1] = one
  from = "(" .. entry[1]
end
return out

-- lib_reject.lua: refused input is kept for people, bounded in entries and in bytes.
local REJECTED_MAX, REJECTED_BYTES = 10000, 64 * 1024 * 1024
local RAW_MAX = 64 * 1024

local function raw_size(entry)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == "raw" then return #entry[2][i + 1] end
  end
  return 0
end

-- Trimmed by hand: XADD's MAXLEN would not say how many bytes it drops.
local function reject(from, r, now)
  local raw = string.sub(r.raw, 1, RAW_MAX)
  redis.call("XADD", key("rejected"), "*", "from", from, "code", r.code, "pointer",
             r.pointer, "message", r.message, "raw", raw, "size", r.size, "sha256",
             r.sha256, "ts_ms", now)
  local bytes = redis.call("INCRBY", key("rejected_bytes"), #raw)
  for _ = 1, 64 do
    local over = redis.call("XLEN", key("rejected")) > REJECTED_MAX
    if bytes <= REJECTED_BYTES and not over then break end
    local first = redis.call("XRANGE", key("rejected"), "-", "+", "COUNT", 1)[1]
    if not first then
      redis.call("SET", key("rejected_bytes"), 0)
      break
    end
    redis.call("XDEL", key("rejected"), first[1])
    bytes = redis.call("DECRBY", key("rejected_bytes"), raw_size(first))
  end
end

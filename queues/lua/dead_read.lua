--@use job
-- ARGV: rank of the first one (0: gave up last), how many to look at, tenant, reason (also
-- the words before its colon; "" = any), least age in ms
-- Reply: next rank ("" = the end), [[campaign, flat hash], …] of those that fit
local from, count = tonumber(ARGV[1]), math.max(1, math.min(tonumber(ARGV[2]), 500))
local tenant, reason, age_ms = ARGV[3], ARGV[4], tonumber(ARGV[5])
local now, rows = now_ms(), {}

local function fits(id, ms)
  local d = redis.pcall("HMGET", dead_key(id), "tenant", "reason")
  local of, why = d[1] or "", d[2] or ""
  return now - ms >= age_ms and (tenant == "" or of == tenant) and
         (reason == "" or why == reason or string.sub(why, 1, #reason + 1) == reason .. ":")
end

local page = redis.call("ZREVRANGE", key("dead"), from, from + count - 1, "WITHSCORES")
for i = 1, #page, 2 do
  local id = page[i]
  if fits(id, tonumber(page[i + 1])) then
    rows[#rows + 1] = {id, redis.pcall("HGETALL", dead_key(id))}
  end
end
return {#page == 2 * count and int(from + count) or "", rows}

#!lua flags=allow-oom
--@use job money lost end
-- ARGV: id, fence
local id, fence = ARGV[1], ARGV[2]
local MAIL_PAGE = 256
if not holds(id, fence) then return {"fenced"} end
local now = now_ms()

-- As many as one worker can have in flight, no more. What is in a batch (0) goes on.
local function lose_old()
  local open, lost = redis.call("HGETALL", part_key(id, "rsv")), 0
  for i = 1, #open, 2 do
    local by, tokens, nano = string.match(open[i + 1], "^(%d+) (%d+) (%d+)$")
    if by ~= fence and by ~= "0" then
      lose(id, open[i], tonumber(tokens), tonumber(nano), now)
      lost = lost + 1
    end
  end
  if lost > 0 then
    redis.call("HSET", campaign_key(id), "usd",
               decimal(redis.call("HGET", part_key(id, "bud"), "nano"), 9))
  end
end

-- Before the first checkpoint only the first stage can have been journaled.
local function journal()
  local at = redis.call("HMGET", job_key(id), "stage", "iteration")
  if at[1] ~= "" then return redis.call("HGETALL", journal_key(id, at[1], at[2])) end
  local first = redis.call("LINDEX", part_key(id, "jrs"), 0)
  return first and redis.call("HGETALL", first) or {}
end

if redis.call("HGET", campaign_key(id), "state") == "queued" then
  redis.call("HSET", campaign_key(id), "state", "running", "updated_ms", now)
  changed(id, "running")
end
if (redis.call("HGET", campaign_key(id), "waiting") or "") ~= "" then
  redis.call("HSET", campaign_key(id), "waiting", "", "waiting_ms", 0)
end
lose_old()
redis.call("ZREM", key("given"), id)

-- What this load sees needs no wake any more. A repeat of the same load, which may come
-- late and be read by nobody, must not forget what came since.
local j = redis.call("HMGET", job_key(id), "commits", "loaded")
local commits, seen = j[1], fence .. "/" .. (j[1] or 0)
if j[2] ~= seen then
  redis.call("HSET", job_key(id), "dirty", 0, "pending_events", 0, "loaded", seen)
end

local variants, placements = {}, {}
for i, vid in ipairs(redis.call("LRANGE", part_key(id, "vids"), 0, -1)) do
  variants[i] = {vid, redis.call("HGETALL", variant_key(id, vid))}
end
for i, place in ipairs(redis.call("LRANGE", part_key(id, "places"), 0, -1)) do
  placements[i] = {place, redis.call("HGETALL", placement_key(id, place)),
                   redis.call("GET", alloc_key(id, place)) or ""}
end
local mail = redis.call("LRANGE", part_key(id, "mail"), 0, MAIL_PAGE - 1)
if redis.call("LLEN", part_key(id, "mail")) > #mail then
  local dirty = tonumber(redis.call("HGET", job_key(id), "dirty")) or 0
  redis.call("HSET", job_key(id), "dirty", bit.bor(dirty, MAIL))
end
return {now, redis.call("GET", part_key(id, "spec")) or "",
        redis.call("GET", part_key(id, "ck")) or "",
        redis.call("HGETALL", campaign_key(id)), variants, mail,
        redis.call("HGETALL", part_key(id, "bud")), journal(),
        redis.call("HGETALL", part_key(id, "kids")), placements,
        tonumber(commits) or 0}

#!lua flags=allow-oom
--@use job end whole letters money lost
-- ARGV: id, fence
local id, fence = ARGV[1], ARGV[2]
local mine, entry = holds(id, fence)
if not mine then return {"fenced"} end
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

local function begin()
  if redis.call("HGET", campaign_key(id), "state") == "queued" then
    redis.call("HSET", campaign_key(id), "state", "running", "updated_ms", now)
    changed(id, "running")
  end
  if (redis.call("HGET", campaign_key(id), "waiting") or "") ~= "" then
    redis.call("HSET", campaign_key(id), "waiting", "", "waiting_ms", 0)
  end
  lose_old()
  redis.call("ZREM", key("given"), id)
end

-- What this load sees needs no wake any more. A repeat of the same load, which may come
-- late and be read by nobody, must not forget what came since.
local function note_seen(commits)
  local seen = fence .. "/" .. commits
  if redis.call("HGET", job_key(id), "loaded") == seen then return end
  redis.call("HSET", job_key(id), "dirty", 0, "pending_events", 0, "loaded", seen)
end

local function read_variants()
  local variants = {}
  for i, vid in ipairs(redis.call("LRANGE", part_key(id, "vids"), 0, -1)) do
    variants[i] = {vid, redis.call("HGETALL", variant_key(id, vid))}
  end
  return variants
end

local function read_placements()
  local placements = {}
  for i, place in ipairs(redis.call("LRANGE", part_key(id, "places"), 0, -1)) do
    placements[i] = {place, redis.call("HGETALL", placement_key(id, place)),
                     redis.call("GET", alloc_key(id, place)) or ""}
  end
  return placements
end

-- A child that ended while nobody told its parent, or that is gone, has ended now.
local function read_kids()
  local name = part_key(id, "kids")
  local kids = redis.call("HGETALL", name)
  for i = 1, #kids, 2 do
    if not ENDED[kids[i + 1]] then
      local state = redis.pcall("HGET", campaign_key(kids[i]), "state")
      kids[i + 1] = type(state) == "string" and state or "failed"
      if ENDED[kids[i + 1]] then redis.call("HSET", name, kids[i], kids[i + 1]) end
    end
  end
  return kids
end

-- Without these nobody can go on, nor start anew over what there is.
local function read_core()
  local spec, checkpoint = redis.call("GET", part_key(id, "spec")),
                           redis.call("GET", part_key(id, "ck"))
  if not spec then error("its spec is gone", 0) end
  if not checkpoint and (redis.call("HGET", job_key(id), "stage") or "") ~= "" then
    error("its checkpoint is gone", 0)
  end
  return spec, checkpoint or ""
end

local image
local outcome = whole(id, entry, function()
  local spec, checkpoint = read_core()
  begin()
  local commits = redis.call("HGET", job_key(id), "commits") or "0"
  note_seen(commits)
  local mail, more = read_letters(id, 0)
  image = {now, spec, checkpoint, redis.call("HGETALL", campaign_key(id)),
           read_variants(), mail, redis.call("HGETALL", part_key(id, "bud")), journal(),
           read_kids(), read_placements(),
           tonumber(commits) or 0, more}
end)
return image or outcome

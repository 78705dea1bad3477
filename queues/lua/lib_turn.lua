-- lib_turn.lua: whose turn it is in the lanes, and what a tenant may have in flight. The ring
-- holds how many turns each tenant has had; one of them counts 1/weight (docs/decisions/0019).
local WEIGHT_MAX, CAMPAIGNS_MAX = 1000, 1000000
local TERMS_MAX, TERMS_BYTES = 1000, 96 * 1024
local RING_LOOK, COUNT_LOOK, HEAL_LOOK, AGAIN_MS = 64, 256, 16, 5000

-- The rows get `weight`, and `most` if there is a cap. Where nobody has terms nothing is asked.
local function give_terms(rows, any)
  local names = {"HMGET", key("terms")}
  for i, row in ipairs(rows) do
    names[i + 2], row.weight = row.name, 1
  end
  local found = any and #rows > 0 and redis.pcall(unpack(names)) or {err = "nothing asked"}
  if found.err then return end
  for i, row in ipairs(rows) do row.weight, row.most = terms_of(found[i]) end
end

-- The first of the ring, and the turn up to which it was read.
local function read_ring(any_terms)
  local rows = redis.call("ZRANGE", key("ring"), 0, RING_LOOK - 1, "WITHSCORES")
  local ring = {}
  for i = 1, #rows, 2 do
    ring[#ring + 1] = {name = rows[i], turn = tonumber(rows[i + 1]), had = 0}
  end
  give_terms(ring, any_terms)
  return ring, #ring == RING_LOOK and ring[#ring].turn or math.huge
end

-- What the tenant may have in flight besides what it has. What is claimed in this call is added
-- by the caller.
local function room_of(tenant)
  if not tenant.most then return math.huge end
  if not tenant.in_flight then
    local n = number_of(tenant.name)
    local count = redis.pcall("ZCOUNT", key("held"), n, n)
    tenant.in_flight = type(count) == "number" and count or 0
  end
  return tenant.most - tenant.in_flight
end

-- Into the sorted queue that begins at `head`: behind those with fewer turns, or as many and a
-- lower name.
local function take_place(queue, head, tenant)
  local at = #queue + 1
  while at > head and (queue[at - 1].turn > tenant.turn or
                       queue[at - 1].turn == tenant.turn and queue[at - 1].name > tenant.name) do
    queue[at] = queue[at - 1]
    at = at - 1
  end
  queue[at] = tenant
end

-- How many stand in its lanes: no more turns than that are of use to it. Read once it is to
-- have a second one.
local function stock_of(tenant)
  if not tenant.stock then
    local n = 0
    for _, prio in ipairs({"high", "normal", "low"}) do
      local length = redis.pcall("LLEN", lane_key(tenant.name, prio))
      if type(length) ~= "number" then break end
      n = n + length
    end
    tenant.stock = n
  end
  return tenant.stock
end

-- Whose the next turns are, as many as wanted: the tenants in that order, and of each how many
-- (`planned`). Fewer: all others stand aside, are at their caps (`capped`), or were not read.
local function plan_turns(ring, last, want)
  local plan, queue, head = {}, {}, 1
  for i, tenant in ipairs(ring) do
    tenant.planned, tenant.capped, queue[i] = 0, false, tenant
  end
  while #plan < want do
    local first = queue[head]
    if not first or first.turn > last or first.turn >= ASIDE then break end
    head = head + 1
    if room_of(first) <= first.planned then
      first.capped = true
    else
      first.planned, first.turn = first.planned + 1, first.turn + 1 / first.weight
      plan[#plan + 1] = first
      if first.planned < 2 or first.planned <= stock_of(first) then
        take_place(queue, head, first)
      end
    end
  end
  return plan
end

-- Of what was planned the tenant had so many turns. Fewer: it is empty, or damaged.
local function has_had(tenant, turns, damaged)
  local missed = tenant.planned - turns
  tenant.had, tenant.turn = tenant.had + turns, tenant.turn - missed / tenant.weight
  if tenant.stock then tenant.stock = tenant.stock - turns end
  if missed > 0 then tenant.over = damaged and "damaged" or "empty" end
end

-- Those that may have more turns. One that was empty when its turn came leaves the ring, one at
-- its cap stands aside and keeps its turn.
local function still_in(ring, now)
  local left = {}
  for _, tenant in ipairs(ring) do
    if tenant.over == "empty" then
      set_drop("ring", tenant.name)
    elseif tenant.capped and room_of(tenant) <= 0 then
      set_add("ring", int(ASIDE + now), tenant.name)
      tenant.over = "aside"
    elseif not tenant.over then
      take_place(left, 1, tenant)
    end
  end
  return left
end

local function note_turns(ring)
  for _, tenant in ipairs(ring) do
    if tenant.had > 0 and (not tenant.over or tenant.over == "damaged") then
      set_add("ring", string.format("%.17g", tenant.turn), tenant.name)
    end
  end
end

-- Those that stand aside since `ms` or earlier have their turn.
local function call_back(ms, most)
  local names = redis.pcall("ZRANGEBYSCORE", key("ring"), int(ASIDE), int(ASIDE + ms), "LIMIT",
                            0, most)
  for _, name in ipairs(names) do come_back(name) end
end

-- Name, "weight most", …; nil if it is not such a text.
local function parse_terms(text)
  local words, names, at = {}, {}, 1
  if #text > TERMS_BYTES then return nil end
  while at <= #text do
    local _, last, name, weight, most = string.find(text, "^([%w._-]+) (%d+) (%d+)\n", at)
    if not last or #name > 64 or names[name] or #words == 2 * TERMS_MAX then return nil end
    weight, most = tonumber(weight), tonumber(most)
    if weight < 1 or weight > WEIGHT_MAX or most > CAMPAIGNS_MAX then return nil end
    words[#words + 1], words[#words + 2] = name, int(weight) .. " " .. int(most)
    names[name], at = true, last + 1
  end
  return words
end

-- The terms of all tenants as the worker has them: lines "tenant weight most" (0: no cap).
-- False if the text is malformed; then nothing has changed. In the hash two fields are no
-- tenants: "" is the digest of the text, " " up to where it was counted what is in flight.
local function hear_terms(text, now)
  local was = redis.pcall("HMGET", key("terms"), "", " ")
  local digest = text ~= "" and redis.sha1hex(text)
  if not was.err and was[1] == digest then return true, was[2] end
  local words = parse_terms(text)
  if not words then return false end
  redis.call("UNLINK", key("terms"))
  if digest then
    redis.call("HSET", key("terms"), "", digest, " ", "-", unpack(words))
  else
    redis.call("UNLINK", key("held"))
  end
  call_back(now, TERMS_MAX)
  return true, digest and "-"
end

local function holder_of(entry, id)
  local j = redis.pcall("HMGET", job_key(id), "state", "entry", "tenant", "held")
  if j.err or j[1] ~= "claimed" or j[2] ~= entry then return nil end
  return {id = id, entry = entry, name = j[3] or "default", held = j[4]}
end

-- After a change of terms: what is in flight counts, though it was handed out without a cap.
local function count_on(from)
  local page, rows = redis.pcall("XRANGE", READY, from, "+", "COUNT", COUNT_LOOK), {}
  for _, e in ipairs(page) do rows[#rows + 1] = holder_of(e[1], e[2][2]) end
  give_terms(rows, true)
  for _, row in ipairs(rows) do
    if row.most then count_in(row.id, row.entry, row.name, row.held) end
  end
  if #page == COUNT_LOOK then
    redis.call("HSET", key("terms"), " ", "(" .. page[#page][1])
  else
    redis.call("HDEL", key("terms"), " ")
  end
end

-- What is in flight no more and was not taken off (keys deleted by hand, a worker of the
-- release before), a few each beat; and who stands aside for long has another look.
local function heal_terms(now)
  local some = redis.pcall("ZRANDMEMBER", key("held"), HEAL_LOOK)
  if some.err then
    redis.call("UNLINK", key("held"))
    redis.call("HSET", key("terms"), " ", "-")
  end
  for _, entry in ipairs(some) do
    local e = redis.pcall("XRANGE", READY, entry, entry)[1]
    if type(e) ~= "table" or not holder_of(entry, e[2][2]) then
      redis.call("ZREM", key("held"), entry)
    end
  end
  call_back(now - AGAIN_MS, HEAL_LOOK)
end

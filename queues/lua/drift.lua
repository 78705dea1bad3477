#!lua flags=allow-oom
--@use job cap money lost end
-- ARGV: place, cursor, count, repair ("1" = mend what can be), lane ("tenant:priority")
-- One page of one place: `keys` (all of the partition), `campaigns`, `due`, `queued`,
-- `given`, `ready`, `held`, `starts`, `deadlines`, or one `lane`. Each job is judged whole in
-- one script: no worker is ever seen between two writes.
-- Reply: next cursor ("" = the end), things looked at, findings [[kind, campaign, words,
-- mended], …], lanes met, jobs too deep in their lane to be looked for.
local place, cursor, repair = ARGV[1], ARGV[2], ARGV[4] == "1"
local count = math.max(1, math.min(tonumber(ARGV[3]) or 1, 50))
local LANE_LOOK, TENANTS_MAX, SWEEP_LATE_MS = 1000, 200, 5000 -- LANE_LOOK: from each end
local now, looked, unseen = now_ms(), 0, 0
local findings, lanes = {}, {}

local agree -- are there as many jobs in lanes and ready as among the queued?
local function found(kind, id, words, mend)
  if repair and mend then
    mend()
    agree = nil
  end
  findings[#findings + 1] = {kind, id, words, repair and mend and 1 or 0}
end

local function is_type(name, what)
  local is = redis.call("TYPE", name).ok
  return is == what or is == "none", is
end

local function job_of(id)
  local j = redis.pcall("HMGET", job_key(id), "state", "fence", "entry", "tenant", "prio",
                        "wake", "due_ms", "owner", "stage", "held", "rung",
                        "starts_ms", "deadline_ms")
  if j.err then return {} end
  return {state = j[1] or nil, fence = tonumber(j[2]) or 0, entry = j[3] or "",
          tenant = j[4] or "default", prio = j[5] or "normal", wake = tonumber(j[6]) or 0,
          due_ms = tonumber(j[7]) or 0, owner = j[8] or "", begun = (j[9] or "") ~= "",
          held = j[10] or "", rung = j[11],
          clocks = {starts = tonumber(j[12]), deadlines = tonumber(j[13])}}
end

local function campaign_state(id)
  local state = redis.pcall("HGET", campaign_key(id), "state")
  return type(state) == "string" and state
end

local function is_over(j) return j.state == "done" or j.state == "dead" end

-- Ended, or nothing is left of it but this.
local function has_ended(id)
  local j = job_of(id)
  if j.state then return is_over(j) end
  local state = campaign_state(id)
  return not state or ENDED[state] == true
end

-- Into its lane once, whatever it was in before.
local function requeue(id, j)
  ack(j.entry, j.held)
  redis.call("ZREM", key("given"), id)
  redis.call("LREM", lane_key(j.tenant, j.prio), 0, id)
  enqueue(id, j.tenant, j.prio, j.begun, now)
end

-- Taken back: the old holder is refused from now on.
local function take_back(id, j)
  redis.call("HSET", job_key(id), "fence", int(j.fence + 1))
  j.begun = true
  requeue(id, j)
end

local function entry_of(id, j)
  local e = j.entry ~= "" and redis.call("XRANGE", READY, j.entry, j.entry)[1]
  if not e or e[2][2] ~= id then return false, nil end
  local rows = redis.pcall("XPENDING", READY, "w", j.entry, j.entry, 1)
  return true, not rows.err and rows[1] and rows[1][2] or nil
end

-- Searching lanes is the dear part: where as many jobs stand in lanes and ready as are
-- among the queued, nobody is missing.
local function counts_agree()
  if agree ~= nil then return agree end
  local tenants, n = redis.call("ZRANGE", key("ring"), 0, TENANTS_MAX), 0
  for _, tenant in ipairs(tenants) do
    for _, prio in ipairs({"high", "normal", "low"}) do
      local length = redis.pcall("LLEN", lane_key(tenant, prio))
      n = n + (type(length) == "number" and length or 0)
    end
  end
  local rows = redis.pcall("XPENDING", READY, "w")
  n = n + redis.call("XLEN", READY) - (rows.err and 0 or rows[1])
  agree = #tenants <= TENANTS_MAX and n == redis.call("ZCARD", key("queued"))
  return agree
end

local function is_in_lane(id, j)
  if counts_agree() then return true end
  local lane = lane_key(j.tenant, j.prio)
  if redis.call("LPOS", lane, id, "MAXLEN", LANE_LOOK) then return true end
  if redis.call("LPOS", lane, id, "RANK", -1, "MAXLEN", LANE_LOOK) then return true end
  if redis.call("LLEN", lane) <= 2 * LANE_LOOK then return false end
  unseen = unseen + 1
  return true
end

-- Why nobody would ever take this job up again, and what mends it; nil if all is well.
local LOST = {}
function LOST.queued(id, j)
  if j.due_ms > 0 then
    if redis.call("ZSCORE", key("due"), id) then return nil end
    return "it starts later, and is not in the due set", function() due_at(id, j.due_ms) end
  end
  local mend = function() requeue(id, j) end
  if not is_in_lane(id, j) then return "queued, and not in its lane", mend end
  if not redis.call("ZSCORE", key("queued"), id) then
    return "queued, and not among the queued", mend
  end
end
function LOST.ready(id, j)
  local there, consumer = entry_of(id, j)
  local mend = function() requeue(id, j) end
  if not there then return "ready, and not in the ready stream", mend end
  if consumer then return "ready, and given to " .. consumer .. " without a claim", mend end
  if not redis.call("ZSCORE", key("queued"), id) then
    return "ready, and not among the queued", mend
  end
end
function LOST.claimed(id, j)
  local there, consumer = entry_of(id, j)
  local mend = function() take_back(id, j) end
  if not there then return "claimed, and not in the ready stream", mend end
  if consumer ~= j.owner then return "claimed, and pending for nobody", mend end
  if not redis.call("ZSCORE", key("hb"), j.owner) then
    return "claimed by a worker that is not known", mend
  end
end
function LOST.waiting(id, j)
  if redis.call("ZSCORE", key("due"), id) then return nil end
  if j.due_ms > 0 then
    return "waits for a time, and is not in the due set",
           function() due_at(id, j.due_ms) end
  end
  if bit.band(j.wake, MAIL + EVENTS + CHILDREN) == 0 then
    return "waits for nothing that could come", function() due_at(id, now) end
  end
end

-- Calls, tokens and money that the open reservations hold.
local function sums_of(open)
  local calls, tokens, nano = #open / 2, 0, 0
  for i = 2, #open, 2 do
    local t, n = string.match(open[i], "^%d+ (%d+) (%d+)$")
    tokens, nano = tokens + (tonumber(t) or 0), nano + (tonumber(n) or 0)
  end
  return {calls_r = calls, tokens_r = tokens, nano_r = nano}
end

local function lose_all(id, open)
  for i = 1, #open, 2 do
    local tokens, nano = string.match(open[i + 1], "^%d+ (%d+) (%d+)$")
    if tokens and string.find(open[i], "^.*/%d+/%d+/%d+$") then
      lose(id, open[i], tonumber(tokens), tonumber(nano), now)
    else
      redis.call("HDEL", part_key(id, "rsv"), open[i])
    end
  end
  redis.call("HSET", campaign_key(id), "usd",
             decimal(redis.call("HGET", part_key(id, "bud"), "nano"), 9))
end

-- Reservations of calls that are under way; those of a batch (0) wait with their job.
local function held_by_workers(open)
  local out = {}
  for i = 1, #open, 2 do
    if string.sub(open[i + 1], 1, 2) ~= "0 " then
      out[#out + 1], out[#out + 2] = open[i], open[i + 1]
    end
  end
  return out
end

-- A waiting job has no call under way. What the budget holds back is the sum of what is
-- reserved, at any time.
local function judge_budget(id, j)
  local bud, rsv = part_key(id, "bud"), part_key(id, "rsv")
  if not (is_type(bud, "hash") and is_type(rsv, "hash")) then
    return found("damaged", id, "budget or reservations are no hash")
  end
  local open = redis.call("HGETALL", rsv)
  local held = held_by_workers(open)
  if j.state == "waiting" and #held > 0 then
    found("held_open", id, #held / 2 .. " calls reserved, and nobody holds the job",
          function() lose_all(id, held) end)
    open = redis.call("HGETALL", rsv)
  end
  local bad = false
  for name, sum in pairs(sums_of(open)) do
    bad = bad or (tonumber(redis.call("HGET", bud, name)) or 0) ~= sum
  end
  if not bad or redis.call("EXISTS", bud) == 0 then return end
  found("held_sum", id, "the budget holds back what no reservation asks for", function()
    for name, sum in pairs(sums_of(open)) do
      redis.call("HSET", bud, name, int(sum))
    end
  end)
end

-- In flight, and its tenant has a cap.
local function judge_count(id, j)
  if j.state ~= "claimed" or j.held == "" or redis.call("ZSCORE", key("held"), j.entry) then
    return
  end
  local _, most = terms_of(redis.pcall("HGET", key("terms"), j.held))
  if not most then return end
  found("uncounted", id, "in flight, and not counted for " .. j.held,
        function() count_in(id, j.entry, j.held, j.held) end)
end

local function judge_clocks(id, j)
  for name, ms in pairs(j.clocks) do
    local mend = function() set_clock(name, id, ms) end
    local runs = redis.call("ZSCORE", key(name), id)
    if not runs then found("clock_stopped", id, "its time is not in " .. name, mend) end
  end
end

local function judge_job(id)
  if not is_type(job_key(id), "hash") then
    return found("damaged", id, "the job is no hash")
  end
  local j = job_of(id)
  if not j.state or is_over(j) then return end
  if not campaign_state(id) then
    return found("job_no_campaign", id, "a job without its campaign's hash")
  end
  local look = LOST[j.state]
  if not look then return found("damaged", id, "a job in state " .. j.state) end
  local why, mend = look(id, j)
  if why then found("job_lost", id, why, mend) else judge_count(id, j) end
  judge_clocks(id, j)
  judge_budget(id, j)
end

local function judge_campaign(id)
  if not is_type(campaign_key(id), "hash") then
    return found("damaged", id, "the campaign is no hash")
  end
  local state, j = campaign_state(id), job_of(id)
  if not state or ENDED[state] then return end
  if not j.state and is_type(job_key(id), "hash") then
    found("campaign_no_job", id, "it is " .. state .. ", and has no job")
  elseif is_over(j) then
    found("half_ended", id, "it is " .. state .. ", and its job has ended",
          function() finish(id, j.state, "failed", "internal", DEAD_KEEP_MS, now) end)
  end
  if not redis.call("ZSCORE", key("campaigns"), id) then
    found("unlisted", id, "it is not in the list of campaigns",
          function() redis.call("ZADD", key("campaigns"), now, id) end)
  end
end

-- A key of a campaign that has ended expires with it.
local function judge_expiry(name, id)
  if redis.call("PTTL", name) ~= -1 or not has_ended(id) then return end
  local short = string.sub(name, #key("") + 1)
  found("no_expiry", id, short .. " stays for ever", function()
    local left = redis.call("PTTL", campaign_key(id))
    if left < 0 then left = redis.call("PTTL", job_key(id)) end
    if left < 0 then left = DEAD_KEEP_MS end
    redis.call("PEXPIRE", name, left)
    if name == campaign_key(id) then
      redis.call("ZADD", key("done"), "NX", now + left, id)
    end
  end)
end

local function judge_lane(name, lane)
  if not is_type(name, "list") then
    return found("damaged", "", "lane " .. lane .. " is no list")
  end
  lanes[#lanes + 1] = lane
  local tenant = string.match(lane, "^(.*):")
  if not tenant or redis.call("ZSCORE", key("ring"), tenant) then return end
  found("lane_stopped", "", "lane " .. lane .. " has no turn",
        function() join_ring(tenant) end)
end

local function judge_key(name)
  local rest = string.sub(name, #key("") + 1)
  local what, id, part = string.match(rest, "^([a-z]+):([^:]+)(.*)$")
  if what == "lane" then
    judge_lane(name, id .. part)
  elseif what == "j" and part == "" then
    judge_job(id)
    judge_expiry(name, id)
  elseif what == "c" then
    if part == "" then judge_campaign(id) end
    judge_expiry(name, id)
  end
end

local function look_keys()
  local page = redis.call("SCAN", cursor, "MATCH", key("*"), "COUNT", count)
  for _, name in ipairs(page[2]) do judge_key(name) end
  looked = #page[2]
  return page[1]
end

-- A name in `campaigns` whose hash expired waits for the sweep.
local MEMBER = {}
function MEMBER.campaigns(id)
  if redis.call("EXISTS", campaign_key(id)) == 1 then return end
  local ends = redis.call("ZSCORE", key("done"), id)
  if ends and tonumber(ends) <= now + SWEEP_LATE_MS then return end
  if job_of(id).state and not is_over(job_of(id)) then return end
  found("listed_no_campaign", id, "listed, and its hash is gone",
        function() forget({id}) end)
end
local function stray(from, states)
  return function(id)
    local state = job_of(id).state
    if states[state or ""] then return end
    found("stray", id, "in " .. from .. ", and " ..
          (state and "its job is " .. state or "has no job"),
          function() redis.call("ZREM", key(from), id) end)
  end
end
MEMBER.due = stray("due", {waiting = true, queued = true})
MEMBER.queued = stray("queued", {queued = true, ready = true})
MEMBER.given = stray("given", {claimed = true})
for name in pairs(CLOCKS) do -- it stays when the campaign has ended, until its time
  MEMBER[name] = function(id)
    local j, ends = job_of(id), tonumber(redis.call("ZSCORE", key("done"), id))
    if is_over(j) or ends and ends <= now + SWEEP_LATE_MS then return end
    if j.clocks and j.clocks[name] then return end
    found("stray", id, "in " .. name .. ", and its job knows of no such time",
          function() stop_clock(name, id) end)
  end
end
function MEMBER.held(entry)
  local e = redis.pcall("XRANGE", READY, entry, entry)[1]
  local id = type(e) == "table" and e[2][2] or ""
  local j = job_of(id)
  if j.state == "claimed" and j.entry == entry then return end
  found("stray", id, "counted as in flight, and it is not",
        function() redis.call("ZREM", key("held"), entry) end)
end

local function look_set()
  local page = redis.call("ZSCAN", key(place), cursor, "COUNT", count)
  for i = 1, #page[2], 2 do MEMBER[place](page[2][i]) end
  looked = #page[2] / 2
  return page[1]
end

local function look_ready()
  local from = cursor == "0" and "-" or "(" .. cursor
  local page = redis.call("XRANGE", READY, from, "+", "COUNT", count)
  for _, e in ipairs(page) do
    local id = e[2][2] or ""
    local j = job_of(id)
    if j.entry ~= e[1] or (j.state ~= "ready" and j.state ~= "claimed") then
      found("stray", id, "in the ready stream, and its job is elsewhere",
            function() ack(e[1]) end)
    end
  end
  looked = #page
  return #page == count and page[#page][1] or "0"
end

local function look_lane()
  local tenant, prio = string.match(ARGV[5] or "", "^(.*):([^:]*)$")
  local lane, at = lane_key(tenant or "", prio or ""), tonumber(cursor) or 0
  local page, gone = redis.call("LRANGE", lane, at, at + count - 1), {}
  for _, id in ipairs(page) do
    local j = job_of(id)
    local state = j.state
    if state ~= "queued" and not j.rung then
      found("stray", id, "in lane " .. ARGV[5] .. ", and " ..
            (state and "its job is " .. state or "has no job"), function()
        gone[#gone + 1] = redis.call("LREM", lane, 0, id)
      end)
    end
  end
  looked = #page
  return #page == count and int(math.max(at, at + count - #gone)) or "0"
end

local nextc
if place == "keys" then
  nextc = look_keys()
elseif place == "ready" then
  nextc = look_ready()
elseif place == "lane" then
  nextc = look_lane()
elseif MEMBER[place] then
  nextc = look_set()
end
if not nextc or nextc == "0" then nextc = "" end
return {nextc, looked, findings, lanes, unseen}

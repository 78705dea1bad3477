-- keys.lua: every key name of Barker inside Redis, as queues/keys.c has them; put in
-- front of each script. KEYS[1] is the root "bk:{p}": all keys share its slot; so do those
-- of an endpoint's limits, under "bk:{k:<id>}", and a tenant's, under "bk:{t:<tenant>}".
local ROOT = KEYS[1]

-- Of the partition: inbox events control rejected changes campaigns dead ev (public);
-- due ring terms held queued given starts deadlines done hb gone run grace rev
-- rejected_bytes full dirty (private).
local function key(name) return ROOT .. ":" .. name end

-- Of a campaign.
-- Parts: spec ck bud rsv vids places mail n d f u kids jrs series audit inputs doc.
local named = {} -- the names that were asked for last are asked for again
local function campaign_key(id)
  if named.c ~= id then named.c, named.campaign = id, ROOT .. ":c:" .. id end
  return named.campaign
end
local function part_key(id, part) return ROOT .. ":c:" .. id .. ":" .. part end
local function variant_key(id, vid) return ROOT .. ":c:" .. id .. ":v:" .. vid end
local function placement_key(id, place) return ROOT .. ":c:" .. id .. ":p:" .. place end
local function rank_key(id, place) return ROOT .. ":c:" .. id .. ":rank:" .. place end
local function alloc_key(id, place) return ROOT .. ":c:" .. id .. ":alloc:" .. place end
local function epochs_key(id, place) return ROOT .. ":c:" .. id .. ":epochs:" .. place end
local function minute_key(id, minute) return ROOT .. ":c:" .. id .. ":m:" .. minute end
local function journal_key(id, stage, iteration)
  return ROOT .. ":c:" .. id .. ":jr:" .. stage .. ":" .. iteration
end

-- Of the queue.
local function job_key(id)
  if named.j ~= id then named.j, named.job = id, ROOT .. ":j:" .. id end
  return named.job
end
local function lane_key(tenant, prio) return ROOT .. ":lane:" .. tenant .. ":" .. prio end
local function ready_key(band) return ROOT .. ":ready:" .. band end
local function dead_key(id) return ROOT .. ":dead:" .. id end
local function poke_key(worker) return ROOT .. ":poke:" .. worker end
local function lease_key(what) return ROOT .. ":lease:" .. what end
local function ledger_key(date) return ROOT .. ":spent:" .. date end
local function seen_key(gen, shard) return ROOT .. ":seen:" .. gen .. ":" .. shard end

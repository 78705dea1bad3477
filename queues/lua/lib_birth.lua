-- lib_birth.lua: the hash of a job, with every field that the scripts read.
local function create_job(id, o, now)
  redis.call("HSET", job_key(id), "v", 1, "state", "queued", "fence", int(o.fence),
             "owner", "", "entry", "", "tenant", o.tenant, "prio", o.prio, "wake", 0,
             "due_ms", 0, "dirty", 0, "crashes", 0, "progress", 0, "progress_claim", 0,
             "stage", o.stage, "iteration", o.iteration, "parent", o.parent,
             "created_ms", now, "rerank_events", 200, "rerank_ms", 60000,
             "pending_events", 0, "commits", 0, "sha", o.sha)
end

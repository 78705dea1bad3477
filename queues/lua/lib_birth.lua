-- lib_birth.lua: the hash of a job, with every field that the scripts read. Redis finds a
-- field by walking from the first one: those that each claim and commit touch come first.
-- `dirty` is "" while nothing was added to a new campaign: see lib_job.lua.
local function create_job(id, o, now)
  redis.call("HSET", job_key(id), "state", "queued", "fence", int(o.fence), "entry", "",
             "commits", "0", "commit_fence", "", "progress", "0", "parent", o.parent,
             "held", "", "dirty", o.fence == 0 and "" or "0", "clocks", "",
             "spec_bytes", o.spec_bytes or "", "pending_events", "0", "created_ms", int(now),
             "owner", "", "loaded", "", "stage", o.stage, "progress_claim", "0", "wake", "0",
             "due_ms", "0", "tenant", o.tenant, "prio", o.prio, "crashes", "0",
             "iteration", o.iteration, "rerank_events", "200", "rerank_ms", "60000",
             "sha", o.sha, "v", "1")
  set_clock("starts", id, o.starts_ms)
  set_clock("deadlines", id, o.deadline_ms)
end

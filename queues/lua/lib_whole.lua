-- lib_whole.lua: what a holder writes stands whole, or its job ends.

-- An error (a key was damaged by hand) may leave a part of what was to be written. Then
-- the job is buried: nobody goes on from there, and a repeat is told that it is gone.
-- Where even that fails, on keys that all jobs share, it is at least nobody's any more.
local FINE = {"ok"}
local function whole(id, entry, write, ...)
  local ok, problem = pcall(write, ...)
  if ok then return FINE end
  problem = type(problem) == "table" and problem.err or tostring(problem)
  local owner = redis.call("HGET", job_key(id), "owner") or ""
  if not pcall(bury, id, "internal", "internal: " .. problem, owner, now_ms()) then
    pcall(ack, entry)
    redis.pcall("ZREM", key("given"), id)
    redis.call("HSET", job_key(id), "state", "dead", "owner", "", "entry", "", "wake", 0)
  end
  return {"fenced", "buried", id, problem}
end

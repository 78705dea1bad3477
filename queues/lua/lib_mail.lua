-- lib_mail.lua: a letter into the mailbox of a campaign, and who is told of it.
local POKES_MAX, POKE_KEEP_MS = 1000, 3600000

-- hurry: one that was to start later is due now.
local function post(id, letter, hurry, now)
  redis.call("RPUSH", part_key(id, "mail"), letter)
  local j = redis.call("HMGET", job_key(id), "state", "owner")
  wake(id, MAIL, now)
  if j[1] == "claimed" then
    local poke = poke_key(j[2])
    redis.call("RPUSH", poke, id)
    redis.call("LTRIM", poke, -POKES_MAX, -1)
    redis.call("PEXPIRE", poke, POKE_KEEP_MS)
  elseif hurry and redis.call("ZSCORE", key("due"), id) then
    due_at(id, now)
  end
end

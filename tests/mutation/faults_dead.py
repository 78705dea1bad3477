"""More faults, as in faults.py: jobs that gave up."""

ACT, READ = "queues/lua/dead_act.lua", "queues/lua/dead_read.lua"
SCRIPTS, COMMAND = "e2e:test_scripts_dead.py", "e2e:test_dead.py"

FAULTS = {
    "retried-twice": (
        ACT, 'if not is_dead then return {"not_dead"} end\n', "",
        "a campaign at work is queued a second time, or dropped", [SCRIPTS]),
    "dead-by-name-alone": (
        ACT, ' and (not state or state == "dead")', "",
        "a name that was left in `dead` drops a campaign at work", [SCRIPTS]),
    "retried-to-expire": (
        ACT, '  each_key(id, function(name) redis.call("PERSIST", name) end)\n', "",
        "a campaign that goes on loses its keys after 30 days", [SCRIPTS]),
    "retried-with-crashes": (
        ACT, '  redis.call("HSET", job_key(id), "crashes", "0")\n', "",
        "a campaign that was queued again gives up at the next death", [SCRIPTS]),
    "retried-unlisted": (
        ACT, '  redis.call("ZADD", key("campaigns"), int(now), id)\n', "",
        "a campaign that goes on is in no list", [SCRIPTS]),
    "retried-without-clock": (
        ACT, '  set_clock("deadlines", id, tonumber(j[7]))\n', "",
        "a campaign that was queued again outlives its deadline", [SCRIPTS]),
    "retried-stays-dead": (
        ACT, '  forget({id})\n  redis.call("ZADD"', '  redis.call("ZADD"',
        "a campaign at work is said to have given up, and is swept away after 30 days", [SCRIPTS]),
    "filter-of-others": (
        READ, '(tenant == "" or of == tenant) and', "", "a filter drops campaigns of other tenants",
        [SCRIPTS, COMMAND]),
    "filter-without-yes": (
        "workers/cli/cmd_dead.c", "!rc && !cli_option(d->cli, OPTION_yes)", "false",
        "a filter that was meant to be tried drops everything", [COMMAND]),
}

"""More faults, as in faults.py: a Redis that is nearly full."""

SCRIPTS, MEMORY = "e2e:test_scripts_bounds.py", "e2e:test_memory.py"

FAULTS = {
    "admits-when-full": (
        "queues/lua/admit.lua", 'if redis.call("EXISTS", key("full")) == 1 then return {"full"} end\n',
        "", "new campaigns take the memory that those under way need to end", [SCRIPTS]),
    "full-for-good": (
        "queues/lua/tick.lua", '    redis.call("DEL", key("full"))\n', "",
        "nothing is admitted for seconds after there is room again", [SCRIPTS]),
    "full-is-admitted": (
        "workers/intake.c", '!e && strcmp(outcome, "full") == 0', "false",
        "a worker asks a full Redis again and again without a pause", [MEMORY]),
    "worker-on-what-evicts": (
        "workers/cli/server_check.c", "    return CLI_FAILED;\n", "    return CLI_OK;\n",
        "campaigns vanish from a Redis that evicts", [MEMORY]),
    "sent-when-full": (
        "workers/cli/cmd_enqueue.c", "rc = check_room(q);", "rc = CLI_OK;",
        "who enqueues is not told that nobody will take it", [MEMORY]),
}

"""More faults, as in faults.py: campaigns that end as they came, and who hears of changes."""

END, COMMIT = "queues/lua/lib_end.lua", "queues/lua/commit.lua"
ENDS = "e2e:test_scripts_ends.py"
SPOIL = '    spoil(id, redis.call("HGET", job_key(id), "dirty"))\n'

FAULTS = {
    "patterns-unheard": (
        END, "if patterns ~= 0 then return true end", "", "who subscribes to a pattern hears nothing",
        [ENDS]),
    "replicas-unheard": (
        END, '"connected_slaves:0\\r"', '"connected_slaves:"',
        "who listens at a replica hears nothing", [ENDS]),
    "cluster-unheard": (
        END, '"cluster_enabled:0\\r"', '"cluster_enabled:"',
        "who listens at another node of a cluster hears nothing", [ENDS]),
    "told-to-nobody": (
        END, "local heard = n < ASK_FROM or is_heard()", "local heard = true",
        "each change is announced though nobody listens", [ENDS]),
    "few-are-untold": (
        END, "local heard = n < ASK_FROM or is_heard()", "local heard = n >= ASK_FROM and is_heard()",
        "who listens hears nothing of what changes alone", [ENDS]),
    "reserved-for-ever": (
        "queues/lua/reserve.lua", SPOIL, "", "the journal of one that ends at once stays for ever",
        [ENDS]),
    "kids-for-ever": (
        END, "  spoil(parent, j[2])\n", "", "the children of one that ends at once stay for ever",
        [ENDS]),
    "audit-for-ever": (
        "queues/lua/dead_act.lua", "  spoil(id, j[8])\n", "",
        "the audit of one that was queued again stays for ever", [ENDS]),
    "counts-for-ever": (
        COMMIT, "local first = quiet and c[PLAIN]", "local first = c[PLAIN]",
        "events of one that ends at once stay for ever", [ENDS]),
    "budget-of-the-buried": (
        END, "  expire(id, keep_ms, o.bare)\n",
        '  expire(id, keep_ms, o.bare)\n  if o.bare then redis.call("UNLINK", part_key(id, "bud")) end\n',
        "a campaign is queued again without its budget", [ENDS]),
}

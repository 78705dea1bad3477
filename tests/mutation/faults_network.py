"""More faults, as in faults.py: what a worker believes while its network fails."""

BREAKER = "unit:workers.llm.breaker_test"
E2E = "e2e:test_network.py::"

FAULTS = {
    "late-leave-used": (
        "workers/live/store_op.c", "if (!e && renew(op))", "if (!e && false && renew(op))",
        "a worker that was cut off pays again for what another one has stored",
        [E2E + "test_a_leave_that_comes_late_is_not_used"]),
    "fenced-and-goes-on": (
        "workers/worker.c", "    runner_drop_all(w->runner);\n    presence_remove(", "    presence_remove(",
        "a worker that lost its jobs pays on for their calls",
        [E2E + "test_what_was_under_way_at_a_partition"]),
    "outage-uses-up-attempts": (
        "workers/llm/breaker.c", "return b->unsent >= UNSENT_MIN && ",
        "return false && ", "ten seconds without a model end a campaign",
        [BREAKER, E2E + "test_an_outage_uses_up_no_attempts"]),
    "moment-is-an-outage": (
        "workers/llm/breaker.c", " && now_ms - b->unsent_ms >= UNSENT_MS;", ";",
        "three connections that are refused in one moment stop all calls for five seconds",
        [BREAKER]),
}

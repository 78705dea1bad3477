"""More faults, as in faults.py: what a worker believes while its network fails."""

E2E = "e2e:test_network.py::"

FAULTS = {
    "late-leave-used": (
        "workers/live/store_op.c", "if (!e && renew(op))", "if (!e && false && renew(op))",
        "a worker that was cut off pays again for what another one has stored",
        [E2E + "test_a_leave_that_comes_late_is_not_used"]),
}

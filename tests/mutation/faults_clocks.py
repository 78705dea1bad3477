"""More faults, as in faults.py: the clocks of a spec."""

CLOCK, TICK, ADMIT, DRIFT = (f"queues/lua/{name}.lua" for name in ("lib_clock", "tick", "admit", "drift"))
ENGINE, BATCH = "campaigns/engine.c", "workers/run/run_batch.c"
SCRIPTS, ENDS = "e2e:test_scripts_clocks.py", "e2e:test_deadlines.py"
LATE = "sim:--seeds 0 --way 0 --scenario reduce_late"

FAULTS = {
    "clocks-not-rung": (
        TICK, "    ring_all(now)\n", "", "a campaign outlives its deadline", [SCRIPTS]),
    "begun-too-late": (
        TICK, 'j[6] ~= "" and is_too_late(', "false and is_too_late(",
        "of many campaigns that are over some are begun, and paid for", [SCRIPTS]),
    "time-from-admission": (
        ADMIT, "math.max(now, not_before) + within", "now + within",
        "a campaign for tomorrow has expired before it may begin", [SCRIPTS]),
    "begun-expires": (
        CLOCK, 'if not j.begun then end_unbegun(id, "expired", now) end', 'end_unbegun(id, "expired", now)',
        "a campaign at work ends as one that was never begun", [SCRIPTS]),
    "expired-on-its-way": (
        CLOCK, '  if j.state == "claimed" and not j.begun then return false end\n', "",
        "a campaign that is lost between two workers never expires", [SCRIPTS]),
    "rung-for-ever": (
        CLOCK, "then stop_clock(name, id) end\nend", "then return end\nend",
        "64 campaigns that are over keep all others from ending", [SCRIPTS]),
    "damaged-rings-on": (
        CLOCK, 'if not pcall(ring_one, name, id, now) then redis.pcall("ZREM", key(name), id) end',
        "pcall(ring_one, name, id, now)",
        "64 damaged campaigns keep all others from ending", [SCRIPTS]),
    "waits-past-its-deadline": (
        CLOCK, '    if j.state == "waiting" then due_at(id, now) end\n', "",
        "a campaign that waits for a time ends long after its deadline", [SCRIPTS]),
    "clock-lost": (
        DRIFT, 'if not runs then found("clock_stopped"', 'if false then found("clock_stopped"',
        "a deadline that was lost stays lost", [SCRIPTS]),
    "rung-is-stray": (
        DRIFT, 'if state ~= "queued" and not j.rung then', 'if state ~= "queued" then',
        "doctor reports drift after each expiry", [SCRIPTS]),
    "late-goes-on": (
        ENGINE, "if (!err && e->campaign->is_late)", "if (false)",
        "a campaign ignores its deadline", [LATE, ENDS]),
    "late-asks": (
        "workers/run/run.c", "if (!e && (run->campaign->is_late || run->campaign->inputs.timed_out))", "if (!e && run->campaign->inputs.timed_out)",
        "calls are made and paid after the deadline", [ENDS]),
    "late-stays-paused": (
        ENGINE, "if (c->is_late && c->state == CAMPAIGN_PAUSED)", "if (false)",
        "a paused campaign stays for ever", [LATE + "_paused"]),
    "live-fails-late": (
        ENGINE, "    if (c->state == CAMPAIGN_LIVE)\n        next_done(next);", "    if (false)\n        next_done(next);",
        "a campaign that served until its deadline is said to have failed", [ENDS]),
    "late-not-heard": (
        "workers/live/store_op.c", 'strcmp(what, "deadline") == 0 && !op->told', "false",
        "calls under way hold a campaign long after its deadline", [ENDS]),
    "batch-takes-all": (
        BATCH, "    return left_ms / 2 < wait_ms ? left_ms / 2 : wait_ms;", "    return wait_ms;",
        "a batch that is slow takes the time of the live calls, and the campaign has nothing", [ENDS]),
    "batch-without-time": (
        BATCH, "is_time_for_one(run) &&\n", "\n",
        "a campaign in a hurry waits for a batch that is cancelled at once", [ENDS]),
    "priority-ignored": (
        "workers/birth.c", ".priority = spec_priority_name(s->priority)", '.priority = "normal"',
        "an urgent campaign waits behind the backlog of its tenant", ["e2e:test_fair.py"]),
}

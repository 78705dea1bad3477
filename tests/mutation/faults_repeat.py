"""More faults, as in faults.py: campaigns that repeat, parents and children."""

SCHEDULE, PURE = "campaigns/schedule.c", ["unit:campaigns.schedule_test"]
JUMP = ["e2e:test_clock_jump.py"]
BEGUN = 'go_on(c, memo(c, "slot_ms"), next);\n}\n\n/* Only'
REPEAT, KIDS = ["e2e:test_repeat.py"], ["e2e:test_scripts_kids.py"]

FAULTS = {
    "fires-twice": (
        SCHEDULE, BEGUN, 'go_on(c, c->now_ms, next);\n}\n\n/* Only',
        "when the clock of Redis goes back a time has two runs", PURE),
    "all-that-was-missed": (
        SCHEDULE, "    while (after > 0 && after <= c->now_ms", "    while (false",
        "after a night without workers a campaign is begun for each time of it", PURE),
    "never-too-late": (
        SCHEDULE, "c->now_ms >= late_ms(c, s.ms)", "false",
        "the morning's offer is sent in the evening", PURE),
    "deaf-schedule": (
        SCHEDULE, "WAKE_TIME | WAKE_MAIL, until_ms);", "WAKE_TIME, until_ms);",
        "a schedule cannot be paused or cancelled before its next time", PURE),
    "child-repeats": (
        SCHEDULE, '{"id", "repeat", "not_before_ms"}', '{"id", "not_before_ms"}',
        "each run is a schedule of its own", PURE),
    "ends-before-its-runs": (
        SCHEDULE, "    if (schedule_view(c).open == 0) {\n", "    if (true) {\n",
        "a schedule is done while its runs are under way", PURE),
    "number-used-twice": (
        SCHEDULE, '(long long)memo(c, "fired") + memo(c, "failed") + 1', '(long long)memo(c, "fired") + 1',
        "a name that is taken stops a schedule for ever", PURE),
    "clock-of-the-schedule": (
        "workers/birth.c", ".deadline_ms = repeats ? 0 : s->deadline_ms", ".deadline_ms = s->deadline_ms",
        "a schedule ends with the deadline of its first run", REPEAT),
    "any-zone": (
        "workers/intake.c", "    if (!zones || !s->repeat.cron || zones_find(zones, s->repeat.zone, &why))\n",
        "    if (zones || !zones)\n", "a zone with a typing error is found when it is too late", REPEAT),
    "child-of-nobody": (
        "workers/live/spawn_live.c", "    m->parent = op->campaign;\n", "",
        "nobody knows which runs a schedule made", REPEAT),
    "stage-without-end": (
        "workers/run/run.c", "now_ms - run->since_ms < most_ms)", "true)",
        "a stage whose endpoint never answers has no end of its own", ["e2e:test_deadlines.py"]),
    "closed-unrecorded": (
        "workers/live/publish.c", "    if (c->inputs.timed_out)\n", "    if (false)\n",
        "a campaign with a stage that was closed cannot be replayed", ["e2e:test_deadlines.py"]),
    "too-few-workers": (
        "workers/fleet.c", "f->oldest_ms >= FLEET_YOUNG_MS ? f->backlog : 0", "0",
        "a scaler never sees the backlog", ["unit:workers.fleet_test"]),
    "pace-of-another-time": (
        "queues/lua/lease.lua", "due > now + WINDOW_MS and now or math.max(due, now - BURST_MS)", "math.max(due, now - BURST_MS)",
        "when the clock of Redis goes back no endpoint is asked until that time has come again", JUMP),
    "day-to-come": (
        "queues/lua/fund.lua", "about == today and (today + 1) * DAY_MS - now or 0", "math.max(0, (about + 1) * DAY_MS - now)",
        "when the clock of Redis goes back over midnight no tenant has money", JUMP),
    "beat-to-come": (
        "queues/lua/tick.lua", "    note_clock()\n", "",
        "when the clock of Redis goes back dead workers are not missed", JUMP),
    "untold-for-ever": (
        "queues/lua/load.lua", "    if not ENDED[kids[i + 1]] then\n", "    if false then\n",
        "a parent waits for ever for a child whose end it was not told", KIDS),
    "never-forgotten": (
        "queues/lua/admit.lua", "then pcall(forget_kids, parent) end", "then end",
        "the children of a schedule fill the memory of Redis", KIDS),
    "lost-behind-another": (
        SCHEDULE, BEGUN, 'go_on(c, memo(c, "slot_ms") > c->now_ms ? memo(c, "slot_ms") : c->now_ms, next);'
        '\n}\n\n/* Only', "times that pass while a run is in coming are not even counted", PURE),
    "no-room-no-run": (
        SCHEDULE, "    if (is_passing(code))\n", "    if (false)\n",
        "a Redis that is full for a moment takes a run from a schedule for good", PURE),
    "tried-all-the-time": (
        SCHEDULE, "TRY_LEAST_MS << tries", "TRY_LEAST_MS", "a full Redis is asked every five seconds", PURE),
    "letter-hurries": (
        SCHEDULE, '    if (memo(c, "again_ms") > c->now_ms && ', "    if (false && ",
        "each letter makes a schedule ask a full Redis again", PURE),
    "child-unheard-of": (
        SCHEDULE, "    if (is_born(c))\n", "    if (false)\n",
        "a run that was made though an error was heard is skipped, or counted for another time", PURE),
    "skipped-unsaid": (
        SCHEDULE, '    if (slot->missed && memo(c, "tries")) {\n', "    if (false) {\n",
        "nobody is told why a time had no run", PURE),
    "full-held-on-to": (
        "workers/live/store_op.c", "    if (is_full(op, e, r)) {\n", "    if (false) {\n",
        "a schedule holds a slot as long as Redis has no memory", REPEAT),
    "slot-given-back-twice": (
        "workers/run/run_calls.c", "        run_lost(run, e); /* its slots go with it */\n",
        "        leave_slot(run);\n        run_lost(run, e);\n",
        "a worker that lost a schedule makes more calls at once than it may",
        ["sim:--seeds 0 --way 0 --scenario schedule"]),
    "late-spawn": (
        "queues/lua/admit.lua", 'if holder ~= "0" then', "if false then",
        "a cancelled schedule gets one more child", KIDS),
    "spawn-without-claim": (
        "workers/live/spawn_live.c", "    m->parent_fence = op->fence;\n", "",
        "a worker that was given up begins children all the same", ["unit:workers.live.spawn_live_test"]),
    "admission-by-halves": (
        "queues/lua/admit.lua", "  undo()\n", "",
        "a job that is in no lane never runs", ["e2e:test_scripts_damage.py"]),
    "born-over-another": (
        "queues/lua/admit.lua", 'if redis.call("EXISTS", campaign_key(id)) == 1 then', "if false then",
        "a campaign that lost its job has its counts set to zero", ["e2e:test_scripts_damage.py"]),
    "admitted-if-told": (
        "queues/lua/admit.lua", "then pcall(changed, id, state) end", "then changed(id, state) end",
        "a damaged feed of changes ends admissions by halves", ["e2e:test_scripts_damage.py"]),
    "moment-refuses-for-good": (
        "core/io/file.c", "        e = ERR_BUSY;\n", "        e = ERR_IO;\n",
        "a good spec is refused as no file could be opened for a moment",
        ["unit:workers.intake_zone_test"]),
}

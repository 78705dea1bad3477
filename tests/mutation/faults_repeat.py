"""More faults, as in faults.py: campaigns that repeat, parents and children."""

SCHEDULE, PURE = "campaigns/schedule.c", ["unit:campaigns.schedule_test"]
JUMP = ["e2e:test_clock_jump.py"]
REPEAT, KIDS = ["e2e:test_repeat.py"], ["e2e:test_scripts_kids.py"]

FAULTS = {
    "fires-twice": (
        SCHEDULE, "latest(slot_ms, c->now_ms)", "c->now_ms",
        "when the clock of Redis goes back a time has two runs", PURE),
    "all-that-was-missed": (
        SCHEDULE, "    while (after > 0 && after <= c->now_ms", "    while (false",
        "after a night without workers a campaign is begun for each time of it", PURE),
    "never-too-late": (
        SCHEDULE, "    if (!e && slot.too_late) {\n", "    if (false) {\n",
        "the morning's offer is sent in the evening", PURE),
    "deaf-schedule": (
        SCHEDULE, "WAKE_TIME | WAKE_MAIL, slot);", "WAKE_TIME, slot);",
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
        "workers/intake.c", "    if (!zones || !s->repeat.cron || zones_find(zones, s->repeat.zone))\n",
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
        "queues/lua/admit.lua", "  pcall(forget_kids, parent)\n", "",
        "the children of a schedule fill the memory of Redis", KIDS),
}

"""More faults, as in faults.py: campaigns whose endpoints are closed."""

COOL, REPLAY = "workers/run/run_cool.c", "workers/run/run_replay.c"
CLOSED = "sim:--seeds 0 --way 0 --scenario reduce_closed"
OUTAGE = "sim:--seeds 0 --way 0 --scenario reduce_outage"
TARGETS, BREAKER = "unit:workers.llm.targets_test", "unit:workers.llm.breaker_test"
PARKING = "e2e:test_parking.py"

FAULTS = {
    "never-parked": (
        COOL, "    if (ms == 0)\n", "    if (ms >= 0)\n",
        "campaigns of a dead endpoint hold every slot of a worker", [CLOSED]),
    "parked-for-nobody": (
        COOL, " ||\n        r->counts.jobs < r->options.max_jobs)", ")",
        "with free slots a campaign is away when its endpoint opens", [PARKING]),
    "parked-for-one": (
        COOL, "        if (ms < r->options.park_ms)\n            return 0;\n", "",
        "a job is given back and claimed again for every short backoff",
        ["sim:--seeds 0 --way 0 --scenario reduce_faults"]),
    "parked-while-open": (
        COOL, "ms == INT64_MAX ? r->options.park_ms : ms;", "r->options.park_ms;",
        "no campaign ever makes a call", ["sim:--seeds 0 --way 0 --scenario reduce_faults"]),
    "fallback-not-seen": (
        "workers/llm/targets.c", "earliest = free_ms < earliest ? free_ms : earliest;\n    }\n    return",
        "earliest = free_ms;\n    }\n    return",
        "a campaign is parked although its fallback is well", [TARGETS]),
    "probes-use-attempts": (
        REPLAY, "    a->probes += is_forgiven(run, a, result);\n", "",
        "an outage of a minute fails every campaign of one call", [OUTAGE]),
    "probes-for-ever": (
        REPLAY, " &&\n           a->probes < run->runner->options.max_probes;", ";",
        "a call waits for a dead endpoint without end", ["sim:--seeds 0 --way 0 --scenario reduce_outage_long"]),
    "probe-not-stored": (
        "workers/live/ports_live.c", "        if (r->probe)\n", "        if (false)\n",
        "an outage uses up the attempts of a campaign that was parked", [PARKING]),
    "no-suspicion": (
        "workers/llm/targets.c", "    if (from_elsewhere && m->ceiling.under_way == 0)\n", "    if (false)\n",
        "each further worker burns five attempts on an endpoint that is down", [TARGETS]),
    "suspects-what-works": (
        "workers/llm/breaker.c", "b->state != BREAKER_CLOSED || calls_of(b, now_ms, &failures) > 0",
        "b->state != BREAKER_CLOSED",
        "one ask with a failure makes all calls of a model wait for it", [BREAKER]),
    "still-waiting": (
        "queues/lua/load.lua", 'redis.call("HSET", campaign_key(id), "waiting", "", "waiting_ms", 0)', "",
        "a campaign that works is said to wait", ["e2e:test_scripts_batch.py"]),
}

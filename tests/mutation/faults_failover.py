"""More faults, as in faults.py: which endpoint a call goes to when one fails."""

LLM = "workers/llm/"
BREAKER, BUDGET = "unit:workers.llm.breaker_test", "unit:workers.llm.retry_budget_test"
TARGETS, CALLS = "unit:workers.llm.targets_test", "unit:workers.llm.llm_test"
WAYS = "unit:workers.llm.ways_test"
E2E = "e2e:test_failover.py"

FAULTS = {
    "probes-in-crowds": (
        LLM + "breaker.c", "    if (is_probe)\n        change(b, BREAKER_PROBING);", "",
        "an endpoint that comes back is met by all that wait", [BREAKER]),
    "probe-right-lost": (
        LLM + "breaker.c", "    if (leave.is_probe && leave.turn == b->turn)\n", "    if (false)\n",
        "a cancelled probe closes an endpoint for ever", [BREAKER]),
    "late-call-closes": (
        LLM + "breaker.c", "    if (leave.turn != b->turn)\n        return false;\n", "",
        "a call from before the failure opens and closes at will", [BREAKER]),
    "rate-opens": (
        LLM + "breaker.c", "return is_probe ? GOOD : NONE;", "return is_probe ? GOOD : FAILED;",
        "a busy endpoint counts as a broken one", [BREAKER]),
    "retries-unbounded": (
        LLM + "retry_budget.c", "is_retry ? -RETRY_MILLI : EARNED_MILLI",
        "is_retry ? 0 : EARNED_MILLI", "all that fails is asked again and again", [BUDGET, TARGETS]),
    "retry-charged-elsewhere": (
        LLM + "targets.c", "call->failures > 0 && call->failed_at == place", "call->failures > 0",
        "failover is as slow as retries at what failed", [TARGETS]),
    "budget-without-price": (
        LLM + "ways.c", "(has_price && !endpoint_price(", "(false && !endpoint_price(",
        "a budget in money is spent at a price that nobody knows", [TARGETS]),
    "spills-when-busy": (
        LLM + "targets.c", "#define SPILL_MS 5000", "#define SPILL_MS 0",
        "a second's patience is bought from a dearer model", [TARGETS]),
    "reserved-at-the-first-price": (
        LLM + "endpoints.c", "= endpoints_target(list, call, &model)",
        "= endpoints_find(list, call->endpoint); model = endpoint_model(e, call->model)",
        "calls at a dearer fallback overspend the budget", [TARGETS]),
    "ceiling-ignored": (
        LLM + "targets.c", "if (!ceiling_has_room(&m->ceiling))", "if (false)",
        "a server that bears two calls is sent sixty-four, again and again", [TARGETS]),
    "a-cut-for-each": (
        LLM + "ceiling.c", " || entered != c->cuts", "",
        "one refused burst leaves room for one call", ["unit:workers.llm.ceiling_test"]),
    "end-not-told": (
        LLM + "targets.c", "    if (m->awaited)\n", "    if (false)\n",
        "a campaign waits for ever for the probe of one that was cancelled", [TARGETS]),
    "others-wait-on": (
        LLM + "gate.c", "closed > 0 ? clock_mono_ms() + closed : 0", "0 * closed",
        "only the worker that got the hint goes on to the fallback",
        ["unit:workers.llm.admission_test"]),
    "day-ended-by-a-dear-fallback": (
        "workers/live/calls_live.c", "        there.below_nano = below;\n", "        ;\n",
        "a fallback above what is left of the day ends the tenant's campaigns", [E2E]),
    "dear-fallback-ends-it": (
        LLM + "ways.c", "return most.usd_nano < below;", "return true;",
        "five seconds of failures end a campaign over budget", [WAYS, E2E]),
    "leave-before-money": (
        LLM + "targets.c", "bool ok = has_money(call, w, out) && enter(", "bool ok = enter(",
        "a call goes out without the money of its tenant", [WAYS]),
    "own-price-ends-it": (
        "workers/run/run_short.c", "    else if (g->has_cheaper)", "    else if (false)",
        "a budget too small for the first endpoint is not spent at a cheaper one",
        [E2E + "::test_a_cheaper_fallback_is_tried"]),
    "batch-price-ends-it": (
        "workers/run/run_submit.c", "    try_live(run, &op);\n", "    (void)try_live;\n",
        "the same for a campaign that can wait", [E2E + "::test_a_cheaper_fallback_is_tried"]),
    "audited-nowhere": (
        LLM + "llm_call.c", "        c->result.endpoint = c->endpoint->config->name;\n", "        ;\n",
        "two endpoints of one model cannot be told apart in the audit", [E2E + "::test_no_credit"]),
    "money-final": (
        LLM + "llm_call.c", "    out->retryable |= is_grave(out->code);\n", "",
        "an empty account ends campaigns although there is a fallback", [E2E]),
    "retries-stop-the-rest": (
        "workers/run/run.c", "best < 0 || a->failures < run->asks[best].failures", "best < 0",
        "one ask that fails holds up all others of its campaign", [E2E]),
}

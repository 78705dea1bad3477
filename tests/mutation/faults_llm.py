"""More faults, as in faults.py: what endpoints answer, and what money does."""

FAULTS = {
    "short-results-only": (
        "workers/llm/batch_wire.c", "x->reader ? RESULTS_MAX_BYTES : STATUS_MAX_BYTES", "STATUS_MAX_BYTES",
        "the results of a batch of long replies are never read, and all is paid twice", ["e2e:test_batch_lane.py"]),
    "probe-unheard": (
        "workers/llm/breaker.c", "    case ERR_CONTENT:\n", "",
        "an endpoint that refuses a probe for its words stays closed for ever", ["unit:workers.llm.breaker_test"]),
    "money-without-price": (
        "workers/llm/ways.c", "    bool must_price = call->has_purse || call->needs_price;\n",
        "    bool must_price = call->has_purse;\n",
        "a budget of money bounds nothing once the price is gone", ["unit:workers.llm.ways_test"]),
    "silence-is-the-end": (
        "workers/live/purse.c", "lost ? p->gone : p->all_spent", "p->gone",
        "after Redis was away campaigns end over_budget though their tenant has money", ["unit:workers.live.purse_test"]),
    "refused-for-the-day": (
        "workers/live/purse.c", "            purse_flush_soon(p); /* for the next one: somebody may have spoken again */\n",
        "            (void)p;\n", "a tenant whose worker was silent for a while has no money until midnight",
        ["unit:workers.live.purse_test"]),
}

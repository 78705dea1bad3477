"""More faults, as in faults.py: the cache of replies, and the spans of calls."""

CACHE, OTLP = "workers/llm/llm_cache.c", "workers/telemetry/"
UNIT, E2E = "unit:workers.llm.llm_cache_test", "e2e:test_cache.py"
SPANS, EXPORT = "unit:workers.telemetry.otlp_span_test", "unit:workers.telemetry.otlp_test"

FAULTS = {
    "cache-shared-by-tenants": (
        "queues/keys.c", '"cache", tenant, hash', '"cache", tenant ? "all" : tenant, hash',
        "what one tenant paid for is read under another's name", [E2E]),
    "cache-tenant-not-in-hash": (
        CACHE, "    add_text(&b, call->tenant);\n", "",
        "tenants have the same hash, so that the key's name alone parts them", [UNIT]),
    "cache-regenerates-the-same": (
        CACHE, '"%" PRIu64 "/%d/%d", call->ask->seed, call->iteration, call->index',
        '"%" PRIu64 "/%d", call->ask->seed, call->index + 0 * call->iteration',
        "a text that was not good enough is served again in the next iteration", [UNIT]),
    "cache-twins": (
        CACHE, '"%" PRIu64 "/%d/%d", call->ask->seed, call->iteration, call->index',
        '"%" PRIu64 "/%d", call->ask->seed, call->iteration',
        "asks that read the same get the same text", [UNIT]),
    "cache-keeps-halves": (
        CACHE, "return !r->code && r->text.len > 0 &&\n           (strcmp",
        "return !r->code && r->text.len > 0 &&\n           (true || strcmp",
        "a reply that was cut at max_tokens is served for ever", [UNIT]),
    "cache-believes-all": (
        CACHE, "return memcmp(head, value, HEAD_BYTES) == 0 &&", "return",
        "a damaged value becomes the copy of a campaign", [UNIT, E2E]),
    "cache-hit-costs": (
        "workers/llm/llm_call.c", "    if (c->cached)\n        return;", "    if (false)\n        return;",
        "what costs nothing is taken from the budget", [E2E]),
    "cache-hit-counts-as-call": (
        "queues/journal.c", "r->cached ? CACHED :", "r->cached ? 1 :",
        "budget.calls is used up by replies that nobody was asked for", [E2E]),
    "cache-late-leave-used": (
        "workers/llm/llm.c", "why == ERR_CANCELLED || !admission_is_fresh(&c->grant)",
        "!admission_is_fresh(&c->grant)",
        "calls are sent, and billed, while the worker closes its connection", [UNIT]),
    "spans-counted-twice": (
        OTLP + "otlp.c", "    otlp_queue_drop(&o->queue, o->queue.count);\n", "",
        "spans are dropped twice in the count", [EXPORT]),
    "spans-unbounded": (
        OTLP + "otlp_queue.c", "if (size_of(len) > q->max_bytes - q->bytes)", "if (false)",
        "a collector that is away takes the worker's memory",
        ["unit:workers.telemetry.otlp_queue_test", EXPORT]),
    "spans-refused-again": (
        OTLP + "otlp.c", "return r->status == 429", "return r->status >= 400 || r->status == 429",
        "what the collector cannot read is sent again and again", [EXPORT]),
    "spans-tell-numbers": (
        OTLP + "otlp_span.c", 'put_time(w, "intValue", value);', 'json_out_kint(w, "intValue", value);',
        "counts above 2^53 arrive as others", [SPANS]),
}

"""More faults, as in faults.py: limits of time within a call, and what they depend on."""

LIMITS = "core/io/http_limits.c"
STREAM = "workers/llm/provider_stream.c"
HTTP = "unit:core.io.http_limits_test"
LLM = "unit:workers.llm.llm_stream_test"
READER = "unit:workers.llm.provider_stream_test"

HEDGER = "workers/llm/hedger.c"
PICK = "unit:workers.llm.hedger_pick_test"
LEAVE = "unit:workers.llm.hedger_leave_test"
HEDGE, TIMES = "unit:workers.llm.hedger_test", "unit:workers.llm.hedge_times_test"

FAULTS = {
    "stall-for-ever": (
        LIMITS, "        take_first(&d, c->last_us, l->idle_ms, HTTP_LIMIT_IDLE);", "        ;",
        "a stream that stalls in the middle holds its call for two minutes", [HTTP, LLM]),
    "idle-not-reset": (
        "core/io/http_call.c", "        c->last_us = http_limiter_now_us(c->limiter);\n", "        ;\n",
        "a long text is cut off though its tokens keep coming", [HTTP]),
    "silence-judged-first": (
        LIMITS, "        t->deferred = loop_defer(t->loop, on_deferred, t) == ERR_OK;",
        "        sweep(t);",
        "after a pause of the process all streams are given up, though their bytes lie there",
        [HTTP]),
    "ping-is-a-token": (
        STREAM, "    s->begun = s->begun || out->text.len > 0;", "    s->begun = true;",
        "a server that only sends roles and pings is never given up", [READER]),
    "thought-is-none": (
        STREAM, "void provider_stream_thought(struct provider_stream *s)\n{\n    s->begun = true;",
        "void provider_stream_thought(struct provider_stream *s)\n{\n    (void)s;",
        "a model that thinks for longer than first_token_ms never answers", [READER]),
    "whole-reply-has-no-time": (
        "workers/llm/llm_limits.c", "    if (!streamed)", "    if (false)",
        "first_token_ms ends all calls that are not streamed",
        ["e2e:test_timers.py::test_whole_reply_has_no_first_token"]),
    "early-end-taken-late": (
        "core/base/wheel.c", "        step = w->step + 1;", "        step = w->step;",
        "a limit that should have run out is looked at a lap later", ["unit:core.base.wheel_test"]),
    "half-request-billed": (
        "core/io/http_call.c", "limit == HTTP_LIMIT_TLS || limit == HTTP_LIMIT_SEND",
        "limit == HTTP_LIMIT_TLS", "a request that no server took is paid for", [HTTP]),
    "loser-is-free": (
        HEDGER, "    r.usd_nano += lost->usd_nano;\n", "",
        "what the second request may have cost stands in no budget", [HEDGE]),
    "reserved-for-one": (
        "workers/llm/endpoints.c", ".tokens = (in + out) * (for_two ? 2 : 1),", ".tokens = in + out,",
        "a call that is asked twice exceeds its budget", [HEDGE]),
    "loser-goes-on": (
        HEDGER, "        else if (c->won)\n            h->options.cancel(h->options.arg, twin);", "",
        "the request that lost holds the call until it has ended, too", [HEDGE]),
    "failure-wins": (
        HEDGER, "c->won || (twin && !twin->won && !c->result.code)",
        "c->won || (twin && !twin->won)",
        "an error of the second request takes the call from the first", [HEDGE]),
    "hedge-failure-wins": (
        HEDGER, "    if (!first->result.code != !last->result.code)\n"
        "        return !first->result.code ? first : last;\n", "",
        "an answer that was paid for is thrown away, as the other one began before it failed",
        [PICK]),
    "hedge-failure-closes-the-other": (
        HEDGER, "if (c->won && c->result.code)", "if (false)",
        "a call fails although its second request would still have answered", [PICK]),
    "hedges-unbounded": (
        "workers/llm/hedge_times.c", "    if (!hedge_times_may(t))\n        return false;\n", "",
        "an endpoint that slows down gets twice the requests", [HEDGE, TIMES]),
    "hedges-what-is-broken": (
        "workers/llm/targets.c", "m->breaker.state != BREAKER_CLOSED || !", "!",
        "an endpoint that has just failed is sent twice as much", [LEAVE]),
    "hedges-above-the-ceiling": (
        "workers/llm/targets.c", "BREAKER_CLOSED || !ceiling_has_room(&m->ceiling)", "BREAKER_CLOSED",
        "a server that bears no more is sent more", [LEAVE]),
    "hedges-are-not-under-way": (
        "workers/llm/llm_call.c", "    t->targets = c->targets;\n", "",
        "each late call takes one place of a ceiling for ever", [LEAVE]),
    "room-is-not-told": (
        "workers/llm/llm.c", "    if (l->hedger)\n        hedger_room(l->hedger);\n", "",
        "where an endpoint has limits, a late call is never asked twice",
        ["e2e:test_hedging.py"]),
    "never-for-one": (
        "workers/run/run_short.c", "    if (a->for_two)\n        a->single", "    if (false)\n        a->single",
        "a campaign is over budget though there was enough for its calls",
        ["e2e:test_hedging.py::test_budget_for_one_is_enough"]),
    "requests-counted-once": (
        "queues/journal.c", "r->was_sent + (r->was_sent && r->was_hedged)", "r->was_sent",
        "calls of a campaign are fewer than its endpoint saw", ["e2e:test_hedging.py"]),
}

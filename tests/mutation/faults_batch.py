"""More faults, as in faults.py: batches of providers, and the simulator that tests them."""

LLM = "workers/llm/"
SHARD, STEPS = "unit:workers.llm.batch_test", "unit:workers.llm.batch_steps_test"
READER, WIRE = "unit:workers.llm.batch_reader_test", "unit:workers.llm.batch_wire_test"
PACE = "unit:core.io.httpd_pace_test"
LANE, SCRIPTS = "unit:workers.llm.llm_batch_test", "e2e:test_scripts_batch.py"
RUN = "workers/run/run_batch.c"


def sim(*names):
    return [f"sim:--seeds 20 --scenario {name}" for name in names]


FAULTS = {
    "batch-paid-twice": (
        LLM + "batch_reader.c", "if (s->is_settled) {", "if (false) {",
        "a line told twice settles its call twice", [READER]),
    "batch-other-iteration": (
        LLM + "batch_reader.c", "at.iteration != r->iteration", "false",
        "an answer of the last round is taken for one of this", [READER]),
    "batch-old-attempt": (
        LLM + "batch_reader.c", " || s->attempt != at.attempt", "",
        "the answer to a refused prompt is taken for the re-ask's", [READER]),
    "batch-last-line-lost": (
        LLM + "batch_reader.c", "    if (!r->failed)\n        end_line(r);\n    return r->failed;",
        "    return r->failed;",
        "the last call of each file is paid for again", [READER]),
    "batch-key-told": (
        LLM + "batch_reader.c", "        provider_hide_key(words[i], r->key);\n", "        (void)words;\n",
        "the key of an endpoint stands in the audit", [READER]),
    "batch-damage-is-missing": (
        LLM + "batch_wire.c", "is_good(http) && x->reader->broken", "false",
        "an overload in place of the results has all calls paid again", [WIRE]),
    "batch-half-believed": (
        LLM + "batch.c", "if (good && e && (m[0]", "if (false && (m[0]",
        "half a reply says that a batch has no results", [STEPS]),
    "batch-mark-ignored": (
        LLM + "batch.c", " && strcmp(one.mark, mark) == 0", "",
        "the batch of another campaign is adopted", [STEPS]),
    "batch-path-hostile": (
        LLM + "batch.c", "    if (!batch_is_name(out))\n        out[0] = '\\0';\n", "",
        "a provider has us ask for another path of its server", [STEPS]),
    "batch-any-state-ends": (
        LLM + "batch_openai.c", "    return BATCH_WORKING;", "    return BATCH_ENDED;",
        "a batch is given up while it runs", [STEPS]),
    "batch-lines-break": (
        LLM + "batch.c", "text[i] = ' ';", "(void)text;",
        "a schema of several lines breaks the whole batch", [SHARD]),
    "batch-shard-unbounded": (
        LLM + "batch.c", " || s->body.len + more > s->max_bytes", "",
        "a shard that is full is refused as if its last line was too long", [SHARD]),
    "batch-too-many-lines": (
        LLM + "batch.c", "s->lines == s->dialect->lines_max ||", "",
        "the provider refuses the whole batch", [SHARD]),
    "batch-ids-meet": (
        LLM + "batch.c", "\"%s/%s\", campaign, stage)", "\"%s\", campaign)",
        "two stages of a campaign take each other's answers", [SHARD]),
    "stall-leaks": (
        "core/io/httpd_serve.c", " || q->state == HTTPD_STALLED) {", ") {",
        "the server cannot end while a client waits for the rest", [PACE]),
    "cut-is-an-end": (
        "core/io/httpd_pace.c", "return p->stop ? MHD_CONTENT_READER_END_WITH_ERROR\n"
        "                       : MHD_CONTENT_READER_END_OF_STREAM;",
        "return MHD_CONTENT_READER_END_OF_STREAM;",
        "a cut answer looks whole", [PACE]),
    "sim-batch-in-order": (
        "tests/llmsim/sim_batch.c", "    shuffle(b, w->faults->seed);\n",
        "    (void)shuffle;\n", "no test sees results that are joined by their place",
        ["e2e:test_llmsim_batches.py"]),
    "lane-lost-by-a-load": (
        "queues/lua/load.lua", ' and by ~= "0"', "",
        "each claim counts the calls of a running batch as spent", [SCRIPTS]),
    "lane-of-a-holder": (
        "queues/lua/reserve.lua", 'batch and "0" or fence', "fence",
        "each claim counts the calls of a running batch as spent", [SCRIPTS]),
    "lane-end-forgets": (
        "queues/lua/commit.lua", "  if not bare then lose_batches() end\n", "",
        "what a cancelled campaign has in a batch is billed, and never counted", [SCRIPTS]),
    "lane-sleeps-over-mail": (
        "queues/lua/hold.lua", "bit.band(dirty, WAKE) ~= 0 and now or", "",
        "an order waits for the next look at a batch", [SCRIPTS]),
    "lane-settled-again": (
        "queues/lua/hold.lua", "    if open[n] then", "    if true then",
        "a stored reply is forgotten and paid again", [SCRIPTS]),
    "lane-not-given-up": (
        "queues/lua/hold.lua", "ack(entry, capped)\n", "",
        "a job that waits for a batch stays in the ready stream", [SCRIPTS]),
    "lane-is-drift": (
        "queues/lua/drift.lua", 'if string.sub(open[i + 1], 1, 2) ~= "0 " then', "if true then",
        "doctor --repair takes running batches for lost", [SCRIPTS]),
    "lane-unknown-goes-live": (
        LLM + "lane_submit.c", ": PORT_BATCH_UNREACHABLE);", ": PORT_BATCH_REFUSED);",
        "a batch whose creation was not answered is paid twice", [LANE]),
    "lane-made-late": (
        LLM + "lane_submit.c", "    if (is_late(n))\n        return ERR_DEADLINE;\n", "",
        "a worker that was stopped makes a batch that others have replaced", [LANE]),
    "lane-full-price": (
        LLM + "lane_poll.c", "n->target.config->price_batch);", "1);",
        "budgets are charged twice what the provider asks for", [LANE]),
    "lane-share-rounded-down": (
        LLM + "price.c", "ceil((double)nano * share - 1e-4)", "floor((double)nano * share)",
        "what batches cost is counted too low, by up to a nano-dollar a call",
        ["unit:workers.llm.price_test", LANE]),
    "lane-untold-is-missing": (
        LLM + "lane_poll.c", "bool untold = !*n->found.output", "bool untold = false",
        "a batch whose results are told a little after its end is paid twice",
        [LANE, "e2e:test_batch_lane.py::test_results_that_are_told_late_are_waited_for"]),
    "lane-untold-for-ever": (
        RUN, "return age_ms > wait_ms + (wait", "return false && age_ms > wait_ms + (wait",
        "a campaign waits for ever for results that are never told",
        ["e2e:test_batch_lane.py::test_results_that_are_never_told_count_as_spent"]),
    "lane-untold-costs-nothing": (
        RUN, "                   ? PORT_BATCH_LOST\n", "                   ? PORT_BATCH_REFUSED\n",
        "what a batch did and never told stands in no budget",
        ["e2e:test_batch_lane.py::test_results_that_are_never_told_count_as_spent"]),
    "lane-failures-not-read": (
        LLM + "lane_poll.c", "if (!*n->found.failures)", "if (true)",
        "what went wrong in a batch is not told, and counts as missing", [LANE]),
    "lane-one-page": (
        LLM + "lane_poll.c", "} else if (!*s->name) {", "} else if (true) {",
        "with over a hundred batches a lost one is not found and is paid twice", [LANE]),
    "lane-cancel-not-sent": (
        LLM + "lane_poll.c", "if (!n->cancel || lane_send(n, BATCH_CANCEL, n->found.name, "
        "on_cancelled))", "(void)on_cancelled;",
        "a batch runs on, and its calls are paid twice", [LANE]),
    "lane-never-lost": (
        RUN, "open && age_ms >", "false && age_ms >",
        "a campaign waits for ever for a batch that never ends", sim("lane_stuck")),
    "lane-rest-forgotten": (
        RUN, "        settle_rest(run, op.shard, state);", "        (void)settle_rest;",
        "calls that a batch left out are waited for for ever", sim("lane_faults")),
    "lane-lost-for-nothing": (
        RUN, "result.usd_nano = most.usd_nano > 0 ? most.usd_nano : 0;", "",
        "a budget is overdrawn by batches of which nothing was heard", sim("lane_stuck")),
    "lane-cancelled-again": (
        "workers/run/run_replay.c", "a->goes_live |= result->code == ERR_CANCELLED ||",
        "a->goes_live |=", "a call waits for a second batch as long",
        ["e2e:test_batch_lane.py::test_a_batch_that_takes_too_long_is_cancelled"]),
    "lane-cancelled-waits-again": (
        RUN, "state == PORT_BATCH_ENDED && age_ms > wait_ms", "false",
        "a call whose batch was cancelled for its age waits for another one",
        ["e2e:test_batch_lane.py::test_a_batch_that_takes_too_long_is_cancelled"]),
    "lane-beside-the-purse": (
        "workers/live/batch_live.c", "!purses_limit(p->purses, tenant) ?", "true ?",
        "a tenant spends more than its usd_per_day by way of batches",
        ["e2e:test_batch_lane.py::test_a_tenant_with_a_limit_of_money_is_not_batched"]),
    "lane-name-not-kept": (
        "workers/run/run_submit.c", "if (taken && *text)", "if (false)",
        "each look begins with a search for the batch",
        ["e2e:test_batch_lane.py::test_a_campaign_goes_through_batches"]),
    "lane-live-beside": (
        "workers/run/run.c", "a->state == RUN_ASK_IDLE && !run_batch_wants(run, i) &&",
        "a->state == RUN_ASK_IDLE &&",
        "calls that can wait are sent at once at full price",
        ["e2e:test_batch_lane.py::test_what_a_batch_does_not_do_is_sent_again"]),
    "lane-polled-elsewhere": (
        RUN, "a->state == RUN_ASK_BATCHED && *run->shards[a->shard].endpoint", "false",
        "with a new first endpoint batches are looked for there, and paid again",
        ["e2e:test_batch_lane.py::test_a_batch_is_asked_for_where_it_is"]),
    "lane-place-not-reserved": (
        "workers/run/run_submit.c", "        at.endpoint = run_batch_endpoint(run);\n", "",
        "the same, if its worker died before it could name the batch", sim("lane")),
    "lane-place-forgotten": (
        "queues/lua/hold.lua", 'endpoint ~= ""', "false",
        "the same, once it has its name", [SCRIPTS]),
    "lane-gone-for-nothing": (
        RUN, "    if (most.usd_nano < 0)", "    if (false)",
        "what a batch at an endpoint that is gone may have cost stands in no budget",
        ["e2e:test_batch_lane.py::test_a_batch_whose_endpoint_is_gone_is_given_up"]),
    "lane-left-out-has-failed": (
        RUN, "return run->spec.llm_batch && code", "return false && code",
        "calls that no batch took are given up, and nobody was ever asked", sim("lane_small")),
    "gone-polled-for-ever": (
        "workers/run/run_batch.c", "if (e == ERR_BAD_VALUE && judge", "if (e == ERR_BUSY && judge",
        "a campaign whose endpoint takes no batches any more waits until it is cancelled",
        ["e2e:test_batch_lane.py::test_a_batch_whose_endpoint_takes_none_any_more_is_given_up"]),
}

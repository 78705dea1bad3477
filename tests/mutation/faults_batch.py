"""More faults, as in faults.py: batches of providers, and the simulator that tests them."""

LLM = "workers/llm/"
SHARD, STEPS = "unit:workers.llm.batch_test", "unit:workers.llm.batch_steps_test"
READER, WIRE = "unit:workers.llm.batch_reader_test", "unit:workers.llm.batch_wire_test"
PACE = "unit:core.io.httpd_pace_test"

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
        LLM + "batch_reader.c", "        provider_hide_key(out->message, r->key);\n", "",
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
}

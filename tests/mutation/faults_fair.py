"""More faults, as in faults.py: whose call is next; what of a campaign leaves the machine."""

FAIR = "workers/run/fair.c"
UNIT, E2E = "unit:workers.run.fair_test", "e2e:test_fair.py"
ENGINE, PII, FIND = "campaigns/engine.c", "campaigns/checks/pii.c", "campaigns/checks/pii_find.c"
JUDGED, KNOWN = "unit:campaigns.engine_test", "unit:campaigns.checks.pii_test"
FENCE, WIRE = "unit:campaigns.prompts.prompt_test", "e2e:test_pii.py"

FAULTS = {
    "noisy-goes-on": (
        FAIR, "    list_remove(&flow->link);\n    list_push(flow->credit > 0 ? &lane->now",
        "    list_remove(&flow->link);\n    list_push(flow->credit > 0 ? lane->now.next",
        "a campaign makes all its calls of a round before another one makes its first",
        [UNIT, E2E]),
    "debts-forgiven": (
        FAIR, "flow->credit = paid ?", "flow->credit = true ?",
        "a campaign of large calls gets as many as one of small ones", [UNIT]),
    "calls-without-price": (
        "workers/run/runner.c", "fair_charge(&r->fair, flow, run_cost_tokens(run, index))",
        "fair_charge(&r->fair, flow, 0 * run_cost_tokens(run, index))",
        "a campaign of large calls takes what others pay for", [E2E]),
    "low-starves": (
        FAIR, "if (!starved && lane->passed", "if (false && lane->passed",
        "a campaign of low priority never ends while others go on", [UNIT, E2E]),
    "priority-not-heeded": (
        "workers/run/run.c", "lanes[run->spec.priority]", "lanes[SPEC_PRIORITY_NORMAL]",
        "a campaign of high priority waits like any other", [E2E]),
    "turn-lost": (
        FAIR, "list_push(lane->now.next, last)", "list_push(&lane->now, last)",
        "a campaign whose endpoint had no room goes behind those that came later", [UNIT]),
    "rounds-lost": (
        FAIR, "            renew(lane, flow_of(last));\n", "",
        "a campaign that waits for room is charged for the rounds of others", [UNIT]),
    "prompt-unmasked": (
        ENGINE, "err = pii_mask(p, ask->user, &ask->user)", "err = ERR_OK",
        "addresses and phone numbers of the brief go to the model's provider", [JUDGED, WIRE]),
    "reply-unrestored": (
        ENGINE, "err = pii_restore(p, *text, *n, text, n)", "err = ERR_OK",
        "[[email_1]] is published in place of the address", [JUDGED, WIRE]),
    "made-up-token-passes": (
        ENGINE, "if (pii_find_unknown(p, *text, *n, token))", "if (false)",
        "[[email_7]] is published, which stands for nothing", [JUDGED]),
    "objection-unmasked": (
        ENGINE, "? mask_objection(e, index, o) : err", "? ERR_OK : err",
        "a banned address goes out with the second question", [JUDGED]),
    "words-taken-for-tokens": (
        PII, "if (!find_token(s->text, s->value.at,", "if (!find_token(s->text, s->from,",
        "who writes [[email_1]] into a review gets somebody's address", [KNOWN]),
    "escape-overlooked": (
        FIND, 'strchr("bfnrt", s->text[i])', 'strchr("b", s->text[i])',
        "a number at the beginning of a line of a fact is sent", [KNOWN]),
    "any-digits-are-a-card": (
        FIND, "is_issued(first, n) && sum % 10 == 0", "is_issued(first, n)",
        "order numbers are taken for cards", [KNOWN]),
    "fence-open": (
        "campaigns/prompts/prompt.c", "        if (is_mark(mark)) {", "        if (false) {",
        "a review with </data> in it gives orders to the model", [FENCE]),
    "core-file": (
        "workers/main.c", "prctl(PR_SET_DUMPABLE, 0,", "prctl(PR_SET_DUMPABLE, 1,",
        "a crash writes the keys to disk", [WIRE]),
}

"""More faults, as in faults.py: whose call is next."""

FAIR = "workers/run/fair.c"
UNIT, E2E = "unit:workers.run.fair_test", "e2e:test_fair.py"

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
}

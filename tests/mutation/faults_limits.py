"""More faults, as in faults.py: limits of endpoints over all workers, and who waits."""

LEASE = "queues/lua/lease.lua"
LLM = "workers/llm/"
SCRIPT = "e2e:test_scripts_limits.py"
ADMISSION, CALLS = "unit:workers.llm.admission_test", "unit:workers.llm.llm_test"
RATES = "unit:workers.llm.rates_test"
SIM = "sim:--seeds 150 --way 0"

FAULTS = {
    "suspended-lease-is-fresh": (
        "core/base/clock.c", "clock_us(CLOCK_BOOTTIME)", "clock_us(CLOCK_MONOTONIC)",
        "after a suspension a worker sends what windows long over had room for",
        ["unit:workers.llm.admission_test", "unit:workers.live.purse_lease_test"]),
    "tokens-unbounded": (
        LEASE, "k.most - k.less - k.used\n  if", "math.huge\n  if",
        "more tokens in a minute than the key allows", [SCRIPT]),
    "window-short": (
        "queues/lua/lib_lease.lua", "SLOT_MS, SLOTS = 500, 125", "SLOT_MS, SLOTS = 500, 118",
        "calls that travel for two seconds meet those of the next minute", [SCRIPT]),
    "others-not-counted": (
        LEASE, "in_flight - others - holding", "in_flight - holding",
        "max_in_flight times the workers are under way", [SCRIPT]),
    "dead-worker-forgotten": (
        LEASE, "math.abs(now - at) >= hold_ms", "true",
        "calls of a worker that died run on beside as many new ones", [SCRIPT]),
    "dead-worker-kept": (
        LEASE, "math.abs(now - at) >= hold_ms", "false",
        "a worker that died takes its part of max_in_flight with it", [SCRIPT]),
    "estimates-never-settled": (
        LEASE, "math.max(0, s[i] - arg(at + i))", "s[i]",
        "tpm is used up by what replies might have taken", [SCRIPT]),
    "no-line": (
        LEASE, "line[1] and line[1][1] ~= worker", "false",
        "a large call starves behind small ones of another worker", [SCRIPT]),
    "gate-opened-early": (
        LEASE, "math.max(closed, close_ms > 0 and now + close_ms or 0)", "close_ms > 0 and now + close_ms or closed",
        "a short hint undoes a long one", [SCRIPT]),
    "late-leave-used": (
        LLM + "llm.c", " || !admission_is_fresh(&call->grant)", "",
        "a call is sent in a minute in which it was not counted", [CALLS]),
    "hint-not-heeded": (
        LLM + "llm_call.c", "    if (asked)\n", "    if (false)\n",
        "each call finds out by itself that the endpoint wants to be left alone", [CALLS]),
    "windows-over-its-word": (
        LLM + "llm_call.c", "    if (asked && rate)\n        return;", "    if (false)\n        return;",
        "a server that says 'in a second' is left alone for two minutes", ["e2e:test_limits.py::test_a_429_is_heeded_by_its_own_hint"]),
    "hint-not-shared": (
        LLM + "admission.c", "        gate_ask(g); /* the other", "        (void)g; /* the other",
        "the other workers go on asking an endpoint that is closed", [ADMISSION]),
    "small-slips-by": (
        LLM + "admission.c", "!g->refused && ", "",
        "a large call starves behind small ones of the same worker", [ADMISSION]),
    "leaves-with-its-permits": (
        LLM + "admission.c", "if (g->is_limited && g->number > 0)", "if (false)",
        "after each rolling restart max_in_flight is taken for two minutes", [ADMISSION]),
    "prompts-not-apart": (
        LEASE, "s[i] = s[i] + k.got", "s[i] = s[i] + (i < 4 and k.got or 0)",
        "more tokens of replies in a minute than the key allows", [SCRIPT]),
    "replies-count-as-prompts": (
        LLM + "admission.c", "out[LIMITS_OUT] = t.out;", "out[LIMITS_OUT] = t.in;",
        "otpm holds the wrong tokens", [ADMISSION]),
    "told-forgotten": (
        LEASE, "k.most - k.less - k.used\n  if", "k.most - k.used\n  if",
        "calls run into 429s while another client uses the key", [SCRIPT]),
    "told-for-ever": (
        LEASE, "if till <= now or at > slot + SLOTS then", "if false then",
        "an endpoint that was used up once stays slow", [SCRIPT]),
    "told-by-an-older-call": (
        LEASE, "and told_slot >= at then", "then",
        "a slow reply tells of more than is left", [SCRIPT]),
    "told-without-what-travels": (
        LEASE, "told_slot - ARRIVE_SLOTS", "told_slot",
        "what other workers have just sent is sent a second time", [SCRIPT]),
    "told-less-not-heeded": (
        LLM + "admission.c", "left + s->held < s->left;", "false;",
        "a worker goes on with its lease though the key is used up", [ADMISSION]),
    "used-up-not-closed": (
        LLM + "admission.c", "left == 0 && told->reset_ms[i] > shut_ms", "false",
        "without limits of one's own each used up minute ends in 429s",
        [ADMISSION, "e2e:test_limits.py::test_without_limits_used_up_is_waited_for"]),
    "headers-not-read": (
        LLM + "llm_call.c", "if (http && rates_read(", "if (false && rates_read(",
        "what the server tells of its limits is lost",
        ["e2e:test_limits.py::test_another_client_uses_up_the_key"]),
    "unknown-limit-is-none-left": (
        LLM + "rates.c", "if (text[PART_LIMIT] && most <= 0)\n        return false;\n", "",
        "Azure's 0 of an unknown limit stops everything", [RATES]),
    "longest-reset": (
        LLM + "rates.c", "ms > RATES_RESET_MAX_MS ? RATES_RESET_MAX_MS : ms", "ms",
        "a server that tells of hours closes an endpoint for hours", [RATES]),
    "leave-lost-over-budget": (
        "workers/run/run_calls.c", "    run->busy--;\n    run_forgo(run, index);",
        "    run->busy--;", "max_in_flight shrinks with every campaign over budget", [SIM]),
    "leave-lost-with-its-run": (
        "workers/run/runner.c", "        run_forgo(run, i);\n", "",
        "max_in_flight shrinks with every job that is taken away", [SIM]),
    "refused-forgotten": (
        "workers/run/fair.c", "            list_push(lane->now.next, last);", "",
        "a campaign that had to wait once never goes on", [SIM]),
}

"""More faults, as in faults.py: max_in_flight and tpm of a tenant."""

LLM = "workers/llm/"
ADMISSION = LLM + "admission.c"
UNIT, E2E = "unit:workers.llm.admission_tenant_test", "e2e:test_tenant_limits.py"
SCRIPT = "unit:queues.limits_test"

FAULTS = {
    "gate-unsent-forgotten": (
        LLM + "gate.c", "        wake_at(g, g->ask_at_ms);\n        flush_later(g);\n",
        "        wake_at(g, g->ask_at_ms);\n",
        "what a worker without more calls has to give back is told after a minute only",
        ["unit:workers.llm.admission_test"]),
    "tenant-not-asked": (
        LLM + "targets.c", "admission_tenant(t->options.admission, call->tenant)", "0",
        "a tenant's limits bound nothing", [E2E + "::test_max_in_flight_of_two_workers"]),
    "tenants-unknown": (
        LLM + "llm.c", "                                  .config = l->options.config,\n", "",
        "a tenant's limits bound nothing", [E2E + "::test_max_in_flight_of_two_workers"]),
    "tenant-tpm-of-calls": (
        LLM + "gate.c", "{[LIMITS_TOKENS] = t->tpm}", "{[LIMITS_CALLS] = t->tpm}",
        "tpm of a tenant counts calls", [UNIT]),
    "tenants-out-of-order": (
        ADMISSION, "    qsort(first, a->tenants, sizeof *first, compare_gates);\n", "",
        "some tenants' limits are not found", [UNIT]),
    "second-request-for-nobody": (
        LLM + "targets.c", "{e, first->own.gate}", "{e, 0}",
        "a call that is asked twice is above max_in_flight", [UNIT]),
    "tenant-leave-not-forgone": (
        ADMISSION, "    forgo(a, &grant->own);\n", "",
        "max_in_flight of a tenant shrinks with each call that is not sent", [UNIT]),
    "tenant-leave-not-settled": (
        ADMISSION, "    settle(a, &grant->own, used, usual);\n", "",
        "max_in_flight of a tenant shrinks with each call", [UNIT]),
    "tenant-leave-gets-never-old": (
        ADMISSION, " && is_fresh(&grant->own)", "",
        "a call is sent in a minute in which it did not count for its tenant", [UNIT]),
    "tenant-charged-alone": (
        ADMISSION, "    take(a, &there, &out->there);\n", "",
        "calls of a tenant with limits do not count for their endpoint", [UNIT]),
    "endpoint-asked-in-vain": (
        ADMISSION, "            ask_tenant(&own, &there, waiting, now);\n            return false;",
        "            ask_tenant(&own, &there, waiting, now);\n"
        "            if (!has_room(&there, now))\n"
        "                gate_want(there.gate, there.takes, waiting);\n            return false;",
        "a tenant at its limit takes leases that it cannot use", [UNIT]),
    "place-not-kept": (
        ADMISSION, "    g->awaited = own->gate;\n", "",
        "others have each lease of an endpoint before a tenant has its own", [UNIT]),
    "all-is-kept": (
        ADMISSION, "enough && g->of[i].lease >= there->takes[i] + g->kept[i]", "false",
        "one tenant that asks holds up all others", [UNIT]),
    "place-kept-without-hope": (
        LLM + "gate.c", "(g->asking || g->gathering) && !g->in_line", "g->asking || g->gathering",
        "a tenant at its limit holds others up at the endpoint", [UNIT]),
    "tenant-and-endpoint-share-a-key": (
        "queues/limits.c", "a->id ? keys_limits(&q->keys, a->id) : keys_tenant(&q->keys, a->tenant)",
        "keys_limits(&q->keys, a->id ? a->id : a->tenant)",
        "a tenant's limits are in the slot of a key", [SCRIPT]),
    "the-silent-are-under-way": (
        "queues/lua/lease_read.lua", "if now - at < hold_ms then", "if true then",
        "doctor counts calls of workers that died long ago", [SCRIPT]),
    "nobody-is-seen-to-wait": (
        "queues/lua/lease_read.lua", "waits = 1 end", "waits = 0 end",
        "doctor does not say that a tenant waits for its own limit", [SCRIPT]),
    "tpm-always": (
        "workers/cli/tenant_use.c", 'full || t->tpm == 0 ? "max_in_flight" : "tpm"', '"tpm"',
        "people look for the wrong limit", [E2E + "::test_others_are_done_while_it_waits"]),
}

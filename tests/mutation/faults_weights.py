"""More faults, as in faults.py: turns by weight, and caps on campaigns in flight."""

TICK, JOB, TURN = (f"queues/lua/{name}.lua" for name in ("tick", "lib_job", "lib_turn"))
WEIGHTS, CAPS = "e2e:test_scripts_weights.py", "e2e:test_scripts_caps.py"
E2E = "e2e:test_weights.py"

FAULTS = {
    "weight-unheeded": (
        TURN, "first.turn + 1 / first.weight", "first.turn + 1",
        "all tenants have as many turns", [WEIGHTS, E2E]),
    "newcomer-waits-a-whole-turn": (
        JOB, "+ 0.999 / weight, tenant)", "+ 0.999, tenant)",
        "a tenant of weight waits for ten turns of its like", [WEIGHTS]),
    "cap-unheeded": (
        TURN, "return tenant.most - tenant.in_flight", "return math.huge",
        "one tenant has all workers", [CAPS, E2E]),
    "cap-of-each-call": (
        TICK, "tenant.name, tenant.in_flight + 1", "tenant.name, tenant.in_flight",
        "one call takes more than the cap", [CAPS]),
    "cap-between-beats": (
        "queues/jobs.c", 't->beat || !*terms ? terms : "some"', 't->beat ? terms : ""',
        "caps hold once in a second", [E2E]),
    "full-stay-in-front": (
        TURN, '      set_add("ring", int(ASIDE + now), tenant.name)\n', "", "64 tenants at their caps stop all others", [CAPS]),
    "full-asked-again": (
        TURN, " or first.turn >= ASIDE then break", " then break",
        "each call asks for each tenant at its cap", [WEIGHTS]),
    "newcomer-behind-the-full": (
        JOB, "return first and first >= ASIDE and 0 or first", "return first",
        "a tenant that comes in waits beside others at their caps", [CAPS]),
    "full-for-good": (
        JOB, "  if turn >= ASIDE then redis.call(", "  if false then redis.call(",
        "a tenant that was at its cap has no turn any more", [CAPS, E2E]),
    "turn-lost-at-the-cap": (
        JOB, 'key("ring"), first_turn(), tenant)', 'key("ring"), first_turn() + 1, tenant)',
        "a tenant has fewer turns because it had a cap", [CAPS]),
    "end-not-counted": (
        JOB, "  count_out(entry, held)\n", "", "a cap fills up by what has ended", [CAPS]),
    "loss-not-counted": (
        TICK, "  count_out(entry, j.held)\n", "", "a cap fills up by workers that died", [CAPS]),
    "taken-back-not-counted": (
        TICK, "ack(j.entry, j.held)", "ack(j.entry)", "a cap fills up by lost replies", [CAPS]),
    "wait-not-counted": (
        "queues/lua/commit.lua", "  ack(entry, held)\n", "  ack(entry)\n",
        "campaigns that wait fill the cap", [CAPS]),
    "park-not-counted": (
        "queues/lua/hold.lua", "ack(entry, capped)", "ack(entry)",
        "parked campaigns fill the cap", [CAPS]),
    "burial-not-counted": (
        "queues/lua/lib_end.lua", '"HMGET", job_key(id), "entry", "parent", "held")',
        '"HMGET", job_key(id), "entry", "parent")', "buried campaigns fill the cap", [CAPS]),
    "left-over-not-counted": (
        TICK, "cap_of = tenant.most and tenant.name}", "cap_of = nil}",
        "what a call left behind goes beyond the cap", [CAPS]),
    "new-cap-forgets": (
        TURN, 'return true, digest and "-"', "return true, false",
        "a new cap does not know of what is in flight", [CAPS]),
    "count-not-gone-on-with": (
        TURN, 'redis.call("HSET", key("terms"), " ", "(" .. page[#page][1])',
        'redis.call("HDEL", key("terms"), " ")',
        "a new cap does not know of all that is in flight", [CAPS]),
    "higher-cap-waits": (
        TURN, "  call_back(now, TERMS_MAX)\n", "",
        "a cap that was raised is as it was", [CAPS]),
    "no-cap-counts-on": (
        TICK, '    redis.call("HSET", job_key(id), "held", "")\n', "",
        "jobs without a cap cost as those with one", [CAPS]),
    "strays-stay-counted": (
        TURN, '      redis.call("ZREM", key("held"), entry)\n', "",
        "what was counted and is gone fills the cap for ever", [CAPS]),
    "healed-away": (
        TURN, "or not holder_of(entry, e[2][2]) then", "or true then",
        "what is in flight counts for a second", [CAPS]),
    "no-other-look": (
        TURN, "  call_back(now - AGAIN_MS, HEAL_LOOK)\n", "",
        "a tenant stands aside for ever when nobody calls it", [CAPS]),
    "damaged-count-stops-beats": (
        "queues/lua/lib_cap.lua", '  pcall(set_add, "held", number_of(tenant), entry)',
        '  set_add("held", number_of(tenant), entry)',
        "no beat is whole beside a damaged key", [CAPS]),
    "damaged-count-takes-jobs": (
        JOB, '  pcall(set_drop, "held", entry)', '  set_drop("held", entry)',
        "a job that is given back beside a damaged key is nowhere", [CAPS]),
    "malformed-terms-heard": (
        TICK, 'if not heard then return {"malformed"} end', "", "terms are half known", [WEIGHTS]),
    "text-read-at-each-beat": (
        TURN, "  if not was.err and was[1] == digest then return true, was[2] end\n", "",
        "each beat of a worker writes a thousand fields", [WEIGHTS]),
    "terms-asked-for-nothing": (
        TURN, "local found = any and #rows > 0 and", "local found = #rows > 0 and",
        "claims cost a look at terms that nobody has", [WEIGHTS]),
    "uncounted-unseen": (
        "queues/lua/drift.lua", "  if not most then return end\n  found(", "  if true then return end\n  found(",
        "a campaign beyond the cap is not found", [CAPS]),
    "stray-count-unseen": (
        "queues/lua/drift.lua", 'j.state == "claimed" and j.entry == entry then return end\n  found(',
        "true then return end\n  found(", "a cap that is full of nothing is not found", [CAPS]),
    "cap-not-told": (
        "workers/tenant_terms.c", "t->weight != 1 || t->max_campaigns > 0", "t->weight != 1",
        "a cap without a weight holds nobody", ["unit:workers.tenant_terms_test", E2E]),
    "terms-not-sent": (
        "workers/worker.c", ".terms = w->terms", ".terms = NULL",
        "the configuration has no effect", [E2E]),
    "weight-of-nothing": (
        "core/base/config_tenant.c", "number < 1 || number > most", "number < 0 || number > most",
        "a weight of 0 is taken", ["unit:core.base.config_tenant_test", E2E]),
    "no-limit-is-none-left": (
        "workers/cli/doctor_tenants.c", "t->usd_per_day_nano >= 0 && !look", "!look",
        "doctor says that a tenant without a limit has spent all", [E2E]),
}

"""Faults made by hand, each of which some test must catch; scripts/mutate tries them.

name: (file, text that stands there once, what is put in its place, what a user would
suffer, tests). A test is "unit:<program>" (built as of tests/unit), "sim:<arguments of
barker-sim>" or "e2e:<pytest id below tests/e2e>"."""

import faults_embed
import faults_failover
import faults_cache
import faults_claims
import faults_clocks
import faults_damage
import faults_cron
import faults_dead
import faults_ends
import faults_evidence
import faults_fair
import faults_formats
import faults_batch
import faults_limits
import faults_llm
import faults_memory
import faults_network
import faults_parking
import faults_repeat
import faults_replies
import faults_rules
import faults_tenant_limits
import faults_tenants
import faults_timers
import faults_values
import faults_users
import faults_weights

LUA = "queues/lua/"
RANK = "campaigns/ranking/"
CONTENT = "campaigns/kinds/content/"
SCRIPTS = "e2e:test_scripts.py"
EVENTS = "e2e:test_scripts_events.py"
FOLD = "e2e:test_scripts_fold.py"
SIM = "sim:--seeds 60 --way 0"
TORTURE = "sim:--seeds 0 --scenario reduce_refusals"

FAULTS = {
    # --- queues/lua: one writer, exact counts, exact money, bounds
    "fence-unchecked": (
        LUA + "lib_job.lua", 'return j[1] == "claimed" and j[2] == fence, j[3]',
        'return j[1] == "claimed", j[3]',
        "a zombie worker overwrites the state of a campaign that another one runs",
        ["unit:queues.jobs_test", SCRIPTS]),
    "commit-number-unchecked": (
        LUA + "commit.lua", 'if not held or number ~= commits then return {"fenced"} end',
        'if not held then return {"fenced"} end',
        "a commit that was sent twice is written over a later one",
        ["unit:queues.results_test", SCRIPTS]),
    "claim-keeps-fence": (
        LUA + "tick.lua", "job.id, (tonumber(job.fence) or 0) + 1", "job.id, tonumber(job.fence) or 0",
        "two holders of one job have the same fence", ["unit:queues.jobs_test", SCRIPTS]),
    "crash-count-kept": (
        LUA + "tick.lua", "crashes = j[7] == j[8] and tonumber(j[6]) or 0,",
        "crashes = tonumber(j[6]) or 0,",
        "a long campaign dies of five crashes in a month, though it went on after each",
        [SCRIPTS]),
    "crashes-unbounded": (
        LUA + "tick.lua", "if j.crashes + 1 < CRASHES_MAX then", "if true then",
        "a poison job kills one worker after the other for ever", [SCRIPTS]),
    "grace-ignored": (
        LUA + "tick.lua",
        'if redis.call("EXISTS", key("grace")) == 0 then', "if true then",
        "after a restart of Redis every worker is declared dead and loses its jobs",
        ["unit:queues.queue_test", SCRIPTS, "e2e:test_crash.py::test_redis_restart"]),
    "ring-not-rotated": (
        LUA + "lib_turn.lua", "first.planned + 1, first.turn + 1 / first.weight", "first.planned + 1, first.turn",
        "the first tenant's campaigns run before anybody else's", [SCRIPTS]),
    "due-too-late": (
        LUA + "lib_job.lua", 'redis.call("ZADD", key("due"), "LT", "CH", ms, id)',
        'redis.call("ZADD", key("due"), "CH", ms, id)',
        "a re-rank that was due soon is put off by a later wake", [SCRIPTS, EVENTS]),
    "wake-forgotten": (
        LUA + "commit.lua", "  if bit.band(mask, dirty) ~= 0 then at = now end\n", "",
        "an approval that came while the campaign ran is never looked at",
        [SCRIPTS, "unit:queues.results_test"]),
    "duplicate-admitted": (
        LUA + "admit.lua", 'if was[1] then\n  remove_entry()\n  return {"same"}\nend\n', "",
        "the same spec sent twice starts again and pays twice",
        ["unit:queues.inbox_test", SCRIPTS]),
    "conflict-unseen": (
        LUA + "admit.lua",
        'if was[1] and (was[2] ~= sha or was[3] ~= tenant) then return {"conflict"} end',
        'if was[1] and was[2] ~= sha then return {"conflict"} end',
        "a tenant's spec is taken for that of another tenant",
        ["unit:queues.inbox_test", SCRIPTS]),
    "cursor-unchecked": (
        LUA + "events_apply.lua",
        'if (state[1] or "0-0") ~= cursor or not', "if not",
        "two appliers count the same events twice", ["unit:queues.events_test", EVENTS]),
    "old-generation-unasked": (
        LUA + "lib_seen.lua", "for i = 2, #gens do", "for i = 3, #gens do",
        "an event that is sent again after a day counts twice", [EVENTS]),
    "late-counted": (
        "workers/feedback/feedback_batch.c", "        b->late++;\n        return;\n",
        "        b->late++;\n",
        "an event that is older than the memory of ids counts twice",
        ["unit:workers.feedback.feedback_test"]),
    "orphans-counted": (
        LUA + "events_apply.lua", "    if known[vid] then", "    if true then",
        "events of unknown variants are counted", ["unit:queues.events_test", EVENTS]),
    "harm-goes-on": (
        CONTENT + "content_rank.c", "    int paused = content_guard_pause(c, placement);",
        "    int paused = 0;", "a text that makes people complain is shown on, if it sells",
        ["unit:campaigns.kinds.content.content_guard_test"]),
    "shares-move-on": (
        CONTENT + "content_rank.c", "    if (cell->frozen)\n        return false;\n", "",
        "a cache that serves one text to all decides the test",
        ["unit:campaigns.kinds.content.content_guard_test"]),
    "currencies-part": (
        LUA + "events_apply.lua", "        add(ARGV[g], new)\n",
        "        fields[#fields + 1], sums[#fields + 1] = ARGV[g], new\n",
        "of sales with and without an amount only some are counted",
        ["unit:queues.events_test", FOLD]),
    "one-placement-of-each-user": (
        LUA + "events_apply.lua", "redis.sha1hex(ARGV[g + i - 1] .. place)",
        "redis.sha1hex(ARGV[g + i - 1])",
        "a campaign of two placements raises the alarm of sample ratios", [FOLD]),
    "fold-twice": (
        LUA + "events_fold.lua", '    redis.call("UNLINK", name)\n', "",
        "what was counted is counted again with the next events", [FOLD]),
    "fold-forgets": (
        LUA + "events_fold.lua", "if taken < FIELDS_MAX and (since",
        'redis.call("ZREM", key("dirty"), id)\n  if taken < FIELDS_MAX and (since',
        "counts that were young when their turn came never reach the public hashes", [FOLD]),
    "moved-unasked": (
        LUA + "lib_seen.lua", "if g.next <= 0 or (tonumber(digits) or g.size) >= g.next then",
        "if g.next < 0 then",
        "while the memory of ids grows, an event that is sent again counts twice", [EVENTS]),
    "money-in-doubles": (
        LUA + "events_apply.lua", "  local high = math.floor(micro / THOUSAND)",
        "  local high = 0",
        "revenue of a busy minute is rounded", [FOLD]),
    "huge-read": (
        LUA + "events_apply.lua", "if bytes <= LARGE_MAX then return 1 end",
        "if bytes then return 1 end",
        "an entry of hundreds of MB is shipped to a worker", [FOLD]),
    "trim-beyond-cursor": (
        LUA + "events_apply.lua", 'call("XTRIM", key("events"), "MINID", last)',
        'call("XTRIM", key("events"), "MAXLEN", 0)',
        "events that nobody read yet are thrown away", [EVENTS]),
    "reservation-kept": (
        LUA + "settle.lua", '  add(in_budget, "calls_r", -1)\n', "",
        "a budget of calls fills up with calls that ended long ago",
        ["unit:queues.journal_test", SCRIPTS]),
    "settled-twice": (
        LUA + "settle.lua", "stored[n] and not held[n] or seen[call]", "seen[call]",
        "a settlement that is sent again is charged again",
        ["unit:queues.journal_test", SCRIPTS]),
    "budget-per-call": (
        LUA + "reserve.lua", "full = full or taken[i] + cost[i] > room[i]",
        "full = full or cost[i] > room[i]",
        "a batch of calls overspends the budget by all but one of them",
        ["unit:queues.journal_test", SCRIPTS]),
    "lost-is-free": (
        LUA + "lib_lost.lua", '    redis.call("HINCRBY", bud, name, int(n))\n', "",
        "a worker's death gives paid calls back to the budget",
        [SCRIPTS, "unit:queues.journal_test"]),
    "repeat-of-load-forgets": (
        LUA + "load.lua", '  if redis.call("HGET", job_key(id), "loaded") == seen then return end\n', "",
        "an approval that came just after a load is never looked at", [SCRIPTS]),
    "mailbox-unbounded": (
        LUA + "control.lua", '  if redis.call("LLEN", part_key(o.c, "mail")) >= most then',
        "  if false then", "one producer of orders fills the memory of Redis",
        ["unit:queues.control_test", SCRIPTS]),
    "ended-campaigns-stay": (
        LUA + "lib_end.lua", "  one(campaign_key(id))\n", "",
        "hashes of ended campaigns are never freed", [SCRIPTS]),
    "rejected-unbounded": (
        LUA + "lib_reject.lua", "if bytes <= REJECTED_BYTES and not over then break end",
        "if not over then break end",
        "refused input of 64 KiB each takes 640 MiB instead of 64", [SCRIPTS]),
    "rev-stands-still": (
        LUA + "lib_end.lua", 'string.format("%d", first + i)', 'string.format("%d", first + 1)',
        "a reader of changes cannot tell what it has seen", [SCRIPTS]),
    "due-stays-due": (
        LUA + "tick.lua", '    redis.call("ZREM", key("due"), id)\n    local j = job(id)\n', "    local j = job(id)\n",
        "a re-rank runs again and again", [SCRIPTS]),
    "ids-never-expire": (
        LUA + "lib_seen.lua", 'pcall("PEXPIRE", set, g.left, "NX")', "local _ = g",
        "event ids fill the memory of Redis", [EVENTS]),
    "variants-never-expire": (
        LUA + "lib_end.lua", 'for _, vid in each("vids") do one(variant_key(id, vid)) end',
        "", "variants of ended campaigns are never freed", [SCRIPTS]),
    # --- engine, content and runner
    "reask-for-ever": (
        "campaigns/engine.c", "#define REASKS_MAX 1", "#define REASKS_MAX 3",
        "a stubborn model is paid four times for one text", ["unit:campaigns.content_test", SIM]),
    "pause-forgotten": (
        "campaigns/engine.c", "            c->paused_from = c->state;\n", "",
        "a live campaign that was paused begins again when it is resumed",
        ["unit:campaigns.content_test", "unit:campaigns.content_live_test", SIM]),
    "schema-unchecked": (
        "campaigns/engine.c", "else if (e->schemas[index] && schema_check(",
        "else if (!e->schemas[index] && schema_check(",
        "a reply without the text that was asked for becomes a variant",
        ["unit:campaigns.content_test", SIM]),
    "journal-unread": (
        "workers/run/run_replay.c", 'if (strcmp(s, "ok") == 0) {',
        'if (strcmp(s, "okay") == 0) {', "after a crash every stored reply is paid again",
        [SIM]),
    "cost-of-refused-forgotten": (
        "workers/run/run_replay.c",
        "return (x->attempt > y->attempt) - (x->attempt < y->attempt);",
        "return (x->attempt < y->attempt) - (x->attempt > y->attempt);",
        "after a crash a text seems to cost less than it did", [SIM]),
    "turn-not-owed": (
        "workers/run/runner.c", "    r->owed = !r->scheduled;\n", "",
        "a worker that had no memory for a moment keeps its jobs and does nothing", [TORTURE]),
    "stranded-for-ever": (
        "workers/run/runner.c", "        if (stranded)\n            run_leave(run);\n        else\n", "",
        "a job that could be neither run nor given back is never given back", [TORTURE]),
    "budget-end-is-failure": (
        "workers/run/run.c",
        ": next->code == ERR_OVER_BUDGET ? CAMPAIGN_OVER_BUDGET",
        ": next->code == ERR_OVER_BUDGET ? CAMPAIGN_FAILED",
        "a campaign that spent its budget looks like one that broke", [SIM]),
    "near-duplicates-kept": (
        CONTENT + "content_near.c",
        "if (distance < c->spec->min_distance || distance == 0)", "if (distance == 0)",
        "eight variants that differ by a comma", ["unit:campaigns.content_test"]),
    "banned-words-pass": (
        CONTENT + "content_write.c", "    if (term)\n        objection_raise(",
        "    if (!term)\n        objection_raise(",
        "words that the brand forbids are shown", ["unit:campaigns.content_test"]),
    "unreviewed-goes-live": (
        CONTENT + "content_write.c",
        "v->state = c->spec->approval ? VARIANT_PENDING : VARIANT_LIVE;",
        "v->state = VARIANT_LIVE;", "texts are shown that no person approved",
        ["unit:campaigns.content_test", SIM]),
    "signature-missing": (
        "campaigns/checks/channel_text.c",
        "        if (slot.len == 0)\n            continue;\n        full =",
        "        if (slot.len < 9000)\n            continue;\n        full =",
        "an SMS without signature and opt-out", ["unit:campaigns.checks.channel_text_test"]),
    "look-alike-is-the-signature": (
        "campaigns/checks/channel_text.c",
        "               memcmp(*text + slot->len, s->glue, glue) == 0) {",
        "               glue < 9000) {",
        "a sender named On is left out before \"Only today\"",
        ["unit:campaigns.checks.channel_text_test"]),
    "soft-hides-hard": (
        "campaigns/checks/channel_judge.c", "    for (int i = j->count - 1; i >= 0 && hard; i--)",
        "    for (int i = j->count - 1; i >= 0 && !hard; i--)",
        "a text over a hard limit goes live behind warnings",
        ["unit:campaigns.checks.channel_judge_test"]),
    # --- ranking
    "raw-rates": (
        RANK + "posterior.c", "    arm->mean = arm->a / (arm->a + arm->b);",
        "    arm->mean = arm->trials ? c / n : level;",
        "one click of one impression wins", ["unit:campaigns.ranking.posterior_test"]),
    "prior-too-weak": (
        RANK + "posterior.c", "posterior_prior_default = {0.014, 180, 1750};",
        "posterior_prior_default = {0.014, 180, 175};",
        "early luck decides", ["unit:campaigns.ranking.posterior_test"]),
    "level-not-shrunk": (
        RANK + "posterior.c",
        "double weight = prior->m_between / prior->m_within, sum = weight * prior->mu;",
        "double weight = 1e-9, sum = weight * prior->mu;",
        "the first click of a placement sets the level of all its texts",
        ["unit:campaigns.ranking.posterior_test"]),
    "loss-sign": (
        RANK + "posterior.c", "arms[k].expected_loss = out->expected_max - arms[k].mean;",
        "arms[k].expected_loss = arms[k].mean - out->expected_max;",
        "nobody ever loses", ["unit:campaigns.ranking.posterior_test"]),
    "lift-of-the-control": (
        RANK + "posterior.c", "double ratio = log(arm->mean / control->mean);",
        "double ratio = log(control->mean / arm->mean);",
        "a winner is reported as a loss", ["unit:campaigns.ranking.posterior_test"]),
    "interval-too-narrow": (
        RANK + "posterior.c", "double reach = 1.959963984540054 * sqrt(variance);",
        "double reach = 1.0 * sqrt(variance);",
        "\"proven\" is said of what is not", ["unit:campaigns.ranking.posterior_test"]),
    "child-takes-all-the-lift": (
        RANK + "retire.c", "double shrunk = (level + parent->mean) / 2;",
        "double shrunk = parent->mean;", "every child looks as good as its parent at once",
        ["unit:campaigns.ranking.retire_test"]),
    "epoch-stands-still": (
        CONTENT + "content_rank.c", "    p->epoch += !p->reallocated;\n", "",
        "events cannot be laid to the shares that were in force",
        ["unit:campaigns.content_live_test"]),
    "quantile-off": (
        RANK + "posterior.c", "1.959963984540054, &arm->lo",
        "1.5, &arm->lo",
        "intervals of 95 % that hold 87 %", ["unit:campaigns.ranking.posterior_test"]),
    "p-best-unnormalised": (
        RANK + "quadrature.c", "arms[k].p_best = walk.arm[k].p_best / mass;",
        "arms[k].p_best = walk.arm[k].p_best / 2;",
        "chances that do not add up to 1", ["unit:campaigns.ranking.quadrature_test"]),
    "floor-ignored": (
        RANK + "policy.c", "shares[k] = shares[k] <= policy_floor ? policy_floor : scaled;",
        "shares[k] = scaled;", "a text that began badly is never shown again",
        ["unit:campaigns.ranking.policy_test"]),
    "never-sharper": (
        RANK + "policies/sharpened.c", "return (double)in->horizon * (1.2 - used_part(in));",
        "return (double)in->horizon;", "the last impressions still explore",
        ["unit:campaigns.ranking.policy_test"]),
    "retired-too-soon": (
        RANK + "retire.c", "#define LOSING_BATCHES 2", "#define LOSING_BATCHES 1",
        "one unlucky hour retires a text", ["unit:campaigns.ranking.retire_test"]),
    "control-retired": (
        RANK + "retire.c", "if (arms[k].retire || arms[k].is_control || k == leader ||",
        "if (arms[k].retire || k == leader ||", "there is nothing to measure lift against",
        ["unit:campaigns.ranking.retire_test"]),
    "few-trials-retire": (
        RANK + "retire.c", "           (double)arm->trials >= trials_needed;",
        "           trials_needed > 0;", "texts retire after a handful of impressions",
        ["unit:campaigns.ranking.retire_test"]),
    "users-jump": (
        RANK + "assign.c", "-arms[k].weight / log(unit_of(hash_fast_str(arms[k].variant, seed)));",
        "-arms[k].weight / log(unit_of(hash_fast_str(arms[k].variant, seed + (uint64_t)count)));",
        "every user sees another text when one is retired",
        ["unit:campaigns.ranking.assign_test"]),
    "holdout-ignored": (
        RANK + "assign.c", "return unit_of(chain(seed, campaign, user)) < holdout;",
        "return unit_of(chain(seed, campaign, user)) < holdout / 2;",
        "half of the holdout sees copy, and the lift is wrong",
        ["unit:campaigns.ranking.assign_test"]),
    "no-evidence-is-evidence": (
        RANK + "posterior.c", "out->evidence = out->evidence || successes_of(&arms[k]) > 0;",
        "out->evidence = true;", "a lift is shown before anybody clicked",
        ["unit:campaigns.ranking.posterior_test"]),

    # --- workers/live: settlements that go together
    "group-tells-one": (
        "workers/live/store_op.c",
        "for (int i = 0; i < first->count; i++) {\n        struct store_op *op = first->members[i];\n        op->fn.done(op->arg, op->ticket, e);",
        "for (int i = 0; i < 1; i++) {\n        struct store_op *op = first->members[i];\n        op->fn.done(op->arg, op->ticket, e);",
        "a campaign waits for ever for calls that were stored together",
        ["unit:workers.live.settle_group_test"]),
    "groups-mix": (
        "workers/live/settle_group.c", "strcmp(a->campaign, b->campaign) == 0 &&", "",
        "replies of one campaign are stored in another",
        ["unit:workers.live.settle_group_test"]),
    "group-unbounded": (
        "workers/live/settle_group.c", "        if (bytes > GROUP_MAX_BYTES)\n            return;\n", "",
        "long texts that settle together are refused for their size",
        ["unit:workers.live.settle_group_test"]),

    # --- workers/llm: what a call costs
    "cached-paid-twice": (
        "workers/llm/price.c", "u->in - cached - written, &parts)", "u->in, &parts)",
        "prompt tokens of the cache are billed at both prices",
        ["unit:workers.llm.price_test", "unit:workers.llm.llm_test"]),
    "reserved-too-cheap": (
        "workers/llm/endpoints.c", "p.in_nano = price_in_most_nano(&p);", "(void)price_in_most_nano;",
        "writes into a cache spend more than the budget",
        ["unit:workers.llm.endpoints_test"]),
    **faults_rules.FAULTS,
    **faults_embed.FAULTS,
    **faults_fair.FAULTS,
    **faults_formats.FAULTS,
    **faults_limits.FAULTS,
    **faults_failover.FAULTS,
    **faults_parking.FAULTS,
    **faults_replies.FAULTS,
    **faults_claims.FAULTS,
    **faults_tenant_limits.FAULTS,
    **faults_tenants.FAULTS,
    **faults_timers.FAULTS,
    **faults_values.FAULTS,
    **faults_weights.FAULTS,
    **faults_cache.FAULTS,
    **faults_batch.FAULTS,
    **faults_clocks.FAULTS,
    **faults_cron.FAULTS,
    **faults_dead.FAULTS,
    **faults_ends.FAULTS,
    **faults_evidence.FAULTS,
    **faults_memory.FAULTS,
    **faults_network.FAULTS,
    **faults_damage.FAULTS,
    **faults_repeat.FAULTS,
    **faults_llm.FAULTS,
    **faults_users.FAULTS,
}

"""More faults, as in faults.py: caps in Redis, rules of reviews, rounds and records. Each
survived unit tests, simulator and tests of the scripts when it was first tried."""

LUA = "queues/lua/"
CONTENT = "campaigns/kinds/content/"
UNIT = "unit:campaigns."
BOUNDS = "e2e:test_scripts_bounds.py"
REVIEW, RANK = UNIT + "kinds.content.content_review_test", UNIT + "kinds.content.content_rank_test"
WRITE, HISTORY = UNIT + "kinds.content.content_write_test", UNIT + "kinds.content.content_history_test"
RECORD, MAIL = UNIT + "campaign_record_test", UNIT + "campaign_mail_test"
SIM = "sim:--seeds 60 --way 0"

FAULTS = {
    # --- queues/lua: what grows is bounded, what was seen is no news
    "epochs-unbounded": (
        LUA + "commit.lua",
        '  redis.call("HDEL", epochs_key(id, place), int((tonumber(epoch) or 0) - EPOCHS_MAX))\n',
        "", "the log of shares of a busy placement grows for ever", [BOUNDS]),
    "audit-unbounded": (
        LUA + "commit.lua", 'part_key(id, part), "MAXLEN", "~", STREAM_MAX, "*"',
        'part_key(id, part), "*"', "one long campaign fills the memory of Redis", [BOUNDS]),
    "audit-of-calls-unbounded": (
        LUA + "settle.lua", 'audit, "MAXLEN", "~", AUDIT_MAX, "*"', 'audit, "*"',
        "a campaign of many calls fills the memory of Redis", [BOUNDS]),
    "changes-unbounded": (
        LUA + "lib_end.lua", 'key("changes"), "MAXLEN", "~", CHANGES_MAX, "*"',
        'key("changes"), "*"', "the feed of changes fills the memory of Redis", [BOUNDS]),
    "journals-unbounded": (
        LUA + "reserve.lua", "JOURNALS_MAX = 64, 1000", "JOURNALS_MAX = 64, 1e9",
        "replies of a campaign of many rounds are kept for ever", [BOUNDS]),
    "dead-unbounded": (
        LUA + "lib_end.lua", 'if redis.call("ZCARD", key("dead")) > DEAD_MAX then',
        "if false then", "a bad release fills Redis with dead jobs", [BOUNDS]),
    "done-unbounded": (
        LUA + "lib_end.lua", "if over > 0 then erase(", "if false then erase(",
        "many short campaigns fill Redis before they expire", [BOUNDS]),
    "raw-uncut": (
        LUA + "lib_reject.lua", "string.sub(r.raw, 1, RAW_MAX)", "r.raw",
        "refused input is kept at its full size", [BOUNDS]),
    "seen-events-are-news": (
        LUA + "load.lua", '"dirty", 0, "pending_events", 0, "loaded"', '"dirty", 0, "loaded"',
        "a campaign ranks again and again for events it has seen", [BOUNDS]),
    "loaded-says-queued": (
        LUA + "load.lua", 'if redis.call("HGET", campaign_key(id), "state") == "queued" then',
        "if false then", "a campaign that works for minutes still says queued", [BOUNDS]),
    "gauge-stays-high": (
        LUA + "tick.lua", "    heal()\n", "",
        "one key deleted by hand, and the age of the queue alarms for ever", [BOUNDS]),
    "revenue-of-the-last-currency": (
        LUA + "events_fold.lua", "if m[3] and string.sub(m[1], -#main) == main then",
        "if m[3] then", "revenue in EUR shows the sum of the dollars",
        ["e2e:test_scripts_events.py"]),
    # --- reviews
    "rejected-comes-back": (
        CONTENT + "content_review.c", "if (v->state != VARIANT_PENDING || (m->text[0]",
        "if (v->state == VARIANT_LIVE || (m->text[0]",
        "a text that was rejected goes live by a late approval", [REVIEW]),
    "all-means-everything": (
        CONTENT + "content_review.c",
        "if (c->variants[k].state == VARIANT_PENDING)\n                    judge",
        "if (c->variants[k].state != VARIANT_RETIRED)\n                    judge",
        "rejecting what waits takes off what sells", [REVIEW]),
    "rejected-keeps-its-share": (
        CONTENT + "content_review.c", "    v->weight = 0;\n    v->reviewer", "    v->reviewer",
        "a rejected text is shown with a share of the traffic", [REVIEW]),
    "empty-placement-goes-live": (
        CONTENT + "content_review.c", "if (!placement_serves(c, p)) {",
        "if (!placement_serves(c, 0)) {", "a channel without any text goes live", [REVIEW]),
    "leaving-opens-no-epoch": (
        CONTENT + "content_rank.c", "    if (cell->left)\n        return true;\n", "",
        "readers of shares keep a text that was rejected", [REVIEW]),
    "last-one-stays": (
        CONTENT + "content_rank.c", "        publish_empty(c, placement, cell);\n", "",
        "the last text is shown on though it was rejected", [REVIEW]),
    # --- rounds
    "lift-without-evidence": (
        CONTENT + "content_rank.c", "if (cell->control >= 0 && p->evidence) {",
        "if (cell->control >= 0) {", "a lift is shown before anybody clicked", [RANK]),
    "retired-traffic-is-lost": (
        CONTENT + "content_rank.c", "    if (!e && retired)\n", "    if (!e && retired < 0)\n",
        "shares add up to less than 1 until the next ranking", [RANK]),
    "one-horizon-ends-all": (
        CONTENT + "content_rank.c",
        "c->placements[p].used < c->spec->horizon", "c->placements[0].used < c->spec->horizon",
        "a campaign ends when its first channel has had its traffic", [RANK]),
    "min-impressions-ignored": (
        CONTENT + "content_rank.c", "&cell->ranked, c->spec->min_impressions);",
        "&cell->ranked, 0);", "texts retire before the traffic that the spec asks for", [RANK]),
    "evidence-of-nothing": (
        "campaigns/ranking/posterior.c", "out->evidence || successes_of(&arms[k]) > 0;",
        "out->evidence || arms[k].trials > 0;", "a leader is named before anybody clicked",
        [UNIT + "ranking.posterior_test", RANK]),
    "bounces-are-trials": (
        "campaigns/campaign.c", "by_delivered ? v->delivered : v->impressions",
        "by_delivered ? v->impressions : v->impressions",
        "a text looks bad because its messages bounced", [UNIT + "campaign_test"]),
    "same-seed-again": (
        CONTENT + "content_write.c", "(uint64_t)(c->iteration * 1000 + p * 64 + number)",
        "(uint64_t)(p * 64 + number)", "a retry is paid and says the same", [WRITE]),
    "control-given-twice": (
        CONTENT + "content_write.c",
        'if (!text || content_memo_text(c, "control", p)[0])', "if (!text)",
        "two controls share the traffic", [WRITE]),
    "placements-forbid-each-other": (
        CONTENT + "content_near.c", "if (c->variants[i].placement != placement)",
        "if (c->variants[i].placement < 0)",
        "a good text is refused since another channel has it", [WRITE]),
    "history-of-hardly-seen": (
        CONTENT + "content_history.c", "campaign_trials(c, v) >= HISTORY_MIN_TRIALS &&",
        "true &&", "prompts praise the luck of ten impressions", [HISTORY]),
    "history-sure-of-chance": (
        CONTENT + "content_history.c",
        "v->rate_lo > control->rate || v->rate_hi < control->rate;",
        "v->rate_hi > control->rate || v->rate_lo < control->rate;",
        "prompts call sure what is chance", [HISTORY]),
    # --- orders, records, calls
    "settled-again": (
        "campaigns/engine.c", "    if (slot->settled)\n        return;\n    slot->settled",
        "    slot->settled", "a late error throws away a reply that was paid",
        [UNIT + "engine_test"]),
    "verdict-kept-twice": (
        "campaigns/campaign_mail.c", "is_review ? find_same(c, m) : NULL;", "NULL;",
        "the first reviewer is named, not the one who decided last", [MAIL]),
    "orders-bounded-too": (
        "campaigns/campaign_mail.c", "if (is_review && c->mail_count >= MAIL_MAX)",
        "if (c->mail_count >= MAIL_MAX)", "a flood of reviews keeps a campaign paused", [MAIL]),
    "paused-from-unsaved": (
        "campaigns/campaign_record.c", "campaign_state_name(c->paused_from));",
        "campaign_state_name(CAMPAIGN_RUNNING));",
        "a campaign under review says running after it is resumed", [RECORD]),
    "pins-unsaved": (
        "campaigns/campaign_record.c", "    json_out_json(&w, c->pins);",
        "    json_out_json(&w, c->memo);", "a new release changes the prompts of old campaigns",
        [RECORD]),
    "order-ignored-at-work": (
        "workers/run/run_calls.c",
        "if (verdicts[i] == PORT_GRANTED && run_is_stopping(run)) {",
        "if (verdicts[i] == PORT_GRANTED && run->runner->draining) {",
        "calls are paid after a cancel was read", [SIM]),
    "hopeless-tried-again": (
        "workers/run/run_replay.c", "*retry = result->retryable &&\n             a->failures",
        "*retry = a->failures", "a wrong key is tried until all attempts are used up", [SIM]),
}

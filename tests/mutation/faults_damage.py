"""More faults, as in faults.py: what cannot be stored, loaded or read; mailboxes of many letters."""

LUA = "queues/lua/"
WHOLE, PLAIN = "whole(id, entry, function()", '(function(_, _, f) f() return {"ok"} end)(id, entry, function()'
DAMAGE, UNREADABLE, REVIEW = "e2e:test_scripts_damage.py", "e2e:test_unreadable.py", "e2e:test_review.py"
HOSTILE, LANE, CRASH = "e2e:test_hostile.py", "e2e:test_batch_lane.py", "e2e:test_crash.py"

FAULTS = {
    "unread-end-not-recorded": (
        "workers/live/ports_live.c", ": publish_unread(commit, out);",
        ": publish_end(commit->next->code, 0, out);",
        "a campaign that was cancelled while nobody could read it differs from its replay",
        ["e2e:test_unreadable.py"]),
    "unread-end-not-replayed": (
        "workers/replay/replay_commit.c", "    if (!*code)\n", "    if (true)\n",
        "the same: its record is not looked at", ["e2e:test_unreadable.py"]),
    "refused-result-paid-again": (
        "workers/run/run_calls.c", "    if (e == ERR_LIMIT || e == ERR_OUT_OF_RANGE) {\n", "    if (false) {\n",
        "a call whose cost cannot be stored is paid every five seconds, without end", ["e2e:test_settle.py"]),
    "refused-result-unpaid": (
        "workers/run/run_calls.c", "    least.usd_nano = clamped(r->usd_nano);\n", "",
        "a call whose cost cannot be stored has cost nothing", ["e2e:test_settle.py"]),
    "load-by-halves": (
        LUA + "load.lua", WHOLE, PLAIN, "a job that cannot be loaded holds a slot for ever", [DAMAGE]),
    "reserve-by-halves": (
        LUA + "reserve.lua", WHOLE, PLAIN, "a job whose budget is damaged holds a slot for ever", [DAMAGE]),
    "release-by-halves": (
        LUA + "release.lua", WHOLE, PLAIN, "a worker cannot leave while a lane is damaged", [DAMAGE]),
    "hold-by-halves": (
        LUA + "hold.lua", WHOLE, PLAIN, "a job that cannot be given up holds a slot for ever", [DAMAGE]),
    "reserve-swallows-oom": (
        LUA + "reserve.lua", "#!lua\n", "", "a full Redis buries what is under way", ["e2e:test_scripts.py"]),
    "begun-anew": (
        LUA + "load.lua", '    error("its checkpoint is gone", 0)\n', "",
        "a campaign that lost its checkpoint starts over its old variants", [DAMAGE]),
    "unreadable-at-the-head": (
        "workers/run/run.c", "        run_set_aside(run, image, &d);\n", "        park(run, e, d.message);\n",
        "jobs that cannot be read hold up all others of their tenant", [UNREADABLE]),
    "unreadable-hears-nothing": (
        "workers/run/run_aside.c", "    else if (!e && end)\n", "    else if (false)\n",
        "a campaign that cannot be read cannot be cancelled", [UNREADABLE]),
    "first-page-only": (
        "campaigns/engine.c", "c->inputs.more_letters && !c->is_late", "false",
        "an order behind 256 reviews waits for the end of a stage", [REVIEW]),
    "carried-until-it-breaks": (
        "campaigns/campaign_mail.c", "    return bytes < HELD_BYTES;\n", "    return bytes < (size_t)-1;\n",
        "megabytes of reviews fail their campaign", [REVIEW]),
    "letters-left-asleep": (
        LUA + "commit.lua", "left and bit.bor(dirty, MAIL)", "left and dirty",
        "letters of a second page are read when the next one comes", [REVIEW]),
    "orders-of-first-page": (
        "workers/live/store_op.c", "    if (!reply_int(reply_at(r, 1)) || ", "    if (true || ",
        "a cancel behind 256 reviews does not stop calls", [REVIEW]),
    "pause-for-ever": (
        "workers/run/runner.c", "    run->pause = pause;\n", "    run->pause |= pause;\n",
        "after a resume calls wait for the end of those under way", [REVIEW]),
    "news-lost": (
        "workers/worker.c", "        if (w->missed)\n", "        if (false)\n",
        "an order is not heard when the reply of a tick is lost", ["e2e:test_pokes.py"]),
    "id-given-twice": (
        "campaigns/campaign.c", '"v%d", ++c->last_variant);', '"v%d", c->variant_count + 1);',
        "a new variant has the events of one that is gone", ["unit:campaigns.campaign_test"]),
    "batch-for-ever": (
        "workers/run/run_batch.c", "    return ms > 0 && ms <= latest_ms ? ms : run->campaign->created_ms;\n",
        "    return ms > 0 ? ms : latest_ms;\n",
        "a batch whose record lost its time is waited for without end", [LANE]),
    "attempts-overflow": (
        "workers/run/run_replay.c", "        record->attempt > ATTEMPTS_MAX || ", "        ",
        "a number that a hand wrote into a journal crashes each worker", [CRASH]),
    "damaged-id-unlinked": (
        LUA + "admit.lua", 'if was.err then return {"unusable", was.err} end\n', "",
        "an entry takes away a job that it only has the name of", [DAMAGE]),
    "damaged-id-blocks": (
        "workers/intake.c", 'strcmp(outcome, "unusable") == 0', "false",
        "sixteen entries whose ids are damaged hold up the inbox", [HOSTILE]),
}

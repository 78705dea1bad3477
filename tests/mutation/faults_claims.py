"""More faults, as in faults.py: claims with specs, commits that go together."""

TICK, JOB, END = "queues/lua/tick.lua", "queues/lua/lib_job.lua", "queues/lua/lib_end.lua"
TURN = "queues/lua/lib_turn.lua"
COMMIT = "queues/lua/commit.lua"
GROUP = "workers/live/commit_group.c"
CLAIMS, SCRIPTS = "e2e:test_scripts_claims.py", "e2e:test_scripts.py"
DAMAGE = "e2e:test_scripts_damage.py"
GROUPS = "unit:workers.live.commit_group_test"

FAULTS = {
    "arrival-of-another-claim": (
        TICK, 'redis.pcall("HGET", job_key(ARGV[i]), "fence") == ARGV[i + 1] then',
        "ARGV[i + 1] then", "a claim whose reply was lost is held for ever", [CLAIMS]),
    "mail-slept-over": (
        TICK, "redis.call(unpack(mails)) == 0 and", "redis.call(unpack(mails)) >= 0 and",
        "a pause before the start is not seen", [CLAIMS]),
    "specs-without-bound": (
        TICK, 'if type(bytes) == "number" and bytes <= left then', 'if type(bytes) == "number" then',
        "a tick returns 64 large specs", [CLAIMS]),
    "specs-read-and-thrown-away": (
        TICK, 'local bytes = job.bytes or redis.pcall("STRLEN", name)',
        'local bytes = #(redis.call("GET", name) or "")',
        "64 large specs are 90 ms of Redis, for nothing", [CLAIMS]),
    "claims-taken-back-after-a-stall": (
        TICK, "      reap()\n      take_back()\n    end\n",
        "      reap()\n    end\n    take_back()\n",
        "calls of live workers are paid twice after Redis was away", [CLAIMS]),
    "arrival-heard-too-late": (
        TICK, "  confirm() -- before anything that takes back\n", "",
        "a claim is taken from the one that says that it has it", [CLAIMS]),
    "rebuilt-is-fresh": (
        TICK, 'fresh = j[2] == "0" and j[4]', "fresh = j[4]",
        "a stored reply is paid again when a job was built anew", [CLAIMS]),
    "one-reading-of-the-ring": (
        TURN, "first.turn > last or ", "",
        "of more than 64 tenants one has the turns of those not read", [CLAIMS]),
    "damaged-job-stops-claims": (
        TICK, 'local j = redis.pcall("HMGET", job_key(id), "state", "fence", "progress", "created_ms"',
        'local j = redis.call("HMGET", job_key(id), "state", "fence", "progress", "created_ms"',
        "jobs beside a damaged one are late", ["e2e:test_scripts_damage.py"]),
    "damaged-lane-stops-claims": (
        TICK, 'local got = redis.pcall("LMPOP", 3', 'local got = redis.call("LMPOP", 3',
        "a tenant whose lane is damaged takes the jobs of others", [DAMAGE]),
    "left-in-the-stream-is-lost": (
        TICK, ' or j[1] == "queued" and (j[5] or "0") == "0" then', " then",
        "a call that came to grief loses what it had moved", [DAMAGE]),
    "delayed-starts-early": (
        TICK, ' or j[1] == "queued" and (j[5] or "0") == "0" then', ' or j[1] == "queued" then',
        "a campaign starts before its time", [DAMAGE]),
    "arrival-of-a-damaged-job": (
        TICK, 'redis.pcall("HGET", job_key(ARGV[i])', 'redis.call("HGET", job_key(ARGV[i])',
        "a worker whose job was damaged beats no more", [DAMAGE]),
    "oldest-is-damaged": (
        TICK, 'redis.pcall("HGET", job_key(oldest), "state")',
        'redis.call("HGET", job_key(oldest), "state")', "no beat is whole any more", [DAMAGE]),
    "entry-that-is-none": (
        JOB, 'not string.find(entry, "^%d+%-%d+$")', 'entry == ""',
        "one damaged field keeps the entries of all who commit with it", [DAMAGE]),
    "not-told-is-done": (
        "queues/results.c", 'e || strcmp(word, "ok") == 0 ? e : ERR_INTERNAL', "e",
        "a commit of which Redis said nothing counts as made", ["unit:queues.results_test"]),
    "damaged-is-fenced": (
        "workers/live/store_op.c", "    if (e == ERR_REDIS) {\n        repeat", "    if (false) {\n        repeat",
        "a campaign is parked where asking again would have ended it", [GROUPS]),
    "ready-trimmed-too-far": (
        JOB, '"MINID", held or after(last))', '"MINID", after(last))', "what is in flight is forgotten", [CLAIMS]),
    "ended-out-of-turn-stays": (
        JOB, "    if held and comes_before(held, entry) then", "    if false then",
        "the ready stream grows by what ended early", [CLAIMS]),
    "ended-last-stays": (
        JOB, '"MINID", held or after(last))', '"MINID", held or last)',
        "the ready stream keeps what has ended", [CLAIMS]),
    "spec-of-another": (
        TICK, "for i, job in ipairs(whose) do job.spec = specs[i] or nil end",
        "for i, job in ipairs(jobs) do job.spec = specs[i] or nil end",
        "a campaign is begun with the spec of another", [CLAIMS]),
    "turns-that-were-planned": (
        TICK, "count + n, turns + used", "count + n, turns + #plan",
        "two damaged lanes stop a partition", [CLAIMS]),
    "lower-lanes-wait": (
        TICK, "  while #ids < n do\n    local got", "  while #ids < 1 do\n    local got",
        "a tenant with few jobs of a priority leaves the ring", [CLAIMS, SCRIPTS]),
    "one-page-of-the-list": (
        "queues/lua/read_list.lua", "#ids == count and tostring(from + count)", "false",
        "`barker status` shows the newest 16 campaigns", ["e2e:test_cli.py", SCRIPTS]),
    "shared-damage-spreads": (
        JOB, 'for _, words in pairs(later.adds) do redis.pcall(unpack(words)) end',
        'for _, words in pairs(later.adds) do redis.call(unpack(words)) end',
        "a damaged list takes the commits of all", [DAMAGE]),
    "one-verdict-for-all": (
        COMMIT, 'replies[i] = ok and verdict or {"damaged"}', 'replies[i] = replies[1] or verdict',
        "the first commit decides for the others", [CLAIMS]),
    "a-newcomer-first": (
        JOB, "(first or 0) + 0.999 / weight, tenant)", "(first or 1) - 1, tenant)",
        "a tenant that comes and goes has every turn", [SCRIPTS]),
    "group-larger-than-a-call": (
        GROUP, "        if (bytes > GROUP_MAX_BYTES)\n            return;\n", "",
        "commits that meet are too large together", [GROUPS]),
}

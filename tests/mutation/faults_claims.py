"""More faults, as in faults.py: claims with specs, commits that go together."""

TICK, JOB, END = "queues/lua/tick.lua", "queues/lua/lib_job.lua", "queues/lua/lib_end.lua"
COMMIT = "queues/lua/commit.lua"
GROUP = "workers/live/commit_group.c"
CLAIMS, SCRIPTS = "e2e:test_scripts_claims.py", "e2e:test_scripts.py"
DAMAGE = "e2e:test_scripts_damage.py"
GROUPS = "unit:workers.live.commit_group_test"

FAULTS = {
    "arrival-of-another-claim": (
        TICK, 'if redis.call("HGET", job_key(ARGV[i]), "fence") == ARGV[i + 1] then',
        "if ARGV[i + 1] then", "a claim whose reply was lost is held for ever", [CLAIMS]),
    "mail-slept-over": (
        TICK, "redis.call(unpack(mails)) == 0 and", "redis.call(unpack(mails)) >= 0 and",
        "a pause before the start is not seen", [CLAIMS]),
    "specs-without-bound": (
        TICK, "  if specs_bytes > SPECS_BYTES then return nil end\n", "",
        "a tick returns 64 large specs", [CLAIMS]),
    "ready-trimmed-too-far": (
        JOB, 'if held then redis.pcall("XTRIM", READY, "MINID", held) end',
        'redis.pcall("XTRIM", READY, "MINID", "+")', "what is in flight is forgotten", [CLAIMS]),
    "ended-out-of-turn-stays": (
        JOB, "    if not held or comes_before(held, entry) then", "    if not held then",
        "the ready stream grows by what ended early", [CLAIMS]),
    "shared-damage-spreads": (
        JOB, 'for _, words in pairs(later.adds) do redis.pcall(unpack(words)) end',
        'for _, words in pairs(later.adds) do redis.call(unpack(words)) end',
        "a damaged list takes the commits of all", [DAMAGE]),
    "one-verdict-for-all": (
        COMMIT, 'replies[#replies + 1] = commit(at + 1, at + count)',
        'replies[#replies + 1] = replies[1] or commit(at + 1, at + count)',
        "the first commit decides for the others", [CLAIMS]),
    "a-newcomer-first": (
        JOB, "(tonumber(first[2]) or 0) + 0.999, tenant)", "(tonumber(first[2]) or 1) - 1, tenant)",
        "a tenant that comes and goes has every turn", [SCRIPTS]),
    "refused-in-front-for-ever": (
        GROUP, "    return commit_group_next(first);\n", "    return NULL;\n",
        "a commit that Redis refuses holds up all others", [GROUPS]),
    "group-larger-than-a-call": (
        GROUP, "        if (op->alone || bytes > GROUP_MAX_BYTES)\n            return;\n", "",
        "commits that meet are too large together", [GROUPS]),
}

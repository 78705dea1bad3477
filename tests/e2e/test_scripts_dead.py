"""Jobs that gave up: listed, queued again, dropped. The scripts on a real Redis."""
import pytest
from test_drift import drift
from test_scripts import LEASE, ROOT, admit, claim, crash

HOUR_MS = 3_600_000


def bury(s, job_id="a", tenant="t", begun=True):
    """Five workers die on it."""
    if not s.redis.exists(f"{ROOT}:j:{job_id}"):
        admit(s, job_id, tenant=tenant)
    for n in range(5):
        worker = f"{job_id}-{n}-{s.redis.incr('workers')}"
        (job,) = claim(s, worker=worker)
        if begun and n == 0:
            s.load(*job)
            assert s.commit(*job, 0, "K", "draft", 1, '{"stage":"draft"}') == ["ok"]
            s.redis.hset(f"{ROOT}:j:{job_id}", "progress_claim",
                         s.redis.hget(f"{ROOT}:j:{job_id}", "progress"))
        crash(s, worker)
    assert s.redis.hget(f"{ROOT}:j:{job_id}", "state") == "dead"


def read(s, tenant="", reason="", age_ms=0, count=500, start=0):
    return s.dead_read(start, count, tenant, reason, age_ms)


def ids(rows):
    return [row[0] for row in rows[1]]


def keys_of(s, job_id):
    return s.redis.keys(f"{ROOT}:c:{job_id}*") + s.redis.keys(f"{ROOT}:j:{job_id}")


def test_they_are_listed_by_what_they_are(s):
    bury(s, "a"), bury(s, "b", "u")
    s.redis.hset(f"{ROOT}:dead:b", "reason", "internal: WRONGTYPE")
    s.redis.zadd(f"{ROOT}:dead", {"a": 5})
    assert ids(read(s)) == ["b", "a"]
    assert ids(read(s, tenant="u")) == ["b"] and ids(read(s, tenant="v")) == []
    assert ids(read(s, reason="internal")) == ["b"] == ids(read(s, reason="internal: WRONGTYPE"))
    assert ids(read(s, reason="inter")) == [] and ids(read(s, reason="crashes")) == ["a"]
    assert ids(read(s, age_ms=HOUR_MS)) == ["a"]
    row = dict(zip(*[iter(read(s, "u")[1][0][1])] * 2))
    assert (row["crashes"], row["tenant"], row["stage"]) == ("5", "u", "draft")
    assert row["owner"].startswith("b-4-")


def test_pages(s):
    s.redis.zadd(f"{ROOT}:dead", {f"c{n}": n + 1 for n in range(7)})
    first = read(s, count=3)
    assert (first[0], ids(first)) == ("3", ["c6", "c5", "c4"])
    last = read(s, count=3, start=6)
    assert (last[0], ids(last)) == ("", ["c0"])


@pytest.mark.parametrize("begun", [False, True])
def test_a_retry_goes_on_once(s, begun):
    bury(s, begun=begun)
    before = s.redis.hgetall(f"{ROOT}:j:a")
    assert all(s.redis.pttl(name) > 0 for name in keys_of(s, "a"))
    assert [s.dead_act("retry", "a", "ann")[0] for _ in range(3)] == ["ok", "not_dead", "not_dead"]
    assert s.redis.hmget(f"{ROOT}:c:a", "state", "error") == ["queued", ""]
    assert all(s.redis.pttl(name) == -1 for name in keys_of(s, "a"))
    assert not s.redis.exists(f"{ROOT}:dead:a", f"{ROOT}:dead", f"{ROOT}:done")
    assert s.redis.zrange(f"{ROOT}:campaigns", 0, -1) == ["a"]
    assert drift(s) == {}
    assert claim(s) == [["a", int(before["fence"]) + 1]]
    job = s.redis.hgetall(f"{ROOT}:j:a")
    assert (job["crashes"], job["stage"]) == ("0", "draft" if begun else "")
    assert s.dead_act("retry", "a", "ann") == ["not_dead"]
    (_, row), = s.redis.xrange(f"{ROOT}:c:a:audit")
    assert row == {"what": "retry", "by": "ann"}


def test_it_may_give_up_again(s):
    bury(s)
    assert s.dead_act("retry", "a", "ann") == ["ok"]
    bury(s, begun=False)
    assert ids(read(s)) == ["a"]


def test_calls_of_the_last_holder_are_lost_not_free(s):
    admit(s, "a")
    for n in range(5):
        (job,) = claim(s, worker=f"w{n}")
        if n == 4:
            s.reserve(*job, "draft", 0, 0, 1, 5, 5)
        crash(s, f"w{n}")
    assert s.dead_act("retry", "a", "ann") == ["ok"]
    (job,) = claim(s, worker="w9")
    s.load(*job)
    bud = s.redis.hgetall(f"{ROOT}:c:a:bud")
    assert (bud["lost"], bud["calls_r"], bud["calls"]) == ("1", "0", "1")


def test_its_clocks_run_on(s):
    s.admit("", "a", "t", "content", "normal", "{}", "sha", -1, -1, -1, 1, 0, "", "queued", "",
            deadline=HOUR_MS)
    at = s.redis.zscore(f"{ROOT}:deadlines", "a")
    bury(s)
    assert s.dead_act("retry", "a", "ann") == ["ok"]
    assert s.redis.zscore(f"{ROOT}:deadlines", "a") == at and drift(s) == {}


def test_a_drop_leaves_nothing(s):
    bury(s)
    assert [s.dead_act("drop", "a", "")[0] for _ in range(2)] == ["ok", "not_dead"]
    assert all(0 < s.redis.pttl(name) <= 1000 for name in keys_of(s, "a"))
    left = [name for name in ("dead", "done", "campaigns") if s.redis.exists(f"{ROOT}:{name}")]
    assert left == [] and not s.redis.exists(f"{ROOT}:dead:a")


@pytest.mark.parametrize("what", ["retry", "drop"])
def test_those_at_work_are_not_touched(s, what):
    admit(s, "a")
    before = s.redis.hgetall(f"{ROOT}:j:a")
    assert s.dead_act(what, "a", "") == ["not_dead"] == s.dead_act(what, "nobody", "")
    s.redis.zadd(f"{ROOT}:dead", {"a": 1})  # by hand
    assert s.dead_act(what, "a", "") == ["not_dead"]
    assert s.redis.hgetall(f"{ROOT}:j:a") == before and s.redis.pttl(f"{ROOT}:c:a") == -1


def test_nothing_to_go_on_with(s):
    bury(s)
    s.redis.delete(f"{ROOT}:j:a")
    assert s.dead_act("retry", "a", "ann") == ["gone"] and ids(read(s)) == ["a"]
    assert s.dead_act("drop", "a", "") == ["ok"] and ids(read(s)) == []


def test_a_full_redis_lets_them_go(s):
    bury(s)
    s.redis.config_set("maxmemory", 1)
    try:
        assert s.dead_act("drop", "a", "") == ["ok"]
    finally:
        s.redis.config_set("maxmemory", 0)


def test_a_parent_hears_of_it(s):
    admit(s, "p")
    admit(s, "p~1", parent="p")
    (parent, child) = claim(s, worker="w1")
    assert parent[0] == "p"
    s.redis.hset(f"{ROOT}:j:p~1", "crashes", 4)
    s.redis.hset(f"{ROOT}:j:p", "crashes", 0)
    crash(s, "w1")
    assert s.redis.hget(f"{ROOT}:c:p:kids", "p~1") == "failed"
    assert s.dead_act("retry", "p~1", "ann") == ["ok"]
    assert s.redis.hget(f"{ROOT}:c:p:kids", "p~1") == "queued"
    assert child[1] == 1 and LEASE

"""The two clocks of a spec, start_within_ms and deadline_ms: the scripts on a real Redis."""
import json
import time

import pytest
from test_drift import drift, mended
from test_scripts import LEASE, ROOT, claim, wait

TIME, MAIL, EVENTS, DAY_MS = 1, 2, 4, 86_400_000
FAR_MS = 4_000_000_000_000


def admit(s, job_id="a", tenant="t", not_before=0, **clocks):
    got = s.admit("", job_id, tenant, "content", "normal", "{}", "sha", -1, -1, -1, 1,
                  not_before, "", "queued", "", **clocks)
    assert got == ["admitted"]


def beat(s, worker="w9"):
    s.tick(worker, 0, LEASE, 1)


def pass_time(s, name, job_id="a"):
    """As if the time of this clock had come."""
    field = {"starts": "starts_ms", "deadlines": "deadline_ms"}[name]
    assert s.redis.zadd(f"{ROOT}:{name}", {job_id: 1}, xx=True, ch=True)
    s.redis.hset(f"{ROOT}:j:{job_id}", field, 1)


def state(s, job_id="a"):
    return tuple(s.redis.hmget(f"{ROOT}:c:{job_id}", "state", "error"))


def letters(s, job_id="a"):
    return [json.loads(m)["do"] for m in s.redis.lrange(f"{ROOT}:c:{job_id}:mail", 0, -1)]


def times(s):
    return [s.redis.zscore(f"{ROOT}:{name}", "a") for name in ("starts", "deadlines")]


def test_the_times_are_set(s):
    before = int(time.time() * 1000) - 1
    admit(s, within=60_000, deadline=3_600_000)
    starts, deadline = times(s)
    assert 0 <= starts - 60_000 - before < 5000 and deadline - starts == 3_540_000
    assert s.redis.hmget(f"{ROOT}:j:a", "starts_ms", "deadline_ms") == [
        f"{starts:.0f}", f"{deadline:.0f}"]
    assert drift(s) == {}


def test_without_them_nothing_is_set(s):
    admit(s)
    assert times(s) == [None, None]
    assert s.redis.hmget(f"{ROOT}:j:a", "starts_ms", "deadline_ms") == [None, None]


def test_one_that_starts_later_has_its_time_from_then(s):
    admit(s, not_before=FAR_MS, within=60_000, deadline=1000)
    starts, deadline = times(s)
    assert starts == FAR_MS + 60_000 and deadline < FAR_MS


def test_it_is_not_rung_before(s):
    admit(s, within=60_000, deadline=60_000)
    beat(s)
    assert state(s)[0] == "queued" and claim(s) == [["a", 1]]


@pytest.mark.parametrize("name,error", [("starts", "expired"), ("deadlines", "deadline")])
@pytest.mark.parametrize("not_before", [0, FAR_MS])
def test_what_nobody_began_ends(s, name, error, not_before):
    admit(s, not_before=not_before, within=60_000, deadline=3_600_000)
    pass_time(s, name)
    beat(s)
    assert state(s) == ("failed", error)
    assert s.redis.hget(f"{ROOT}:j:a", "state") == "done"
    assert not s.redis.zscore(f"{ROOT}:queued", "a") and not s.redis.zscore(f"{ROOT}:due", "a")
    assert 6 * DAY_MS < s.redis.pttl(f"{ROOT}:c:a") <= 7 * DAY_MS
    assert times(s)[name == "deadlines"] is None
    assert drift(s) == {}  # its lane names it still
    admit(s, "b")
    assert claim(s) == [["b", 1]] and drift(s) == {}


@pytest.mark.parametrize("name,error", [("starts", "expired"), ("deadlines", "deadline")])
def test_too_late_is_begun_by_nobody(s, name, error):
    """Also before a beat has rung: more may be over than one rings."""
    admit(s, within=60_000, deadline=3_600_000)
    admit(s, "b")
    pass_time(s, name)
    assert claim(s) == [["b", 1]]
    assert state(s) == ("failed", error)
    assert drift(s) == {}


def test_a_beat_rings_some_and_the_next_the_others(s):
    for n in range(150):
        admit(s, f"c{n}", within=60_000)
        pass_time(s, "starts", f"c{n}")
    left = []
    for _ in range(3):
        beat(s)
        left += [s.redis.zcard(f"{ROOT}:starts")]
    assert left == [86, 22, 0]
    assert all(state(s, f"c{n}") == ("failed", "expired") for n in range(150))


def test_what_has_begun_does_not_expire(s):
    admit(s, within=60_000)
    (job,) = claim(s)
    s.load(*job)
    pass_time(s, "starts")
    beat(s)
    assert state(s)[0] == "running" and times(s) == [None, None] and not letters(s)
    wait(s, job, 0, TIME, 1)
    assert claim(s) == [["a", 2]]
    assert drift(s) == {}


def test_a_claim_on_its_way_is_looked_at_again(s):
    """Its worker may never hear of it: then it is in its lane again, and too late."""
    admit(s, within=60_000)
    s.redis.rpush(f"{ROOT}:c:a:mail", "{}")  # or it came with its spec
    assert claim(s) == [["a", 1]]
    pass_time(s, "starts")
    beat(s)
    assert state(s)[0] == "queued" and times(s)[0] == 1
    s.redis.zadd(f"{ROOT}:given", {"a": 1})
    s.tick("w1", 0, 1000, 1)
    assert claim(s) == [] and state(s) == ("failed", "expired")


def test_the_holder_is_told(s):
    admit(s, deadline=60_000)
    (job,) = claim(s)
    s.load(*job)
    pass_time(s, "deadlines")
    beat(s)
    beat(s)
    assert letters(s) == ["deadline"] and times(s) == [None, None]
    assert s.tick("w1", 0, LEASE, 0)[6] == ["a"]
    assert drift(s) == {}


@pytest.mark.parametrize("mask", [TIME, TIME | MAIL, EVENTS])
def test_what_waits_is_due(s, mask):
    admit(s, deadline=60_000)
    (job,) = claim(s)
    s.load(*job)
    wait(s, job, 0, mask, FAR_MS)
    pass_time(s, "deadlines")
    beat(s)
    assert letters(s) == ["deadline"] and claim(s) == [["a", 2]]


def test_what_has_ended_is_left_alone(s):
    admit(s, within=60_000, deadline=60_000)
    (job,) = claim(s)
    s.load(*job)
    assert s.commit(*job, 0, "X", "done", "", 1_000_000) == ["ok"]
    pass_time(s, "deadlines"), pass_time(s, "starts")
    assert drift(s) == {}
    beat(s)
    assert state(s) == ("done", "") and times(s) == [None, None] and not letters(s)


def test_a_damaged_campaign_holds_up_no_other(s):
    admit(s, within=60_000), admit(s, "b", within=60_000)
    pass_time(s, "starts"), pass_time(s, "starts", "b")
    s.redis.delete(f"{ROOT}:j:a")
    s.redis.set(f"{ROOT}:j:a", "?")
    beat(s)
    assert state(s, "b") == ("failed", "expired") and s.redis.zcard(f"{ROOT}:starts") == 0


@pytest.mark.parametrize("name", ["starts", "deadlines"])
def test_a_clock_that_stopped_is_set_again(s, name):
    admit(s, within=60_000, deadline=3_600_000)
    at = times(s)
    s.redis.delete(f"{ROOT}:{name}")
    assert mended(s) == {("clock_stopped", "a")} and times(s) == at


@pytest.mark.parametrize("name", ["starts", "deadlines"])
def test_a_clock_of_nobody_is_stopped(s, name):
    admit(s)
    s.redis.zadd(f"{ROOT}:{name}", {"a": FAR_MS, "gone": FAR_MS})
    assert mended(s) == {("stray", "a"), ("stray", "gone")} and times(s) == [None, None]


def test_a_job_made_anew_has_its_times(s):
    admit(s, within=60_000, deadline=3_600_000)
    at = times(s)
    s.redis.delete(f"{ROOT}:j:a")
    assert s.drift_rebuild("a", "sha") == ["rebuilt"]
    assert times(s) == at and drift(s) == {}
    pass_time(s, "deadlines")
    beat(s)
    assert state(s) == ("failed", "deadline")

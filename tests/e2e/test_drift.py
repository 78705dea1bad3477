"""Drift: what is well is never reported; each kind of damage is found, and mended so that
the job goes on."""
import random

import pytest
from barker_model import World

ROOT = "bk:{0}"
LEASE = 1_000_000
PLACES = ["keys", "campaigns", "due", "queued", "given", "ready", "held", "starts",
          "deadlines"]
TIME, MAIL, EVENTS = 1, 2, 4


def pages(s, place, count, repair, lane=""):
    cursor = "0"
    while cursor != "":
        cursor, _, found, lanes, unseen = s.drift(place, cursor, count, int(repair), lane)
        yield found, lanes, unseen


def drift(s, repair=False, count=50):
    """{(kind, campaign): mended}"""
    out, lanes = {}, set()
    for place in PLACES:
        for found, more, _ in pages(s, place, count, repair):
            lanes |= set(more)
            out.update({(kind, c): mended for kind, c, _, mended in found})
    for lane in sorted(lanes):
        for found, _, _ in pages(s, "lane", count, repair, lane):
            out.update({(kind, c): mended for kind, c, _, mended in found})
    return out


def mended(s):
    """What is found is mended, and nothing is left."""
    found = drift(s, True)
    assert found and all(found.values()), found
    assert drift(s) == {}
    return set(found)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_well_is_not_reported(s, seed):
    """But for what the model does and no runner: waits with calls under way, for nothing."""
    world = World(s, random.Random(seed))
    for _ in range(40):
        world.run(20)
        for kind, name in drift(s, count=7):
            job = world.jobs[name]
            nobody_wakes_it = not job.due and job.wake & ~TIME == 0
            assert job.state == "waiting" and (job.reserved if kind == "held_open"
                                               else nobody_wakes_it)
    assert len({j.state for j in world.jobs.values()}) > 2


def admit(s, job_id="a", not_before=0, spec="{}"):
    s.admit("", job_id, "t", "content", "normal", spec, "sha", -1, -1, -1, 1, not_before, "",
            "queued", "")


def claim(s, worker="w1"):
    return s.tick(worker, 5, LEASE, 1)[5]


def hold(s):
    admit(s)
    (job,) = claim(s)
    s.load(*job)
    return job


def wait(s, mask, until=0):
    job = hold(s)
    assert s.commit(*job, 0, "W", "serve", 3, '{"stage":"serve","iteration":3}', mask,
                    until) == ["ok"]


def delete(*names):
    return lambda s: s.redis.delete(*(f"{ROOT}:{n}" for n in names))


QUEUED = {"lane": delete("lane:t:normal"), "queued": delete("queued"),
          "both": delete("lane:t:normal", "queued", "ring")}


@pytest.mark.parametrize("damage", QUEUED)
def test_a_queued_job_that_is_nowhere(s, damage):
    admit(s)
    QUEUED[damage](s)
    assert mended(s) == {("job_lost", "a")}
    assert claim(s) == [["a", 1]] and drift(s) == {}


def test_a_lane_without_a_turn(s):
    admit(s)
    delete("ring")(s)
    assert mended(s) == {("lane_stopped", "")}
    assert claim(s) == [["a", 1]]


def test_a_job_that_starts_later(s):
    admit(s, not_before=4_000_000_000_000)
    delete("due")(s)
    assert mended(s) == {("job_lost", "a")}
    assert s.redis.zscore(f"{ROOT}:due", "a") == 4_000_000_000_000


@pytest.mark.parametrize("damage", [
    delete("ready:1"), delete("queued"), lambda s: s.redis.xgroup_destroy(f"{ROOT}:ready:1",
                                                                          "w")])
def test_a_ready_job(s, damage):
    for name in "abc":
        admit(s, name)
    s.tick("w1", 1, LEASE, 1)  # one is claimed, one is ready
    damage(s)
    found = drift(s, True)
    assert all(found.values()) and {kind for kind, _ in found} == {"job_lost"}
    assert drift(s) == {}
    assert len(claim(s)) >= 2 and drift(s) == {}


def test_a_ready_job_given_without_a_claim(s):
    for name in "ab":
        admit(s, name)
    s.tick("w1", 1, LEASE, 1)
    s.redis.lpop(f"{ROOT}:lane:t:normal")
    entry = s.redis.xadd(f"{ROOT}:ready:1", {"j": "b"})
    s.redis.hset(f"{ROOT}:j:b", mapping={"state": "ready", "entry": entry})
    s.redis.xreadgroup("w", "ghost", {f"{ROOT}:ready:1": ">"})
    assert mended(s) == {("job_lost", "b")}
    assert claim(s) == [["b", 1]]


@pytest.mark.parametrize("damage", [
    delete("ready:1"), delete("hb"),
    lambda s: s.redis.xack(f"{ROOT}:ready:1", "w",
                           s.redis.hget(f"{ROOT}:j:a", "entry"))])
def test_a_claim_that_nobody_would_take_back(s, damage):
    job = hold(s)
    damage(s)
    assert ("job_lost", "a") in mended(s)
    assert s.commit(*job, 0, "K", "serve", 0, "") == ["fenced"]
    assert claim(s, "w2") == [["a", job[1] + 2]] and drift(s) == {}


@pytest.mark.parametrize("mask, until", [(TIME, 4_000_000_000_000), (TIME | MAIL, 1)])
def test_a_wait_for_a_time(s, mask, until):
    wait(s, mask, until)
    assert drift(s) == {}
    delete("due")(s)
    assert mended(s) == {("job_lost", "a")}
    assert s.redis.zscore(f"{ROOT}:due", "a") == until


def test_a_wait_for_nothing(s):
    wait(s, MAIL)
    assert drift(s) == {}
    s.redis.hset(f"{ROOT}:j:a", "wake", 0)
    assert mended(s) == {("job_lost", "a")}
    assert claim(s) == [["a", 2]]


def test_strays(s):
    wait(s, MAIL)
    r = s.redis
    r.rpush(f"{ROOT}:lane:t:normal", "ghost", "a")
    r.zadd(f"{ROOT}:ring", {"t": 9})
    for name in ("queued", "given"):
        r.zadd(f"{ROOT}:{name}", {"ghost": 1, "a": 1})
    r.zadd(f"{ROOT}:due", {"ghost": 1})
    r.xadd(f"{ROOT}:ready:1", {"j": "ghost"})
    found = [f for place in PLACES for page in pages(s, place, 50, False) for f in page[0]]
    assert sum(kind == "stray" for kind, *_ in found) == 6
    assert mended(s) == {("stray", "ghost"), ("stray", "a")}
    assert r.xlen(f"{ROOT}:ready:1") == 0 and not r.exists(f"{ROOT}:lane:t:normal")
    assert r.hget(f"{ROOT}:j:a", "state") == "waiting"


def test_a_listed_campaign_without_a_hash(s):
    s.redis.zadd(f"{ROOT}:campaigns", {"ghost": 5})
    assert mended(s) == {("listed_no_campaign", "ghost")}
    admit(s)
    s.redis.delete(f"{ROOT}:campaigns")
    assert mended(s) == {("unlisted", "a")}


def test_a_campaign_without_a_job(s):
    wait(s, MAIL)
    delete("j:a")(s)
    assert drift(s, True) == {("campaign_no_job", "a"): 0}
    assert s.drift_rebuild("a", "sha") == ["rebuilt"]
    assert s.drift_rebuild("a", "sha") == ["there"] and drift(s) == {}
    j = s.redis.hgetall(f"{ROOT}:j:a")
    assert (j["stage"], j["iteration"], j["sha"]) == ("serve", "3", "sha")
    ((name, fence),) = claim(s)
    assert name == "a" and fence > 1_600_000_000_000
    assert s.commit(name, fence, 0, "W", "serve", 4, "ck", MAIL, 0) == ["ok"]
    assert drift(s) == {}


def test_the_old_holder_of_a_job_made_anew(s):
    job = hold(s)
    delete("j:a")(s)
    s.drift_rebuild("a", "sha")
    assert mended(s) == {("stray", "a")}  # its entry in the ready stream
    assert s.commit(*job, 0, "K", "serve", 0, "") == ["fenced"]
    assert [c[0] for c in claim(s)] == ["a"] and drift(s) == {}


def test_a_campaign_without_job_and_spec_ends(s):
    admit(s)
    delete("j:a", "c:a:spec")(s)
    assert s.drift_rebuild("a", "") == ["ended"] and s.drift_rebuild("b", "") == ["gone"]
    assert s.drift_rebuild("a", "") == ["there"]
    assert s.redis.hget(f"{ROOT}:c:a", "error") == "internal"
    drift(s, True)
    assert drift(s) == {}


def test_a_job_that_ended_alone(s):
    hold(s)
    s.redis.hset(f"{ROOT}:j:a", mapping={"state": "dead", "owner": "", "entry": ""})
    kinds = {kind for kind, _ in mended(s)}
    assert "half_ended" in kinds
    assert s.redis.hget(f"{ROOT}:c:a", "state") == "failed"
    assert s.redis.pttl(f"{ROOT}:c:a:spec") > 0


def test_a_job_without_a_campaign_is_only_reported(s):
    admit(s)
    delete("c:a")(s)
    assert drift(s, True) == {("job_no_campaign", "a"): 0}


@pytest.mark.parametrize("key", ["j:a", "c:a", "c:a:spec", "c:a:bud", "c:a:ck"])
def test_keys_of_an_ended_campaign(s, key):
    job = hold(s)
    s.commit(*job, 0, "K", "draft", 0, "ck")
    s.commit(*job, 1, "X", "done", "", 5_000_000)
    assert drift(s) == {}
    s.redis.persist(f"{ROOT}:{key}")
    assert mended(s) == {("no_expiry", "a")}
    assert 0 < s.redis.pttl(f"{ROOT}:{key}") <= 5_000_000


def test_keys_of_nobody(s):
    s.redis.set(f"{ROOT}:c:ghost:doc", "{}")
    assert mended(s) == {("no_expiry", "ghost")}


def test_a_reservation_that_nobody_holds(s):
    job = hold(s)
    s.reserve(*job, "draft", 0, 0, 1, 50, 7)
    assert drift(s) == {}
    s.redis.hset(f"{ROOT}:c:a:rsv", "draft/0/1/1", "9 5 5")
    assert drift(s) == {("held_sum", "a"): 0}
    s.redis.hdel(f"{ROOT}:c:a:rsv", "draft/0/1/1")
    s.commit(*job, 0, "W", "serve", 0, "ck", MAIL, 0)
    assert mended(s) == {("held_open", "a")}
    bud = s.redis.hgetall(f"{ROOT}:c:a:bud")
    assert (bud["calls_r"], bud["tokens_r"], bud["nano_r"]) == ("0", "0", "0")
    assert (bud["calls"], bud["tokens"], bud["nano"], bud["lost"]) == ("1", "50", "7", "1")


def test_a_budget_that_holds_too_much(s):
    hold(s)
    s.redis.hset(f"{ROOT}:c:a:bud", "nano_r", 12)
    assert mended(s) == {("held_sum", "a")}
    assert s.redis.hget(f"{ROOT}:c:a:bud", "nano_r") == "0"


@pytest.mark.parametrize("key", ["j:a", "c:a", "c:a:bud", "lane:t:normal"])
def test_a_key_of_another_type_is_only_reported(s, key):
    hold(s)
    delete(key)(s)
    s.redis.pfadd(f"{ROOT}:{key}", "x")
    found = drift(s, True)
    assert ("damaged", "" if "lane" in key else "a") in found


def test_a_long_lane_is_not_searched_whole(s):
    def unseen():
        return sum(page[2] for page in pages(s, "keys", 50, False))

    for n in range(2300):
        admit(s, f"a{n:04}")
    assert unseen() == 0 and drift(s) == {}  # the counts agree
    s.redis.lrem(f"{ROOT}:lane:t:normal", 1, "a0000")
    assert 290 < unseen() < 310 and drift(s) == {}  # said to be unseen
    s.redis.delete(f"{ROOT}:lane:t:normal")
    assert len(drift(s, True)) >= 2001


def test_counts_that_agree_by_a_stray(s):
    """One is missing, one is too many: found once the stray is mended."""
    admit(s), admit(s, "b")
    s.redis.lrem(f"{ROOT}:lane:t:normal", 1, "a")
    s.redis.rpush(f"{ROOT}:lane:t:normal", "ghost")
    assert drift(s, True) == {("stray", "ghost"): 1}
    assert drift(s, True) == {("job_lost", "a"): 1} and drift(s) == {}


def test_nothing_there_is_well(s):
    assert drift(s, True) == {} and s.drift_rebuild("no", "") == ["gone"]
    assert s.drift("nonsense", "0", 5, 1, "") == ["", 0, [], [], 0]
    now, streams, *rest = s.health()
    assert now > 1_600_000_000_000 and rest == [0, 0, 0, 0, []]
    assert streams == [["inbox", 0, 0], ["events", 0, 0], ["control", 0, 0]]
    assert s.redis.keys() == []


def test_health(s):
    admit(s)
    claim(s)
    admit(s, "b")
    s.redis.xadd(f"{ROOT}:inbox", {"spec": "{}"}, id="5-1")
    for _ in range(103):
        s.refuse("events", "", "bad_json", "", "", "raw", 3, "")
    now, streams, backlog, oldest, dead, refused, workers = s.health()
    assert streams[0] == ["inbox", 1, 5] and (backlog, dead) == (1, 0)
    assert refused >= 100 and workers[0] == "w1" and 0 <= now - oldest < 60_000


def test_a_rank_before_any_shares_ends_with_its_campaign(s):
    job = hold(s)
    s.commit(*job, 0, "V", "v1", 1, "placement", "sms", "R", "sms", "v1", 0.5, "X",
             "cancelled", "", 5_000_000)
    assert drift(s) == {} and s.redis.pttl(f"{ROOT}:c:a:rank:sms") > 0

"""Claims that come with their specs, commits that go together, and the ready stream."""
import json

import pytest
from test_scripts import LEASE, ROOT, admit, claim, wait


def test_a_first_claim_brings_the_spec(s):
    """It is loaded with that: what a load would do is done."""
    for name in "abc":
        admit(s, name)
    s.redis.xadd(f"{ROOT}:control", {"c": "b", "do": "pause"})
    s.control(5)
    s.redis.delete(f"{ROOT}:c:c")
    claim(s, 1)
    created = s.redis.hget(f"{ROOT}:j:a", "created_ms")
    assert s.fresh == {"a": ['{"kind":"content"}', created]}
    assert s.redis.hget(f"{ROOT}:c:a", "state") == "running"
    assert [e[1]["what"] for e in s.redis.xrange(f"{ROOT}:changes")][3:] == ["running"]
    assert wait(s, ["a", 1], 0, 2) == ["ok"]
    assert claim(s, 1) == [["b", 1]] and s.fresh == {}  # it has mail
    assert claim(s, 1) == [["c", 1]] and s.fresh == {}  # its hash is gone
    assert s.redis.hget(f"{ROOT}:c:b", "state") == "queued"


def test_specs_of_one_call_are_bounded(s):
    big = json.dumps({"kind": "content", "x": "x" * 100_000})
    for n in range(4):
        s.admit("", f"c{n}", "t", "content", "normal", big, "sha", -1, -1, -1, 1, 0, "",
                "queued", "")
    s.redis.config_resetstat()
    assert len(claim(s)) == 4 and list(s.fresh) == ["c0", "c1"]
    stats = s.redis.info("commandstats")  # of the others not even the length is asked
    assert stats["cmdstat_mget"]["calls"] == 1
    assert "cmdstat_get" not in stats and "cmdstat_strlen" not in stats


def test_a_first_claim_whose_reply_is_lost_is_taken_back(s):
    for name in "abc":
        admit(s, name)
    claim(s)
    s.tick("w1", 0, LEASE, 0, "a", 1, "b", 7, "nobody", 1)  # b: of another claim
    assert s.redis.zrange(f"{ROOT}:given", 0, -1) == ["b", "c"]
    s.redis.zadd(f"{ROOT}:given", {"b": 1, "c": 1})
    assert s.tick("w1", 5, LEASE, 1)[5] == [["c", 3], ["b", 3]]
    assert s.fresh == {}  # they have begun, for all that is known
    assert s.commit("a", 1, 0, "X", "done", "", 5000) == ["ok"]
    assert s.commit("b", 1, 0, "X", "done", "", 5000) == ["fenced"]


@pytest.mark.parametrize("worker", ["w1", "w2"])
def test_an_absent_redis_takes_no_claim_back(s, worker):
    """Claims that arrived before it fell silent, and whose holders could not say so."""
    admit(s, "a")
    s.tick("w2", 0, LEASE, 1)
    s.tick("w1", 1, LEASE, 1)
    now = s.redis.time()
    long_ago = now[0] * 1000 - 3 * LEASE
    s.redis.zadd(f"{ROOT}:hb", {"w1": long_ago, "w2": long_ago})
    s.redis.zadd(f"{ROOT}:given", {"a": long_ago})
    s.tick(worker, 0, LEASE, 1, *(["a", 1] if worker == "w1" else []))
    assert s.redis.hget(f"{ROOT}:j:a", "fence") == "1"
    s.redis.delete(f"{ROOT}:grace")
    s.tick("w1", 0, LEASE, 1, "a", 1)
    assert s.redis.hget(f"{ROOT}:j:a", "fence") == "1"
    assert not s.redis.exists(f"{ROOT}:given")


def test_a_job_that_was_built_anew_has_begun(s):
    """Its journal is to be read: what is stored is not paid again."""
    admit(s, "a")
    claim(s)
    s.redis.delete(f"{ROOT}:j:a")
    s.drift_rebuild("a", "sha")
    assert [name for name, _ in claim(s)] == ["a"] and s.fresh == {}


def test_tenants_beyond_the_first_of_the_ring_have_their_turn(s):
    """63 that have nothing, one with much, and five behind them."""
    for n in range(63):
        admit(s, f"a{n}", f"a{n:02}")
    claim(s, 63)
    for n in range(200):
        admit(s, f"m{n}", "m")
    for tenant in "pqrst":
        for n in range(20):
            admit(s, f"{tenant}{n}", tenant)
    got = ""
    while len(got) < 30:
        got += "".join(name[0] for name, _ in claim(s))
    assert min(got[:60].count(tenant) for tenant in "mpqrst") >= got[:60].count("m") - 1 > 3


def test_commits_stand_or_fall_alone(s):
    for name in "abcd":
        admit(s, name)
    claim(s)
    s.redis.set(f"{ROOT}:c:b:doc:x", "")
    s.redis.rpush(f"{ROOT}:c:b:audit", "not a stream")
    end = ["X", "done", "", 5000]
    assert s.commit_all(["a", 1, 0, *end], ["b", 1, 0, "A", 1, "what", "x", *end],
                        ["c", 2, 0, *end], ["d", 1, 0, "?"], ["d", 1, 0, *end]) == [
        ["ok"], ["fenced", "buried", "b", s.redis.hget(f"{ROOT}:dead:b", "reason")[10:]],
        ["fenced"], ["malformed"], ["ok"]]
    states = [s.redis.hget(f"{ROOT}:c:{name}", "state") for name in "abcd"]
    assert states == ["done", "failed", "running", "done"]
    assert s.redis.xlen(f"{ROOT}:ready:1") == 1  # what c holds
    assert s.redis.evalsha(s.shas["commit"], 1, ROOT, 3, "c", 1) == [["malformed"]]
    assert s.redis.evalsha(s.shas["commit"], 1, ROOT, "x") == [["malformed"]]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]])
def test_what_has_ended_leaves_the_ready_stream(s, order):
    """Whatever ends first, and whatever else is held or waits in the stream."""
    for n in range(6):
        admit(s, f"c{n}")
    claim(s, 5)
    for at in range(0, 4, 2):
        pair = order[at:at + 2]
        s.commit_all(*[[f"c{n}", 1, 0, "X", "done", "", 5000] for n in pair])
        left = [e[1]["j"] for e in s.redis.xrange(f"{ROOT}:ready:1")]
        assert left == [f"c{n}" for n in range(5) if n not in order[:at + 2]]
    assert s.redis.xpending(f"{ROOT}:ready:1", "w")["pending"] == 1


def spec_of(s, cid, tenant="t", prio="normal"):
    spec = json.dumps({"kind": "content", "id": cid})
    s.admit("", cid, tenant, "content", prio, spec, "sha", -1, -1, -1, 1, 0, "", "queued", "")
    return spec


def test_each_has_its_own_spec(s):
    """Beside one that has begun, and one whose spec is gone."""
    spec_of(s, "a"), claim(s, 1)
    assert wait(s, ["a", 1], 0, 1, 1) == ["ok"]  # due at once
    spec_of(s, "b"), s.redis.delete(f"{ROOT}:c:b:spec")
    spec = {cid: spec_of(s, cid) for cid in "cd"}
    assert sorted(claim(s)) == [["a", 2], ["b", 1], ["c", 1], ["d", 1]]
    assert {cid: at[0] for cid, at in s.fresh.items()} == spec


def test_a_spec_whose_length_is_not_noted_is_bounded_too(s):
    """Admitted by the release before."""
    for cid in "ab":
        s.admit("", cid, "t", "content", "normal", "x" * 200_000, "sha", -1, -1, -1, 1, 0, "",
                "queued", "")
        s.redis.hdel(f"{ROOT}:j:{cid}", "spec_bytes", "clocks")
    assert len(claim(s)) == 2 and list(s.fresh) == ["a"]


def test_all_priorities_of_a_tenant_in_one_call(s):
    for n, prio in enumerate(["low", "normal", "high", "low", "high"]):
        spec_of(s, f"c{n}", "t", prio)
    for n in range(2):
        spec_of(s, f"u{n}", "u")
    assert [cid for cid, _ in claim(s, 6)] == ["c2", "u0", "c4", "u1", "c1", "c0"]
    assert [cid for cid, _ in claim(s, 6)] == ["c3"]
    assert not s.redis.exists(f"{ROOT}:ring")  # both were asked for more


def test_campaigns_are_listed_by_pages(s):
    for n in range(40):
        admit(s, f"c{n}")
        s.redis.zadd(f"{ROOT}:campaigns", {f"c{n}": n})
    at, seen = "0", []
    while at:
        at, rows = s.read_list(at, 1000)
        assert len(rows) <= 16
        seen += [cid for cid, _ in rows]
    assert seen == [f"c{n}" for n in reversed(range(40))]
    assert [cid for cid, _ in s.read_list(3, 2)[1]] == ["c36", "c35"]


def test_damaged_lanes_take_no_turns_of_others(s):
    """They stay in the ring, far behind: each is asked once, not for all that it has missed."""
    for tenant in ("bad1", "bad2", "good"):
        for n in range(600):
            admit(s, f"{tenant}-{n}", tenant)
    for tenant in ("bad1", "bad2"):
        claim(s), claim(s), claim(s)
        s.redis.delete(f"{ROOT}:lane:{tenant}:normal")
        s.redis.pfadd(f"{ROOT}:lane:{tenant}:normal", "x")
    assert [len(claim(s)) for _ in range(4)] == [64] * 4


def test_those_of_weight_take_no_more_turns_than_they_have_jobs(s):
    """Twenty of weight 1000 with one job each, in front of one with many."""
    terms = "".join(f"h{n} 1000 0\n" for n in range(20)) + "big 1 0\n"
    s.tick("w1", 0, LEASE, 1, terms=terms)
    for n in range(20):
        admit(s, f"j{n}", f"h{n}")
    for n in range(200):
        admit(s, f"b{n}", "big")
    s.redis.zadd(f"{ROOT}:ring", {f"h{n}": n * 0.07 for n in range(20)} | {"big": 2})
    assert [len(s.tick("w1", 64, LEASE, 0, terms=terms)[5]) for _ in range(4)] == [64, 64, 64, 28]


def test_the_empty_take_one_turn_each(s):
    """Names of weight that have nothing left, nearly as many as are read of the ring."""
    terms = "".join(f"e{n} 1000 0\n" for n in range(62))
    s.tick("w1", 0, LEASE, 1, terms=terms)
    for n in range(100):
        admit(s, f"b{n}", "big")
    s.redis.zadd(f"{ROOT}:ring", {f"e{n}": n / 100 for n in range(62)} | {"big": 9})
    assert len(s.tick("w1", 64, LEASE, 0, terms=terms)[5]) == 64
    assert s.redis.zrange(f"{ROOT}:ring", 0, -1) == ["big"]

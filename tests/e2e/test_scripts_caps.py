"""Caps on what a tenant has in flight, over all workers: the scripts on a real Redis."""
import collections
import random

import pytest
from barker_fleet import END, Fleet, backlog, counted, tenant_of
from test_drift import drift, mended
from test_scripts import LEASE, ROOT

TIME_AND_MAIL, FAR_MS = 3, 4_000_000_000_000


def test_a_cap_is_never_exceeded(s):
    """Five workers that claim, end, wait, give back, fall silent and come back."""
    rng, caps = random.Random(7), {"a": 1, "b": 4, "c": 0}
    terms = "".join(f"{t} {rng.randint(1, 3)} {most}\n" for t, most in caps.items())
    for tenant in caps:
        backlog(s, tenant, 300)
    fleet, seen, born = Fleet(s, terms, workers=5), collections.Counter(), 5
    for n in range(900):
        worker = rng.choice(list(fleet.held))
        mine = list(fleet.held[worker].items())
        what = rng.random()
        if what < 0.45:
            fleet.claim(rng.choice([1, 3, 9]), worker)
        elif what < 0.75:
            fleet.end(worker, [name for name, _ in mine if rng.random() < 0.6])
        elif what < 0.9 and mine:
            job = rng.choice(mine)
            if rng.random() < 0.5:
                assert s.release(*job) == ["ok"]
            else:
                assert s.commit(*job, 0, "W", "x", 0, "ck", TIME_AND_MAIL, FAR_MS) == ["ok"]
            del fleet.held[worker][job[0]]
        elif what < 0.95 and len(fleet.held) > 1:  # dead; another one takes its jobs back
            s.redis.zadd(f"{ROOT}:hb", {worker: 1})
            del fleet.held[worker]
            fleet.held[f"w{born}"] = {}
            fleet.beat(f"w{born}", slots=2)
            born += 1
        else:
            fleet.beat(worker)
        for tenant, most in caps.items():
            now = fleet.in_flight(tenant)
            seen[tenant] = max(seen[tenant], now)
            assert not most or now <= most, (n, tenant)
        names = [name for jobs in fleet.held.values() for name in jobs]
        assert counted(s) == sorted(name for name in names if caps[tenant_of([name])])
    assert (seen["a"], seen["b"]) == (1, 4) and seen["c"] > 5
    assert drift(s) == {}


def test_a_tenant_at_its_cap_holds_nobody_up(s):
    """Nor do a hundred of them, more than are read of the ring at once."""
    for n in range(100):
        backlog(s, f"t{n:03}", 3)
    backlog(s, "z", 50)
    fleet = Fleet(s, "".join(f"t{n:03} 1 1\n" for n in range(100)))
    got = []
    for _ in range(8):
        got += fleet.claim(64)
    assert sorted(map(tenant_of, zip(got))) == sorted([f"t{n:03}" for n in range(100)] + ["z"] * 50)
    backlog(s, "y", 1)
    assert fleet.claim(64) == ["y-0"]


def test_a_turn_at_the_cap_is_not_lost(s):
    """Who stood aside is next when it may, but has not saved up the turns of that time."""
    backlog(s, "a", 100), backlog(s, "b", 300)
    fleet = Fleet(s, "a 1 1\n")
    assert sorted(fleet.claim(2)) == ["a-0", "b-0"]
    for _ in range(50):
        (name,) = fleet.claim(1)
        assert name[0] == "b"
        fleet.end(names=[name])
    fleet.end(names=["a-0"])
    assert "a-1" in fleet.claim(2)
    fleet.terms = "a 1 50\n"
    fleet.beat()
    assert "".join(name[0] for name in fleet.claim(40)).count("a") in (19, 20, 21)


def test_newcomers_beside_one_that_stands_aside(s):
    """Its number of turns is old; theirs begins where the others are."""
    backlog(s, "a", 5), backlog(s, "b", 300)
    fleet = Fleet(s, "a 1 1\n")
    for _ in range(10):
        fleet.claim(20)
    backlog(s, "new", 100)
    assert "".join(name[0] for name in fleet.claim(40)).count("n") in (19, 20, 21)
    fleet = Fleet(s, "a 1 1\n")


def test_only_those_at_their_cap_are_left(s):
    """One that comes in then has its turn at once."""
    backlog(s, "a", 5)
    fleet = Fleet(s, "a 1 1\n")
    assert fleet.claim(5) == ["a-0"] and fleet.claim(5) == []
    backlog(s, "b", 2)
    assert fleet.claim(1) == ["b-0"]
    assert s.redis.zscore(f"{ROOT}:ring", "b") < 10


ENDS = {
    "end": lambda s, job: s.commit(*job, 0, *END),
    "cancel": lambda s, job: s.commit(*job, 0, "X", "cancelled", "", 5000),
    "wait": lambda s, job: s.commit(*job, 0, "W", "x", 0, "ck", TIME_AND_MAIL, FAR_MS),
    "park": lambda s, job: s.hold(*job, "x", 0, "", "", "", 60000, "cooling"),
    "release": lambda s, job: s.release(*job),
    "damage": lambda s, job: (s.redis.delete(f"{ROOT}:c:{job[0]}:audit"),
                              s.redis.set(f"{ROOT}:c:{job[0]}:audit", "x"),
                              s.commit(*job, 0, "A", 1, "what", "x", *END)),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_cap_is_free_again(s, how):
    backlog(s, "a", 3)
    fleet = Fleet(s, "a 1 1\n")
    assert fleet.claim(5) == ["a-0"] and fleet.claim(5) == [] == fleet.claim(5)
    ENDS[how](s, ["a-0", 1])
    assert counted(s) == []
    assert fleet.claim(5) == ["a-0" if how == "release" else "a-1"]
    assert len(counted(s)) == 1


def test_a_cap_is_free_after_its_worker_is_lost(s):
    """And counted for the next; also when the claim was never told of."""
    backlog(s, "a", 3)
    fleet = Fleet(s, "a 1 1\n", workers=2)
    assert fleet.claim(5) == ["a-0"]
    s.redis.zadd(f"{ROOT}:hb", {"w0": 1})
    assert fleet.beat("w1", slots=5) == ["a-0"] and counted(s) == ["a-0"]
    s.redis.zadd(f"{ROOT}:given", {"a-0": 1})
    assert fleet.beat("w1", slots=5) == ["a-0"] and counted(s) == ["a-0"]
    assert fleet.held["w1"]["a-0"] == 5


def test_a_poison_job_that_is_buried_frees_its_cap(s):
    backlog(s, "a", 2)
    fleet = Fleet(s, "a 1 1\n", workers=2)
    s.redis.hset(f"{ROOT}:j:a-0", "crashes", 4)
    fleet.claim(1)
    s.redis.zadd(f"{ROOT}:hb", {"w0": 1})
    assert fleet.beat("w1", slots=5) == ["a-1"] and counted(s) == ["a-1"]
    assert s.redis.zrange(f"{ROOT}:dead", 0, -1) == ["a-0"]


def test_caps_that_change_while_running(s):
    """A new cap counts what is in flight already; a higher one is used at once; none is none."""
    backlog(s, "a", 600)
    fleet = Fleet(s, "", workers=2)
    for worker in ("w0", "w1"):
        for _ in range(3):
            fleet.claim(50, worker)
    fleet.terms = "a 1 200\n"
    fleet.beat("w0")  # 256 of 300 are counted, as many as one beat looks at
    assert len(counted(s)) == 256 and fleet.claim(64) == []
    fleet.beat("w1")
    assert len(counted(s)) == 300 and s.redis.hget(f"{ROOT}:terms", " ") is None
    fleet.end("w0")
    assert len(fleet.claim(64, "w1")) == 50 and fleet.claim(64, "w1") == []
    fleet.terms = "a 1 210\n"
    fleet.beat("w1")
    assert len(fleet.claim(64, "w1")) == 10 and fleet.claim(64, "w1") == []
    fleet.terms = ""
    fleet.beat("w0")
    assert not s.redis.exists(f"{ROOT}:terms", f"{ROOT}:held")
    assert len(fleet.claim(64)) == 64
    fleet.end("w1"), fleet.end("w0")
    assert s.redis.xlen(f"{ROOT}:ready:1") == 0 and not s.redis.exists(f"{ROOT}:held")


def test_a_job_that_is_capped_no_more_says_so(s):
    backlog(s, "a", 1)
    fleet = Fleet(s, "a 1 1\n")
    fleet.claim(1)
    assert s.redis.hget(f"{ROOT}:j:a-0", "held") == "a"
    s.release("a-0", 1)
    fleet.terms = "b 2 0\n"
    fleet.beat()
    fleet.claim(1)
    assert s.redis.hget(f"{ROOT}:j:a-0", "held") == "" and counted(s) == []


def test_what_is_left_in_the_stream_counts(s):
    """By a worker of the release before, or a call that came to grief."""
    backlog(s, "a", 2)
    fleet = Fleet(s, "a 1 1\n")
    s.redis.lpop(f"{ROOT}:lane:a:normal")
    s.redis.xadd(f"{ROOT}:ready:1", {"j": "a-0"})
    assert fleet.claim(1) == ["a-0"] and counted(s) == ["a-0"] and fleet.claim(1) == []
    fleet.end()
    assert fleet.claim(1) == ["a-1"]


# --- healing


def test_what_is_in_flight_no_more_is_healed(s):
    """A few each beat; and who stands aside has another look after a while."""
    backlog(s, "a", 60), backlog(s, "b", 60)
    fleet = Fleet(s, "a 1 40\n")
    while len(fleet.held["w0"]) < 80:
        fleet.claim(64)
    for n in range(40):  # as by a worker that knows nothing of caps
        s.redis.hset(f"{ROOT}:j:a-{n}", "held", "")
    fleet.end()
    assert len(s.redis.zrange(f"{ROOT}:held", 0, -1)) == 40
    fleet.beat()
    assert s.redis.zcard(f"{ROOT}:held") == 24
    fleet.beat(), fleet.beat()
    assert not s.redis.exists(f"{ROOT}:held")
    aside = s.redis.zscore(f"{ROOT}:ring", "a")
    assert aside > 2**51
    s.redis.zadd(f"{ROOT}:ring", {"a": aside - 5001})
    fleet.beat()
    assert "a-40" in fleet.claim(2)


def test_those_in_flight_are_not_healed_away(s):
    backlog(s, "a", 20)
    fleet = Fleet(s, "a 1 10\n")
    fleet.claim(10)
    for _ in range(5):
        fleet.beat()
    assert len(counted(s)) == 10


@pytest.mark.parametrize("key", ["terms", "held", "both"])
def test_keys_of_another_type(s, key):
    """The next beats make them anew; meanwhile no job suffers."""
    backlog(s, "a", 20), backlog(s, "b", 20)
    fleet = Fleet(s, "a 1 3\n")
    fleet.claim(6)
    for name in ("terms", "held") if key == "both" else (key,):
        s.redis.delete(f"{ROOT}:{name}")
        s.redis.pfadd(f"{ROOT}:{name}", "x")
    assert len(fleet.claim(4)) == 4
    assert s.release("a-0", fleet.held["w0"].pop("a-0")) == ["ok"]
    fleet.end(names=["a-1"])
    assert s.redis.hget(f"{ROOT}:j:a-0", "state") == "queued"
    assert "a-0" in s.redis.lrange(f"{ROOT}:lane:a:normal", 0, -1)
    fleet.beat(), fleet.beat(), fleet.beat()
    assert s.redis.hget(f"{ROOT}:terms", "a") == "1 3"
    assert counted(s) == sorted(name for name in fleet.held["w0"] if name[0] == "a")
    assert not [name for name in fleet.claim(64) if name[0] == "a"]
    fleet.end()
    assert sum(name[0] == "a" for name in fleet.claim(64)) == 3


def test_drift(s):
    """What is counted and not in flight; what is in flight and not counted."""
    backlog(s, "a", 5)
    fleet = Fleet(s, "a 1 2\n")
    fleet.claim(5)
    assert drift(s) == {}
    s.redis.zadd(f"{ROOT}:held", {"1-1": 5, "nonsense": 6})
    assert mended(s) == {("stray", "")} and counted(s) == ["a-0", "a-1"]
    s.redis.zrem(f"{ROOT}:held", s.redis.hget(f"{ROOT}:j:a-1", "entry"))
    assert mended(s) == {("uncounted", "a-1")} and counted(s) == ["a-0", "a-1"]
    assert fleet.claim(5) == []
    fleet.terms = ""
    fleet.beat()
    assert drift(s) == {}

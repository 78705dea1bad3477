"""What grows is bounded: caps of lists, sets and streams. What a load clears and tells."""
import pytest
from test_scripts import LEASE, admit, claim

ROOT = "bk:{0}"
SLACK = 100  # XADD's "~" lets a stream grow by a node


@pytest.fixture
def job(s):
    s.admit("", "a", "t", "content", "normal", "{}", "sha", -1, -1, -1, 1, 0, "", "queued",
            "")
    (job,) = s.tick("w1", 1, 1_000_000, 0)[5]
    s.load(*job)
    return job


def fill_stream(s, key, count):
    pipe = s.redis.pipeline(transaction=False)
    for _ in range(count):
        pipe.xadd(key, {"what": "x"})
    pipe.execute()


def fill_set(s, key, count, first_score):
    """Members m0 …, m0 the first."""
    for at in range(0, count, 5000):
        s.redis.zadd(key, {f"m{n}": first_score + n
                           for n in range(at, min(at + 5000, count))})


def go_on(s, job, *ops):
    assert s.commit(*job, 0, *ops, "K", "draft", 0, "ck") == ["ok"]


@pytest.mark.parametrize("op, key", [("A", "audit"), ("S", "series")])
def test_streams_of_a_campaign(s, job, op, key):
    fill_stream(s, f"{ROOT}:c:a:{key}", 10_500)
    go_on(s, job, op, 1, "what", "new")
    assert s.redis.xlen(f"{ROOT}:c:a:{key}") <= 10_000 + SLACK
    assert s.redis.xrevrange(f"{ROOT}:c:a:{key}", count=1)[0][1]["what"] == "new"


def test_audit_of_settlements(s, job):
    fill_stream(s, f"{ROOT}:c:a:audit", 10_500)
    s.reserve(*job, "draft", 0, 0, 1, 5, 5)
    assert s.settle(*job, "draft", 0, 0, 1, '{"s":"ok"}', 2, 3, 1, 1, 1, "model",
                    "m") == ["ok"]
    assert s.redis.xrevrange(f"{ROOT}:c:a:audit", count=1)[0][1] == {
        "what": "call", "call": "a/draft/0/0/1", "tokens_in": "2", "tokens_out": "3",
        "model": "m"}
    assert s.redis.xlen(f"{ROOT}:c:a:audit") <= 10_000 + SLACK


def test_changes(s, job):
    fill_stream(s, f"{ROOT}:changes", 10_500)
    go_on(s, job, "H", "live")
    assert s.redis.xlen(f"{ROOT}:changes") <= 10_000 + SLACK


def test_epochs_of_a_placement(s, job):
    s.redis.hset(f"{ROOT}:c:a:epochs:sms", mapping={n: "{}" for n in range(1, 1001)})
    go_on(s, job, "L", "sms", 1001, "{}")
    kept = s.redis.hkeys(f"{ROOT}:c:a:epochs:sms")
    assert len(kept) == 1000 and "1" not in kept and "1001" in kept


def test_journals_of_a_campaign(s, job):
    """The oldest goes, with its list entry."""
    names = [f"{ROOT}:c:a:jr:old:{n}" for n in range(1000)]
    s.redis.hset(names[0], "0/1", "{}")
    s.redis.rpush(f"{ROOT}:c:a:jrs", *names)
    assert s.reserve(*job, "draft", 0, 0, 1, 5, 5) == ["ok"]
    assert s.redis.llen(f"{ROOT}:c:a:jrs") == 1000
    assert s.redis.lindex(f"{ROOT}:c:a:jrs", 0) == names[1]
    assert not s.redis.exists(names[0])


def test_dead(s, job):
    fill_set(s, f"{ROOT}:dead", 10_000, 1)
    s.redis.hset(f"{ROOT}:dead:m0", "reason", "old")
    s.redis.set(f"{ROOT}:c:a:audit", "no stream")
    assert s.commit(*job, 0, "A", 1, "what", "x", "K", "draft", 0, "ck")[1] == "buried"
    assert s.redis.zcard(f"{ROOT}:dead") == 10_000
    assert s.redis.zscore(f"{ROOT}:dead", "a")
    assert not s.redis.exists(f"{ROOT}:dead:m0")


def test_done(s):
    far = 10 ** 14  # their keys would expire much later
    fill_set(s, f"{ROOT}:done", 100_001, far)
    fill_set(s, f"{ROOT}:campaigns", 2, 1)
    s.tick("w1", 0, 1_000_000, 1)
    assert s.redis.zcard(f"{ROOT}:done") == 100_000
    assert s.redis.zrange(f"{ROOT}:campaigns", 0, -1) == ["m1"]


def test_raw_of_refused_input(s):
    s.refuse("control", "", "too_large", "", "over", "x" * 100_000, 100_000, "sha")
    (_, fields), = s.redis.xrange(f"{ROOT}:rejected")
    assert len(fields["raw"]) == 64 * 1024 and fields["size"] == "100000"
    assert s.redis.get(f"{ROOT}:rejected_bytes") == str(64 * 1024)


def test_a_load_has_seen_the_events(s, job):
    """What came before it makes no re-rank due after it."""
    s.release(*job)
    s.redis.hset(f"{ROOT}:j:a", "pending_events", 500)
    (job,) = s.tick("w1", 1, 1_000_000, 0)[5]
    s.load(*job)
    assert s.commit(*job, 0, "W", "serve", 0, "ck", 4, 0) == ["ok"]
    assert s.redis.zscore(f"{ROOT}:due", "a") is None


def test_a_load_says_that_it_runs(s, job):
    assert s.redis.hget(f"{ROOT}:c:a", "state") == "running"
    told = [fields["what"] for _, fields in s.redis.xrange(f"{ROOT}:changes")]
    assert told == ["queued", "running"]
    s.load(*job)  # a repeat tells nothing new
    assert s.redis.xlen(f"{ROOT}:changes") == 2


def test_a_name_that_is_nowhere_leaves_the_queue(s, job):
    """Keys deleted by hand must not keep a gauge high for ever."""
    s.redis.zadd(f"{ROOT}:queued", {"gone": 1})
    s.tick("w1", 0, 1_000_000, 1)
    assert s.redis.zcard(f"{ROOT}:queued") == 0


def fill(s, percent):
    """maxmemory such that so much of it is used."""
    s.redis.config_set("maxmemory", s.redis.info("memory")["used_memory"] * 100 // percent)
    s.tick("w9", 0, LEASE, 1)


def test_nothing_is_admitted_into_the_last_tenth(s):
    admit(s, "a")
    fill(s, 88)
    assert admit(s, "b") == ["admitted"]
    fill(s, 93)
    assert 91 <= int(s.redis.get(f"{ROOT}:full")) <= 96
    assert admit(s, "c") == ["full"] and not s.redis.exists(f"{ROOT}:c:c", f"{ROOT}:j:c")
    assert admit(s, "a") == ["same"]
    (job, _) = claim(s)
    s.load(*job)
    assert s.commit(*job, 0, "X", "done", "", 60_000) == ["ok"]
    s.redis.config_set("maxmemory", 0)
    s.tick("w9", 0, LEASE, 1)
    assert admit(s, "c") == ["admitted"]

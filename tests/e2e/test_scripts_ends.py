"""Many campaigns that end together: who hears of it, and what is left of them."""
import contextlib
import json
import socket
import time

import pytest

from barker_scripts import Scripts, Server

ROOT = "bk:{0}"
CHANGES = f"{ROOT}:changes"
MANY, FEW = 12, 3  # so many are asked for, so few are not


def admit(s, name, parent=""):
    assert s.admit("", name, "t", "content", "normal", "{}", "sha", 10, 1000, 1000, 1, 0, parent,
                   "queued", "") == ["admitted"]


def end_all(s, names):
    """One tick claims them, one script ends them."""
    for name in names:
        admit(s, name)
    jobs = s.tick("w1", 64, 1_000_000, 1)[5]
    assert [c for c, _ in jobs] == names
    ended = s.commit_all(*[(*job, 0, "X", "done", "", 60_000) for job in jobs])
    assert ended == [["ok"]] * len(names)


def heard_by(listener, n):
    out = []
    while len(out) < n and (message := listener.get_message(timeout=5)):
        out += [json.loads(message["data"])] if "message" in message["type"] else []
    assert listener.get_message(timeout=0.05) is None
    return out


def told_since(s, rev):
    told = [e[1] for e in s.redis.xrange(CHANGES)]
    return [{"rev": int(e["rev"]), "c": e["c"], "what": e["what"]} for e in told][rev:]


def announced(client):
    return client.info("commandstats").get("cmdstat_publish", {"calls": 0})["calls"]


@pytest.fixture
def names():
    return [f"c{i:02}" for i in range(MANY)]


def test_changes_are_kept_whether_anybody_listens(s, names):
    before = announced(s.redis)
    end_all(s, names)
    assert announced(s.redis) == before + MANY  # of admissions, one at a time
    told = told_since(s, 0)
    assert [e["rev"] for e in told] == list(range(1, 3 * MANY + 1))
    assert [(e["c"], e["what"]) for e in told] == [
        (c, what) for what in ("queued", "running", "done") for c in names]


def test_few_are_announced_unasked(s, names):
    before = announced(s.redis)
    end_all(s, names[:FEW])
    assert announced(s.redis) == before + 3 * FEW


@pytest.mark.parametrize("pattern", [False, True])
def test_a_listener_that_comes_late_hears_what_comes(s, names, pattern):
    end_all(s, ["early" + name for name in names])
    listener = s.redis.pubsub(ignore_subscribe_messages=False)
    if pattern:
        listener.psubscribe("bk:*")
    else:
        listener.subscribe(CHANGES)
    assert listener.get_message(timeout=5)["type"] in ("subscribe", "psubscribe")
    end_all(s, names)
    assert heard_by(listener, 3 * MANY) == told_since(s, 3 * MANY)
    listener.close()
    before = announced(s.redis)
    deadline = time.monotonic() + 5
    while s.redis.pubsub_numpat() + s.redis.pubsub_numsub(CHANGES)[0][1]:
        assert time.monotonic() < deadline
    end_all(s, ["late" + name for name in names])
    assert announced(s.redis) == before + MANY


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


@contextlib.contextmanager
def server(*options):
    one = Server("--bind", "127.0.0.1", *options)
    try:
        yield one.client
    finally:
        one.stop()


def test_a_listener_at_a_replica_hears(names):
    """The server itself has no listener."""
    port = free_port()
    with server("--port", port, "--repl-diskless-sync-delay", "0") as first, \
         server("--replicaof", "127.0.0.1", port) as second:
        deadline = time.monotonic() + 20
        while second.info("replication")["master_link_status"] != "up":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        listener = second.pubsub(ignore_subscribe_messages=True)
        listener.subscribe(CHANGES)
        listener.get_message(timeout=5)
        s = Scripts(first)
        end_all(s, names)
        assert heard_by(listener, 3 * MANY) == told_since(s, 0)
        listener.close()


def test_in_a_cluster_all_is_announced(names):
    """Other nodes may have listeners."""
    with server("--port", free_port(), "--cluster-port", free_port(),
                "--cluster-enabled", "yes") as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        deadline = time.monotonic() + 20
        while "cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        end_all(Scripts(client), names)
        assert announced(client) == 3 * MANY


# --- what is left

def keys_of(s, name):
    return {k.removeprefix(f"{ROOT}:"): s.redis.pttl(k)
            for k in s.redis.keys(f"{ROOT}:c:{name}*") + s.redis.keys(f"{ROOT}:j:{name}")}


def test_one_that_ends_as_it_came_leaves_what_is_public_and_its_job(s, names):
    end_all(s, names)
    for name in names:
        left = keys_of(s, name)
        assert set(left) == {f"c:{name}", f"c:{name}:spec", f"j:{name}"}
        assert all(0 < ms <= 60_000 for ms in left.values())
    job = s.redis.hgetall(f"{ROOT}:j:{names[0]}")
    assert (job["state"], job["owner"], job["entry"], job["wake"]) == ("done", "", "", "0")
    campaign = s.redis.hgetall(f"{ROOT}:c:{names[0]}")
    assert (campaign["state"], campaign["error"]) == ("done", "")


def reserve(s, job):
    assert s.reserve(*job, "draft", 0, 0, 1, 100, 7) == ["ok"]


def settle(s, job):
    assert s.settle(*job, "draft", 0, 0, 1, '{"s":"ok"}', 1, 1, 1, 1, 1) == ["ok"]


def post(s, job):
    s.redis.xadd(f"{ROOT}:control", {"c": job[0], "do": "pause"})
    s.control(10)


def bear(s, job):
    admit(s, "child", parent=job[0])


def count(s, job):
    e = [job[0], "_holdout", "impression", 1, 0, "", 7, -1, "", 1]
    s.apply("0-0", s.redis.xadd(f"{ROOT}:events", {"e": "{}"}), 72 * 3_600_000, [e])


@pytest.mark.parametrize(("when", "add"), [
    ("queued", post), ("queued", bear), ("queued", count), ("claimed", reserve),
    ("claimed", settle), ("claimed", post), ("claimed", bear), ("claimed", count)])
def test_what_was_added_ends_with_it(s, when, add):
    """The first commit ends it; another script had given it more keys."""
    for name in ("a", "b"):
        admit(s, name)
    if when == "queued":
        add(s, ("a", 0))
    jobs = sorted(s.tick("w1", 2, 1_000_000, 1)[5])
    if when == "claimed":
        add(s, jobs[0])
    before = set(keys_of(s, "a"))
    assert len(before) > 4
    ended = s.commit_all(*[(*job, 0, "X", "done", "", 60_000) for job in jobs])
    assert ended == [["ok"], ["ok"]]
    left = keys_of(s, "a")
    assert set(left) == before
    assert all(0 < ms <= 60_000 for ms in left.values()), left
    assert "c:b:bud" not in keys_of(s, "b")


def test_one_that_was_retried_ends_with_its_audit(s):
    """Nobody had held it when it was given up."""
    admit(s, "a")
    s.redis.hset(f"{ROOT}:j:a", "state", "dead")
    s.redis.lrem(f"{ROOT}:lane:t:normal", 0, "a")
    s.redis.zadd(f"{ROOT}:dead", {"a": 1})
    assert s.dead_act("retry", "a", "ops") == ["ok"]
    (job,) = s.tick("w1", 1, 1_000_000, 1)[5]
    assert s.commit(*job, 0, "X", "done", "", 60_000) == ["ok"]
    assert 0 < s.redis.pttl(f"{ROOT}:c:a:audit") <= 60_000


def test_an_end_that_fails_late_leaves_the_budget(s):
    """Its parent is damaged: it is buried, and whoever retries it needs its budget."""
    admit(s, "p")
    admit(s, "a", parent="p")
    jobs = dict(s.tick("w1", 2, 1_000_000, 1)[5])
    s.redis.set(f"{ROOT}:j:p", "damaged")
    assert s.commit("a", jobs["a"], 0, "X", "done", "", 60_000)[:2] == ["fenced", "buried"]
    assert s.redis.pttl(f"{ROOT}:c:a:bud") > 0

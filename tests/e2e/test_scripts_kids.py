"""Parents and children in the scripts: who is told, who is found out, who is forgotten."""
import pytest
from test_scripts import claim

ROOT = "bk:{0}"


def admit(s, name, parent="", state="queued"):
    return s.admit("", name, "t", "content", "normal", "{}", "sha", -1, -1, -1, 1, 0, parent,
                   state, "", 0, 0)


@pytest.fixture
def parent(s):
    """It waits for its children."""
    admit(s, "p")
    (job,) = claim(s)
    s.load(*job)
    assert s.commit(*job, 0, "W", "end", 0, "ck", 8, 0)[0] == "ok"
    return "p"


def kids(s):
    return s.redis.hgetall(f"{ROOT}:c:p:kids")


def seen(s):
    """What its next holder is told of its children."""
    (job,) = [j for j in claim(s, 5) if j[0] == "p"]
    flat = s.load(*job)[8]
    s.release(*job)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def test_a_child_names_its_parent(s, parent):
    assert admit(s, "p~1", parent) == ["admitted"]
    assert admit(s, "p~1", parent) == ["same"]
    assert kids(s) == {"p~1": "queued"}
    assert s.redis.hget(f"{ROOT}:c:p~1", "parent") == parent
    assert not s.redis.hexists(f"{ROOT}:c:p", "parent")
    assert s.redis.zscore(f"{ROOT}:due", "p") is None  # a birth wakes nobody


def spawn(s, name, parent, fence):
    return s.redis.evalsha(s.shas["admit"], 1, ROOT, "", name, "t", "content", "normal", "{}", "sha",
                           -1, -1, -1, 1, 0, parent, "queued", "", 0, 0, fence)


def test_only_the_holder_of_a_parent_begins_its_children(s):
    """One that lost it meanwhile may say so late, when it is cancelled or begun by another."""
    admit(s, "p")
    (job,) = claim(s)
    assert spawn(s, "p~1", *job) == ["admitted"]
    assert spawn(s, "p~1", *job) == ["same"]
    assert spawn(s, "p~2", "p", job[1] + 1) == spawn(s, "p~2", "nobody", 1) == ["fenced"]
    s.commit(*job, 0, "X", "cancelled", "", 5000)
    assert spawn(s, "p~2", *job) == ["fenced"]
    assert spawn(s, "p~1", *job) == ["same"]  # it was told, and lost the reply
    assert not s.redis.keys(f"{ROOT}:*:p~2*") and kids(s) == {"p~1": "queued"}


def test_the_end_of_a_child_wakes_its_parent(s, parent):
    admit(s, "p~1", parent)
    (job,) = claim(s)
    s.commit(*job, 0, "X", "done", "", 5000)
    assert seen(s) == {"p~1": "done"}


def test_one_that_ends_as_it_is_born_is_told_too(s, parent):
    admit(s, "p~1", parent, "over_budget")
    assert seen(s) == {"p~1": "over_budget"}


@pytest.mark.parametrize("end, told", [("done", "done"), (None, "failed"), ("live", "live")])
def test_what_nobody_told_is_found(s, parent, end, told):
    """Its note of the end was lost, or all of it is gone."""
    admit(s, "p~1", parent)
    claim(s)
    if end:
        s.redis.hset(f"{ROOT}:c:p~1", "state", end)
    else:
        s.redis.delete(f"{ROOT}:c:p~1", f"{ROOT}:j:p~1")
    s.redis.zadd(f"{ROOT}:due", {"p": 0})
    assert seen(s) == {"p~1": told}
    assert kids(s) == {"p~1": told if told != "live" else "queued"}


def test_of_many_those_that_ended_are_forgotten(s, parent):
    s.redis.hset(f"{ROOT}:c:p:kids", mapping={
        f"p~{n}": "done" if n % 2 else "live" for n in range(1, 1001)})
    admit(s, "p~1001", parent)
    assert len(kids(s)) == 501 and set(kids(s).values()) == {"live", "queued"}

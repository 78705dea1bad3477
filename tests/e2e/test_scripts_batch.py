"""The batch lane in the scripts: reservations of no holder, names of batches, jobs that wait."""
import json

import pytest
from test_drift import drift

ROOT = "bk:{0}"
MARK = "0/1"
CALLS = (0, 1, 100, 7, 1, 1, 50, 3)  # index, attempt, tokens, nano


def admit(s):
    s.admit("", "a", "t", "content", "normal", "{}", "sha", 10, 1000, 1000, 1, 0, "", "queued", "")


def claim(s):
    return s.tick("w1", 1, 1_000_000, 1)[5]


@pytest.fixture
def job(s):
    admit(s)
    (job,) = claim(s)
    s.load(*job)
    assert s.reserve(*job, "draft", 0, *CALLS, MARK) == ["ok", "ok"]
    return job


def journal(s):
    return {call: json.loads(text)
            for call, text in s.redis.hgetall(f"{ROOT}:c:a:jr:draft:0").items()}


def field(s, name):
    return s.redis.hget(f"{ROOT}:j:a", name)


def money(s):
    bud = s.redis.hgetall(f"{ROOT}:c:a:bud")
    return [int(bud.get(n, 0)) for n in ("calls_r", "tokens_r", "nano_r", "calls", "tokens",
                                         "nano", "lost")]


def test_a_reservation_of_a_batch_is_of_no_holder(s, job):
    assert {r["b"] for r in journal(s).values()} == {MARK}
    assert s.redis.hgetall(f"{ROOT}:c:a:rsv") == {"draft/0/0/1": "0 100 7", "draft/0/1/1": "0 50 3"}
    assert s.reserve(*job, "draft", 0, *CALLS, MARK) == ["ok", "ok"]  # said twice
    assert money(s) == [2, 150, 10, 0, 0, 0, 0]
    s.release(*job)
    (again,) = claim(s)
    s.load(*again)
    assert money(s) == [2, 150, 10, 0, 0, 0, 0]  # nothing is lost
    assert {r["s"] for r in journal(s).values()} == {"sent"}
    s.reserve(*again, "draft", 0, 2, 1, 5, 1)  # a live one is
    s.release(*again)
    (third,) = claim(s)
    s.load(*third)
    assert money(s) == [2, 150, 10, 1, 5, 1, 1]
    assert s.settle(*third, "draft", 0, 0, 1, '{"s":"ok"}', 40, 2, 4, 1, 1) == ["ok"]
    assert s.settle(*third, "draft", 0, 0, 1, '{"s":"ok"}', 40, 2, 4, 1, 1) == ["ok"]
    assert money(s) == [1, 50, 3, 2, 47, 5, 1]


def test_hold_tells_the_name_and_keeps_the_job(s, job):
    progress = int(field(s, "progress"))
    assert s.hold(*job, "draft", 0, MARK, "batch_1", "", -1, "", "0/1", "1/1", "7/7") == ["ok"]
    assert {call: r["n"] for call, r in journal(s).items()} == {"0/1": "batch_1", "1/1": "batch_1"}
    assert {r["b"] for r in journal(s).values()} == {MARK}
    assert field(s, "state") == "claimed" and int(field(s, "progress")) == progress + 1
    s.settle(*job, "draft", 0, 0, 1, '{"s":"ok"}', 1, 1, 1, 1, 1)
    s.hold(*job, "draft", 0, MARK, "batch_2", "", -1, "", "0/1", "1/1")
    assert journal(s)["0/1"]["s"] == "ok"  # what is settled is not touched
    assert journal(s)["1/1"]["n"] == "batch_2"


def test_hold_gives_the_job_up_until_it_is_due(s, job):
    assert s.hold(*job, "draft", 0, "", "", "", 60_000, "batch") == ["ok"]
    assert (field(s, "state"), field(s, "owner"), field(s, "wake")) == ("waiting", "", "3")
    assert s.redis.xlen(f"{ROOT}:ready:1") == 0 and not s.redis.exists(f"{ROOT}:given")
    assert claim(s) == [] and drift(s) == {}
    why, until = s.redis.hmget(f"{ROOT}:c:a", "waiting", "waiting_ms")
    assert (why, float(until)) == ("batch", s.redis.zscore(f"{ROOT}:due", "a"))
    due = s.redis.zscore(f"{ROOT}:due", "a")
    assert s.hold(*job, "draft", 0, "", "", "", 1, "batch") == ["ok"]  # a repeat changes nothing
    assert s.redis.zscore(f"{ROOT}:due", "a") == due
    s.redis.zadd(f"{ROOT}:due", {"a": 1})
    assert claim(s) == [["a", 2]]
    s.load("a", 2)
    assert s.redis.hmget(f"{ROOT}:c:a", "waiting", "waiting_ms") == ["", "0"]
    assert s.hold("a", 1, "draft", 0, "", "", "", 1, "batch") == ["ok"]  # late, and harmless
    assert field(s, "state") == "claimed"
    assert s.hold("a", 7, "draft", 0, "", "", "", 1, "batch") == ["fenced"]


def order(s, what):
    s.redis.xadd(f"{ROOT}:control", {"c": "a", "do": what})
    s.control(5)


def test_mail_wakes_what_waits_for_a_batch(s, job):
    s.hold(*job, "draft", 0, "", "", "", 3_600_000, "batch")
    order(s, "cancel")
    assert claim(s) == [["a", 2]]


def test_mail_that_came_before_is_not_slept_over(s, job):
    order(s, "pause")
    s.hold(*job, "draft", 0, "", "", "", 3_600_000, "batch")
    assert claim(s) == [["a", 2]]


@pytest.mark.parametrize("end", ["done", "cancelled"])
def test_what_is_in_a_batch_at_the_end_may_be_billed(s, job, end):
    assert s.commit(*job, 0, "X", end, "", 5000) == ["ok"]
    assert money(s) == [0, 0, 0, 2, 150, 10, 2]
    assert not s.redis.exists(f"{ROOT}:c:a:rsv")
    assert {r["s"] for r in journal(s).values()} == {"lost"}
    assert s.redis.hget(f"{ROOT}:c:a", "usd") == "0.00000001"
    rows = s.redis.xrange(f"{ROOT}:c:a:audit")
    assert [row["what"] for _, row in rows] == ["possibly_billed"] * 2


def test_a_wait_keeps_what_is_in_a_batch(s, job):
    assert s.commit(*job, 0, "W", "serve", 0, "ck", 2, 0) == ["ok"]
    assert money(s) == [2, 150, 10, 0, 0, 0, 0] and drift(s) == {}


def test_records_say_where_the_batch_is(s, job):
    assert "e" not in journal(s)["0/1"]  # of a release that did not tell
    assert s.reserve(*job, "draft", 0, 2, 1, 5, 1, MARK, 'ma"in') == ["ok"]
    assert (journal(s)["2/1"]["b"], journal(s)["2/1"]["e"]) == (MARK, 'ma"in')
    s.hold(*job, "draft", 0, MARK, "batch_1", "", -1, "", "0/1")
    assert "e" not in journal(s)["0/1"]
    s.hold(*job, "draft", 0, MARK, "batch_1", 'ma"in', -1, "", "0/1", "2/1")
    assert {journal(s)[call]["e"] for call in ("0/1", "2/1")} == {'ma"in'}


def test_a_name_may_be_any_text(s, job):
    name = 'a"\\\n' + "x" * 100
    s.hold(*job, "draft", 0, MARK, name, "", -1, "", "0/1")
    assert journal(s)["0/1"]["n"] == name

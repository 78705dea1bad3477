"""barker dead: what gave up is listed, queued again and dropped."""
import json
import signal
import subprocess

import pytest
from stack import BUILD, wait_for

SPEC = {"kind": "content", "approval": "none", "input": {"prompt": "Sell beanies.", "n": 2}}


@pytest.fixture
def stack(make_stack):
    """A worker died the fifth time on a, b and c."""
    stack = make_stack("sim", ("--latency-ms", "3000:3000"))
    worker = stack.worker()
    for cid, tenant in (("a", "acme"), ("b", "acme"), ("c", "other")):
        stack.enqueue({**SPEC, "id": cid, "tenant": tenant})
        wait_for("calls", lambda cid=cid: stack.redis.exists(stack.key("c", cid, "rsv")))
        stack.redis.hset(stack.key("j", cid), mapping={
            "crashes": 4, "progress_claim": stack.redis.hget(stack.key("j", cid), "progress")})
    worker.send_signal(signal.SIGKILL)
    stack.worker()
    for cid in "abc":
        stack.wait_state(cid, "failed")
        assert stack.campaign(cid)["error"] == "crashes"
    return stack


def dead(stack, *args, code=0):
    """What it prints, errors last."""
    done = subprocess.run([str(BUILD / "barker"), "dead", *args], env=stack.env,
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == code, (args, done)
    return done.stdout + done.stderr


def names(stack, *args):
    return sorted(o["id"] for o in json.loads(dead(stack, "list", "--json", *args)))


def test_dead(stack):
    text = dead(stack, "list")
    assert all(word in text for word in ("OWNER", "acme", "other", "crashes"))
    assert names(stack, "--tenant", "acme") == ["a", "b"] and names(stack, "--older", "3600") == []
    assert names(stack, "--reason", "crashes") == ["a", "b", "c"]
    one = json.loads(dead(stack, "show", "a"))
    assert (one["id"], one["reason"], one["crashes"]) == ("a", "crashes", 5) and one["owner"]
    assert "barker dead" in stack.cli("doctor", "--offline")

    assert dead(stack, "retry", "a", "--by", "ann") == "a queued again\n"
    assert "not among" in dead(stack, "retry", "a", code=4)
    assert dead(stack, "retry", "nobody", "b", code=4).startswith("b queued")
    for cid in "ab":
        stack.wait_state(cid, "live", "failed")
        assert stack.state(cid) == "live", stack.campaign(cid)
    audit = [f for _, f in stack.redis.xrange(stack.key("c", "a", "audit"))]
    assert {"what": "retry", "by": "ann"} in audit
    assert [f["call"] for f in audit if f["what"] == "possibly_billed"]
    paid = [row["id"] for row in stack.ledger()[1]]
    assert len(set(paid)) == len(paid)

    assert "--yes" in dead(stack, "drop", "--tenant", "other", code=2) and names(stack) == ["c"]
    assert json.loads(dead(stack, "drop", "--tenant", "other", "--yes", "--json")) == {
        "id": "c", "action": "drop"}
    assert names(stack) == [] and dead(stack, "retry", "--all", "--yes").endswith("fits\n")
    wait_for("c to be gone", lambda: not stack.redis.keys(stack.key("c", "c") + "*"))
    assert stack.redis.keys("*:c:a") and "c" not in stack.cli("status").split()


@pytest.mark.parametrize("words", [
    ["list", "a"], ["show"], ["show", "a", "b"], ["retry"], ["retry", "a", "--all"],
    ["bury", "a"], ["list", "--older", "1h"], ["drop", "--older", ""],
    ["list", "--older", "99999999999"]])
def test_words_that_say_nothing(make_stack, words):
    assert "usage: barker dead" in dead(make_stack("mock"), *words, code=2)

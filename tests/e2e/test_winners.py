"""What is said of winners, on real servers: words that stand at any look, variants that do harm,
shares that are not what is served."""
import random

import pytest
from stack import wait_for

SPEC = {"kind": "content", "channel": ["plain"], "approval": "none", "metric": "click",
        "ranking": {"max_rounds": 1}, "input": {"brief": "Hand-thrown mugs are back", "n": 3}}


@pytest.fixture
def live(stack):
    stack.worker()
    cid = stack.enqueue(SPEC)
    stack.wait_state(cid, "live")
    wait_for("shares", lambda: stack.redis.exists(stack.key("c", cid, "alloc", "plain")))
    return stack, cid


def send(stack, cid, rows):
    """(variant, type, count, user or None) of the epoch in force."""
    epoch = stack.redis.hget(stack.key("c", cid, "p", "plain"), "epoch")
    pipe = stack.redis.pipeline(transaction=False)
    for variant, what, count, user in rows:
        fields = {"c": cid, "v": variant, "t": what, "n": count, "ep": epoch}
        pipe.xadd(stack.key("events"), {**fields, **({"u": user} if user else {})})
    pipe.execute()
    wait_for("all to be counted", lambda: not stack.redis.exists(stack.key("events"))
             or stack.redis.xlen(stack.key("events")) == 0)
    wait_for("all to be folded", lambda: not stack.redis.exists(stack.key("dirty")))


def placement(stack, cid):
    return stack.redis.hgetall(stack.key("c", cid, "p", "plain"))


def audit(stack, cid, what):
    return [e for _, e in stack.redis.xrange(stack.key("c", cid, "audit")) if e["what"] == what]


def test_proven_and_likely(live):
    stack, cid = live
    assert "no evidence yet" in stack.cli("result", cid)
    control, other, third = sorted(stack.variants(cid))
    send(stack, cid, [(v, "impression", 2000, None) for v in (control, other, third)])
    send(stack, cid, [(control, "click", 40, None), (third, "click", 40, None),
                      (other, "click", 70, None)])
    wait_for("a leader", lambda: placement(stack, cid)["leader"] == other)
    said = stack.cli("result", cid)
    assert f"{other} is likely better" in said and "proven" not in said
    for _ in range(3):
        send(stack, cid, [(v, "impression", 5000, None) for v in (control, other, third)]
             + [(control, "click", 100, None), (other, "click", 200, None)])
    said = stack.cli("result", cid)
    assert f"{other} is proven: at least +" in said and "at any look" in said


def test_harm_is_paused_and_said(live):
    stack, cid = live
    control, other, _ = sorted(stack.variants(cid))
    send(stack, cid, [(v, t, 3000, None) for v in stack.variants(cid)
                      for t in ("impression", "delivered")])
    send(stack, cid, [(other, "complaint", 60, None), (other, "click", 300, None),
                      (control, "click", 30, None)])
    wait_for("it to be paused", lambda: stack.variants(cid)[other]["state"] == "retired")
    assert stack.variants(cid)[other]["reason"].startswith("paused: complaint rate 2.00 %")
    assert [e["variant"] for e in audit(stack, cid, "guard")] == [other]
    assert float(stack.variants(cid)[other]["weight"]) == 0
    assert "paused: complaint rate" in stack.cli("result", cid)
    assert "identical" in stack.cli("replay", cid)


def test_wrong_shares_raise_the_alarm(live):
    """A cache that shows one text to all: first impressions of users, of a known epoch."""
    stack, cid = live
    variants, rng = sorted(stack.variants(cid)), random.Random(5)
    fair = [(rng.choice(variants), "impression", 1, f"user{n}") for n in range(600)]
    send(stack, cid, fair + fair[:100])
    send(stack, cid, [(variants[0], "click", 1, None)] * 60)
    wait_for("a test", lambda: 0.001 < float(placement(stack, cid)["srm"]) < 1)
    assert stack.campaign(cid)["recipients"] in map(str, range(590, 611))
    first = sum(int(v["first_impressions"]) for v in stack.variants(cid).values())
    assert first == 600
    send(stack, cid, [(variants[1], "impression", 1, f"cached{n}") for n in range(400)])
    send(stack, cid, [(variants[1], "click", 1, None)] * 60)
    wait_for("the alarm", lambda: float(placement(stack, cid)["srm"]) < 0.001)
    assert "ALARM" in stack.cli("result", cid) and audit(stack, cid, "srm")
    epoch = placement(stack, cid)["epoch"]
    send(stack, cid, [(variants[1], "click", 200, None)])
    send(stack, cid, [(variants[1], "impression", 500, None)])
    wait_for("another look", lambda: float(stack.variants(cid)[variants[1]]["p_best"]) > 0.9)
    assert placement(stack, cid)["epoch"] == epoch  # shares stand still

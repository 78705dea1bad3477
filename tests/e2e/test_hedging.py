"""A call whose first token is late is asked twice, on real processes: it is answered, it costs what
both may have cost, and a budget holds for the two together."""
import collections

import pytest

from stack import wait_for
from test_dialects import BASES, KEY

SPEC = {"id": "d", "kind": "content", "approval": "none",
        "segments": [{"id": s, "profile": s} for s in ("new", "old", "rare", "lost")],
        "input": {"prompt": "Write a line about tea", "n": 30}}


LIMITS = "rpm = 6000\ntpm = 10000000\nmax_in_flight = 2\n"


def configure(stack, tmp_path, stream, limits=""):
    file = tmp_path / "barker.ini"
    file.write_text("[worker]\nconcurrency = 4\n[endpoint e]\ndialect = openai_chat\n"
                    f"base_url = {stack.llm_url}{BASES['openai_chat']}\nmodel = simulated\n"
                    f"key_env = HEDGE_KEY\nprice_in = 1\nprice_out = 4\nstream = {stream}\n"
                    "hedge = true\n" + limits)
    stack.env.update(BARKER_CONFIG=str(file), HEDGE_KEY=KEY)


def audit(stack):
    rows = [row for _, row in stack.redis.xrange(stack.key("c", "d", "audit"))]
    return [row for row in rows if row["what"] == "call"]


@pytest.mark.parametrize("fault, stream, limits", [
    ("mute", "true", ""), ("pings", "true", ""), ("late", "false", ""), ("late", "false", LIMITS)])
def test_late_call_is_asked_twice(make_stack, tmp_path, fault, stream, limits):
    """Without it the campaign would wait two minutes for its hundredth call. By then two may be
    asked twice: one of them may have been slow by chance."""
    stack = make_stack(llm="mock", llm_args=("--key", KEY, "--latency-ms", "20",
                                             "--fail-every", "100", "--fail-by", fault))
    configure(stack, tmp_path, stream, limits)
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("d", "live", "failed")
    starts = stack.ledger()[0]
    campaign, rows = stack.campaign("d"), audit(stack)
    hedged = [row for row in rows if "hedged" in row]
    assert hedged and {row["verdict"] for row in rows} == {"ok"}
    asked = collections.Counter(row["id"].removesuffix("/hedge") for row in starts)
    assert {row["call"] for row in hedged} == {i for i, n in asked.items() if n == 2}
    assert max(asked.values()) == 2 and len(hedged) * 50 <= len(starts)
    assert int(campaign["calls"]) == len(starts)
    lost = wait_for("the loser to be closed by us",
                    lambda: [row for row in stack.ledger()[1] if row["status"] == 499])
    assert {row["id"].removesuffix("/hedge") for row in lost} <= {r["call"] for r in hedged}
    plain = next(row for row in rows if "hedged" not in row)
    for row in hedged:
        assert row["usage"] == "estimated" and float(row["usd"]) > float(plain["usd"])
        assert int(row["ms"]) < 60000


def test_budget_for_one_is_enough(make_stack, tmp_path):
    """Two of the calls never fit into the budget; then they go out for one."""
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    configure(stack, tmp_path, "true")
    stack.worker()
    spec = {**SPEC, "budget": {"tokens": 300}, "segments": [], "input": {**SPEC["input"], "n": 2}}
    stack.enqueue(spec)
    stack.wait_state("d", "live", "failed", "over_budget")
    assert stack.state("d") == "live", stack.campaign("d")
    campaign = stack.campaign("d")
    assert int(campaign["tokens_in"]) + int(campaign["tokens_out"]) <= 300

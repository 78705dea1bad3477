"""deadline_ms and start_within_ms through the whole product."""
import json
import time

import pytest
from test_batch_lane import calls, lane  # noqa: F401 (a fixture)

PROMPT = {"kind": "content", "approval": "none", "min_distance": 0,
          "input": {"prompt": "Sell beanies.", "n": 4}}
SLOW = ("--latency-ms", "60000:60000")


def test_calls_under_way_are_given_up(make_stack):
    stack = make_stack("sim", SLOW)
    stack.worker()
    begun = time.monotonic()
    stack.enqueue({**PROMPT, "id": "a", "deadline_ms": 1500})
    stack.wait_state("a", "failed", "live", "done")
    assert time.monotonic() - begun < 15
    assert (stack.state("a"), stack.campaign("a")["error"]) == ("failed", "deadline")
    assert json.loads(stack.cli("result", "a", "--json"))["error_text"] == "the deadline passed"
    audit = [f for _, f in stack.redis.xrange(stack.key("c", "a", "audit"))]
    assert any(f["what"] == "deadline" for f in audit)
    held = stack.redis.hmget(stack.key("c", "a", "bud"), "calls_r", "tokens_r", "nano_r")
    assert [int(n) for n in held] == [0, 0, 0]
    assert "deadline" in stack.cli("status", "a")


def test_a_live_campaign_is_done(make_stack):
    stack = make_stack("sim")
    stack.worker()
    stack.enqueue({**PROMPT, "id": "a", "deadline_ms": 6000})
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    stack.wait_state("a", "done", "failed")
    assert (stack.state("a"), stack.campaign("a")["error"]) == ("done", "")
    assert stack.variants("a")
    assert "identical" in stack.cli("replay", "a")


def test_a_paused_campaign_ends_too(make_stack):
    """Its reviewers have not spoken; what was written stays."""
    stack = make_stack("sim")
    stack.worker()
    stack.enqueue({**PROMPT, "id": "a", "approval": "required", "deadline_ms": 6000})
    stack.wait_state("a", "review", "failed")
    stack.cli("pause", "a")
    stack.wait_state("a", "paused", "failed")
    assert stack.state("a") == "paused"
    stack.wait_state("a", "failed", "done", "live")
    assert (stack.state("a"), stack.campaign("a")["error"]) == ("failed", "deadline")
    assert [v["state"] for v in stack.variants("a").values()] == ["pending"] * 4


def test_no_worker_begins_it_in_time(make_stack):
    """A worker of one job has its hands full."""
    stack = make_stack("sim", SLOW)
    ini = stack.folder / "barker.ini"
    ini.write_text("[worker]\njobs = 1\n")
    stack.env["BARKER_CONFIG"] = str(ini)
    stack.worker()
    stack.enqueue({**PROMPT, "id": "first"})
    stack.wait_state("first", "running")
    stack.enqueue({**PROMPT, "id": "a", "start_within_ms": 500})
    stack.enqueue({**PROMPT, "id": "b"})
    stack.wait_state("a", "failed", "live", "done")
    assert stack.campaign("a")["error"] == "expired"
    assert stack.state("b") == "queued"
    assert "expired" in stack.cli("status", "a")


@pytest.mark.parametrize("deadline_ms,batches", [(20_000, True), (1500, False)])
def test_a_batch_gets_half_of_the_time(lane, deadline_ms, batches):  # noqa: F811
    """Then its calls are live, before the deadline; it gets none if that is too short."""
    stack = lane("--batch-ms", "600000", BARKER_BATCH_POLL_MS="400")
    stack.worker()
    stack.enqueue({**PROMPT, "id": "b", "llm": {"batch": True}, "deadline_ms": deadline_ms})
    stack.wait_state("b", "live", "failed", "done", timeout_s=30)
    live = calls(stack)[1]
    assert len(live) == 4 and {name[-1] for name in live} == {"1" if batches else "0"}
    assert stack.variants("b")


@pytest.mark.parametrize("answered", [0, 2])
def test_a_stage_that_takes_too_long_is_closed(make_stack, tmp_path, answered):
    """A clock of the worker's: the campaign goes on with the replies that are here."""
    hold = tmp_path / "hold"
    hold.write_text(str(answered))
    stack = make_stack("mock", ["--hold", str(hold)])
    ini = stack.folder / "barker.ini"
    ini.write_text("[worker]\nstage_ms = 1500\n")
    stack.env["BARKER_CONFIG"] = str(ini)
    stack.worker()
    stack.enqueue({**PROMPT, "id": "a"})
    state = stack.wait_state("a", "failed", "live", "done")
    assert state == ("live" if answered else "failed"), stack.campaign("a")
    assert len(stack.variants("a")) == answered
    if not answered:
        assert stack.campaign("a")["error"] == "deadline"
    held = stack.redis.hmget(stack.key("c", "a", "bud"), "calls_r", "tokens_r", "nano_r")
    assert [int(n) for n in held] == [0, 0, 0]
    assert "stage.timed_out" in (stack.folder / "workers.log").read_text()
    assert "identical" in stack.cli("replay", "a")

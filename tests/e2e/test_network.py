"""A network that fails between a worker and Redis, and between workers and their model."""
import pathlib
import sys

import pytest
from stack import wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))
from netchaos import NetChaos  # noqa: E402
from wire import DOWN, UP, Relay, Wires  # noqa: E402
from wires import RedisWire  # noqa: E402

SPEC = {"id": "c", "kind": "content", "approval": "none",
        "input": {"prompt": "Sell tea.", "n": 1}}
RESERVE = b"$1\r\nc\r\n$1\r\n1\r\n$8\r\ngenerate\r\n"  # campaign, fence, stage


@pytest.fixture
def wires():
    one = Wires()
    yield one
    one.close()


class Late(RedisWire):
    """The reply of the first reservation, and of all that follows, waits for `clear`."""

    def __init__(self, target):
        super().__init__(target)
        self.held = False

    async def pass_on(self, link, way, data, sink):
        if way == UP and RESERVE in data and not self.held:
            self.held = True
            self.shut((DOWN,), 60)
        await super().pass_on(link, way, data, sink)


@pytest.fixture
def far(wires, make_stack):
    """A worker whose reservation was granted, which it does not hear."""
    stack = make_stack()
    (stack.folder / "barker.ini").write_text("[worker]\nlease_ms = 900\nheartbeat_ms = 200\n")
    stack.env["BARKER_CONFIG"] = str(stack.folder / "barker.ini")
    near = stack.worker()
    stack.enqueue({**SPEC, "id": "first"})
    stack.wait_state("first", "live")  # Redis knows the scripts now
    near.terminate()
    assert near.wait(20) == 0
    stack.wire = wires.open(Late, stack.socket)
    stack.far = stack.worker(BARKER_REDIS_URL=f"redis://127.0.0.1:{stack.wire.port}")
    stack.enqueue(SPEC)
    wait_for("a reservation", lambda: stack.redis.exists(stack.key("c", "c", "rsv")))
    yield stack
    wires.call(stack.wire.clear)


def said(stack, event):
    return event in (stack.folder / "workers.log").read_text()


def test_a_leave_that_comes_late_is_not_used(far, wires):
    """Another one took the job and its call was answered meanwhile: it is not paid again."""
    far.worker()
    far.wait_state("c", "live")
    wires.call(far.wire.clear)
    wait_for("the one that was cut off to hear of it", lambda: said(far, "worker.fenced"))
    ids = [row["id"] for row in far.ledger()[0] if row["id"].startswith("c/")]
    assert len(ids) == 1, ids
    assert far.far.poll() is None


def test_an_outage_uses_up_no_attempts(wires, make_stack):
    """Nobody there for some seconds, after many calls that were good: campaigns wait."""
    stack = make_stack()
    host, port = stack.llm_url.rsplit("/", 1)[-1].split(":")
    wire = wires.open(Relay, (host, int(port)))
    stack.env.update(OPENAI_BASE_URL=f"http://127.0.0.1:{wire.port}/v1",
                     BARKER_LLM_RETRY_BASE_MS="500")
    stack.worker()
    stack.enqueue({**SPEC, "id": "before", "input": {"prompt": "Sell tea.", "n": 16}})
    stack.wait_state("before", "live")
    wires.call(wire.refuse)
    stack.enqueue(SPEC)
    wait_for("it to be noticed", lambda: said(stack, "llm.breaker"))
    wires.call(wire.heed)
    stack.wait_state("c", "live", "failed")
    assert stack.state("c") == "live", stack.campaign("c")


def test_chaos(tmp_path_factory):
    """The bounded form of scripts/chaos --cuts."""
    chaos = NetChaos(tmp_path_factory.mktemp("n"), 3, 10, 5, cuts=40, share=0.1)
    try:
        report = chaos.run(kills=4, pause_s=0.8)
    finally:
        chaos.close()
    assert report["ok"], report
    assert sum(report["network"].values()) == 40 and len(report["model"]) == 5, report
    assert report["campaigns"] > 20, report

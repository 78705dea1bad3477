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


def short_leases(stack):
    (stack.folder / "barker.ini").write_text("[worker]\nlease_ms = 900\nheartbeat_ms = 200\n")
    stack.env["BARKER_CONFIG"] = str(stack.folder / "barker.ini")


def far_worker(stack, wire, **env):
    return stack.worker(BARKER_REDIS_URL=f"redis://127.0.0.1:{wire.port}", **env)


def model_wire(stack, wires):
    """A relay to the model, and its address."""
    host, port = stack.llm_url.rsplit("/", 1)[-1].split(":")
    wire = wires.open(Relay, (host, int(port)))
    return wire, f"http://127.0.0.1:{wire.port}/v1"


@pytest.fixture
def far(wires, make_stack):
    """A worker whose reservation was granted, which it does not hear."""
    stack = make_stack()
    short_leases(stack)
    near = stack.worker()
    stack.enqueue({**SPEC, "id": "first"})
    stack.wait_state("first", "live")  # Redis knows the scripts now
    near.terminate()
    assert near.wait(20) == 0
    stack.wire = wires.open(Late, stack.socket)
    stack.far = far_worker(stack, stack.wire)
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


@pytest.mark.parametrize("latency_ms", [60000, 1500], ids=["under way", "answered"])
def test_what_was_under_way_at_a_partition(wires, make_stack, latency_ms):
    """It is broken off once the worker hears that it lost its jobs, or its reply is refused."""
    stack = make_stack("mock", ["--latency-ms", str(latency_ms)])
    short_leases(stack)
    wire = wires.open(RedisWire, stack.socket)
    model, url = model_wire(stack, wires)
    far = far_worker(stack, wire, OPENAI_BASE_URL=url)
    stack.enqueue(SPEC)
    wait_for("its call", lambda: stack.ledger()[0])
    wires.call(wire.shut, (UP, DOWN), 60)
    near = stack.worker()
    wait_for("the other's call", lambda: len(stack.ledger()[0]) == 2)
    if latency_ms < 60000:
        stack.wait_state("c", "live")
    wires.call(wire.clear)
    wait_for("it to hear of it", lambda: said(stack, "worker.fenced"))
    if latency_ms == 60000:
        wait_for("its call to be broken off", lambda: not model.links, 20)
    else:
        stored = {a: r["s"] for (*_, a), r in stack.journal("c").items()}
        assert stored == {0: "lost", 1: "ok"} and stack.campaign("c")["calls"] == "2"
    assert near.poll() is None and far.poll() is None


def test_an_outage_uses_up_no_attempts(wires, make_stack):
    """Nobody there for some seconds, after many calls that were good: campaigns wait."""
    stack = make_stack()
    wire, url = model_wire(stack, wires)
    stack.env.update(OPENAI_BASE_URL=url, BARKER_LLM_RETRY_BASE_MS="500")
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

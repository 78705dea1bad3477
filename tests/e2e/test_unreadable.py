"""A campaign that this worker cannot read, here because its channel is not configured any
more: it holds up nobody, hears orders, and goes on when it can be read again."""
import json

import pytest
from stack import wait_for

TABLE = {"v": 1, "channels": [{"name": "shelf.label", "fields": [{"name": "line", "max": 60}]}]}
SPEC = {"kind": "content", "channel": ["shelf.label"],
        "input": {"brief": "Winter tea", "n": 2, "angles": ["warm", "calm"]}}
PLAIN = {"kind": "content", "approval": "none", "input": {"prompt": "Sell tea.", "n": 1}}


def log(stack, what):
    lines = (stack.folder / "workers.log").read_text().splitlines()
    return [line for line in lines if what in line]


def is_set_aside(stack, cid):
    return (stack.campaign(cid).get("waiting") == "unreadable" and
            stack.redis.zscore(stack.key("due"), cid) is not None)


def order(stack, cid, **what):
    stack.redis.xadd(stack.key("control"), {"c": cid, **what})


@pytest.fixture
def shelf(make_stack):
    """In review; and a worker of one job that does not know their channel."""
    stack = make_stack()
    table = stack.folder / "channels.json"
    table.write_text(json.dumps(TABLE))
    knowing = stack.worker(BARKER_CHANNELS=table)
    for n in range(6):
        stack.enqueue({**SPEC, "id": f"s{n}"})
    for n in range(6):
        stack.wait_state(f"s{n}", "review")
    knowing.terminate()
    knowing.wait(20)
    stack.table = table
    ini = stack.folder / "one.ini"
    ini.write_text("[worker]\njobs = 1\n")
    stack.bare = stack.worker(BARKER_CONFIG=ini)
    return stack


def test_it_holds_up_nobody(shelf):
    for n in range(6):
        order(shelf, f"s{n}", do="approve", v="v1")
    for n in range(6):
        wait_for(f"s{n} to be set aside", lambda n=n: is_set_aside(shelf, f"s{n}"))
    shelf.enqueue({**PLAIN, "id": "p"})
    shelf.wait_state("p", "live")
    assert all(is_set_aside(shelf, f"s{n}") for n in range(6))
    assert "review (unreadable)" in shelf.cli("status", "s0")
    assert "shelf.label" in log(shelf, "job.unreadable")[0]
    fence = {n: shelf.redis.hget(shelf.key("j", f"s{n}"), "fence") for n in range(6)}
    assert set(fence.values()) == {str(int(fence[0]))}  # each was looked at once
    shelf.bare.terminate()
    shelf.bare.wait(20)
    shelf.worker(BARKER_CHANNELS=shelf.table)
    for n in range(6):
        order(shelf, f"s{n}", do="approve", v="all")
        shelf.wait_state(f"s{n}", "live")
        assert shelf.campaign(f"s{n}")["waiting"] == ""


@pytest.mark.parametrize("before", [0, 300])
def test_it_can_be_cancelled(shelf, before):
    for n in range(before):
        order(shelf, "s0", do="approve", v=f"v{n % 2 + 1}")
    order(shelf, "s0", do="cancel")
    shelf.wait_state("s0", "cancelled", timeout_s=20)
    assert shelf.campaign("s0")["error"] == "cancelled"
    assert shelf.redis.hget(shelf.key("j", "s0"), "state") == "done"
    assert shelf.redis.zscore(shelf.key("done"), "s0")
    shelf.env["BARKER_CHANNELS"] = str(shelf.table)  # it can be read again
    assert "\nidentical\n" in shelf.cli("replay", "s0")


def test_its_deadline_ends_it(make_stack):
    stack = make_stack()
    table = stack.folder / "channels.json"
    table.write_text(json.dumps(TABLE))
    knowing = stack.worker(BARKER_CHANNELS=table)
    stack.enqueue({**SPEC, "id": "d", "deadline_ms": 4000})
    stack.wait_state("d", "review")
    knowing.terminate()
    knowing.wait(20)
    stack.worker()
    stack.wait_state("d", "failed", timeout_s=30)
    assert stack.campaign("d")["error"] == "deadline"
    stack.env["BARKER_CHANNELS"] = str(table)
    assert "\nidentical\n" in stack.cli("replay", "d")


def test_one_that_never_began_can_be_cancelled(make_stack):
    """Admitted by a worker that is gone, and read by nobody."""
    stack = make_stack(llm_args=("--latency-ms", "60000:60000"))
    table = stack.folder / "channels.json"
    table.write_text(json.dumps(TABLE))
    knowing = stack.worker(BARKER_CHANNELS=table)
    stack.enqueue({**SPEC, "id": "q"})
    wait_for("a call", lambda: stack.redis.exists(stack.key("c", "q", "rsv")))
    knowing.kill()
    knowing.wait()
    stack.worker()
    wait_for("it to be set aside", lambda: is_set_aside(stack, "q"))
    order(stack, "q", do="cancel")
    stack.wait_state("q", "cancelled")
    stack.env["BARKER_CHANNELS"] = str(table)
    assert "\nidentical\n" in stack.cli("replay", "q")


def test_a_record_of_a_later_release_waits_for_it(make_stack):
    """Workers of two releases side by side: what the older one does not know it leaves alone."""
    stack = make_stack()
    worker = stack.worker()
    for cid in ("n", "c"):
        stack.enqueue({"id": cid, "kind": "content", "input": {"brief": "Tea", "n": 2, "angles": ["a"]}})
        stack.wait_state(cid, "review")
    worker.kill()
    worker.wait()
    kept = {}
    for cid in ("n", "c"):
        key = stack.key("c", cid, "ck")
        kept[cid] = stack.redis.get(key)
        stack.redis.set(key, json.dumps({**json.loads(kept[cid]), "v": 2, "more": ["of", "it"]}))
    stack.worker()
    for cid in ("n", "c"):
        order(stack, cid, do="approve", v="v1")
        wait_for(f"{cid} to be set aside", lambda cid=cid: is_set_aside(stack, cid))
        assert json.loads(stack.redis.get(stack.key("c", cid, "ck")))["more"] == ["of", "it"]
    assert "another release" in log(stack, "job.unreadable")[0]
    order(stack, "c", do="cancel")
    stack.wait_state("c", "cancelled")
    stack.redis.set(stack.key("c", "n", "ck"), kept["n"])  # the later release wrote for both
    order(stack, "n", do="approve", v="all")
    stack.wait_state("n", "live")
    assert len([v for v in stack.variants("n").values() if v["state"] in ("live", "control")]) == 2

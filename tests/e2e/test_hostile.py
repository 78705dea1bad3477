"""Hostile input by XADD: each refused with code, pointer and message, the good spec behind
it served, and none of it costs the worker its memory."""
import hashlib
import json

import pytest
import redis

from hostile_inputs import EVENTS, GOOD, INBOX, MIB, ORDERS, ZERO_BUDGETS, spec
from stack import wait_for

KEPT = 64 * 1024
MEMORY_MAX_KIB = 200 * 1024
GOOD_EVERY = 4


@pytest.fixture
def stack(make_stack):
    return make_stack()


@pytest.fixture
def binary(stack):
    """A client that neither encodes nor decodes."""
    return redis.Redis(unix_socket_path=stack.socket)


def add(client, stack, stream, words):
    return client.execute_command("XADD", stack.key(stream), "*", *words)


def refusals(client, stack, stream):
    entries = [e for _, e in client.xrange(stack.key("rejected"))]
    return [{k.decode(): v for k, v in e.items()} for e in entries
            if e[b"from"].decode() == stream]


def drained(stack, stream):
    """Entries leave with their effect."""
    wait_for(f"an empty {stream}", lambda: stack.redis.xlen(stack.key(stream)) == 0)


def told(refusal):
    """Code and pointer; both, and the message, are text for people."""
    code, pointer = refusal["code"].decode(), refusal["pointer"].decode()
    message = refusal["message"].decode()
    assert message and message.isprintable() and pointer.isprintable(), refusal
    assert int(refusal["ts_ms"]) > 0
    return code, pointer


def assert_raw(refusal, text):
    """The start of what came is kept, its size is told."""
    kept = text[:KEPT]
    assert refusal["raw"] == kept and int(refusal["size"]) == len(text)
    sums = {hashlib.sha256(part).hexdigest().encode() for part in (text, kept)}
    assert refusal["sha256"] in sums


def assert_memory(worker):
    """Not under AddressSanitizer, which keeps freed memory and shadows all of it."""
    with open(f"/proc/{worker.pid}/maps", encoding="utf-8") as maps:
        sanitized = "libasan" in maps.read()
    with open(f"/proc/{worker.pid}/status", encoding="utf-8") as status:
        peak = next(line for line in status if line.startswith("VmHWM"))
    print(f"worker: {peak.strip()}, sanitized: {sanitized}")
    assert sanitized or int(peak.split()[1]) < MEMORY_MAX_KIB


def test_inbox(stack, binary):
    worker = stack.worker()
    good = []
    for i, (_, words, _, _) in enumerate(INBOX):
        add(binary, stack, "inbox", words)
        if i % GOOD_EVERY == GOOD_EVERY - 1:
            good.append(f"good-{len(good)}")
            stack.enqueue({**GOOD, "id": good[-1]})
    for cid in good:
        stack.wait_state(cid, "live")
    picked = stack.cli("decide", good[-1], "--placement", "plain", "--user", "u")
    assert json.loads(picked)["text"]
    drained(stack, "inbox")
    got = refusals(binary, stack, "inbox")
    assert len(INBOX) >= 60
    wrong = [(name, told(refusal), (code, at)) for (name, _, code, at), refusal
             in zip(INBOX, got) if told(refusal) != (code, at)]
    assert not wrong and len(got) == len(INBOX), wrong
    for (_, words, _, _), refusal in zip(INBOX, got):
        if len(words) == 2 and words[0] == b"spec":
            assert_raw(refusal, words[1])
    created = [int(stack.campaign(cid)["created_ms"]) for cid in good]
    assert created == sorted(created)
    assert stack.redis.zcard(stack.key("campaigns")) == len(good)
    assert stack.redis.xlen(stack.key("inbox")) == 0
    assert_memory(worker)


def test_oversize_is_not_shipped(stack, binary):
    stack.worker()
    stack.enqueue({**GOOD, "id": "first"})
    stack.wait_state("first", "live")
    before = int(binary.info("stats")["total_net_output_bytes"])
    huge = b'{"kind":"' + b"x" * 12_000_000
    for _ in range(4):
        add(binary, stack, "inbox", [b"spec", huge])
    add(binary, stack, "events", [b"e", huge])
    stack.enqueue({**GOOD, "id": "last"})
    stack.wait_state("last", "live")
    wait_for("refusals", lambda: stack.redis.xlen(stack.key("rejected")) == 5)
    sent = int(binary.info("stats")["total_net_output_bytes"]) - before
    assert sent < 6_000_000, f"{sent} bytes left Redis"
    got = refusals(binary, stack, "inbox")
    assert [len(e["raw"]) for e in got] == [KEPT] * 4
    assert {int(e["size"]) for e in got} == {len(huge)}


def test_ids_of_others(stack, binary):
    """An id belongs to the one that came first."""
    stack.worker()
    mine = {**GOOD, "id": "owned", "tenant": "a"}
    stack.enqueue(mine)
    stack.wait_state("owned", "live")
    before = stack.campaign("owned")
    for other in ({**mine, "tenant": "b"}, GOOD | {"id": "owned"}, {**mine, "seed": 1}):
        stack.enqueue(other)
    stack.enqueue({**GOOD, "id": "behind"})
    stack.wait_state("behind", "live")
    wait_for("refusals", lambda: stack.redis.xlen(stack.key("rejected")) == 3)
    got = refusals(binary, stack, "inbox")
    assert [told(e) for e in got] == [("id_conflict", "/id")] * 3
    assert {k: before[k] for k in ("tenant", "calls", "created_ms")}.items() <= \
        stack.campaign("owned").items()


def test_budgets_of_zero(stack):
    """Ended at admission, without a call."""
    stack.worker(BARKER_MODEL="gpt-4o-mini")
    for i, budget in enumerate(ZERO_BUDGETS):
        stack.enqueue({**GOOD, "id": f"z{i}", "budget": budget})
    for i, _ in enumerate(ZERO_BUDGETS):
        stack.wait_state(f"z{i}", "over_budget")
        record = stack.campaign(f"z{i}")
        assert (record["error"], record["calls"]) == ("over_budget", "0"), record
    assert stack.ledger() == ([], [])
    stack.enqueue({**GOOD, "id": "behind", "budget": {"calls": 50}})
    stack.wait_state("behind", "live")


@pytest.mark.parametrize("stream, table", [("events", EVENTS), ("control", ORDERS)])
def test_events_and_orders(stack, binary, stream, table):
    worker = stack.worker()
    stack.enqueue({**GOOD, "id": "owned"})
    stack.wait_state("owned", "live")
    variant = next(iter(stack.variants("owned"))).encode()
    for words, _, _ in table:
        add(binary, stack, stream, words)
    add(binary, stack, "events", [b"c", b"owned", b"v", variant, b"t", b"impression"])
    wait_for("the event", lambda: stack.campaign("owned")["impressions"] == "1")
    drained(stack, stream)
    got = refusals(binary, stack, stream)
    wrong = [(words[:4], told(refusal), (code, at)) for (words, code, at), refusal
             in zip(table, got) if told(refusal) != (code, at)]
    assert not wrong and len(got) == len(table), wrong
    assert stack.state("owned") == "live"
    add(binary, stack, "control", [b"c", b"owned", b"do", b"pause"])
    stack.wait_state("owned", "paused")
    assert_memory(worker)


def test_check_says_the_same(stack, tmp_path):
    """`barker check` has the code and the pointer of the worker."""
    file = tmp_path / "spec.json"
    for name, words, code, pointer in INBOX:
        if words[0] != b"spec" or len(words) != 2 or len(words[1]) > MIB:
            continue  # of a larger file only the beginning is read
        file.write_bytes(words[1])
        said = stack.cli("check", "--json", str(file), code=2)
        one = json.loads(said)["errors"][0]
        assert (one["code"], one["pointer"]) == (code, pointer), (name, said)
    file.write_bytes(spec())
    stack.cli("check", str(file))


def test_ids_with_damaged_keys_hold_up_no_other(stack):
    """More of them than are looked at in one turn, and before the good one."""
    stack.worker()
    spec = {"kind": "content", "approval": "none", "input": {"prompt": "Sell tea.", "n": 1}}
    for n in range(20):
        stack.redis.set(stack.key("j", f"d{n}"), "a text")
        stack.enqueue({**spec, "id": f"d{n}"})
    stack.enqueue({**spec, "id": "good"})
    stack.wait_state("good", "live")
    wait_for("them to be refused", lambda: stack.redis.xlen(stack.key("inbox")) == 0)
    rows = [f for _, f in stack.redis.xrange(stack.key("rejected"))]
    assert len(rows) == 20
    assert {(f["code"], f["pointer"]) for f in rows} == {("redis_error", "/id")}
    assert "WRONGTYPE" in rows[0]["message"] and "d0" in rows[0]["message"]

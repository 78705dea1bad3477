"""Whose call is next in a worker: counted in the log of a mock that answers one call at a time,
so nothing here depends on how fast the machine is."""
import json

import pytest
from stack import wait_for

NOISY = {"kind": "content", "approval": "none", "min_distance": 0,
         "segments": [{"id": f"s{i}"} for i in range(16)],
         "input": {"brief": "Beanies for the first frost", "n": 15, "angles": ["warm", "light"]}}
OTHER = {"kind": "content", "input": {"prompt": "Two words about beanies"}}
CALLS = 4  # in flight


class Held:
    """One worker whose calls are answered when the test says so."""

    def __init__(self, make_stack, folder):
        self.hold = folder / "answers"
        self.answer(0)
        self.stack = make_stack("mock", ("--hold", str(self.hold)))
        ini = self.stack.folder / "barker.ini"
        ini.write_text(f"[worker]\nconcurrency = {CALLS}\n")
        self.stack.env["BARKER_CONFIG"] = str(ini)
        self.stack.worker()

    def answer(self, count):
        self.answered = count
        new = self.hold.with_suffix(".new")
        new.write_text(str(count))
        new.rename(self.hold)

    def campaigns(self):
        """Of the calls so far, in the order they came."""
        return [row["id"].split("/")[0] for row in self.stack.ledger()[0]]

    def jobs(self):
        return sum(int(self.stack.redis.hget(k, "jobs") or 0)
                   for k in self.stack.redis.scan_iter("bk:worker:*"))

    def enqueue(self, spec, **more):
        """... and it is in line: its worker has said so after it loaded it."""
        before = self.jobs()
        self.stack.enqueue({**spec, **more})
        wait_for(f"{more['id']} to be claimed", lambda: self.jobs() > before)

    def begin(self, *names, **more):
        for name in names:
            self.enqueue(NOISY, id=name, **more)
        wait_for("all slots to be taken", lambda: len(self.campaigns()) == CALLS)

    def calls_before(self, name, most):
        """How many calls of others begin until the first one of this campaign does."""
        begun = len(self.campaigns())
        for _ in range(most + 1):
            self.answer(self.answered + 1)
            wait_for("one more call", lambda: len(self.campaigns()) == CALLS + self.answered)
            if name in self.campaigns():
                break
        return self.campaigns()[begun:].index(name)

    def end(self):
        for name in set(self.campaigns()):
            self.stack.cli("cancel", name)
        self.answer(10**6)


@pytest.fixture
def held(make_stack, tmp_path):
    one = Held(make_stack, tmp_path)
    yield one
    one.end()


@pytest.mark.parametrize("noisy", [1, 3])
def test_a_noisy_campaign_holds_nobody_up(held, noisy):
    held.begin(*(f"n{i}" for i in range(noisy)))
    held.enqueue(OTHER, id="other")
    before = held.calls_before("other", 60)
    print(json.dumps({"noisy": noisy, "calls_before": before, "max_calls": CALLS}))
    assert before <= noisy <= CALLS


def test_priority(held):
    held.begin("noisy")
    held.enqueue(OTHER, id="low", priority="low")
    held.enqueue(OTHER, id="high", priority="high")
    assert held.calls_before("high", 2) == 0
    assert 14 <= held.calls_before("low", 20) <= 16  # after 16 calls of others, high's too


def test_shares_are_in_tokens(held):
    """Calls of some 500 and some 8,500 tokens: as many tokens, not as many calls."""
    small, big = ({**NOISY["input"], "max_tokens": n} for n in (100, 8000))
    held.begin("big", input=big)
    held.enqueue(NOISY, id="small", input=small)
    for answered in range(1, 61):
        held.answer(answered)
        wait_for("one more call", lambda n=answered: len(held.campaigns()) == CALLS + n)
    late = held.campaigns()[CALLS:]
    assert late.count("big") >= 2
    assert late.count("small") >= 8 * late.count("big"), late


def test_a_tenants_urgent_campaigns_are_begun_first(make_stack):
    stack = make_stack("sim", ("--latency-ms", "1500:1500"))
    ini = stack.folder / "barker.ini"
    ini.write_text("[worker]\njobs = 1\n")
    stack.env["BARKER_CONFIG"] = str(ini)
    stack.worker()
    stack.enqueue({**OTHER, "id": "first"})
    stack.wait_state("first", "running")
    names = ["low", "normal", "high"]
    for name in names:
        stack.enqueue({**OTHER, "id": name, "priority": name})
    wait_for("all to wait", lambda: {stack.state(name) for name in names} == {"queued"})
    for name in names:
        stack.wait_state(name, "live", "review", "failed")
    told = [row for _, row in stack.redis.xrange(stack.key("changes"))]
    begun = dict.fromkeys(row["c"] for row in told if row["what"] == "running")
    assert list(begun) == ["first", "high", "normal", "low"]

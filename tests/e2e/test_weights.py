"""`weight` and `max_campaigns` of a [tenant NAME], on real processes: which campaigns are taken
is read from the calls that a mock gets and answers when the test says so."""
import json

import pytest
from stack import wait_for

ONE_CALL = {"kind": "content", "input": {"prompt": "Two words about beanies"}}


@pytest.fixture
def make(make_stack, tmp_path):
    hold = tmp_path / "answers"

    def answer(count):
        new = hold.with_suffix(".new")
        new.write_text(str(count))
        new.rename(hold)

    def make(text, workers, jobs):
        answer(0)
        stack = make_stack("mock", ("--hold", str(hold)))
        ini = stack.folder / "barker.ini"
        ini.write_text(f"[worker]\njobs = {jobs}\nheartbeat_ms = 100\nlease_ms = 500\n{text}")
        stack.env["BARKER_CONFIG"] = str(ini)
        stack.answer, stack.workers = answer, [stack.worker() for _ in range(workers)]
        return stack
    yield make
    answer(10**6)


def enqueue(stack, tenant, count):
    for n in range(count):
        stack.enqueue({**ONE_CALL, "id": f"{tenant}-{n}", "tenant": tenant})
    wait_for(f"{tenant} to be admitted", lambda: stack.campaign(f"{tenant}-{count - 1}"))


def asked(stack):
    """Campaigns in the order of their first calls."""
    return list(dict.fromkeys(row["id"].split("/")[0] for row in stack.ledger()[0]))


def in_hand(stack, tenant):
    names = [k.split(":")[-1] for k in stack.redis.scan_iter(f"bk:{{0}}:j:{tenant}-*")]
    return [n for n in names if stack.redis.hget(stack.key("j", n), "state") == "claimed"]


def test_turns_by_weight(make):
    stack = make("[tenant gold]\nweight = 3\n[tenant iron]\nweight = 1\n", workers=1, jobs=1)
    enqueue(stack, "first", 1)
    wait_for("the only slot to be taken", lambda: asked(stack))
    enqueue(stack, "iron", 40), enqueue(stack, "gold", 40)
    stack.answer(10**6)
    wait_for("40 more", lambda: len(asked(stack)) > 40)
    order = [name.split("-")[0] for name in asked(stack)[1:41]]
    print(json.dumps({"gold": order.count("gold"), "iron": order.count("iron")}))
    assert 29 <= order.count("gold") <= 31 and order[:12].count("iron") in (2, 3, 4)


def test_a_cap_over_two_workers(make):
    """Others have the slots it leaves; it is free when one ends, and held when a worker dies."""
    stack = make("[tenant acme]\nmax_campaigns = 2\n", workers=2, jobs=6)
    enqueue(stack, "acme", 5), enqueue(stack, "other", 5)
    wait_for("all that may run", lambda: len(asked(stack)) == 7)
    assert sum(name.startswith("acme") for name in asked(stack)) == 2
    assert len(in_hand(stack, "acme")) == 2 and len(in_hand(stack, "other")) == 5
    assert "FAIL" not in (said := stack.cli("doctor")) and "tenant acme" not in said
    assert "none in" in said  # drift
    first = in_hand(stack, "acme")[0]
    stack.cli("cancel", first)
    wait_for("the next one", lambda: len({n for n in asked(stack) if n[0] == "a"}) == 3)
    assert len(in_hand(stack, "acme")) <= 2
    stack.workers[0].kill()
    seen = []

    def taken_over():
        seen.append(len(in_hand(stack, "acme")))
        owners = {stack.redis.hget(stack.key("j", n), "owner") for tenant in ("acme", "other")
                  for n in in_hand(stack, tenant)}
        return len(owners) == 1 and str(stack.workers[1].pid) in owners.pop()
    wait_for("the other worker to have all it can", taken_over)
    assert max(seen) <= 2
    stack.answer(10**6)
    for n in range(5):
        if f"acme-{n}" != first:
            stack.wait_state(f"acme-{n}", "live", "done")
    wait_for("nothing to be counted", lambda: not stack.redis.exists(stack.key("held")))


def test_terms_come_with_a_new_configuration(make):
    """A worker that is started anew brings them; what the dead held comes back under them."""
    stack = make("", workers=2, jobs=3)
    enqueue(stack, "acme", 8)
    wait_for("all slots", lambda: len(asked(stack)) == 6)
    assert not stack.redis.exists(stack.key("terms"), stack.key("held"))
    for worker in stack.workers:
        worker.kill()
        worker.wait()
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text().replace("jobs = 3", "jobs = 8")
                   + "[tenant acme]\nmax_campaigns = 4\n")
    pid, seen = str(stack.worker().pid), []

    def taken_over():
        mine = [n for n in in_hand(stack, "acme") if
                f":{pid}:" in stack.redis.hget(stack.key("j", n), "owner")]
        seen.append(len(mine))
        return len(mine) == 4
    wait_for("four of them", taken_over)
    wait_for("the dead to be gone", lambda: stack.redis.zcard(stack.key("hb")) == 1)
    assert max(seen) <= 4 == len(in_hand(stack, "acme"))
    stack.answer(10**6)
    for n in range(8):
        stack.wait_state(f"acme-{n}", "live", "done")


@pytest.mark.parametrize("line", ["weight = 0", "weight = 1001", "max_campaigns = none"])
def test_a_bad_value_is_named(make_stack, line):
    stack = make_stack("mock")
    (stack.folder / "barker.ini").write_text(f"[tenant acme]\n{line}\n")
    stack.env["BARKER_CONFIG"] = str(stack.folder / "barker.ini")
    assert stack.cli("status", code=2) == ""

"""`barker status --fleet`: workers, what waits for them, and how many there should be."""
import json

from stack import wait_for

SPEC = {"kind": "content", "approval": "none", "input": {"prompt": "Sell tea.", "n": 1}}


def fleet(stack):
    return json.loads(stack.cli("status", "--fleet", "--json"))


def test_the_fleet_and_how_many_it_wants(make_stack):
    stack = make_stack("mock", ["--latency-ms", "60000"])
    assert fleet(stack)["live"] == 0 and fleet(stack)["desired_workers"] == 1
    ini = stack.folder / "two.ini"
    ini.write_text("[worker]\njobs = 2\n")
    stack.env["BARKER_CONFIG"] = str(ini)
    workers = [stack.worker(), stack.worker()]
    for n in range(9):
        stack.enqueue({**SPEC, "id": f"c{n}"})
    wait_for("both to be full", lambda: fleet(stack)["jobs"] == 4)
    seen = wait_for("the backlog to be old",
                    lambda: (f := fleet(stack))["oldest_ms"] >= 2000 and f)
    assert (seen["live"], seen["free_slots"], seen["backlog"]) == (2, 0, 5)
    assert seen["desired_workers"] == 5  # nine campaigns, two in each hand
    assert {(w["state"], w["jobs"], w["slots"], w["in_flight"]) for w in seen["workers"]} == {
        ("live", 2, 2, 2)}
    shown = stack.cli("status", "--fleet")
    assert "2 of 5 workers wanted; 5 campaigns wait, the first for " in shown
    assert shown.count(" live ") == 2 and "inbox 0, events 0, control 0 unread" in shown
    workers[0].kill()
    workers[0].wait()
    wait_for("one to be missed", lambda: fleet(stack)["live"] == 1)
    stack.cli("status", "c0", "--fleet", code=2)

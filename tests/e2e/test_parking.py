"""A campaign whose endpoints are all closed for a while holds no job slot: others go on, and it
comes back with all that it had."""
import pytest
from stack import wait_for
from test_failover import KEY, SPEC, Server, asked_once, log

ONE_ASK = {"kind": "content", "approval": "none", "input": {"prompt": "Sell beanies.", "n": 1}}


@pytest.fixture
def pair(make_stack):
    """A worker of so many jobs at a time, and two endpoints that know nothing of each other."""
    def make(fail_by, *args, jobs=1):
        stack = make_stack("mock")
        bad, good = Server(stack, "bad", fail_by, *args), Server(stack, "good")
        ini = stack.folder / "barker.ini"
        ini.write_text(f"[worker]\njobs = {jobs}\nconcurrency = 4\n" + "".join(
            f"[endpoint {name}]\nbase_url = {server.url}\nmodel = m\nkey_env = OPENAI_API_KEY\n"
            for name, server in (("bad", bad), ("good", good))))
        stack.env.pop("OPENAI_BASE_URL")
        stack.env.update(BARKER_CONFIG=str(ini), OPENAI_API_KEY=KEY)
        bad.fail()
        return stack, bad, good
    return make


def is_parked(stack, cid):
    """It waits in the due set, and says so."""
    return (stack.campaign(cid).get("waiting") == "cooling" and
            stack.redis.zscore(stack.key("due"), cid) is not None)


def wait_parked(stack, cid):
    wait_for(f"{cid} to be parked", lambda: is_parked(stack, cid))


def failures(stack, cid):
    return [r for r in stack.journal(cid).values() if r["s"] == "err"]


def test_another_campaign_has_the_slot(pair):
    stack, bad, good = pair("rate", "--retry-after", "20")
    stack.worker()
    stack.enqueue({**SPEC, "id": "a", "llm": {"endpoint": "bad"}})
    wait_parked(stack, "a")
    assert "running (cooling)" in stack.cli("status", "a")
    assert float(stack.campaign("a")["waiting_ms"]) > 0
    stack.enqueue({**SPEC, "id": "b", "llm": {"endpoint": "good"}})
    stack.wait_state("b", "live", "failed")
    assert (stack.state("b"), stack.state("a")) == ("live", "running"), stack.campaign("a")
    assert not bad.good() and asked_once(good)
    bad.fail(False)
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    assert stack.campaign("a")["waiting"] == ""
    asked_once(bad)
    assert {r["code"] for r in failures(stack, "a")} == {"rate_limited"}
    assert stack.redis.hget(stack.key("j", "a"), "crashes") == "0"
    assert log(stack, "campaign.cooling") and not log(stack, "llm.breaker")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_outage_does_not_use_up_the_attempts(pair, workers):
    """Five failures open the breaker, the sixth would be the last; a worker that had no part in
    them asks once."""
    stack, bad, _ = pair("500")
    for _ in range(workers):
        stack.worker()
    stack.enqueue({**ONE_ASK, "id": "a", "llm": {"endpoint": "bad"}})
    wait_parked(stack, "a")
    stack.enqueue({**SPEC, "id": "b", "llm": {"endpoint": "good"}})
    stack.wait_state("b", "live")
    wait_for("two probes", lambda: len(bad.calls()[1]) >= 7)
    bad.fail(False)
    stack.wait_state("a", "live", "done", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    failed = failures(stack, "a")
    assert len(failed) >= 7 and len([r for r in failed if not r.get("probe")]) == 5
    asked_once(bad)


def test_orders_reach_a_parked_campaign(pair):
    stack, bad, _ = pair("rate", "--retry-after", "300")
    stack.worker()
    stack.enqueue({**SPEC, "id": "a", "llm": {"endpoint": "bad"}})
    wait_parked(stack, "a")
    asked = len(bad.calls()[0])
    stack.cli("pause", "a")
    stack.wait_state("a", "paused")
    stack.cli("resume", "a")
    stack.wait_state("a", "running")
    wait_parked(stack, "a")
    stack.cli("cancel", "a")
    stack.wait_state("a", "cancelled")
    assert len(bad.calls()[0]) == asked  # it was told to stay away


def test_with_a_free_slot_nothing_is_parked(pair):
    """It goes on in the moment in which its endpoint opens."""
    stack, bad, good = pair("500", jobs=3)
    stack.worker()
    stack.enqueue({**ONE_ASK, "id": "a", "llm": {"endpoint": "bad"}})
    wait_for("the breaker", lambda: log(stack, "llm.breaker"))
    stack.enqueue({**SPEC, "id": "b", "llm": {"endpoint": "good"}})
    stack.wait_state("b", "live")
    assert asked_once(good)
    wait_for("a probe", lambda: len(bad.calls()[1]) >= 6)
    assert stack.redis.hget(stack.key("j", "a"), "state") == "claimed"
    bad.fail(False)
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    assert not log(stack, "campaign.cooling")

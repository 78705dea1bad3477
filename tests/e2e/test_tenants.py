"""usd_per_day of a tenant: one daily budget over campaigns and workers."""
import collections
import os
import random
import signal
import time

import pytest
from stack import wait_for

TENANT = "[tenant acme]\nusd_per_day = {}\n"
DAY_S = 86400
SEED = int(os.environ.get("BARKER_SEED", "5"))
TOKENS = 100  # of every reply, and the most that is asked for
PRICES = "price_in = 0\nprice_out = 1000\n"  # 100 tokens are 0.10 usd


def spec(name, tenant="acme", n=12):  # more than ten: no campaign has enough
    return {"id": name, "tenant": tenant, "kind": "content", "approval": "none",
            "min_distance": 0, "input": {"brief": f"Beanies for the first frost, {name}", "n": n,
                                         "angles": ["warm", "light"], "max_tokens": TOKENS}}


@pytest.fixture
def make(make_stack):
    def make(usd, *llm_args, prices=PRICES, more=""):
        if DAY_S - time.time() % DAY_S < 60:
            time.sleep(60)  # the money of a new day would be none of the test's
        stack = make_stack("mock", ("--reply-tokens", str(TOKENS), *llm_args))
        ini = stack.folder / "barker.ini"
        ini.write_text(f"[endpoint main]\nbase_url = {stack.llm_url}/v1\nmodel = simulated\n"
                       f"key_env = OPENAI_API_KEY\n{prices}" + TENANT.format(usd) + more)
        stack.env.pop("OPENAI_BASE_URL")
        stack.env["BARKER_CONFIG"] = str(ini)
        return stack
    return make


def paid(stack, names=None):
    """Calls that the mock answered or will answer, by campaign."""
    calls = [row["id"].split("/")[0] for row in stack.ledger()[0]]
    return sum(names is None or name in names for name in calls)


def ledger(stack, tenant="acme"):
    names = list(stack.redis.scan_iter(f"bk:{{t:{tenant}}}:spent:*"))
    return stack.redis.hgetall(names[0]) if len(names) == 1 else names


@pytest.mark.parametrize("hedge", ["false", "true"])
def test_ten_calls_over_three_campaigns(make, hedge):
    """Also where money is held for a second request, which is not sent here."""
    stack = make("1.00", "--latency-ms", "20:80", prices=PRICES + f"hedge = {hedge}\n")
    for _ in range(4):
        stack.worker()
    for name in "abc":
        stack.enqueue(spec(name))
    stack.enqueue(spec("other", "elsewhere"))
    for name in "abc":
        stack.wait_state(name, "over_budget")
    stack.wait_state("other", "live")
    assert paid(stack, "abc") == 10
    assert sum(len(stack.variants(name)) for name in "abc") == 10, "partial variants are kept"
    assert {stack.campaign(name)["error"] for name in "abc"} == {"over_budget"}
    wait_for("all to be told", lambda: ledger(stack)["usd_held"] == "0")
    assert (ledger(stack)["usd"], ledger(stack)["usd_limit"]) == ("1", "1")


def test_ten_calls_with_kills(make):
    """kill -9 among four workers: never more than ten are paid, and all ends."""
    stack = make("1.00", "--latency-ms", "200:500",
                 more="[worker]\nconcurrency = 1\nheartbeat_ms = 100\nlease_ms = 300\n")
    rng = random.Random(SEED)
    workers = [stack.worker() for _ in range(4)]
    for name in "abc":
        stack.enqueue(spec(name))
    for _ in range(4):
        time.sleep(rng.uniform(0.1, 0.5))
        victim = rng.randrange(4)
        workers[victim].send_signal(signal.SIGKILL)
        workers[victim].wait()
        workers[victim] = stack.worker()
    pids = {str(w.pid) for w in workers}
    wait_for("all to be up", lambda: pids <= {stack.redis.hget(key, "pid") for key in
                                              stack.redis.scan_iter("bk:worker:*")})
    for name in "abc":
        stack.wait_state(name, "over_budget")
    assert 1 <= paid(stack) <= 10
    good = collections.Counter(place[:3] for name in "abc"
                               for place, r in stack.journal(name).items() if r["s"] == "ok")
    assert sum(len(stack.variants(name)) for name in "abc") == sum(good.values())
    book = ledger(stack)
    print(f"paid {paid(stack)}, stored {sum(good.values())}, ledger {book['usd']} and held by "
          f"the dead {book['usd_held']}")
    assert float(book["usd"]) + float(book["usd_held"]) <= 1


def test_a_worker_that_leaves_takes_nothing_along(make):
    """SIGTERM among four workers: still exactly ten."""
    stack = make("1.00", "--latency-ms", "100:200", more="[worker]\nconcurrency = 1\n")
    workers = [stack.worker() for _ in range(4)]
    for name in "abc":
        stack.enqueue(spec(name))
    wait_for("calls", lambda: paid(stack) >= 4)
    for worker in workers[:2]:
        worker.terminate()
        assert worker.wait(20) == 0
    for name in "abc":
        stack.wait_state(name, "over_budget")
    assert paid(stack) == 10
    stack.cli("replay", "a")


def test_two_limits_and_none(make):
    more = "[tenant small]\nusd_per_day = 0.30\n[tenant none]\nusd_per_day = 0\n"
    stack = make("100", more=more)
    stack.worker(), stack.worker()
    for name, tenant in (("a", "acme"), ("s", "small"), ("n", "none"), ("d", "default")):
        stack.enqueue(spec(name, tenant, n=8))
    stack.wait_state("a", "live")
    stack.wait_state("d", "live")
    stack.wait_state("s", "over_budget")
    stack.wait_state("n", "over_budget")
    assert (paid(stack, "s"), paid(stack, "n"), paid(stack, "a")) == (3, 0, 8)
    wait_for("all to be told", lambda: [ledger(stack, t)[f] for t in ("acme", "small")
                                        for f in ("usd", "usd_held")] == ["0.8", "0", "0.3", "0"])
    assert ledger(stack, "default") == []
    said = stack.cli("doctor", "--offline")
    assert "0.8 of 100 usd spent today, 0 held" in said
    assert "0.3 of 0.3 usd spent today" in said and "until midnight UTC" in said


def test_what_waits_can_be_cancelled_and_drained(make):
    """A slow call holds all the money; nothing is under way for those that wait."""
    stack = make("0.10", "--latency-ms", "6000")
    stack.worker()
    stack.enqueue(spec("slow", n=1))
    wait_for("a call", lambda: paid(stack) == 1)
    second = stack.worker()
    for name in "ab":
        stack.enqueue(spec(name))

    def waiting():
        return sum(int(stack.redis.hget(k, "waiting") or 0)
                   for k in stack.redis.scan_iter("bk:worker:*"))
    wait_for("both to wait", lambda: waiting() == 24)
    stack.cli("cancel", "a")
    stack.wait_state("a", "cancelled", timeout_s=4)
    second.terminate()
    assert second.wait(4) == 0
    assert stack.state("b") in ("queued", "running") and paid(stack) == 1
    stack.wait_state("slow", "live")
    stack.wait_state("b", "over_budget")
    assert paid(stack) == 1 and not stack.journal("b")


def test_a_price_must_be_known(make):
    stack = make("1.00", prices="")
    stack.worker()
    stack.enqueue({**spec("a"), "budget": {"calls": 3}})
    stack.enqueue(spec("b", "elsewhere"))
    stack.wait_state("b", "live")
    refused = [row for _, row in stack.redis.xrange(stack.key("rejected"))]
    assert [(r["code"], r["pointer"]) for r in refused] == [("price_unknown", "/tenant")]
    assert "usd_per_day" in refused[0]["message"] and not stack.campaign("a")


def test_a_price_that_is_not_known_any_more(make):
    """Admitted before the tenant had a limit: it fails, it does not spend unseen."""
    stack = make("1.00", prices="")
    ini = stack.folder / "barker.ini"
    with_limit = ini.read_text()
    ini.write_text(with_limit.replace(TENANT.format("1.00"), ""))
    first = stack.worker()
    stack.enqueue({**spec("a"), "not_before_ms": int(time.time() * 1000) + 4000})
    stack.wait_state("a", "queued")
    ini.write_text(with_limit)
    first.kill()
    first.wait()
    stack.worker()
    stack.wait_state("a", "failed")
    assert stack.campaign("a")["error"] == "price_unknown" and paid(stack) == 0


def test_redis_is_away(make):
    """Nothing is granted, nothing is lost: exactly ten, with a restart in between."""
    stack = make("1.00", "--latency-ms", "300:500", more="[worker]\nconcurrency = 1\n")
    stack.worker(), stack.worker()
    for name in "abc":
        stack.enqueue(spec(name))
    wait_for("calls", lambda: len(stack.ledger()[1]) >= 3)
    time.sleep(1.2)  # everysec: what was acknowledged a second ago is on disk
    stack.stop_redis()
    time.sleep(1)
    stack.start_redis()
    for name in "abc":
        stack.wait_state(name, "over_budget")
    print(f"paid {paid(stack)}")
    assert paid(stack) == 10

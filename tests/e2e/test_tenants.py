"""usd_per_day of a tenant: one daily budget over campaigns and workers."""
import collections
import os
import random
import signal
import time

import pytest
from stack import wait_for

TENANT = "[tenant acme]\nusd_per_day = {}\n"
SEED = int(os.environ.get("BARKER_SEED", "5"))
TOKENS = 100  # of every reply, and the most that is asked for
PRICES = "price_in = 0\nprice_out = 1000\n"  # 100 tokens are 0.10 usd


def spec(name, tenant="acme", n=8):
    return {"id": name, "tenant": tenant, "kind": "content", "approval": "none",
            "min_distance": 0, "input": {"brief": f"Beanies for the first frost, {name}", "n": n,
                                         "angles": ["warm", "light"], "max_tokens": TOKENS}}


@pytest.fixture
def make(make_stack):
    def make(usd, *llm_args, prices=PRICES, more=""):
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


def test_ten_calls_over_three_campaigns(make):
    stack = make("1.00", "--latency-ms", "20:80")
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

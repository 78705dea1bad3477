"""llm.cache_ttl_s: the same request of the same tenant is paid once."""
import json

import pytest

FAULTS = ("--fault-500", "0.15", "--fault-malformed", "0.15", "--latency-ms", "1:20")
SPEC = {"kind": "content", "approval": "none", "seed": 7, "segments": [{"id": "s1"}, {"id": "s2"}],
        "budget": {"usd": 1},
        "input": {"brief": "Beanies for the first frost", "n": 4}}
INI = """[endpoint main]
base_url = {url}/v1
model = simulated
key_env = OPENAI_API_KEY
price_in = 1
price_out = 2
"""


@pytest.fixture
def cached(make_stack):
    def make(ttl_s=600, llm_args=(), llm="sim", more=""):
        stack = make_stack(llm, llm_args)
        ini = stack.folder / "barker.ini"
        ini.write_text(INI.format(url=stack.llm_url) + more)
        stack.env["BARKER_CONFIG"] = str(ini)
        if ttl_s:
            stack.env["BARKER_CACHE_TTL_S"] = str(ttl_s)
        stack.env.pop("OPENAI_BASE_URL")
        stack.worker()
        return stack
    return make


def run(stack, name, **more):
    """Runs one campaign; its public hash, and how many requests the model got for it."""
    before = len(stack.ledger()[0])
    stack.enqueue({**SPEC, "id": name, **more})
    assert stack.wait_state(name, "live", "failed") == "live"
    return stack.campaign(name), len(stack.ledger()[0]) - before


def kept(stack):
    return sorted(stack.redis.scan_iter("bk:{0}:cache:*", count=1000))


def texts(stack, name):
    return {v: h["text"] for v, h in stack.variants(name).items()}


def audit(stack, name):
    rows = [row for _, row in stack.redis.xrange(stack.key("c", name, "audit"))]
    return [row for row in rows if row["what"] == "call"]


@pytest.mark.parametrize("faults", [(), FAULTS])
def test_the_same_again_costs_nothing(cached, faults):
    stack = cached(llm_args=faults)
    first, paid = run(stack, "a")
    assert int(first["calls"]) == paid > 8 and int(first["cached"]) == 0
    assert float(first["usd"]) > 0
    good = [r for r in stack.journal("a").values() if r["s"] == "ok"]
    again, sent = run(stack, "b")
    assert sent == 0
    assert (again["calls"], again["tokens_in"], again["tokens_out"]) == ("0", "0", "0")
    assert float(again["usd"]) == 0 and int(again["cached"]) == len(good) == len(kept(stack))
    assert texts(stack, "a") == texts(stack, "b")
    assert all(record["cached"] and record["usd_nano"] == 0
               for record in stack.journal("b").values())
    rows = audit(stack, "b")
    assert len(rows) == len(good) and {row["usage"] for row in rows} == {"cached"}
    assert {row["usage"] for row in audit(stack, "a")} <= {"provider", "estimated"}
    bud = stack.redis.hgetall(stack.key("c", "b", "bud"))
    assert {k: v for k, v in bud.items() if not k.endswith("_max")} == dict.fromkeys(
        ("calls", "tokens", "nano", "calls_r", "tokens_r", "nano_r", "lost"), "0")
    stack.cli("replay", "b")
    stack.cli("doctor")


def test_who_shares_and_who_does_not(cached):
    stack = cached()
    _, paid = run(stack, "a")
    for name, more in {"tenant": {"tenant": "other"}, "seed": {"seed": 8},
                       "model": {"llm": {"model": "other"}},
                       "heat": {"input": {**SPEC["input"], "temperature": 0.2}}}.items():
        campaign, sent = run(stack, name, **more)
        assert sent == int(campaign["calls"]) >= paid - 2 and campaign["cached"] == "0", name
    assert run(stack, "again", tenant="other")[1] == 0
    assert all(key.startswith(("bk:{0}:cache:default:", "bk:{0}:cache:other:"))
               for key in kept(stack))


def test_no_campaign_gets_the_same_reply_twice(cached):
    """Two asks of one stage may read the same; each wants a text of its own."""
    stack = cached(llm="mock", more="dialect = anthropic\n")  # its requests hold no seed
    spec = {"segments": [], "min_distance": 0, "seed": 7,
            "input": {"brief": "Beanies", "n": 6, "angles": ["warm"]}}
    first, paid = run(stack, "a", **spec)
    assert int(first["calls"]) == paid >= 6 and first["cached"] == "0"
    assert len(set(texts(stack, "a").values())) == len(texts(stack, "a"))
    assert run(stack, "b", **spec)[1] == 0
    assert texts(stack, "a") == texts(stack, "b")


def test_off_by_default(cached):
    stack = cached(ttl_s=0)
    run(stack, "a")
    assert run(stack, "b")[1] > 0
    assert not kept(stack)


def test_what_is_kept_expires(cached):
    stack = cached(ttl_s=500)
    run(stack, "a")
    assert kept(stack)
    assert all(0 < stack.redis.ttl(key) <= 500 for key in kept(stack))


def damage(redis, key, value, how):
    if how == "type":
        redis.delete(key)
        redis.rpush(key, value)
        return
    broken = {"cut": value[:-5], "empty": "", "other text": value.replace("a", "o"),
              "no sum": json.dumps({"text": '{"text":"x"}', "finish": "stop", "model": "m"}),
              "sum only": value[:17]}[how]
    redis.set(key, broken, keepttl=True)


@pytest.mark.parametrize("how", ["cut", "empty", "other text", "no sum", "sum only", "type"])
def test_what_is_damaged_is_asked_again(cached, how):
    stack = cached()
    first, paid = run(stack, "a")
    for key in kept(stack):
        damage(stack.redis, key, stack.redis.get(key), how)
    second, sent = run(stack, "b")
    assert sent == int(second["calls"]) == paid and second["cached"] == "0"
    assert len(texts(stack, "b")) == len(texts(stack, "a"))
    assert run(stack, "c")[1] == 0  # and kept anew


def test_failures_are_not_kept(cached):
    stack = cached(llm_args=("--fault-500", "0.3"))
    run(stack, "a")
    good = [r for r in stack.journal("a").values() if r["s"] == "ok"]
    bad = [r for r in stack.journal("a").values() if r["s"] == "err"]
    assert bad and len(kept(stack)) == len(good)

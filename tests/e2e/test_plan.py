"""barker plan: what it says beforehand against what really happens."""
import json

from stack import ROOT

# prices of an endpoint, so that the budget and the plan know what the model costs
CONFIG = """[endpoint default]
base_url = {url}/v1
model = simulated
key_env = OPENAI_API_KEY
price_in = 1
price_out = 4
"""
BRIEF = {"kind": "content", "channel": ["email.subject", "sms"], "approval": "none",
         "input": {"brief": "Two-day sale on the Alpine down jacket", "n": 6},
         "facts": {"product": "Alpine down jacket", "price": 129}}


def plan(stack, spec, tmp_path, code=0):
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(spec))
    return json.loads(stack.cli("plan", str(file), "--json", code=code))


def priced(make_stack, tmp_path, **kw):
    stack = make_stack(**kw)
    config = tmp_path / "barker.ini"
    config.write_text(CONFIG.format(url=stack.llm_url))
    stack.env["BARKER_CONFIG"] = str(config)
    return stack


def test_plan_is_what_happens(make_stack, tmp_path):
    """The independent mock keeps to the limits and never needs a second try."""
    stack = priced(make_stack, tmp_path, llm="mock")
    stack.worker()
    for name, spec in (("p1", BRIEF), ("p2", {**BRIEF, "input": {**BRIEF["input"],
                                               "angles": ["a", "b"]}})):
        told = plan(stack, {**spec, "id": name}, tmp_path)
        before = len(stack.ledger()[0])
        stack.enqueue({**spec, "id": name})
        stack.wait_state(name, "live")
        real = stack.campaign(name)
        assert told["calls"] == int(real["calls"]) == len(stack.ledger()[0]) - before
        usd = float(real["usd"])
        assert told["usd_known"] == 1 and abs(float(told["usd"]) - usd) <= 0.15 * usd
        assert usd <= float(told["at_most"]["usd"])
        assert told["waits_at"] == "live"


def test_no_request_and_no_redis(make_stack, tmp_path):
    stack = priced(make_stack, tmp_path)
    stack.stop_redis()
    sample = json.loads((ROOT / "tests/specs/con-0001.json").read_text())
    told = plan(stack, sample, tmp_path)
    assert told["calls"] == 24 and told["at_most"]["calls"] == 144
    assert told["later_at_most"]["calls"] == 4 * 8 * 3 * 6
    assert [s["stage"] for s in told["stages"]] == ["generate"]
    assert told["waits_at"] == "review" and told["budget"] == "likely"
    chinese = json.loads((ROOT / "tests/specs/con-zh-0001.json").read_text())
    told = plan(stack, chinese, tmp_path)
    assert told["calls"] == 19 and told["at_most"]["calls"] == 2 + 18 * 6
    assert stack.ledger() == ([], [])


def test_budgets(make_stack, tmp_path):
    stack = priced(make_stack, tmp_path)
    for budget, verdict in (({}, "none"), ({"calls": 13}, "likely"), ({"calls": 12}, "short"),
                            ({"calls": 1000, "usd": 1}, "enough"), ({"usd": 0.0001}, "short"),
                            ({"tokens": 100}, "short")):
        spec = {**BRIEF, **({"budget": budget} if budget else {})}
        assert plan(stack, spec, tmp_path)["budget"] == verdict, budget


def test_what_the_tenant_may_spend(make_stack, tmp_path):
    stack = priced(make_stack, tmp_path)
    config = tmp_path / "barker.ini"
    plain = config.read_text()
    spec = {**BRIEF, "tenant": "acme"}
    assert plan(stack, spec, tmp_path)["tenant_budget"] == "none"
    told = plan(stack, spec, tmp_path)
    for usd, verdict in ((told["at_most"]["usd"], "enough"), (told["usd"], "likely"),
                         ("0.000001", "short")):
        config.write_text(plain + f"[tenant acme]\nusd_per_day = {usd}\n")
        assert plan(stack, spec, tmp_path)["tenant_budget"] == verdict, usd
    file = tmp_path / "spec.json"
    assert "tenant acme may spend 0.000001 usd a day: too little" in stack.cli("plan", str(file))
    assert plan(stack, BRIEF, tmp_path)["tenant_budget"] == "none"


def test_how_long_the_tenant_takes(make_stack, tmp_path):
    stack = priced(make_stack, tmp_path)
    config = tmp_path / "barker.ini"
    spec = {**BRIEF, "tenant": "acme"}
    told = plan(stack, spec, tmp_path)
    assert told["tenant_s"] == 0
    tokens = told["tokens_in"] + told["tokens_out"]
    config.write_text(config.read_text() + f"[tenant acme]\ntpm = {tokens // 4}\n")
    told = plan(stack, spec, tmp_path)
    assert 250 <= told["tenant_s"] <= 252 and told["tenant_budget"] == "none"
    said = stack.cli("plan", str(tmp_path / "spec.json"))
    assert f"{tokens // 4} tokens a minute: that takes {told['tenant_s']} s or more" in said
    assert "usd a day" not in said and plan(stack, BRIEF, tmp_path)["tenant_s"] == 0


def test_a_budget_without_a_price(stack, tmp_path):
    assert plan(stack, {**BRIEF, "budget": {"usd": 1, "calls": 100}}, tmp_path)[
        "budget"] == "unknown"


def test_bad_specs(stack, tmp_path):
    file = tmp_path / "spec.json"
    file.write_text('{"kind":"content","input":{"brief":""}}')
    stack.cli("plan", str(file), code=2)
    stack.cli("plan", str(tmp_path / "absent.json"), code=2)
    assert "first round" in stack.cli("plan", str(ROOT / "tests/specs/con-0001.json"))

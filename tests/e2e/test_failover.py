"""Endpoints that fail: calls go to the fallback and come back, none is lost or done twice."""
import contextlib

import pytest
from stack import wait_for

AT_ONCE = 4
KEY = "sk-failover-0123456789"
SPEC = {"kind": "content", "approval": "none", "min_distance": 0,
        "segments": [{"id": f"s{i}"} for i in range(4)],
        "input": {"brief": "Beanies for the first frost", "n": 6, "angles": ["warm", "light"]}}


class Server:
    """A mock with a switch: while the file is there, its calls fail."""
    def __init__(self, stack, name, fail_by="500", *args):
        self.ledger_file = stack.folder / f"{name}.ndjson"
        self.switch = stack.folder / f"{name}.fails"
        self.stack = stack
        stack.ledger_file = self.ledger_file
        stack.start_llm("mock", ["--fail-while", str(self.switch), "--fail-by", fail_by, *args])
        self.url = stack.llm_url + "/v1"

    def fail(self, fails=True):
        self.switch.touch() if fails else self.switch.unlink()

    def calls(self):
        self.stack.ledger_file = self.ledger_file
        return self.stack.ledger()

    def good(self):
        return [r["id"] for r in self.calls()[1] if r["status"] == 200]


@pytest.fixture
def two(make_stack):
    """A stack whose endpoint `first` falls back on `second`, and the servers of both."""
    def make(fail_by="500", first="", second="price_in = 2\nprice_out = 8\n", args=()):
        stack = make_stack("mock")
        servers = [Server(stack, "one", fail_by, *args), Server(stack, "two")]
        ini = stack.folder / "barker.ini"
        ini.write_text(
            f"[worker]\nconcurrency = {AT_ONCE}\n[endpoint first]\nbase_url = {servers[0].url}\nmodel = model-one\n{first}"
            "key_env = OPENAI_API_KEY\nfallback = second\nprice_in = 1\nprice_out = 1\n"
            f"[endpoint second]\nbase_url = {servers[1].url}\nmodel = model-two\n{second}"
            "key_env = OPENAI_API_KEY\n")
        stack.env.pop("OPENAI_BASE_URL")
        stack.env.update(BARKER_CONFIG=str(ini), OPENAI_API_KEY=KEY)
        return stack, *servers
    return make


def asked_once(*servers):
    """No ask has two good answers: an id is campaign/stage/iteration/index/attempt. And
    each ask that was sent has one."""
    asks = [call.rsplit("/", 1)[0] for s in servers for call in s.good()]
    sent = {r["id"].rsplit("/", 1)[0] for s in servers for r in s.calls()[0]}
    assert len(asks) == len(set(asks)) and set(asks) == sent
    return len(asks)


def log(stack, what):
    text = (stack.folder / "workers.log").read_text()
    assert KEY not in text
    return [line for line in text.splitlines() if what in line]


@pytest.mark.parametrize("fail_by", ["529", "500", "drop"])
def test_the_fallback_takes_over_and_gives_back(two, fail_by):
    stack, one, other = two(fail_by)
    one.fail()
    stack.worker()
    stack.enqueue({**SPEC, "id": "a"})
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    tried, done = one.calls()[0], other.good()
    asked = asked_once(one, other)
    assert len(done) == asked > 20
    assert {r["model"] for r in other.calls()[0]} == {"model-two"}
    # five failures open the breaker, others are under way then; and some probes
    assert len(tried) < 5 + AT_ONCE + 5 < asked
    assert log(stack, "llm.breaker")[0].count("open") == 1
    one.fail(False)
    wait_for("the first to be asked again", lambda: enqueue_more(stack, one))
    for name in list(stack.campaigns):
        stack.wait_state(name, "live")
    assert asked_once(one, other) > asked
    stack.enqueue({**SPEC, "id": "z"})
    before = len(other.calls()[0])
    stack.wait_state("z", "live")
    assert len(other.calls()[0]) == before  # the first has them all again
    assert "closed" in log(stack, "llm.breaker")[-1]


def enqueue_more(stack, one):
    """A campaign at a time, until one of its calls was answered by the first."""
    stack.campaigns = getattr(stack, "campaigns", [])
    stack.campaigns.append(f"b{len(stack.campaigns)}")
    stack.enqueue({**SPEC, "id": stack.campaigns[-1]})
    stack.wait_state(stack.campaigns[-1], "live")
    return one.good()


def test_no_credit(two):
    stack, one, other = two("money")
    one.fail()
    stack.worker()
    stack.enqueue({**SPEC, "id": "a", "llm": {"model": "dear"},
                   "budget": {"usd": 1}})
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    stack.enqueue({**SPEC, "id": "b", "llm": {"model": "dear"}})
    stack.wait_state("b", "live", "failed")
    tried = one.calls()[0]
    assert {r["model"] for r in tried} == {"dear"}
    assert all(r["id"].startswith("a/") for r in tried)  # first not asked again
    assert {r["model"] for r in other.calls()[0]} == {"model-two"}
    asked_once(one, other)
    usage = [r["usage"] for r in other.calls()[1] if r["id"].startswith("a/")]
    assert float(stack.campaign("a")["usd"]) == pytest.approx(sum(  # at its own price
        2 * u["prompt_tokens"] + 8 * u["completion_tokens"] for u in usage) / 1e6)
    records = stack.journal("a")
    assert {r["model"] for r in records.values() if r["s"] == "ok"} == {"model-two"}
    assert sum(r["usd_nano"] for r in records.values() if r["s"] == "err") == 0
    audit = [e for _, e in stack.redis.xrange(stack.key("c", "a", "audit"))]
    assert {(e["endpoint"], e["verdict"]) for e in audit if e["what"] == "call"} == {
        ("first", "no_credit"), ("second", "ok")}


DEAR = "price_in = 1\nprice_out = 9000\n"
DAY = "[tenant t]\nusd_per_day = 0.50\n"


@pytest.mark.parametrize("second", [DEAR, ""])
def test_money_of_a_tenant(two, second):
    """A fallback whose dearest call is above the limit of the day, or has no price, is none."""
    stack, one, other = two("money", second=second)
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text() + DAY)
    one.fail()
    stack.worker()
    stack.enqueue({**SPEC, "id": "a", "tenant": "t"})
    stack.wait_state("a", "live", "failed", "over_budget")
    assert (stack.state("a"), stack.campaign("a")["error"]) == ("failed", "no_credit")
    assert one.calls()[0] and not other.calls()[0]


MONEY = pytest.mark.parametrize("spec, more", [
    ({"tenant": "t"}, DAY), ({"budget": {"usd": 0.5}}, ""),
    ({"budget": {"usd": 0.5}, "llm": {"batch": True}}, "")], ids=["day", "budget", "batch"])


@MONEY
def test_what_cools_down_is_waited_for(two, spec, more):
    """A short failure is no end where the other endpoint costs more than there is."""
    stack, one, other = two(second=DEAR)
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text() + more)
    one.fail()
    stack.worker()
    stack.enqueue({**SPEC, **spec, "id": "a"})
    wait_for("the breaker", lambda: log(stack, "llm.breaker"))
    one.fail(False)
    stack.wait_state("a", "live", "failed", "over_budget")
    assert stack.state("a") == "live", stack.campaign("a")
    assert not other.calls()[0]
    asked_once(one, other)


@MONEY
def test_a_cheaper_fallback_is_tried(two, spec, more):
    """Its own endpoint costs more than there is, from the first call on."""
    stack, one, other = two(first="batch = true\n")
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text().replace("price_out = 1\n", "price_out = 9000\n") + more)
    stack.worker()
    stack.enqueue({**SPEC, **spec, "id": "a"})
    stack.wait_state("a", "live", "failed", "over_budget")
    assert stack.state("a") == "live", stack.campaign("a")
    assert not one.calls()[0]
    assert asked_once(one, other) > 20


def test_without_a_fallback_it_is_final(two):
    stack, one, other = two("money")
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text().replace("fallback = second\n", ""))
    one.fail()
    stack.worker()
    stack.enqueue({**SPEC, "id": "a"})
    stack.wait_state("a", "failed")
    assert stack.campaign("a")["error"] == "no_credit"
    assert not other.calls()[0]


def test_all_down_then_up(two):
    stack, one, other = two("500")
    one.fail(), other.fail()
    stack.worker()
    stack.enqueue({**SPEC, "id": "a"})

    def both_open():
        with contextlib.suppress(FileNotFoundError):
            return len(log(stack, "llm.breaker")) >= 2
    wait_for("both breakers", both_open)
    one.fail(False), other.fail(False)
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    asked_once(one, other)


def test_a_hint_sends_calls_on(two):
    """Limits make calls wait for the first; a long hint sends them on."""
    stack, one, other = two("rate", first="rpm = 600\n", args=("--retry-after", "60"))
    one.fail()
    stack.worker()
    stack.enqueue({**SPEC, "id": "a"})
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    assert len(one.calls()[0]) < len(other.good())
    assert not log(stack, "llm.breaker")
    asked_once(one, other)


def test_first_attempts_go_before_retries_that_wait(two):
    stack, one, _ = two("rate", args=("--fail-match", r"/generate/\d+/(\d|1[01])/"))
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text().replace("fallback = second\n", ""))
    one.fail()
    stack.worker(BARKER_LLM_RETRY_BASE_MS=0)
    stack.enqueue({**SPEC, "id": "a"})

    def tries():
        ids = [r["id"] for r in one.calls()[0]]
        return sum(i.endswith("/0") for i in ids), sum(not i.endswith("/0") for i in ids)
    wait_for("the first attempts", lambda: tries()[0] == 24)
    assert tries()[1] < 30  # ten, and two for each second; twelve asks could make sixty
    one.fail(False)
    stack.wait_state("a", "live")


def test_a_ceiling_is_learnt(two):
    stack, one, _ = two(args=("--at-once", "2", "--latency-ms", "30"))
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text().replace("fallback = second\n", "").replace(
        f"concurrency = {AT_ONCE}", "concurrency = 16"))
    stack.worker()
    stack.enqueue({**SPEC, "id": "a"})
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live", stack.campaign("a")
    asked_once(one)
    refused = [r for r in one.calls()[1] if r["status"] == 429]
    assert len(refused) < len(one.good()) * 2
    assert log(stack, "llm.ceiling") and not log(stack, "llm.breaker")


def test_cancel_while_all_cool_down(two):
    stack, one, other = two("money")
    one.fail()
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text().replace(other.url, one.url))
    stack.worker()
    stack.enqueue({**SPEC, "id": "a"})
    wait_for("both breakers", lambda: (stack.folder / "workers.log").exists() and
             len(log(stack, "llm.breaker")) >= 2)
    cooling = wait_for("the worker to say so", lambda: [
        text for key in stack.redis.scan_iter("bk:worker:*")
        if (text := stack.redis.hget(key, "cooling"))])
    assert cooling[0].split(", ") == ["first/model-one no_credit", "second/model-two no_credit"]
    assert "a worker does not ask: first/model-one no_credit" in stack.cli("doctor", "--offline")
    stack.cli("cancel", "a")
    stack.wait_state("a", "cancelled")
    assert len(one.calls()[0]) == len(one.calls()[1])

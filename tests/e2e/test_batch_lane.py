"""Campaigns that can wait: their calls go through batches, at half the price, once."""
import json
import signal

import pytest
from stack import wait_for

SPEC = {"id": "b", "kind": "content", "approval": "none", "min_distance": 0,
        "llm": {"batch": True}, "channel": ["plain", "email.subject"],
        "input": {"brief": "Beanies for the first frost", "n": 6, "angles": ["warm", "light"]}}


@pytest.fixture
def lane(make_stack):
    def make(*llm_args, endpoint="batch = true\n", **env):
        stack = make_stack("sim", llm_args)
        ini = stack.folder / "barker.ini"
        ini.write_text("[worker]\nheartbeat_ms = 100\nlease_ms = 400\n[endpoint main]\n"
                       f"base_url = {stack.llm_url}/v1\nmodel = simulated\n"
                       "key_env = OPENAI_API_KEY\nprice_in = 1\nprice_out = 2\n" + endpoint)
        stack.env.pop("OPENAI_BASE_URL")
        stack.env |= {"BARKER_CONFIG": str(ini), "BARKER_BATCH_POLL_MS": "150", **env}
        return stack
    return make


def calls(stack):
    """Ids of calls that went through a batch, and of those sent at once."""
    ids = [row["id"] for row in stack.ledger()[0]]
    return [i for i in ids if "/" not in i], [i for i in ids if "/" in i]


def cost_nano(stack, share):
    used = [row["usage"] for row in stack.ledger()[1]]
    return sum(1000 * u["prompt_tokens"] + 2000 * u["completion_tokens"] for u in used) * share


def spent_nano(stack):
    return int(stack.redis.hget(stack.key("c", "b", "bud"), "nano"))


def reserved(stack):
    held = stack.redis.hmget(stack.key("c", "b", "bud"), "calls_r", "tokens_r", "nano_r")
    return [int(n or 0) for n in held], stack.redis.hgetall(stack.key("c", "b", "rsv"))


def job(stack):
    return stack.redis.hgetall(stack.key("j", "b"))


def wait_rest(stack):
    """Until the job is given up, and waits for its batch."""
    def rests():
        return job(stack).get("state") == "waiting" and reserved(stack)[1]
    return wait_for("the job to wait for its batch", rests)


def check_paid_once(stack):
    batched, live = calls(stack)
    assert len(set(batched)) == len(batched) and len(set(live)) == len(live)
    records = stack.journal("b")
    answered = [key for key, record in records.items() if record["s"] == "ok"]
    assert len({key[:3] for key in answered}) == len(answered)
    paid = [row for row in stack.ledger()[1] if row["status"] == 200]
    assert len(paid) == len(answered)
    assert reserved(stack) == ([0, 0, 0], {})


def test_a_campaign_goes_through_batches(lane):
    stack = lane("--batch-ms", "600")
    stack.worker()
    stack.enqueue(SPEC)
    held = wait_rest(stack)
    assert {value.split(" ")[0] for value in held.values()} == {"0"}
    assert job(stack)["owner"] == "" and stack.state("b") == "running"
    assert "held_open" not in stack.cli("doctor", "--json")
    assert all(record.get("n") for record in stack.journal("b").values())
    stack.wait_state("b", "live")
    batched, live = calls(stack)
    assert len(batched) >= 12 and not live
    check_paid_once(stack)
    assert "identical" in stack.cli("replay", "b")
    rows = [row for _, row in stack.redis.xrange(stack.key("c", "b", "audit"))]
    assert {row["endpoint"] for row in rows if row["what"] == "call"} == {"main"}
    assert abs(spent_nano(stack) - cost_nano(stack, 0.5)) <= len(batched)


def test_long_results_are_read(lane):
    """400 KB a line, as models write that think aloud: megabytes in all."""
    stack = lane("--batch-ms", "600", "--batch-pad", "400000")
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("b", "live")
    check_paid_once(stack)
    assert len(calls(stack)[0]) > 10 and calls(stack)[1] == []


def test_without_a_batch_endpoint_calls_are_live(lane):
    stack = lane(endpoint="")
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("b", "live")
    batched, live = calls(stack)
    assert live and not batched
    assert spent_nano(stack) == cost_nano(stack, 1)


def test_a_tenant_with_a_limit_of_money_is_not_batched(lane):
    stack = lane(endpoint="batch = true\n[tenant t]\nusd_per_day = 5\n")
    stack.worker()
    stack.enqueue({**SPEC, "tenant": "t"})
    stack.wait_state("b", "live")
    batched, live = calls(stack)
    assert live and not batched


@pytest.mark.parametrize("fault", [
    ("--batch-missing", "0.4"), ("--batch-errors", "0.4"), ("--batch-expire", "0.4"),
    ("--batch-invalid", "1")], ids=lambda fault: fault[0])
def test_what_a_batch_does_not_do_is_sent_again(lane, fault):
    stack = lane("--batch-ms", "200", *fault)
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("b", "live")
    batched, live = calls(stack)
    assert live or len(batched) > 12
    assert bool(batched) == (fault[0] != "--batch-invalid")
    if fault[0] in ("--batch-missing", "--batch-errors"):  # two batches come first
        assert all(int(call.rsplit("/", 1)[1]) >= 2 for call in live), live
    check_paid_once(stack)


def test_results_that_are_told_late_are_waited_for(lane):
    """The batch is completed, and says nothing yet of the file that they are in."""
    stack = lane("--batch-ms", "200", "--batch-untold-ms", "1500", "--batch-errors", "0.2")
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("b", "live")
    good = [row["id"] for row in stack.ledger()[1] if row["status"] == 200]
    assert len(good) > 10
    check_paid_once(stack)
    assert "batch.untold" in (stack.folder / "workers.log").read_text()


def test_results_that_are_never_told_count_as_spent(lane):
    stack = lane("--batch-ms", "200", "--batch-untold-ms", "600000", BARKER_BATCH_WAIT_S="1")
    stack.worker()
    stack.enqueue({**SPEC, "channel": ["plain"]})
    stack.wait_state("b", "live")
    batched, live = calls(stack)
    assert len(set(batched)) == len(batched) > 0 and live
    assert reserved(stack) == ([0, 0, 0], {})
    lost = [r for r in stack.journal("b").values() if r.get("code") == "outcome_unknown"]
    assert len(lost) == len(batched)
    assert {r["message"] for r in lost} == {"nothing more is heard of the batch of this call"}
    assert spent_nano(stack) >= cost_nano(stack, 0.5)


def test_a_batch_that_takes_too_long_is_cancelled(lane):
    stack = lane("--batch-ms", "600000", BARKER_BATCH_WAIT_S="1")
    stack.worker()
    stack.enqueue({**SPEC, "channel": ["plain"]})
    stack.wait_state("b", "live")
    assert reserved(stack) == ([0, 0, 0], {})
    live = [int(call.rsplit("/", 1)[1]) for call in calls(stack)[1]]
    assert min(live) == 1  # one batch, then live


@pytest.mark.parametrize("at", [None, 10**15])
def test_a_batch_of_an_unknown_age_is_given_up(lane, at):
    """Its records were damaged: no time, or one that never comes."""
    stack = lane("--batch-ms", "600000", BARKER_BATCH_WAIT_S="2")
    worker = stack.worker()
    stack.enqueue(SPEC)
    wait_rest(stack)
    worker.kill()
    worker.wait()
    (name,) = stack.redis.lrange(stack.key("c", "b", "jrs"), 0, -1)
    for field, text in stack.redis.hgetall(name).items():
        record = {**json.loads(text), "t": at}
        stack.redis.hset(name, field, json.dumps({k: v for k, v in record.items() if v}))
    stack.worker()
    stack.wait_state("b", "live")
    check_paid_once(stack)
    assert len(calls(stack)[1]) > 10


def test_a_batch_whose_endpoint_takes_none_any_more_is_given_up(lane):
    stack = lane("--batch-ms", "600000", BARKER_BATCH_WAIT_S="1")
    worker = stack.worker()
    stack.enqueue({**SPEC, "channel": ["plain"]})
    held = wait_rest(stack)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    ini = stack.folder / "barker.ini"
    ini.write_text(ini.read_text().replace("model =", "dialect = azure_openai\nmodel ="))
    stack.worker()
    stack.wait_state("b", "live", "failed")  # by what the other dialect finds there
    assert reserved(stack) == ([0, 0, 0], {})
    lost = [r for r in stack.journal("b").values() if r.get("code") == "outcome_unknown"]
    assert len(lost) >= len(held) > 0


def stop_and_configure(stack, worker, change):
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    ini = stack.folder / "barker.ini"
    ini.write_text(change(ini.read_text()))


@pytest.mark.parametrize("named", [True, False])
def test_a_batch_is_asked_for_where_it_is(lane, named):
    """Another endpoint, which takes batches too, has become the first one."""
    stack = lane("--batch-ms", "1500")
    worker = stack.worker()
    stack.enqueue({**SPEC, "channel": ["plain"], "input": {**SPEC["input"], "n": 2}})
    wait_rest(stack)
    main, ledger = stack.llm_url, stack.ledger_file
    stack.ledger_file = stack.folder / "other.ndjson"
    stack.start_llm("sim", ())
    stack.env.pop("OPENAI_BASE_URL")
    stop_and_configure(stack, worker, lambda text: text.replace(
        "[endpoint main]", f"[endpoint other]\nbase_url = {stack.llm_url}/v1\nmodel = simulated\n"
        "key_env = OPENAI_API_KEY\nbatch = true\n[endpoint main]"))
    if not named:
        forget_names(stack)
    stack.worker()
    stack.wait_state("b", "live", "failed")
    assert stack.ledger()[0] == [] and main != stack.llm_url
    stack.ledger_file = ledger
    assert len(calls(stack)[0]) >= 2 and not calls(stack)[1]
    check_paid_once(stack)


def test_a_batch_whose_endpoint_is_gone_is_given_up(lane):
    stack = lane("--batch-ms", "600000", BARKER_BATCH_WAIT_S="1")
    worker = stack.worker()
    stack.enqueue({**SPEC, "channel": ["plain"]})
    held = wait_rest(stack)
    stop_and_configure(stack, worker, lambda text: text.replace("endpoint main", "endpoint new"))
    stack.worker()
    stack.wait_state("b", "live", "failed")
    assert stack.state("b") == "live" and reserved(stack) == ([0, 0, 0], {})
    lost = [r for r in stack.journal("b").values() if r.get("code") == "outcome_unknown"]
    assert len(lost) >= len(held) > 0
    assert all(r["usd_nano"] > 0 for r in lost)  # at the price there is


def test_kill_nine_while_batches_run(lane):
    stack = lane("--batch-ms", "700")
    worker = stack.worker()
    stack.enqueue(SPEC)
    for _ in range(4):
        wait_rest(stack)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker = stack.worker()
    stack.wait_state("b", "live")
    assert not calls(stack)[1]
    check_paid_once(stack)
    assert int(stack.redis.hget(stack.key("c", "b", "bud"), "lost") or 0) == 0


def forget_names(stack):
    for name in stack.redis.scan_iter(match="bk:*:jr:*", count=1000):
        for call, text in stack.redis.hgetall(name).items():
            record = json.loads(text)
            if record.pop("n", None):
                stack.redis.hset(name, call, json.dumps(record))


def test_a_batch_without_its_name_is_found_by_its_mark(lane):
    """As after a death between the creation of the batch and the storing of its name."""
    stack = lane("--batch-ms", "1500")
    worker = stack.worker()
    stack.enqueue(SPEC)
    wait_rest(stack)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    forget_names(stack)
    stack.worker()
    named = wait_for("the name", lambda: [r for r in stack.journal("b").values() if r.get("n")])
    assert named
    stack.wait_state("b", "live")
    assert not calls(stack)[1]
    check_paid_once(stack)


def test_pause_and_cancel(lane):
    stack = lane("--batch-ms", "1500")
    stack.worker()
    stack.enqueue(SPEC)
    wait_rest(stack)
    stack.cli("pause", "b")
    stack.wait_state("b", "paused")
    assert reserved(stack)[1]  # the batch goes on
    stack.cli("resume", "b")
    wait_rest(stack)
    stack.cli("cancel", "b")
    stack.wait_state("b", "cancelled")
    assert reserved(stack) == ([0, 0, 0], {})
    lost = [r for r in stack.journal("b").values() if r["s"] == "lost"]
    assert lost and spent_nano(stack) > 0  # it may be billed
    rows = stack.redis.xrange(stack.key("c", "b", "audit"))
    assert sum(row["what"] == "possibly_billed" for _, row in rows) == len(lost)


def test_an_expensive_batch_stays_in_its_budget(lane):
    stack = lane("--batch-ms", "200")
    stack.worker()
    stack.enqueue({**SPEC, "budget": {"calls": 5}})
    stack.wait_state("b", "over_budget", "live")
    assert len(calls(stack)[0]) + len(calls(stack)[1]) <= 5
    assert reserved(stack) == ([0, 0, 0], {})

"""Reviews, mailboxes and waiting, on real servers."""
import json
import time

from stack import wait_for

BRIEF = {"kind": "content", "channel": ["sms"], "brand": {"never": ["cheap"]},
         "input": {"brief": "Tea for winter evenings", "n": 3, "angles": ["warm", "calm", "gift"]}}


def test_refused_edit_leaves_no_mark(make_stack):
    stack = make_stack()
    stack.worker()
    stack.enqueue({**BRIEF, "id": "r"})
    stack.wait_state("r", "review")
    control = stack.key("control")
    stack.redis.xadd(control, {"c": "r", "do": "approve", "v": "v2", "text": "Cheap tea, hurry"})
    refused = wait_for("a refusal", lambda: stack.variants("r")["v2"]["reason"])
    assert refused.startswith("edit refused: ") and "cheap" in refused
    assert stack.variants("r")["v2"]["state"] == "pending"
    stack.redis.xadd(control, {"c": "r", "do": "approve", "v": "v3", "text": "Calm tea tonight."})
    stack.redis.xadd(control, {"c": "r", "do": "approve", "v": "all"})
    stack.wait_state("r", "live")
    after = stack.variants("r")
    assert after["v2"]["state"] == "live" and after["v2"]["reason"] == ""
    assert after["v3"]["text"] == "Calm tea tonight."
    assert after["v1"]["state"] == "control"


def test_flooded_mailbox_still_takes_orders(make_stack):
    """Thousands of reviews sent to a paused campaign: it rests, and resumes."""
    stack = make_stack()
    stack.worker()
    stack.enqueue({**BRIEF, "id": "f"})
    stack.wait_state("f", "review")
    control = stack.key("control")
    stack.redis.xadd(control, {"c": "f", "do": "pause"})
    stack.wait_state("f", "paused")
    pipe = stack.redis.pipeline(transaction=False)
    for n in range(5000):
        pipe.xadd(control, {"c": "f", "do": "approve", "v": f"v{n % 3 + 1}"})
    pipe.execute()
    wait_for("the reviews to be read", lambda: stack.redis.xlen(control) == 0 and
             stack.redis.llen(stack.key("c", "f", "mail")) == 0)
    before = int(stack.redis.hget(stack.key("j", "f"), "commits"))
    time.sleep(1)
    assert int(stack.redis.hget(stack.key("j", "f"), "commits")) <= before + 1, "it spins"
    stack.redis.xadd(control, {"c": "f", "do": "resume"})
    stack.wait_state("f", "live")


def test_without_an_endpoint_campaigns_wait(make_stack):
    stack = make_stack()
    saved = {k: stack.env.pop(k) for k in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "BARKER_MODEL")}
    bare = stack.worker()
    stack.enqueue({**BRIEF, "id": "w"})
    stack.wait_state("w", "queued")
    time.sleep(1)
    assert stack.state("w") == "queued" and bare.poll() is None
    stack.env.update(saved)
    stack.worker()
    stack.wait_state("w", "review")


def test_messages_are_ranked_per_delivered(make_stack):
    stack = make_stack()
    stack.worker()
    stack.enqueue({**BRIEF, "id": "d", "approval": "none"})
    stack.wait_state("d", "live")
    events = stack.key("events")
    for vid, clicks in (("v1", 10), ("v2", 60)):
        stack.redis.xadd(events, {"c": "d", "v": vid, "t": "delivered", "n": 1000})
        stack.redis.xadd(events, {"c": "d", "v": vid, "t": "click", "n": clicks})
    place = stack.key("c", "d", "p", "sms")
    wait_for("a leader", lambda: stack.redis.hget(place, "leader") == "v2")
    record = stack.variants("d")["v2"]
    assert record["delivered"] == "1000" and 0.02 < float(record["rate"]) < 0.06
    doc = json.loads(stack.redis.get(stack.key("c", "d", "doc")))
    assert doc["placements"][0]["leader"] == "v2"


def test_a_letter_that_cannot_be_read_is_told_with_its_words(make_stack):
    """Its text outlives the load that brought it: the commit comes after the calls."""
    stack = make_stack("sim", ("--latency-ms", "1500:1500"))
    stack.enqueue({"id": "deep", "kind": "content", "input": {"prompt": "Sell beanies.", "n": 2}})
    worker = stack.worker()
    wait_for("calls", lambda: stack.redis.exists(stack.key("c", "deep", "rsv")))
    letter = '{"do":"approve","v":' + "[" * 40 + "]" * 40 + "}"
    stack.redis.rpush(stack.key("c", "deep", "mail"), letter)
    worker.kill()
    worker.wait()
    worker = stack.worker()
    stack.wait_state("deep", "review", "failed")
    audit = [f for _, f in stack.redis.xrange(stack.key("c", "deep", "audit"))]
    assert [f["mail"] for f in audit if f["what"] == "review_dropped"] == [letter]
    assert worker.poll() is None


def test_an_order_behind_many_reviews_is_heard(make_stack):
    """More letters than one page, while nobody looks: none is acted on before all are read."""
    stack = make_stack()
    worker = stack.worker()
    for cid in ("c", "p", "q"):
        stack.enqueue({**BRIEF, "id": cid})
        stack.wait_state(cid, "review")
    worker.kill()
    worker.wait()
    control = stack.key("control")
    pipe = stack.redis.pipeline(transaction=False)
    for cid, orders in (("c", ["cancel"]), ("p", ["pause"]), ("q", ["pause", "resume"])):
        for n in range(600):  # in its mailbox already
            pipe.rpush(stack.key("c", cid, "mail"), json.dumps(
                {"do": "approve", "v": f"v{n % 3 + 1}", "by": "", "text": "", "via": "redis"}))
        for what in orders:
            pipe.xadd(control, {"c": cid, "do": what})
    pipe.execute()
    stack.worker()
    stack.wait_state("c", "cancelled")
    stack.wait_state("p", "paused")
    stack.wait_state("q", "live")
    assert not any(v["state"] == "live" for v in stack.variants("p").values())
    seen = [e["what"] for _, e in stack.redis.xrange(stack.key("changes")) if e["c"] == "p"]
    assert "live" not in seen
    for cid in ("c", "p", "q"):
        assert json.loads(stack.cli("replay", cid, "--json"))["identical"] is True


def test_an_order_behind_many_reviews_stops_calls(make_stack):
    stack = make_stack("mock", ["--latency-ms", "40000"])
    stack.worker()
    stack.enqueue({**BRIEF, "id": "c"})
    wait_for("its calls", lambda: stack.ledger()[0])
    control = stack.key("control")
    stack.redis.rpush(stack.key("c", "c", "vids"), "v1")
    stack.redis.hset(stack.key("c", "c", "v", "v1"), "state", "pending")
    pipe = stack.redis.pipeline(transaction=False)
    for _ in range(600):
        pipe.xadd(control, {"c": "c", "do": "approve", "v": "v1"})
    pipe.execute()
    stack.redis.xadd(control, {"c": "c", "do": "cancel"})
    stack.wait_state("c", "cancelled", timeout_s=20)


def test_after_a_resume_calls_go_on(make_stack, tmp_path):
    """Paused and resumed while calls are under way: the next ones do not wait for their end."""
    hold = tmp_path / "hold"
    hold.write_text("0")
    stack = make_stack("mock", ["--hold", str(hold)])
    ini = stack.folder / "barker.ini"
    ini.write_text("[worker]\nconcurrency = 2\n")
    stack.env["BARKER_CONFIG"] = str(ini)
    stack.worker()
    stack.enqueue({**BRIEF, "id": "r"})
    wait_for("two calls", lambda: len(stack.ledger()[0]) == 2)
    poke = stack.key("poke", stack.redis.hget(stack.key("j", "r"), "owner"))
    for letters, what in enumerate(("pause", "resume"), 1):
        stack.redis.xadd(stack.key("control"), {"c": "r", "do": what})
        wait_for("the order to be heard",
                 lambda letters=letters: stack.redis.llen(stack.key("c", "r", "mail")) == letters
                 and not stack.redis.exists(poke))
    hold.write_text("1")
    wait_for("a third call beside the one that is held", lambda: len(stack.ledger()[0]) == 3)
    hold.write_text("99")
    stack.wait_state("r", "review")


def test_megabytes_of_reviews_are_worked_off(make_stack):
    """More than a checkpoint bears: page by page, and the order behind them is heard."""
    stack = make_stack()
    worker = stack.worker()
    stack.enqueue({**BRIEF, "id": "m"})
    stack.wait_state("m", "review")
    worker.kill()
    worker.wait()
    pipe = stack.redis.pipeline(transaction=False)
    for n in range(990):
        pipe.rpush(stack.key("c", "m", "mail"), json.dumps(
            {"do": "reject", "v": f"no-{n}", "by": "", "text": "x" * 5000, "via": "redis"}))
    pipe.execute()
    stack.redis.xadd(stack.key("control"), {"c": "m", "do": "approve", "v": "all"})
    stack.worker()
    stack.wait_state("m", "live", "failed")
    assert stack.state("m") == "live", stack.campaign("m")
    assert stack.redis.llen(stack.key("c", "m", "mail")) == 0

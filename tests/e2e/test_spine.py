"""The main job, end to end, on real servers: a spec in through Redis, variants out."""
import json

from counters import fits, sms_segments
from stack import wait_for

BRIEF = {"kind": "content", "channel": ["email.subject", "sms"], "metric": "click",
         "input": {"brief": "Two-day sale on the Alpine down jacket for past buyers", "n": 4},
         "facts": {"product": "Alpine down jacket", "price": 129, "percent_off": 25},
         "brand": {"voice": "plain, dry humour", "never": ["cheap"]},
         "budget": {"calls": 60}}
CAMPAIGN_FIELDS = """kind tenant state stage round progress calls tokens_in tokens_out usd
    usd_known usd_budget variants live pending rejected impressions clicks conversions
    revenue lift lift_lo lift_hi created_ms updated_ms error
    waiting waiting_ms""".split()
VARIANT_FIELDS = """placement text state parent round reason weight p_best expected_loss rate
    rate_lo rate_hi impressions clicks conversions revenue usd""".split()
PLACEMENT_FIELDS = """epoch leader tied lift lift_lo lift_hi srm impressions conversions
    revenue""".split()
TEXT_FIELDS = {"kind", "tenant", "state", "stage", "error", "placement", "text", "parent",
               "reason", "leader", "angle", "reviewer", "waiting"}


def assert_fields(record, fields):
    for name in fields:
        assert name in record, (name, record)
        if name not in TEXT_FIELDS:
            float(record[name])


def assert_keys(stack, cid, placements):
    """Every key of CONTRACT §4 stands there with its type and fields."""
    r, c = stack.redis, stack.key("c", cid)
    assert_fields(stack.campaign(cid), CAMPAIGN_FIELDS)
    for vid, variant in stack.variants(cid).items():
        assert r.type(f"{c}:v:{vid}") == "hash"
        assert_fields(variant, VARIANT_FIELDS)
    for place in placements:
        assert_fields(r.hgetall(f"{c}:p:{place}"), PLACEMENT_FIELDS)
        assert r.type(f"{c}:rank:{place}") == "zset"
    types = {f"{c}:series": "stream", f"{c}:audit": "stream", f"{c}:doc": "string",
             stack.key("campaigns"): "zset", stack.key("changes"): "stream"}
    assert {name: r.type(name) for name in types} == types
    doc = json.loads(r.get(f"{c}:doc"))
    assert doc["schema"] == 1 and doc["id"] == cid and doc["state"] == stack.state(cid)
    assert r.zscore(stack.key("campaigns"), cid) is not None
    assert r.type("bk:meta") == "hash"
    wid = next(iter(r.scan_iter(match="bk:worker:*")))
    assert r.type(wid) == "hash" and 0 < r.pttl(wid) <= 60000
    revs = [int(e["rev"]) for _, e in r.xrange(stack.key("changes"))]
    assert revs == sorted(set(revs))


def test_two_channels_with_review(stack):
    stack.worker()
    cid = stack.enqueue(BRIEF)
    stack.wait_state(cid, "review")
    before = stack.variants(cid)
    assert len(before) == 8 and {v["state"] for v in before.values()} == {"pending"}
    refused = stack.cli("decide", cid, "--placement", "sms", "--user", "u1")
    assert json.loads(refused)["variant"] is None
    first = next(v for v in before if before[v]["placement"] == "sms")
    stack.cli("reject", cid, first, "--by", "legal")
    stack.cli("approve", cid, "all", "--by", "legal")
    stack.wait_state(cid, "live")
    after = stack.variants(cid)
    assert after[first]["state"] == "rejected"
    for place in ("sms", "email.subject"):
        states = [v["state"] for v in after.values() if v["placement"] == place]
        assert states.count("control") == 1
        assert states.count("live") == (2 if place == "sms" else 3)
    for variant in after.values():
        assert fits(variant["placement"], variant["text"]), variant
        assert "cheap" not in variant["text"].lower()
    texts = [v["text"] for v in after.values()]
    assert len(set(texts)) == len(texts)
    wait_for("shares", lambda: float(stack.redis.hget(
        stack.key("c", cid, "p", "sms"), "epoch") or 0) >= 1)
    assert_keys(stack, cid, ["sms", "email.subject"])
    picked = json.loads(stack.cli("decide", cid, "--placement", "sms", "--user", "u1"))
    again = json.loads(stack.cli("decide", cid, "--placement", "sms", "--user", "u1"))
    assert picked["variant"] == again["variant"] and picked["text"] == again["text"]
    assert sms_segments(picked["text"]) == 1 and picked["epoch"] >= 1
    audit = [e for _, e in stack.redis.xrange(stack.key("c", cid, "audit"))]
    assert any(e["what"] == "approve" and e["by"] == "legal" for e in audit)


def test_bare_prompt(stack):
    stack.worker()
    cid = stack.enqueue({"kind": "content",
                         "input": {"prompt": "Write one line for a wool beanie."}})
    stack.wait_state(cid, "live")
    assert_keys(stack, cid, ["plain"])
    texts = [v["text"] for v in stack.variants(cid).values()]
    assert 1 <= len(texts) <= 6 and all(t.strip() for t in texts)


def test_chinese(stack):
    stack.worker()
    spec = {**BRIEF, "id": "zh-1", "locale": "zh-CN", "brand": {"never": ["最佳"]},
            "input": {"brief": "双十一轻羽绒服老客回购,突出轻量和蓬松度", "n": 3,
                      "angles": ["轻", "暖", "通勤"]},
            "facts": {"product": "山系轻羽绒服", "price": 499}}
    stack.enqueue(spec)
    stack.wait_state("zh-1", "review")
    stack.cli("approve", "zh-1", "all")
    stack.wait_state("zh-1", "live")
    for variant in stack.variants("zh-1").values():
        assert fits(variant["placement"], variant["text"]), variant
        assert any("\u4e00" <= ch <= "\u9fff" for ch in variant["text"]), variant
    assert_keys(stack, "zh-1", ["sms", "email.subject"])


def test_same_id_and_conflict(make_stack):
    stack = make_stack()
    stack.worker()
    spec = {"id": "once", "kind": "content", "input": {"prompt": "A line for socks."}}
    stack.enqueue(spec)
    stack.wait_state("once", "live")
    calls = len(stack.ledger()[0])
    stack.enqueue(spec)
    stack.enqueue({**spec, "input": {"prompt": "Another one."}})
    rejected = wait_for("a refusal", lambda: stack.redis.xrange(stack.key("rejected")))
    assert [e["code"] for _, e in rejected] == ["id_conflict"]
    assert len(stack.ledger()[0]) == calls


def test_bad_input_takes_nothing_down(make_stack):
    stack = make_stack()
    stack.worker()
    bad = ["{", "[]", '{"kind":"nope","input":{}}', '{"kind":"content"}',
           '{"kind":"content","input":{"prompt":""}}',
           '{"kind":"content","input":{"prompt":"x"},"surprise":1}',
           '{"kind":"content","input":{"prompt":"x"},"budget":{"calls":-1}}']
    for raw in bad:
        stack.enqueue(None, raw=raw)
    good = stack.enqueue({"kind": "content", "input": {"prompt": "Good."}})
    stack.wait_state(good, "live")
    rejected = [e for _, e in stack.redis.xrange(stack.key("rejected"))]
    assert [e["raw"] for e in rejected] == bad
    assert all(e["code"] and e["message"] and len(e["sha256"]) == 64 for e in rejected)
    assert [e["pointer"] for e in rejected][5:] == ["/surprise", "/budget/calls"]


def test_pause_resume_cancel(make_stack):
    stack = make_stack(llm_args=("--latency-ms", "300:300"))
    stack.worker()
    cid = stack.enqueue({**BRIEF, "id": "p1"})
    wait_for("calls", lambda: len(stack.ledger()[0]) > 0)
    stack.cli("pause", cid)
    stack.wait_state(cid, "paused")
    seen = len(stack.ledger()[0])
    wait_for("quiet", lambda: len(stack.ledger()[1]) >= len(stack.ledger()[0]))
    assert len(stack.ledger()[0]) == seen
    stack.cli("resume", cid)
    stack.wait_state(cid, "review")
    starts = [row["id"] for row in stack.ledger()[0]]
    assert len(starts) == len(set(starts))
    stack.cli("cancel", cid)
    stack.wait_state(cid, "cancelled")
    stack.cli("status", "no-such-campaign", code=4)

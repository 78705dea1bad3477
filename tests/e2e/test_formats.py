"""Events of all formats, mixed in one file, are counted exactly, and again not at all."""
import base64
import json
import time
from datetime import datetime, timedelta, timezone

import pytest
from stack import wait_for

SPEC = {"id": "mugs", "kind": "content", "approval": "none", "channel": ["sms"],
        "metric": "conversion", "input": {"prompt": "Sell mugs.", "n": 3}}
EUR = {"currency": "EUR"}


def iso(hours=0):
    """The present, as a clock far from Greenwich shows it."""
    zone = timezone(timedelta(hours=hours))
    return datetime.now(zone).isoformat(timespec="milliseconds")


def segment(event, mid, variant, **properties):
    return {"type": "track", "event": event, "messageId": mid, "userId": "ann",
            "timestamp": iso(5.5), "properties": {**properties, "campaign_id": "mugs",
                                                  "variant_id": variant}}


def ga4(*events, micros=None):
    return {"client_id": "12.34", "timestamp_micros": micros or int(time.time() * 1e6),
            "events": [{"name": name, "params": {**params, "campaign": "mugs",
                                                 "content": variant}}
                       for name, variant, params in events]}


def cloud(eid, kind, subject, **more):
    return {"specversion": "1.0", "id": str(eid), "source": "/shop", "type": f"org.shop.{kind}",
            "time": iso(), "subject": subject, **more}


def meta(eid, name, variant, when, **data):
    return {"event_name": name, "event_time": when, "event_id": eid,
            "custom_data": {"campaign_id": "mugs", "variant_id": variant, **data}}


def order(number, price, **where):
    return {"id": number, "created_at": iso(-5), "currency": "EUR", "total_price": price,
            "customer": {"id": 9}, **where}


def lines():
    """What each line is, and what of it counts."""
    packed = base64.b64encode(json.dumps({"value": 1, **EUR}).encode()).decode()
    site = "/tea?utm_campaign=mugs&utm_content=%76"
    now = time.time()
    return [
        {"c": "mugs", "v": "v1", "t": "impression", "n": 100, "eid": "p0"},
        {"c": "mugs", "v": "v1", "t": "conversion", "val": "0.10", "cur": "EUR", "eid": "p1"},
        segment("Order Completed", "s1", "v1", revenue=0.2, **EUR),
        {"batch": [{"type": "identify", "userId": "ann"},
                   segment("Email Link Clicked", "s2", "v1"),
                   segment("Order Completed", "s3", "v1", revenue="NaN", **EUR),
                   segment("Order Refunded", "s4", "v1", total=0.05, **EUR)]},
        ga4(("view_promotion", "v1", {}), ("purchase", "v1", {"transaction_id": "T1",
                                                              "value": 0.4, **EUR}),
            ("purchase", "v1", {"transaction_id": "T2", "value": -1, **EUR})),
        ga4(("select_promotion", "v2", {}), micros=int(now)),  # seconds
        [cloud(1, "purchase", "mugs/v1", data={"value": "0.80", **EUR}),
         cloud(2, "purchase", "mugs/v1", data_base64=packed),
         cloud(3, "purchase", "mugs/v1", data_base64="####"),
         cloud(4, "click", "mugs/v9")],
        {"data": [meta("m1", "Purchase", "v1", int(now), value=2, currency="eur"),
                  meta("m2", "Purchase", "v1", int(now * 1000), value=4, **EUR),
                  meta("m3", "Purchase", "v1", 17, value=4, **EUR)]},
        order(7, "8.00", landing_site=site + "1"),
        order(8, "16.00", note_attributes=[{"name": "campaign_id", "value": "mugs"}],
              discount_codes=[{"code": "v1"}]),
        {"id": 7, "order_id": 7, "created_at": iso(), "transactions": [
            {"kind": "refund", "status": "success", "amount": "1.01", "currency": "EUR"}],
         "order": order(7, "8.00", landing_site=site + "1")},
        order(9, "1e999", landing_site=site + "1"),
        {"total_price": "1.00", "hello": "world"},
    ]


REFUSED = {("/batch/2/properties/revenue", "bad_value"), ("/events/2/params/value", "out_of_range"),
           ("/2/data_base64", "bad_value"), ("/data/2/event_time", "out_of_range"),
           ("/total_price", "bad_value"), ("", "bad_value")}
APPLIED, CLICKS, CONVERSIONS = 15, 1, 9
REVENUE = "31.44"  # 0.1 0.2 -0.05 0.4 0.8 1 2 4 8 16 -1.01


@pytest.fixture(name="live")
def fixture_live(stack):
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("mugs", "live")
    return stack


def counted(stack, **expected):
    def same():
        got = stack.redis.hgetall(stack.key("ev"))
        return all(got.get(name) == str(n) for name, n in expected.items())
    wait_for(f"counters {expected}", same)
    wait_for("them to be folded in", lambda: not stack.redis.exists(stack.key("dirty")))


def test_all_formats_in_one_file(live):
    text = "\n".join(json.dumps(line) for line in lines())
    out = live.cli("events", "import", "-", stdin=text)
    assert out == "13 accepted, 0 bad\n"
    counted(live, applied=APPLIED, duplicate=0, late=0, orphan=1, refused=len(REFUSED))
    v1 = live.variants("mugs")["v1"]
    assert (v1["impressions"], v1["clicks"], v1["conversions"]) == \
        ("101", str(CLICKS), str(CONVERSIONS))
    assert v1["revenue"] == live.campaign("mugs")["revenue"] == REVENUE
    assert live.variants("mugs")["v2"]["clicks"] == "1"
    rows = [e for _, e in live.redis.xrange(live.key("rejected"))]
    assert {(e["pointer"], e["code"]) for e in rows} == REFUSED
    assert all(e["message"] and e["from"] == "events" for e in rows)
    live.cli("events", "import", "-", stdin=text)
    counted(live, applied=APPLIED, duplicate=APPLIED, orphan=2)
    assert live.variants("mugs")["v1"]["revenue"] == REVENUE

"""Campaigns that repeat, on real servers: each time makes one child, missed times none."""
import json
import time

import pytest
from stack import wait_for

SPEC = {"kind": "content", "approval": "none", "input": {"prompt": "Sell tea.", "n": 1}}
MINUTE_MS = 60_000


def doc(stack, cid):
    return json.loads(stack.redis.get(stack.key("c", cid, "doc")) or "{}")


def wait_resting(stack, cid):
    return wait_for(f"{cid} to wait", lambda: stack.campaign(cid).get("waiting") == "repeat" and
                    stack.redis.zscore(stack.key("due"), cid))


def restart_as_if(stack, worker, cid, slot_ms, *, first=lambda: None):
    """Its next time was then, and nobody was there. first: before somebody is."""
    worker.kill()
    worker.wait()
    key = stack.key("c", cid, "ck")
    ck = json.loads(stack.redis.get(key))
    ck["memo"]["slot_ms"] = slot_ms
    stack.redis.set(key, json.dumps(ck))
    stack.redis.zadd(stack.key("due"), {cid: slot_ms})
    first()
    return stack.worker()


def audit(stack, cid, what):
    rows = [f for _, f in stack.redis.xrange(stack.key("c", cid, "audit"))]
    return [f for f in rows if f["what"] == what]


def hourly(minutes_ago):
    """An expression of each hour whose last time was so long ago, and that time."""
    now_ms = int(time.time() * 1000)
    slot_ms = (now_ms // MINUTE_MS - minutes_ago) * MINUTE_MS
    return f"{slot_ms // MINUTE_MS % 60} * * * *", slot_ms


def children(stack, cid):
    return stack.redis.hgetall(stack.key("c", cid, "kids"))


def test_at_its_time_a_run_is_begun(make_stack):
    """The next full minute is waited for; then its run is one campaign as any other."""
    stack = make_stack()
    stack.worker()
    stack.enqueue({**SPEC, "id": "r", "repeat": {"cron": "* * * * *", "times": 1}})
    at_ms = int(wait_resting(stack, "r"))
    assert at_ms % MINUTE_MS == 0 and 0 < at_ms - time.time() * 1000 <= MINUTE_MS
    assert float(stack.campaign("r")["waiting_ms"]) == at_ms
    assert stack.state("r") == "running" and "running (repeat)" in stack.cli("status", "r")
    assert doc(stack, "r")["repeat"]["next_ms"] == at_ms
    assert stack.redis.hget(stack.key("j", "r"), "owner") == ""
    wait_for("its run", lambda: stack.campaign("r~1"), timeout_s=75)
    assert int(stack.campaign("r~1")["created_ms"]) >= at_ms
    stack.wait_state("r~1", "live")
    assert stack.campaign("r~1")["parent"] == "r"
    wait_for("it to wait for its run", lambda: stack.campaign("r")["waiting"] == "children")
    shown = json.loads(stack.cli("decide", "r~1", "--placement", "plain", "--user", "u"))
    stack.redis.xadd(stack.key("events"), {"c": "r~1", "v": shown["variant"],
                                           "t": "impression"})
    wait_for("it to be counted", lambda: stack.variants("r~1")["v1"]["impressions"] == "1")
    stack.cli("cancel", "r~1")
    stack.wait_state("r", "done")
    told = doc(stack, "r")["repeat"]
    assert (told["fired"], told["skipped"], told["failed"], told["next_ms"]) == (1, 0, 0, 0)
    assert told["children"] == {"r~1": "cancelled"}


def test_what_was_missed_is_not_made_up_for(make_stack):
    """Three hours without a worker: the last time counts, those before it are skipped."""
    stack = make_stack()
    worker = stack.worker()
    cron, slot_ms = hourly(10)
    stack.enqueue({**SPEC, "id": "r", "repeat": {"cron": cron}})
    wait_resting(stack, "r")
    worker = restart_as_if(stack, worker, "r", slot_ms - 3 * 60 * MINUTE_MS)
    stack.wait_state("r~1", "live")
    wait_resting(stack, "r")
    assert children(stack, "r").keys() == {"r~1"}
    told = doc(stack, "r")["repeat"]
    assert (told["fired"], told["skipped"]) == (1, 3)
    assert told["next_ms"] == slot_ms + 60 * MINUTE_MS
    restart_as_if(stack, worker, "r", slot_ms)  # as after a crash before its commit
    stack.wait_state("r~2", "live")
    assert children(stack, "r").keys() == {"r~1", "r~2"}


def test_a_time_that_is_long_past_is_skipped(make_stack):
    stack = make_stack()
    worker = stack.worker()
    cron, slot_ms = hourly(50)
    stack.enqueue({**SPEC, "id": "r", "repeat": {"cron": cron}})
    wait_resting(stack, "r")
    restart_as_if(stack, worker, "r", slot_ms)
    wait_for("it to be skipped", lambda: doc(stack, "r")["repeat"]["skipped"] == 1)
    assert wait_resting(stack, "r") == slot_ms + 60 * MINUTE_MS
    assert children(stack, "r") == {} and doc(stack, "r")["repeat"]["fired"] == 0
    rows = [f for _, f in stack.redis.xrange(stack.key("c", "r", "audit"))]
    assert [(f["slot_ms"], f["code"]) for f in rows if f["what"] == "not_fired"] == [
        (str(slot_ms), "expired")]


def test_a_run_that_has_no_room_is_begun_later(make_stack):
    """Redis is nearly full, or over its limit: no time is used up, and none of `times`."""
    stack = make_stack()
    worker = stack.worker()
    cron, slot_ms = hourly(2)
    stack.enqueue({**SPEC, "id": "r", "repeat": {"cron": cron, "times": 1}})
    wait_resting(stack, "r")

    def squeeze(percent=95):
        used = stack.redis.info("memory")["used_memory"]
        stack.redis.config_set("maxmemory", used * 100 // percent)

    def tries():
        return json.loads(stack.redis.get(stack.key("c", "r", "ck")))["memo"].get("tries", 0)

    restart_as_if(stack, worker, "r", slot_ms, first=squeeze)
    wait_for("it to wait for room", lambda: stack.campaign("r").get("waiting") == "room")
    squeeze(200)  # Redis refuses the script itself
    wait_for("it to try again", lambda: tries() == 2)
    wait_for("it to wait for room", lambda: stack.campaign("r").get("waiting") == "room")
    told = doc(stack, "r")["repeat"]
    assert (told["fired"], told["skipped"], told["failed"]) == (0, 0, 0)
    assert stack.redis.hget(stack.key("j", "r"), "owner") == "" and not children(stack, "r")
    stack.redis.config_set("maxmemory", 0)
    stack.wait_state("r~1", "live")
    wait_for("it to wait for its run", lambda: stack.campaign("r")["waiting"] == "children")
    told = doc(stack, "r")["repeat"]
    assert (told["fired"], told["skipped"], told["failed"]) == (1, 0, 0)
    assert [(f["slot_ms"], f["code"]) for f in audit(stack, "r", "fire_waits")] == [
        (str(slot_ms), "busy")]
    assert audit(stack, "r", "not_fired") == []


def test_a_name_that_is_taken_is_left_out(make_stack):
    """Somebody else's campaign of that name: told, and the next run has the next number."""
    stack = make_stack()
    worker = stack.worker()
    cron, slot_ms = hourly(1)
    stack.enqueue({**SPEC, "id": "r", "repeat": {"cron": cron, "times": 2}})
    wait_resting(stack, "r")
    stack.redis.hset(stack.key("j", "r~1"), mapping={"state": "done", "sha": "x", "tenant": "t"})
    worker = restart_as_if(stack, worker, "r", slot_ms)
    wait_for("it to fail", lambda: doc(stack, "r")["repeat"]["failed"] == 1)
    wait_resting(stack, "r")
    restart_as_if(stack, worker, "r", slot_ms)
    stack.wait_state("r~2", "live")
    assert stack.campaign("r~1") == {}


def test_orders_and_clocks_of_a_schedule(make_stack):
    """Pause, resume and cancel are for the schedule; times are for its runs."""
    stack = make_stack()
    worker = stack.worker()
    cron, slot_ms = hourly(2)
    stack.enqueue({**SPEC, "id": "r", "repeat": {"cron": cron, "zone": "Asia/Kathmandu"},
                   "deadline_ms": 3000})
    wait_resting(stack, "r")
    stack.cli("pause", "r")
    stack.wait_state("r", "paused")
    stack.cli("resume", "r")
    wait_for("it to go on", lambda: stack.state("r") == "running")
    wait_resting(stack, "r")
    worker = restart_as_if(stack, worker, "r", slot_ms)
    stack.wait_state("r~1", "done", timeout_s=30)  # live until its own deadline
    assert stack.state("r") == "running"
    stack.cli("cancel", "r")
    stack.wait_state("r", "cancelled")
    assert stack.redis.zscore(stack.key("due"), "r") is None
    stack.cli("replay", "r", code=1)


@pytest.mark.parametrize("repeat, pointer", [
    ({"cron": "61 * * * *"}, "/repeat/cron"), ({"cron": "@daily", "zone": "Mars/Base"}, "/repeat/zone"),
    ({"cron": "0 0 30 2 *"}, "/repeat/cron"), ({"zone": "UTC"}, "/repeat/cron")])
def test_check_tells_what_is_wrong(stack, tmp_path, repeat, pointer):
    file = tmp_path / "spec.json"
    file.write_text(json.dumps({**SPEC, "repeat": repeat}))
    told = json.loads(stack.cli("check", str(file), "--json", code=2))
    assert pointer in json.dumps(told)


def test_plan_tells_the_next_times(stack, tmp_path):
    file = tmp_path / "spec.json"
    file.write_text(json.dumps({**SPEC, "repeat": {
        "cron": "30 9 * * MON", "zone": "Asia/Shanghai", "times": 2}}))
    fires = json.loads(stack.cli("plan", str(file), "--json"))["fires_ms"]
    assert len(fires) == 2 and fires[1] - fires[0] == 7 * 86_400_000
    shown = time.gmtime(fires[0] / 1000)
    assert (shown.tm_wday, shown.tm_hour, shown.tm_min) == (0, 1, 30)  # no clock changes there
    assert stack.cli("plan", str(file)).count("09:30") == 2

"""The Lua scripts of queues/lua against a plain-Python model and against their rules."""

import json
import os
import random
import re
import time

import pytest
import redis
from barker_model import FAR_MS, World
from barker_scripts import LUA, Scripts, Server, names

LEASE = 1_000_000
WALKS = int(os.environ.get("BARKER_MODEL_WALKS", 6))
STEPS = int(os.environ.get("BARKER_MODEL_STEPS", 1200))
ROOT = "bk:{0}"


def admit(s, job_id, tenant="t", prio="normal", entry="", state="queued", parent="",
          not_before=0):
    return s.admit(entry, job_id, tenant, "content", prio, '{"kind":"content"}', "sha",
                   -1, -1, -1, 1, not_before, parent, state, "")


def claim(s, slots=64, worker="w1", beat=0):
    return s.tick(worker, slots, LEASE, beat)[5]


def order_of(s):
    """Ids in the order in which one slot gets them."""
    out = []
    while got := claim(s, 1):
        out += [got[0][0]]
    return out


def wait(s, job, number, mask, until=0, *ops):
    return s.commit(*job, number, *ops, "W", "serve", 0, "ck", mask, until)


@pytest.mark.parametrize("seed", range(WALKS))
def test_model(s, seed):
    """WALKS walks of STEPS random operations: the model and the scripts agree."""
    world = World(s, random.Random(seed))
    world.run(STEPS)
    assert len(world.done) >= 3
    states = {j.state for j in world.jobs.values()}
    assert {"waiting", "done"} <= states  # the walk went everywhere
    assert any(j.lost for j in world.jobs.values()) and world.dead_workers


def test_one_slot_is_enough(tmp_path):
    """In a cluster a script that leaves its slot is an error."""
    cluster = Server("--cluster-enabled", "yes", "--port", "0")
    try:
        cluster.client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        for _ in range(1000):
            info = str(cluster.client.execute_command("CLUSTER", "INFO"))
            if re.search(r"cluster_state\W+ok", info):
                break
            time.sleep(0.01)
        World(Scripts(cluster.client, "bk:{7}"), random.Random(1)).run(400)
        assert all(k.startswith("bk:{7}:") for k in cluster.client.keys())
    finally:
        cluster.stop()


# --- rules of the text


def test_keys_are_named_in_one_place():
    for name in os.listdir(LUA):
        with open(os.path.join(LUA, name), encoding="utf-8") as f:
            text = re.sub(r"--.*", "", f.read())
        if name == "keys.lua":
            continue
        assert not re.search(r"\bKEYS\b|\bROOT\b|bk:", text), name
        for arg in re.findall(r'call\("(?!TIME)\w+",\s*([^,)]+)', text):
            assert not arg.startswith('"') or arg.strip('"') in (
                "GROUPS", "CREATE", "GROUP", "DELCONSUMER", "SERVER", "USAGE", "STREAM",
                "REPLICATION", "NUMPAT", "NUMSUB"), (name, arg)


def test_every_script_is_listed():
    files = {n[:-4] for n in os.listdir(LUA) if not n.startswith("lib_")} - {"keys"}
    assert files == set(names())


def test_nothing_there_is_no_error(s):
    """Every script is total: an empty Redis gives an answer, and leaves no keys."""
    assert s.load("no", 1) == s.mail("no", 1, 0) == s.release("no", 1) == ["fenced"]
    assert s.reserve("no", 1, "a", 0, 0, 1, 1, 1) == ["fenced"]
    assert s.settle("no", 1, "a", 0, 0, 1, "{}", 0, 0, 0, 1, 1) == ["fenced"]
    assert s.commit("no", 1, 0, "K", "a", 0, "") == ["fenced"]
    assert s.inbox_peek("w", 5, 500, 10, 5, 100) == []
    assert s.control(5) == [0, 0] and s.leave("w") == ["left"]
    assert s.events_read("w", 5, 0, 200, 100, 100) == ["0-0", [], 0]
    assert s.read_variants("no") == s.read_placements("no") == []
    assert s.read_list(0, 5) == ["", []]
    assert s.refuse("inbox", "1-1", "c", "", "", "", 0, "") == ["gone"]
    assert s.redis.keys() == [f"{ROOT}:gone"]
    assert s.events_fold(5, 0, 1000) == [0, 0, ""]
    assert s.apply("0-0", "1-1", 1000, [("no", "v", "click", 1, 0, "", 5, 0, 0, 7)]) == [
        "applied", 0, 0, 0, 1, "no", "v", "", 0, 0]


# --- lanes


def test_tenants_take_turns(s):
    for n in range(6):
        admit(s, f"a{n}", "a")
    admit(s, "b0", "b")
    admit(s, "b1", "b")
    assert order_of(s) == ["a0", "b0", "a1", "b1", "a2", "a3", "a4", "a5"]


def test_priority_counts_within_a_tenant(s):
    admit(s, "a-low", "a", "low")
    admit(s, "a-odd", "a", "urgent!")  # an unknown one is normal
    admit(s, "a-high", "a", "high")
    admit(s, "b-low", "b", "low")
    assert order_of(s) == ["a-high", "b-low", "a-odd", "a-low"]


def test_begun_goes_first(s):
    for n in range(4):
        admit(s, f"a{n}", "a")
    first = claim(s, 1)[0]
    s.release(*first)
    assert order_of(s) == ["a0", "a1", "a2", "a3"]


def test_ready_is_short(s):
    for n in range(300):
        admit(s, f"a{n}", f"t{n % 7}")
    claim(s, 3)
    stream = f"{ROOT}:ready:1"
    assert s.redis.xlen(stream) <= 2 * 3
    reply = s.tick("w1", 1000, LEASE, 0)
    assert len(reply[5]) == 64 and reply[7] == 300 - 3 - 64


def test_not_before_and_cancel(s):
    admit(s, "later", not_before=FAR_MS)
    assert claim(s) == []
    s.redis.xadd(f"{ROOT}:control", {"c": "later", "do": "cancel", "by": "me"})
    assert s.control(5) == [1, 0]
    assert claim(s) == [["later", 1]]
    mail = json.loads(s.load("later", 1)[5][0])
    assert (mail["do"], mail["by"], mail["via"]) == ("cancel", "me", "redis")


def test_a_holder_is_poked_once(s):
    admit(s, "a")
    claim(s)
    s.redis.xadd(f"{ROOT}:control", {"c": "a", "do": "pause"})
    s.control(5)
    assert s.tick("w1", 0, LEASE, 0)[6] == ["a"]
    assert s.tick("w1", 0, LEASE, 0)[6] == []
    assert len(s.mail("a", 1, 0)[0]) == 1 and s.mail("a", 1, 1) == [[], 0]


def crash(s, worker):
    """It falls silent, while others beat."""
    s.tick("reaper", 0, LEASE, 1)
    s.redis.zadd(f"{ROOT}:hb", {worker: 1})
    return s.tick("reaper", 0, LEASE, 1)[9]


def test_five_crashes_without_progress(s):
    admit(s, "a")
    for n in range(8):
        assert claim(s, worker=f"w{n}") == [["a", 2 * n + 1]]
        if n == 3:  # progress: the three before are forgotten
            s.settle("a", 7, "draft", 0, 0, 1, "{}", 0, 0, 0, 0, 0)
        assert crash(s, f"w{n}") == (n < 7)
    assert s.redis.hget(f"{ROOT}:j:a", "crashes") == "5"
    c = s.redis.hgetall(f"{ROOT}:c:a")
    assert (c["state"], c["error"]) == ("failed", "crashes")
    grave = s.redis.hgetall(f"{ROOT}:dead:a")
    assert (grave["reason"], grave["owner"], grave["tenant"]) == ("crashes", "w7", "t")
    assert s.redis.zrange(f"{ROOT}:dead", 0, -1) == ["a"]
    assert s.redis.xpending(f"{ROOT}:ready:1", "w")["pending"] == 0
    assert s.redis.xinfo_consumers(f"{ROOT}:ready:1", "w") == []


def test_a_silent_worker_with_many_jobs(s):
    for n in range(100):
        admit(s, f"a{n}")
    claim(s, 64), claim(s, 64)
    assert crash(s, "w1") == 64
    assert s.tick("w1", 5, LEASE, 1)[:2][1] == 0  # declared dead, half of it is left
    assert s.tick("reaper", 0, LEASE, 1)[9] == 36
    assert s.redis.zrange(f"{ROOT}:hb", 0, -1) == ["reaper"]


def test_an_absent_redis_kills_nobody(s):
    hb, grace = f"{ROOT}:hb", f"{ROOT}:grace"
    admit(s, "a")
    claim(s, worker="w1", beat=1)
    s.redis.zadd(hb, {"w1": 1})  # it stalled: all beats are old
    s.tick("w2", 0, LEASE, 1)
    assert 0 < s.redis.pttl(grace) <= LEASE
    s.redis.zadd(hb, {"w1": 1})
    assert s.tick("w2", 0, LEASE, 1)[9] == 0  # still time to beat
    s.redis.delete(grace)
    s.redis.set(f"{ROOT}:run", "another server")
    assert s.tick("w2", 0, LEASE, 1)[9] == 0
    assert LEASE < s.redis.pttl(grace) <= LEASE + 2000  # time to reconnect as well
    s.redis.delete(grace)
    assert s.tick("w2", 0, LEASE, 1)[9] == 1


def test_leaving(s):
    admit(s, "a")
    job = claim(s)[0]
    assert s.leave("w1") == ["busy"]
    s.release(*job)
    assert s.leave("w1") == ["left"]
    assert s.tick("w1", 5, LEASE, 1)[1] == 0  # a tick that was under way
    assert claim(s, worker="w2") == [["a", 2]]


# --- the end of a campaign


def test_all_keys_of_an_ended_campaign_expire(s):
    admit(s, "a")
    job = claim(s)[0]
    s.reserve(*job, "draft", 0, 0, 1, 5, 5)
    s.settle(*job, "draft", 0, 0, 1, "{}", 1, 1, 1, 1, 1, "what", "call")
    s.redis.xadd(f"{ROOT}:control", {"c": "a", "do": "pause"})
    s.control(5)
    admit(s, "a~1", parent="a")
    s.commit(*job, 0, "V", "v1", 1, "placement", "email", "V", "v2", 1, "placement",
             "sms", "R", "email", "v1", "0.5", "L", "email", 1, "{}", "D", "{}", "S", 1,
             "x", "1", "K", "serve", 0, "ck")
    s.commit(*job, 1, "X", "done", "", 60_000)
    batch = [("a", v, t, 1, micro, "EUR" if micro else "", 0, 1, user, 7)
             for v in ("v1", "v2") for t, micro, user in (("conversion", 5, 0),
                                                          ("impression", 0, 10**18))]
    assert s.apply("0-0", "9-9", 1000, batch)[1] == 4
    assert s.fold(keep_ms=60_000) == []
    ours = [k for k in s.redis.keys(f"{ROOT}:c:a*") + [f"{ROOT}:j:a"] if "~" not in k]
    assert len(ours) > 18
    assert [k for k in ours if not 0 < s.redis.pttl(k) <= 60_000] == []
    assert s.redis.zcard(f"{ROOT}:done") == 1
    s.redis.zadd(f"{ROOT}:done", {"a": 1})
    s.tick("w1", 0, LEASE, 1)
    assert s.redis.zrange(f"{ROOT}:campaigns", 0, -1) == ["a~1"]


def test_children_wake_their_parent(s):
    admit(s, "p")
    parent = claim(s)[0]
    admit(s, "p~1", parent="p")
    admit(s, "p~2", parent="p", state="over_budget")  # ends at once, parent claimed
    assert s.redis.hgetall(f"{ROOT}:c:p:kids") == {"p~1": "queued", "p~2": "over_budget"}
    wait(s, parent, 0, 8)
    assert claim(s, 1)[0][0] == "p"  # it was dirty
    s.load("p", 2)
    wait(s, ["p", 2], 1, 8)
    child = claim(s)[0]
    assert claim(s) == []
    s.commit(*child, 0, "X", "failed", "unsatisfiable", 5000)
    assert s.redis.hget(f"{ROOT}:c:p:kids", "p~1") == "failed"
    assert claim(s) == [["p", 3]]


def test_commit_is_all_or_nothing(s):
    admit(s, "a")
    job = claim(s)[0]
    before = s.redis.hgetall(f"{ROOT}:c:a")
    for broken in (["C", 1, "round", 9], ["C", 2, "round", 9, "K", "x", 0, ""], ["?"],
                   ["K", "x", 0, "", "C", 1, "round", 9], ["C", -1, "K", "x", 0, ""], []):
        assert s.commit(*job, 0, *broken) == ["malformed"]
    assert s.redis.hgetall(f"{ROOT}:c:a") == before


def test_a_late_repeat_of_a_load_forgets_nothing(s):
    """The worker has the answer to the first; what came since must still wake the job."""
    admit(s, "a")
    job = claim(s)[0]
    s.load(*job)
    s.redis.xadd(f"{ROOT}:control", {"c": "a", "do": "pause"})
    s.control(10)
    s.load(*job)
    assert wait(s, job, 0, 2) == ["ok"]  # it saw no mail and took none
    assert [got[0] for got in claim(s)] == ["a"]


def test_changes_are_told(s):
    listener = s.redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(f"{ROOT}:changes")
    admit(s, "a")
    s.commit(*claim(s)[0], 0, "H", "live", "X", "done", "", 5000)
    told = [e[1] for e in s.redis.xrange(f"{ROOT}:changes")]
    assert [(e["rev"], e["c"], e["what"]) for e in told] == [
        ("1", "a", "queued"), ("2", "a", "running"), ("3", "a", "live"),
        ("4", "a", "done")]
    heard = []
    while len(heard) < 4:
        message = listener.get_message(timeout=5)
        heard += [json.loads(message["data"])] if message else []
    assert heard[2] == {"rev": 3, "c": "a", "what": "live"}
    listener.close()


# --- input


def test_the_inbox_shows_and_removes_once(s):
    inbox = f"{ROOT}:inbox"
    ids = [s.redis.xadd(inbox, fields) for fields in (
        {"spec": "{}"}, {"spec": "x" * 300}, {"spec": "{}", "color": "red"}, {"c": "1"})]
    shown = s.inbox_peek("w1", 10, 500, 200, 50, 10_000)
    assert [e[0] for e in shown] == ids
    assert [e[1:] for e in shown] == [[2, "{}", 1, 1, None], [300, "x" * 50, 0, 1, None],
                                      [2, "{}", 1, 2, "color"], [1, "", 1, 1, "c"]]
    assert s.inbox_peek("w2", 10, 500, 200, 50, 10_000) == []  # w1 is at it
    assert len(s.inbox_peek("w1", 10, 500, 200, 50, 10)) == 1  # bounded in bytes
    assert admit(s, "a", entry=ids[0]) == ["admitted"]
    assert admit(s, "a", entry=ids[0]) == ["gone"]
    refusal = ("bad_json", "/x", "no", "raw", 3, "sha")
    assert s.refuse("inbox", ids[1], *refusal) == ["refused"]
    assert s.refuse("inbox", ids[1], *refusal) == ["gone"]
    kept = s.redis.xrange(f"{ROOT}:rejected")
    assert len(kept) == 1 and kept[0][1]["pointer"] == "/x" and kept[0][1]["raw"] == "raw"


def test_rejected_is_bounded_in_bytes(s):
    s.redis.set(f"{ROOT}:rejected_bytes", 64 * 1024 * 1024 - 10)
    for n in range(3):
        s.refuse("inbox", "", "c", "", "", str(n) * 8, 8, "")
    assert [e[1]["raw"][0] for e in s.redis.xrange(f"{ROOT}:rejected")] == ["2"]


def test_rejected_is_bounded_in_entries_and_its_bytes_stay_true(s):
    fill = s.redis.pipeline()
    for _ in range(10_000):
        fill.xadd(f"{ROOT}:rejected", {"raw": "12345678"})
    fill.set(f"{ROOT}:rejected_bytes", 80_000)
    fill.execute()
    for _ in range(3):
        s.refuse("inbox", "", "c", "", "", "1234", 4, "")
    assert s.redis.xlen(f"{ROOT}:rejected") == 10_000
    assert s.redis.get(f"{ROOT}:rejected_bytes") == str(80_000 - 3 * (8 - 4))


@pytest.mark.parametrize("fields, code", [
    ({"do": "pause"}, "missing"), ({"c": "a"}, "missing"),
    ({"c": "a", "do": "explode"}, "bad_value"), ({"c": "b", "do": "pause"}, "not_found"),
    ({"c": "a", "do": "approve"}, "missing"), ({"c": "a", "do": "pause", "x": "1"},
                                              "unknown_field"),
    ({"c": "a", "do": "approve", "v": "v9"}, "not_found"),
    ({"c": "a", "do": "pause", "by": b"\xff"}, "bad_encoding"),
    ({"c": "a", "do": "pause", "by": b"\xed\xa0\x80"}, "bad_encoding"),
    ({"c": "a", "do": "pause", "by": b"a\x00"}, "bad_encoding"),
    ({"c": "a", "do": "pause", "text": "x" * 70_000}, "too_large")])
def test_bad_orders_are_refused(server, s, fields, code):
    admit(s, "a")
    s.redis.xadd(f"{ROOT}:control", fields)
    assert s.control(5) == [0, 1]
    kept = server.raw.xrange(f"{ROOT}:rejected")[0][1]  # undecoded: it may not be UTF-8
    assert kept[b"code"] == code.encode() and s.redis.xlen(f"{ROOT}:control") == 0


def test_a_full_redis_lets_work_end(s):
    admit(s, "a")
    job = claim(s)[0]
    s.reserve(*job, "draft", 0, 0, 1, 5, 5)
    s.redis.config_set("maxmemory", 1)
    with pytest.raises(redis.ResponseError):
        admit(s, "b")
    with pytest.raises(redis.ResponseError):
        s.reserve(*job, "draft", 0, 1, 1, 5, 5)
    assert not s.redis.exists(f"{ROOT}:c:b", f"{ROOT}:j:b")
    assert s.redis.hlen(f"{ROOT}:c:a:rsv") == 1
    assert s.settle(*job, "draft", 0, 0, 1, "{}", 1, 1, 1, 1, 1) == ["ok"]
    assert s.apply("0-0", "9-9", 1000, [])[0] == "applied"
    assert s.release(*job) == ["ok"] and claim(s, beat=1) == [["a", 2]]
    assert s.commit("a", 2, 0, "X", "done", "", 5000) == ["ok"]

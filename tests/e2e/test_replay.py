"""barker replay: a campaign of two rounds, made again from its record without a network;
tampering is found and named."""
import json
import os
import signal
import subprocess

import pytest
import redis
from stack import BUILD, Stack, wait_for

SPEC = {"kind": "content", "id": "mugs", "channel": ["sms", "email.subject"],
        "approval": "required", "ranking": {"max_rounds": 2},
        "input": {"brief": "Hand-thrown mugs are back in stock", "n": 4},
        "facts": {"product": "Tidewater mugs", "price": "24 EUR"}, "budget": {"calls": 60}}


def replay(stack, *args, code=0, cid="mugs", env=None):
    done = subprocess.run([str(BUILD / "barker"), "replay", cid, *args],
                          env=env or stack.env, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.stdout if code == 0 or done.stdout else done.stderr


def found(stack, *words):
    out = replay(stack, code=1)
    assert all(word in out for word in words), out
    return out


def count(stack, vid, shown, clicked):
    for kind, n in (("impression", shown), ("click", clicked)):
        stack.redis.xadd(stack.key("events"), {"c": "mugs", "v": vid, "t": kind, "n": n})


def applied(stack):
    wait_for("the events", lambda: not stack.redis.xlen(stack.key("events")))


def two_rounds(stack):
    """Reviewed with an edit and a rejection, ranked, renewed, reviewed and ranked again."""
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("mugs", "review")
    stack.cli("reject", "mugs", "v3")
    stack.cli("approve", "mugs", "v2", "--text", "Mugs that hold the morning.")
    stack.cli("approve", "mugs", "all")
    stack.wait_state("mugs", "live")

    def renewed():
        for vid in stack.variants("mugs"):
            n = int(vid[1:])
            count(stack, vid, 150, 40 if n % 4 == 2 else 3)
        applied(stack)
        return stack.campaign("mugs")["round"] == "2"
    wait_for("round 2", renewed)
    wait_for("new variants", lambda: stack.campaign("mugs")["pending"] != "0" and
             stack.state("mugs") == "live")
    stack.cli("approve", "mugs", "all")
    for vid in stack.variants("mugs"):
        count(stack, vid, 300, 20)
    applied(stack)

    def ranked():
        j = stack.redis.hmget(stack.key("j", "mugs"), "state", "pending_events", "dirty")
        return j == ["waiting", "0", "0"]
    wait_for("a rank of all counts", ranked)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The campaign rests; no worker and no model are there any more. Each test gets the
    keys as they were."""
    stack = Stack(tmp_path_factory.mktemp("r"))
    two_rounds(stack)
    for proc in reversed(stack.procs):
        proc.send_signal(signal.SIGTERM)
        proc.wait(20)
    yield stack
    stack.close()


@pytest.fixture
def stack(ended):
    r = ended.redis
    before = kept(ended)
    yield ended
    r.flushall()
    for name, dump in before.items():
        raw(ended).restore(name, 0, dump)


def raw(stack):
    return redis.Redis(unix_socket_path=stack.socket)


def kept(stack):
    """All that does not expire by itself."""
    return {n: raw(stack).dump(n) for n in stack.redis.keys() if stack.redis.pttl(n) == -1}


def test_two_rounds_are_identical_twice(stack):
    before = kept(stack)
    out = replay(stack)
    assert replay(stack) == out and out.endswith("\nidentical\n")
    assert "Mugs that hold the morning." in out and "leader" in out
    assert kept(stack) == before  # nothing was written
    report = json.loads(replay(stack, "--json"))
    assert report["identical"] and report["derived_sha256"] == report["stored_sha256"]
    assert report["derived_sha256"] in out and report["runs"] <= report["commits"]
    rounds = {v["round"] for v in stack.variants("mugs").values()}
    assert rounds == {"1", "2"}
    for place in report["placements"]:
        name = stack.key("c", "mugs", "rank", place["placement"])
        assert [v["id"] for v in place["ranking"]] == stack.redis.zrevrange(name, 0, -1)


def test_it_opens_no_other_connection(stack):
    trace = stack.folder / "trace"
    try:
        done = subprocess.run(["strace", "-f", "-e", "trace=connect", "-o", str(trace),
                               str(BUILD / "barker"), "replay", "mugs"], env={
                                   **stack.env, "ASAN_OPTIONS": "detect_leaks=0"},
                              capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        pytest.skip("no strace")
    assert done.returncode == 0, done.stderr
    connects = [l for l in trace.read_text().splitlines() if "connect(" in l]
    assert connects and all(stack.socket in line for line in connects)


@pytest.mark.parametrize("vid, field, value", [
    ("v2", "text", "Mugs that hold the evening."), ("v1", "state", "live"),
    ("v4", "round", "2"), ("v9", "parent", "v1"), ("v2", "rate", "0.5"),
    ("v6", "weight", "0.42"), ("v3", "reviewer", "somebody")])
def test_a_variant_that_was_changed(stack, vid, field, value):
    stack.redis.hset(stack.key("c", "mugs", "v", vid), field, value)
    out = found(stack, f"variant {vid}, {field} (made by generate/", value)
    assert json.loads(replay(stack, "--json", code=1))["where"] in out


def test_a_count_that_was_changed(stack):
    stack.redis.hincrby(stack.key("c", "mugs", "v", "v5"), "clicks", 7)
    found(stack, "counts: variant v5, clicks")


def test_a_count_that_was_ranked_and_changed(stack):
    """In the record of what was ranked: the ranks that follow are others."""
    name = stack.key("c", "mugs", "inputs")
    entry, fields = stack.redis.xrevrange(name, count=1)[0]
    given = json.loads(fields["given"])
    given["counts"]["v6"][2] += 500
    stack.redis.xdel(name, entry)
    ms, at = entry.split("-")
    stack.redis.xadd(name, {**fields, "given": json.dumps(given)}, id=f"{ms}-{int(at) + 1}")
    found(stack, "variant v")


def test_shares_and_ranks_that_were_changed(stack):
    r, c = stack.redis, stack.key("c", "mugs")
    shares = r.get(f"{c}:alloc:sms")
    r.set(f"{c}:alloc:sms", shares.replace('"holdout":0', '"holdout":0.5'))
    found(stack, "placement sms, shares")
    r.set(f"{c}:alloc:sms", shares)
    r.zincrby(f"{c}:rank:sms", 0.5, "v1")
    found(stack, "ranking of sms, v1")
    r.zincrby(f"{c}:rank:sms", -0.5, "v1")
    r.zadd(f"{c}:rank:sms", {"v77": 0})
    found(stack, "ranking of sms, v77", "derived nothing")


def test_a_variant_too_many_and_too_few(stack):
    r, c = stack.redis, stack.key("c", "mugs")
    r.rpush(f"{c}:vids", "v99")
    r.hset(f"{c}:v:v99", mapping={"placement": "sms", "text": "x", "state": "live"})
    found(stack, "variant v99", "derived nothing")
    r.rpop(f"{c}:vids")
    r.lrem(f"{c}:vids", 1, "v2")
    found(stack, "variant v2 (made by generate/", "stored nothing")


def journals(stack):
    prefix = stack.key("c", "mugs", "jr")
    return sorted(n for n in stack.redis.keys() if n.startswith(prefix))


def test_a_reply_that_was_changed(stack):
    name = next(n for n in journals(stack) if n.endswith("generate:100"))
    text = stack.variants("mugs")["v4"]["text"]
    call, record = next((c, t) for c, t in stack.redis.hgetall(name).items()
                        if json.dumps(text)[1:-1].split(".")[0] in t)
    record = json.loads(record)
    reply = json.loads(record["text"])
    reply[next(k for k, v in reply.items() if v == text)] = "Not what the model said."
    stack.redis.hset(name, call, json.dumps({**record, "text": json.dumps(reply)}))
    found(stack, "variant v4, text (made by generate/100)", "Not what the model said")


def test_a_reply_that_is_missing(stack):
    name = next(n for n in journals(stack) if n.endswith("generate:100"))
    stack.redis.hdel(name, "2/0", "2/1")
    found(stack, "cannot be replayed", "the reply of ask 2 is not in the journal of "
                 "generate/100")


def test_a_journal_that_is_missing(stack):
    stack.redis.delete(next(n for n in journals(stack) if "generate:2" in n))
    found(stack, "is not in the journal of generate/2")


def test_inputs_that_are_missing(stack):
    name = stack.key("c", "mugs", "inputs")
    entries = [entry for entry, _ in stack.redis.xrange(name)]
    stack.redis.xdel(name, entries[1])
    found(stack, "breaks off at entry 1")
    stack.redis.delete(name)
    found(stack, "breaks off at entry 0")
    stack.redis.hdel(stack.key("j", "mugs"), "inputs")  # as of an earlier release
    found(stack, "runs after the wait in stage review were made by an earlier release")


def test_another_version_of_the_prompts(stack):
    name = stack.key("c", "mugs", "ck")
    ck = json.loads(stack.redis.get(name))
    ck["pins"]["prompts"] = "0" * 64
    stack.redis.set(name, json.dumps(ck))
    found(stack, "its prompts are of version 000000000000", "replay it with that release")


def test_a_memo_that_was_changed(stack):
    name = stack.key("c", "mugs", "ck")
    ck = json.loads(stack.redis.get(name))
    ck["memo"]["control"][0] = "v2"
    stack.redis.set(name, json.dumps(ck))
    found(stack, "checkpoint, memo")


def test_unknown(stack):
    assert "there is no campaign" in replay(stack, cid="nobody", code=4)
    assert "there is no campaign" in replay(stack, cid="mugs:v:v1", code=4)


# --- other ways of a campaign


@pytest.fixture
def fresh(make_stack):
    return make_stack()


def test_at_every_step(make_stack):
    """Before anything, under way, paused, resumed, in review, cancelled."""
    stack = make_stack(llm_args=("--latency-ms", "100:300"))
    stack.worker()
    stack.enqueue(SPEC)
    wait_for("a call", lambda: stack.redis.exists(stack.key("c", "mugs", "rsv")))
    replay(stack)
    stack.cli("pause", "mugs")
    stack.wait_state("mugs", "paused")
    replay(stack)
    stack.cli("resume", "mugs")
    stack.wait_state("mugs", "review")
    replay(stack)
    stack.cli("cancel", "mugs")
    stack.wait_state("mugs", "cancelled")
    assert "identical" in replay(stack)


def test_while_it_is_ranked(fresh):
    fresh.worker()
    fresh.enqueue({**SPEC, "approval": "none"})
    fresh.wait_state("mugs", "live")
    same = 0
    for n in range(20):
        for vid in fresh.variants("mugs"):
            count(fresh, vid, 60, 3 + n % 3)
        done = subprocess.run([str(BUILD / "barker"), "replay", "mugs"], env=fresh.env,
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 or "was ranked anew" in done.stderr, done
        same += done.returncode == 0
    assert same > 5


def test_over_budget(fresh):
    fresh.worker()
    fresh.enqueue({**SPEC, "budget": {"calls": 4}})
    fresh.wait_state("mugs", "over_budget")
    assert "identical" in replay(fresh)


def test_replies_that_fail_and_a_killed_worker(make_stack):
    stack = make_stack(llm_args=("--latency-ms", "20:60"))
    for n in range(4):
        worker = stack.worker()
        if n == 0:
            stack.enqueue(SPEC)
        wait_for("some records", lambda: len(stack.journal("mugs")) > 2 * n + 1 or
                 stack.state("mugs") == "review")
        if n < 3:
            worker.kill()
            worker.wait()
    stack.wait_state("mugs", "review")
    assert "identical" in replay(stack)


def test_attempts_are_those_of_then(make_stack):
    """An ask that failed for good then is not tried again under another setting."""
    stack = make_stack()
    stack.env["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
    stack.env["BARKER_LLM_RETRY_BASE_MS"] = "1"
    stack.worker(BARKER_LLM_PROBES=0)
    stack.enqueue(SPEC)
    stack.wait_state("mugs", "failed")
    ini = stack.folder / "more.ini"
    ini.write_text("[llm]\nattempts = 50\n")
    assert "identical" in replay(stack, "--config", str(ini))
    assert os.path.exists(ini)

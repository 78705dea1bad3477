"""barker doctor: silent about what is well, also under load; damage is found, mended, and
the campaign goes on."""
import http.server
import json
import os
import signal
import subprocess
import threading

import pytest
from stack import BUILD, wait_for

SPEC = {"kind": "content", "id": "mugs", "channel": ["sms"], "approval": "none",
        "input": {"brief": "Hand-thrown mugs are back in stock", "n": 4},
        "facts": {"product": "Tidewater mugs", "price": "24 EUR"}, "budget": {"calls": 60}}
ANY = None
REVIEWED = {**SPEC, "approval": "required"}


def doctor(stack, *args, code=0, env=None):
    """{check: finding}"""
    done = subprocess.run([str(BUILD / "barker"), "doctor", "--json", *args],
                          env=env or stack.env, capture_output=True, text=True, timeout=60,
                          check=False)
    if code is ANY:  # a job that waits with no worker alive is a failure of its own
        code = done.returncode
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Sanitizer" not in done.stderr, done.stderr
    report = json.loads(done.stdout)
    levels = [c["level"] for c in report["checks"]]
    assert report["ok"] == (code == 0)
    assert (report["failed"], report["warnings"]) == (levels.count("fail"),
                                                      levels.count("warning"))
    return {c["check"]: c for c in report["checks"]}


def drift_of(checks):
    return {name for name in checks if name.startswith("drift.")}


def is_mended(stack, *kinds):
    """Found and left alone without --repair; found and mended with it; then gone."""
    want = {f"drift.{kind}" for kind in kinds}
    for _ in range(2):
        assert drift_of(doctor(stack, "--offline", code=1)) == want
    found = doctor(stack, "--offline", "--repair", code=ANY)
    assert drift_of(found) == want, found
    assert all(found[name]["level"] == "warning" for name in want)
    assert drift_of(doctor(stack, "--offline", "--repair", code=ANY)) == set()


@pytest.fixture
def still(make_stack):
    """A stack without a worker, whose streams may wait."""
    return make_stack()


def admitted(stack, spec=SPEC):
    """The spec is a job in its lane, and no worker lives."""
    worker = stack.worker(OPENAI_BASE_URL="http://127.0.0.1:1/v1")
    stack.enqueue({**spec, "not_before_ms": 4_000_000_000_000})
    stack.wait_state("mugs", "queued")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    return worker


def goes_live(stack):
    stack.worker()
    stack.wait_state("mugs", "live")
    stack.cli("cancel", "mugs")
    stack.wait_state("mugs", "cancelled")
    assert drift_of(doctor(stack, "--offline")) == set()


def test_under_load_nothing_is_reported(make_stack):
    stack = make_stack(llm_args=("--latency-ms", "5:100"))
    workers = [stack.worker() for _ in range(2)]
    wait_for("two workers", lambda: len(list(stack.redis.scan_iter("bk:worker:*"))) == 2)
    for n in range(30):
        stack.enqueue({**SPEC, "id": f"c{n}"})
    looks = 0
    while not all(stack.state(f"c{n}") == "live" for n in range(30)):
        checks = doctor(stack, "--offline")
        assert drift_of(checks) == set() and "drift" in checks
        looks += 1
        for n in range(0, 30, 3):
            for user in range(20):
                stack.redis.xadd(stack.key("events"),
                                 {"c": f"c{n}", "v": f"v{1 + user % 4}", "t": "impression"})
        if looks == 2:
            workers[0].kill()
    assert looks > 1
    for n in range(30):
        assert drift_of(doctor(stack, "--offline")) == set()
        if n % 3 == 0:
            stack.cli("cancel", f"c{n}")


def test_a_lane_is_deleted(still):
    admitted(still)
    r = still.redis
    r.zrem(still.key("due"), "mugs")  # no longer later: queued, and nowhere
    r.hset(still.key("j", "mugs"), "due_ms", 0)
    is_mended(still, "job_lost")
    goes_live(still)


def test_its_time_is_deleted(still):
    admitted(still)
    still.redis.delete(still.key("due"))
    still.redis.hset(still.key("j", "mugs"), "due_ms", 5)
    is_mended(still, "job_lost")
    goes_live(still)


def test_the_job_is_deleted_in_the_queue(still):
    admitted(still)
    still.redis.delete(still.key("j", "mugs"))
    is_mended(still, "campaign_no_job", "stray")
    goes_live(still)


def reviewed(stack):
    stack.worker()
    stack.enqueue(REVIEWED)
    stack.wait_state("mugs", "review")
    wait_for("rest", lambda: stack.redis.hget(stack.key("j", "mugs"), "state") == "waiting")


def approved(stack):
    stack.cli("approve", "mugs", "all")
    goes_live(stack)


def test_the_job_is_deleted_in_review(still):
    reviewed(still)
    texts = {v: h["text"] for v, h in still.variants("mugs").items()}
    still.redis.delete(still.key("j", "mugs"))
    is_mended(still, "campaign_no_job")
    approved(still)
    assert {v: h["text"] for v, h in still.variants("mugs").items()} == texts
    still.enqueue(REVIEWED)  # the same spec is the same campaign still
    wait_for("the inbox", lambda: not still.redis.xlen(still.key("inbox")))
    assert still.redis.xlen(still.key("rejected")) == 0


def test_it_waits_for_nothing(still):
    reviewed(still)
    still.redis.hset(still.key("j", "mugs"), "wake", 0)
    is_mended(still, "job_lost")
    approved(still)


def test_reservations_and_lists(still):
    reviewed(still)
    r = still.redis
    r.hset(still.key("c", "mugs", "rsv"), "generate/100/0/9", "1 70 5")
    for field, n in (("calls_r", 1), ("tokens_r", 70), ("nano_r", 5)):
        r.hincrby(still.key("c", "mugs", "bud"), field, n)
    r.zrem(still.key("campaigns"), "mugs")
    r.zadd(still.key("campaigns"), {"ghost": 1})
    r.set(still.key("c", "ghost", "doc"), "{}")
    is_mended(still, "held_open", "unlisted", "listed_no_campaign", "no_expiry")
    assert r.hget(still.key("c", "mugs", "bud"), "lost") == "1"
    r.hset(still.key("c", "mugs", "bud"), "tokens_r", 100000)
    is_mended(still, "held_sum")
    assert json.loads(still.cli("status", "--json"))[0]["id"] == "mugs"
    approved(still)


def test_an_ended_campaign_would_stay(still):
    reviewed(still)
    still.cli("cancel", "mugs")
    still.wait_state("mugs", "cancelled")
    for part in ((), ("spec",), ("v", "v1")):
        still.redis.persist(still.key("c", "mugs", *part))
    is_mended(still, "no_expiry")
    assert still.redis.pttl(still.key("c", "mugs", "v", "v1")) > 0


@pytest.mark.parametrize("names", [("ready:1",), ("hb",), ("ready:1", "hb", "queued", "due")])
def test_a_claim_of_a_dead_worker_is_forgotten(make_stack, names):
    stack = make_stack(llm_args=("--latency-ms", "20000:20000"))
    worker = stack.worker()
    stack.enqueue(SPEC)
    wait_for("a call", lambda: stack.redis.hlen(stack.key("c", "mugs", "rsv")))
    worker.kill()
    worker.wait()
    stack.redis.delete(*(stack.key(n) for n in names))
    is_mended(stack, "job_lost")
    stack.start_llm("sim", ())
    goes_live(stack)
    assert int(stack.redis.hget(stack.key("c", "mugs", "bud"), "lost")) >= 1


def test_a_job_that_ended_alone_ends_its_campaign(still):
    reviewed(still)
    still.redis.hset(still.key("j", "mugs"), "state", "dead")
    # its keys do not expire either; which of the two is met first is up to SCAN
    found = doctor(still, "--offline", code=1)
    assert "drift.half_ended" in drift_of(found)
    doctor(still, "--offline", "--repair")
    assert drift_of(doctor(still, "--offline")) == set()
    assert still.state("mugs") == "failed" and still.campaign("mugs")["error"] == "internal"


def test_what_cannot_be_mended_stays_a_failure(still):
    reviewed(still)
    still.redis.delete(still.key("c", "mugs"))
    for _ in range(2):
        checks = doctor(still, "--offline", "--repair", code=1)
        assert checks["drift.job_no_campaign"]["level"] == "fail"


# --- the other checks


def test_a_healthy_stack(still):
    still.worker()
    wait_for("a worker", lambda: list(still.redis.scan_iter(match="bk:worker:*")))
    checks = doctor(still)
    assert {n for n, c in checks.items() if c["level"] != "ok"} == {"endpoint default",
                                                                 "users.secret"}
    assert "price unknown" in checks["endpoint default"]["found"]
    assert "accepted" in checks["reach default"]["found"]
    assert "level standard" in checks["redis.durability"]["found"]
    assert checks["workers"]["found"].startswith("1 live")
    assert not still.ledger()[0]  # no token was asked for
    text = still.cli("doctor")
    assert text.splitlines()[-1].endswith(" 2 warnings, 0 failed")
    assert all(line.split()[0] in ("ok", "warning") for line in text.splitlines()[:-1])


def test_settings_of_the_server(still):
    r = still.redis
    for name, value in (("appendfsync", "always"), ("maxmemory-policy", "allkeys-lru"),
                        ("maxmemory", "4mb")):
        r.config_set(name, value)
    r.hset("bk:meta", mapping={"v": 2, "partitions": 1})
    checks = doctor(still, "--offline", code=1)
    assert checks["redis.policy"]["level"] == "fail"
    assert "level durable" in checks["redis.durability"]["found"]
    assert checks["redis.data"]["level"] == "fail" and "%" in checks["redis.memory"]["found"]
    r.delete("bk:meta")
    r.config_set("maxmemory-policy", "noeviction")
    for name, value, word in (("appendfsync", "no", "below level standard"),
                              ("appendonly", "no", "appendonly is off")):
        r.config_set(name, value)
        found = doctor(still, "--offline")["redis.durability"]
        assert found["level"] == "warning" and word in found["found"]


def test_what_waits_without_a_worker(still):
    still.redis.xadd(still.key("inbox"), {"spec": "{}"}, id="5-1")
    still.redis.xadd(still.key("rejected"), {"from": "inbox"})
    checks = doctor(still, "--offline", code=1)
    assert checks["inbox"]["level"] == "fail" and "1 specs" in checks["inbox"]["found"]
    assert checks["rejected"]["level"] == checks["workers"]["level"] == "warning"


def test_no_worker_has_a_model(make_stack):
    """... and who watches is told where to look."""
    stack = make_stack("mock")
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "BARKER_MODEL"):
        stack.env.pop(name, None)
    stack.worker()
    stack.enqueue({"id": "a", "kind": "content", "input": {"prompt": "Sell beanies."}})
    stack.wait_state("a", "queued")
    watch = subprocess.Popen([str(BUILD / "barker"), "watch", "a"], env=stack.env, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    found = wait_for("the worker to say so", lambda: doctor(stack, "--offline", code=ANY).get(
        "workers.cooling"))
    assert "no model is configured" in found["found"]
    assert "barker doctor" in watch.stderr.readline()
    watch.kill()
    watch.wait()


def test_calls_that_wait_for_nobody(still):
    """What a worker that died held is not free yet."""
    key = "bk:worker:w:1:0"
    still.redis.hset(key, mapping={"version": "0.1.0", "jobs": 1, "in_flight": 0, "waiting": 3})
    still.redis.zadd(still.key("hb"), {"w:1:0": 4_000_000_000_000})
    assert "3 calls wait" in doctor(still, "--offline", code=ANY)["workers.waiting"]["found"]
    still.redis.hset(key, "in_flight", 1)
    assert "workers.waiting" not in doctor(still, "--offline", code=ANY)


def test_workers_of_two_versions(still):
    for name, version in (("w1", "0.1.0"), ("w2", "9.9.9")):
        still.redis.zadd(still.key("hb"), {name: 5})
        still.redis.hset(f"bk:worker:{name}", mapping={
            "version": version, "loop_lag_ms": 900, "jobs": 1, "in_flight": 2})
    checks = doctor(still, "--offline")
    assert checks["workers"]["found"].startswith("2 live")
    assert checks["workers.version"]["level"] == checks["workers.lag"]["level"] == "warning"


def test_the_configuration(still, tmp_path):
    good, bad = tmp_path / "good.ini", tmp_path / "bad.ini"
    good.write_text("[worker]\njobs = 5\n[endpoint near]\nmodel = m\nprice_in = 1\n"
                    f"price_out = 2\nbase_url = {still.llm_url}/v1/\nkey_env = NOT_SET_AT_ALL\n"
                    "[endpoint far]\nmodel = m\nbase_url = http://127.0.0.1:1/v1\n")
    checks = doctor(still, "--config", str(good), code=1)
    assert checks["config"]["found"].startswith(str(good))
    assert "NOT_SET_AT_ALL" in checks["endpoint near"]["found"]
    assert checks["reach near"]["level"] == "ok"
    assert "price unknown" in checks["endpoint far"]["found"]
    assert checks["reach far"]["level"] == "fail"
    assert "reach far" not in doctor(still, "--config", str(good), "--offline")
    bad.write_text("[content]\nchannels = /nowhere.json\n")
    checks = doctor(still, "--config", str(bad), "--offline", code=1)
    assert checks["channels"]["level"] == "fail"
    bad.write_text("[worker]\njobz = 5\n")
    checks = doctor(still, "--config", str(bad), code=1)
    assert list(checks) == ["config"] and f"{bad}:2" in checks["config"]["found"]


class Answer(http.server.BaseHTTPRequestHandler):
    """GET /<status>/models answers with the status."""
    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Authorization"]))
        self.send_response(int(self.path.split("/")[1]))
        for name, value in self.server.tells.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def answers():
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    server.seen, server.tells = [], {}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status, level, word", [
    (200, "ok", "accepted"), (404, "ok", "not tried"), (401, "fail", "refuses the key"),
    (403, "fail", "refuses"), (429, "warning", "limit"), (503, "warning", "503")])
def test_what_an_endpoint_answers(still, answers, status, level, word):
    url = f"http://127.0.0.1:{answers.server_port}/{status}"
    env = {**still.env, "OPENAI_BASE_URL": url}
    found = doctor(still, code=level == "fail", env=env)["reach default"]
    assert (found["level"], word in found["found"]) == (level, True), found
    assert answers.seen == [(f"/{status}/models", "Bearer test-key")]
    assert "test-key" not in json.dumps(found)
    del env["OPENAI_API_KEY"]
    if status == 401:
        assert "wants a key" in doctor(still, code=1, env=env)["reach default"]["found"]
        assert answers.seen[1][1] is None


def test_limits_above_those_of_the_endpoint(still, answers):
    answers.tells = {"x-ratelimit-limit-requests": "500", "x-ratelimit-limit-tokens": "30000"}
    ini = still.folder / "limits.ini"

    def limits(rpm):
        ini.write_text(f"[endpoint e]\nbase_url = http://127.0.0.1:{answers.server_port}/200\n"
                       f"model = m\nrpm = {rpm}\ntpm = 30000\notpm = 99999\n")
        return doctor(still, "--config", str(ini)).get("limits of e")
    assert limits(500) is None
    assert (limits(501)["level"], "500" in limits(501)["found"]) == ("warning", True)


def test_a_key_that_is_none(still):
    still.env["OPENAI_API_KEY"] = "a\tb"
    checks = doctor(still, "--offline", code=1)
    assert checks["endpoints"]["level"] == "fail" and "a\tb" not in str(checks)


def test_without_redis(still):
    still.stop_redis(signal.SIGTERM)
    checks = doctor(still, code=3)
    assert checks["redis"]["level"] == "fail" and checks["reach default"]["level"] == "ok"
    still.start_redis()


def test_a_password_is_not_shown(still):
    env = {**os.environ, **still.env, "BARKER_REDIS_URL": "redis://:hush@127.0.0.1:1"}
    checks = doctor(still, "--offline", code=3, env=env)
    assert "hush" not in json.dumps(checks)

"""rpm, tpm, itpm, otpm and max_in_flight of an endpoint, held by two workers together; and
what it tells of its own limits."""
import json
import urllib.request

import pytest
from stack import wait_for

SPEC = {"kind": "content", "approval": "none", "min_distance": 0,
        "segments": [{"id": f"s{i}"} for i in range(4)],
        "input": {"brief": "Beanies for the first frost", "n": 6, "angles": ["warm", "light"]}}
LATE_MS = 2500  # from a grant to the mock's note of the call, on a busy machine


@pytest.fixture
def limited(make_stack):
    def make(limits, llm_args=(), llm="mock"):
        stack = make_stack(llm, llm_args)
        ini = stack.folder / "barker.ini"
        ini.write_text("[endpoint main]\n" + f"base_url = {stack.llm_url}/v1\nmodel = simulated\n"
                       "key_env = OPENAI_API_KEY\n" + limits)
        stack.env.pop("OPENAI_BASE_URL")
        stack.env["BARKER_CONFIG"] = str(ini)
        return stack
    return make


def worst(times, window_ms):
    times, most, end = sorted(times), 0, 0
    for begin, at in enumerate(times):
        while end < len(times) and times[end] < at + window_ms:
            end += 1
        most = max(most, end - begin)
    return most


def most_under_way(starts, ends):
    moves = sorted([(r["t_ms"], 1) for r in starts] + [(r["t_ms"], -1) for r in ends],
                   key=lambda m: (m[0], m[1]))
    now = most = 0
    for _, move in moves:
        now += move
        most = max(most, now)
    return most


def enqueue(stack, *names, **more):
    for name in names:
        stack.enqueue({**SPEC, "id": name, **more})


def waiting(stack):
    return sum(int(stack.redis.hget(k, "waiting") or 0)
               for k in stack.redis.scan_iter("bk:worker:*"))


def test_rpm_of_two_workers(limited):
    rpm, pace = 480, 480 / 62.5  # calls a second
    stack = limited(f"rpm = {rpm}\n", ("--latency-ms", "20:300"))
    stack.worker(), stack.worker()
    enqueue(stack, "a", "b", "c")
    for name in "abc":
        stack.wait_state(name, "live")
    starts, _ = stack.ledger()
    times = [r["t_ms"] for r in starts]
    assert len(times) > 30
    for window_ms in (1000, 3000, 6000):  # an even pace: a second's worth at once, no more
        most = worst(times, window_ms)
        assert most <= 8 + pace * (window_ms + LATE_MS) / 1000, (window_ms, most)
    assert max(times) - min(times) >= (len(times) - 8) / pace * 1000 - LATE_MS
    for name in "abc":
        assert len(stack.journal(name)) and not any(
            record["s"] != "ok" for record in stack.journal(name).values())


def test_tpm_of_two_workers(limited):
    tpm = 12000
    stack = limited(f"tpm = {tpm}\n", ("--latency-ms", "20:100"))
    stack.worker(), stack.worker()
    enqueue(stack, "a", "b")
    wait_for("calls", lambda: len(stack.ledger()[1]) > 8)
    wait_for("calls to wait", lambda: waiting(stack) > 0)
    starts, ends = stack.ledger()
    assert sum(r["usage"].get("total_tokens", 0) for r in ends) <= tpm
    times = [r["t_ms"] for r in starts]
    assert max(times) - min(times) < 60000  # all of it in one window
    assert len(list(stack.redis.scan_iter("bk:{k:*:lease:calls"))) == 1  # one for both


def test_tokens_of_prompts_and_replies_of_two_workers(limited):
    itpm, otpm = 6000, 4000
    stack = limited(f"itpm = {itpm}\notpm = {otpm}\n", ("--latency-ms", "20:100"))
    stack.worker(), stack.worker()
    enqueue(stack, "a", "b")
    wait_for("calls", lambda: len(stack.ledger()[1]) > 8)
    wait_for("calls to wait", lambda: waiting(stack) > 0)
    starts, ends = stack.ledger()
    usage = [r["usage"] for r in ends if r["usage"]]
    assert sum(u["prompt_tokens"] for u in usage) <= itpm
    assert sum(u["completion_tokens"] for u in usage) <= otpm
    times = [r["t_ms"] for r in starts]
    assert max(times) - min(times) < 60000  # all of it in one window


class OtherClient:
    """Somebody else with the same key."""

    def __init__(self, stack):
        self.url = stack.llm_url + "/v1/chat/completions"

    def ask(self):
        """Says how many requests are left."""
        body = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
        ask = urllib.request.Request(self.url, json.dumps(body).encode(),
                                     {"X-Client-Request-Id": "other"})
        with urllib.request.urlopen(ask, timeout=30) as answer:
            headers = answer.headers
        name = next(n for n in headers if "ratelimit" in n and "requests" in n
                    and "remaining" in n)
        return int(headers[name])


def refused(stack):
    return [r["id"] for r in stack.ledger()[1] if r["status"] == 429]


def test_another_client_uses_up_the_key(limited):
    """By our own count 600 are left; by the server's word 20 of a window, then none."""
    window_ms, there, margin = 8000, 150, 20
    stack = limited("rpm = 600\n", ("--latency-ms", "20:40", "--limit-rpm", str(there),
                                     "--limit-window-ms", str(window_ms)), llm="sim")
    stack.worker(), stack.worker()
    other = OtherClient(stack)
    names = [f"c{i}" for i in range(5)]
    enqueue(stack, *names)
    wait_for("calls", lambda: len(stack.ledger()[1]) > 3)
    while other.ask() > margin:
        pass
    for name in names:
        stack.wait_state(name, "live")
    assert not refused(stack)
    assert len([r for r in stack.ledger()[0] if r["id"] != "other"]) > 100


def test_without_limits_used_up_is_waited_for(limited):
    stack = limited("[worker]\nconcurrency = 1\n",
                    ("--latency-ms", "5:5", "--limit-rpm", "7", "--limit-window-ms", "1500"),
                    llm="sim")
    stack.worker()
    enqueue(stack, "a")
    stack.wait_state("a", "live")
    assert len(stack.ledger()[0]) > 14
    assert not refused(stack)


def test_max_in_flight_of_two_workers(limited):
    stack = limited("max_in_flight = 3\n", ("--latency-ms", "50:400"))
    stack.worker(), stack.worker()
    enqueue(stack, "a", "b")
    for name in "ab":
        stack.wait_state(name, "live")
    starts, ends = stack.ledger()
    assert len(starts) == len(ends) > 20
    assert most_under_way(starts, ends) == 3


def test_cancel_while_calls_wait(limited):
    stack = limited("rpm = 1\n")
    stack.worker()
    enqueue(stack, "a", "b")
    wait_for("a call", lambda: stack.ledger()[1])
    wait_for("calls to wait", lambda: waiting(stack) > 0)
    for name in "ab":
        stack.cli("cancel", name)
        stack.wait_state(name, "cancelled", timeout_s=20)
        changes = [r for r in stack.redis.xrange(stack.key("changes"))
                   if r[1]["c"] == name and r[1]["what"] == "cancelled"]
        assert len(changes) <= 1
    bud = [stack.redis.hgetall(stack.key("c", name, "bud")) for name in "ab"]
    assert all(int(b.get("calls_r", 0)) == 0 for b in bud), bud  # who waits reserves nothing
    assert len(stack.ledger()[0]) == 1


def test_a_worker_drains_while_calls_wait(limited):
    stack = limited("rpm = 1\n")
    worker = stack.worker()
    enqueue(stack, "a")
    wait_for("a call", lambda: stack.ledger()[1])
    wait_for("calls to wait", lambda: waiting(stack) > 0)
    worker.terminate()
    assert worker.wait(20) == 0
    job = stack.redis.hgetall(stack.key("j", "a"))
    assert (job["state"], job["crashes"]) == ("queued", "0")


def test_the_permits_of_a_worker_that_left_are_free(limited):
    stack = limited("max_in_flight = 1\n", ("--latency-ms", "50"))
    worker = stack.worker()
    enqueue(stack, "a")
    wait_for("calls", lambda: len(stack.ledger()[1]) > 2)
    worker.terminate()
    assert worker.wait(20) == 0
    stack.worker()
    stack.wait_state("a", "live")
    assert most_under_way(*stack.ledger()) == 1


def test_a_429_is_heeded_by_its_own_hint(limited):
    """As OpenAI and aimock send it: come in a second, and all tokens are back in minutes."""
    stack = limited("tpm = 1000000\n", ("--fail-every", "3", "--fail-by", "rate", "--retry-after",
                                        "1", "--full-again", "6m0s"))
    stack.worker()
    enqueue(stack, "a")
    stack.wait_state("a", "live", timeout_s=60)
    assert [r for r in stack.ledger()[1] if r["status"] == 429]

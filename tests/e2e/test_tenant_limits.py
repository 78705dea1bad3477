"""max_in_flight and tpm of a tenant, held by two workers together, while others go on."""
import subprocess

import pytest
from stack import BUILD, wait_for
from test_limits import SPEC, most_under_way, waiting

LONE = {"kind": "content", "approval": "none", "input": {"prompt": "Two words about beanies", "n": 1}}


@pytest.fixture
def make(make_stack, tmp_path):
    hold = tmp_path / "answers"

    def make(tenant, *llm_args, endpoint="", more="", held=None):
        if held is not None:
            hold.write_text(str(held))
            llm_args += ("--hold", str(hold))
        stack = make_stack("mock", llm_args)
        ini = stack.folder / "barker.ini"
        ini.write_text(f"[endpoint main]\nbase_url = {stack.llm_url}/v1\nmodel = simulated\n"
                       f"key_env = OPENAI_API_KEY\n{endpoint}[tenant acme]\n{tenant}{more}")
        stack.env.pop("OPENAI_BASE_URL")
        stack.env["BARKER_CONFIG"] = str(ini)
        return stack
    yield make
    new = hold.with_suffix(".new")
    new.write_text(str(10**6))
    new.rename(hold)


def enqueue(stack, tenant, *names, spec=SPEC, **more):
    for name in names:
        stack.enqueue({**spec, "id": name, "tenant": tenant, **more})


def calls(stack, *names):
    """Of these campaigns, as the mock saw them: arrivals, ends."""
    return tuple([r for r in rows if r["id"].split("/")[0] in names] for rows in stack.ledger())


def leases(stack, pattern="bk:{[tk]:*"):
    return sorted(stack.redis.scan_iter(pattern, count=1000))


def used(stack, tenant="acme"):
    """Tokens in the window, by lease.lua's count."""
    flat = stack.redis.hgetall(f"bk:{{t:{tenant}}}:lease:calls")
    return sum(int(v.split()[1]) for k, v in flat.items() if k.isdigit())


def flat(text):
    return " ".join(text.split())


def noted(stack, *args):
    done = subprocess.run([str(BUILD / "barker"), *args], env=stack.env, capture_output=True,
                          text=True, timeout=30, check=True)
    return done.stderr


@pytest.mark.parametrize("more", ["", "tpm = 100000000\n"])
def test_max_in_flight_of_two_workers(make, more):
    """Never more than three at once, three when it can; the other tenant knows nothing of it."""
    stack = make("max_in_flight = 3\n" + more, "--latency-ms", "50:300")
    stack.worker(), stack.worker()
    enqueue(stack, "acme", "a", "b")
    enqueue(stack, "other", "c", "d")
    for name in "abcd":
        stack.wait_state(name, "live")
    assert most_under_way(*calls(stack, "a", "b")) == 3
    assert most_under_way(*calls(stack, "c", "d")) > 12
    assert len(calls(stack, "a", "b")[0]) > 20
    assert all(name.startswith("bk:{t:acme}:lease:") for name in leases(stack))
    for name in "abcd":
        assert {r["s"] for r in stack.journal(name).values()} == {"ok"}


def test_others_are_done_while_it_waits(make):
    """All of its calls hang; the other tenant's campaigns are made and answered meanwhile."""
    stack = make("max_in_flight = 3\n", held=0)
    stack.worker(), stack.worker()
    enqueue(stack, "acme", *[f"a{i}" for i in range(6)], spec=LONE)
    wait_for("its three calls", lambda: len(stack.ledger()[0]) == 3)
    wait_for("the others to wait", lambda: waiting(stack) == 3)
    enqueue(stack, "other", *[f"b{i}" for i in range(6)], spec=LONE)
    wait_for("all of the other", lambda: len(calls(stack, *[f"b{i}" for i in range(6)])[0]) == 6)
    assert len(stack.ledger()[0]) == 9
    said = stack.cli("doctor", "--offline")
    assert "3 of 3 calls under way; others of it wait, max_in_flight is used up" in flat(said)
    waits = next(f"a{i}" for i in range(6) if not calls(stack, f"a{i}")[0])
    why = "its tenant acme waits for its own limit: max_in_flight is used up"
    assert why in noted(stack, "status", waits)
    assert "waits" not in noted(stack, "status", "b0")
    watch = subprocess.Popen([str(BUILD / "barker"), "watch", waits], env=stack.env,
                             stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    stack.procs.append(watch)
    assert any(why in line for line in iter(watch.stderr.readline, ""))


def test_tpm_of_two_workers(make):
    tpm = 8000
    stack = make(f"tpm = {tpm}\n", "--latency-ms", "20:100")
    stack.worker(), stack.worker()
    enqueue(stack, "acme", "a", "b")
    wait_for("calls", lambda: len(calls(stack, "a", "b")[1]) > 6)
    enqueue(stack, "other", "c")
    stack.wait_state("c", "live")
    wait_for("calls to wait", lambda: waiting(stack) > 0)
    starts, ends = calls(stack, "a", "b")
    assert sum(r["usage"].get("total_tokens", 0) for r in ends) <= tpm
    times = [r["t_ms"] for r in starts]
    assert max(times) - min(times) < 60000  # all of it in one window
    assert leases(stack) == ["bk:{t:acme}:lease:calls"]
    assert f"of {tpm} tokens in the last minute; others of it wait, tpm is used up" in flat(
        stack.cli("doctor", "--offline"))


def test_beside_the_limits_of_its_endpoint(make):
    """Both hold, for each call alike, and nobody starves: neither it nor the others there."""
    stack = make("max_in_flight = 2\ntpm = 200000\n", "--latency-ms", "10:60",
                 endpoint="max_in_flight = 4\nrpm = 6000\n")
    stack.worker(), stack.worker()
    enqueue(stack, "acme", "a", "b")
    enqueue(stack, "other", "c", "d", "e")
    for name in "abcde":
        stack.wait_state(name, "live")
    assert most_under_way(*calls(stack, "a", "b")) == 2
    assert most_under_way(*stack.ledger()) == 4
    wait_for("all to be given back", lambda: set(sum(
        (stack.redis.hvals(k) for k in leases(stack, "bk:{[tk]:*:held")), [])) and all(
            v.startswith("0 ") for k in leases(stack, "bk:{[tk]:*:held")
            for v in stack.redis.hvals(k)))


@pytest.mark.parametrize("how", ["500", "rate", "drop"])
def test_calls_that_fail_are_calls(make, how):
    stack = make("max_in_flight = 2\n", "--latency-ms", "20:80", "--fail-every", "3",
                 "--fail-by", how)
    stack.worker(), stack.worker()
    enqueue(stack, "acme", "a")
    stack.wait_state("a", "live")
    assert most_under_way(*calls(stack, "a")) == 2


def test_asked_twice_is_two_calls(make):
    """The hundredth call is late and asked once more: within the two that may be under way."""
    stack = make("max_in_flight = 2\n", "--latency-ms", "20", "--fail-every", "100", "--fail-by",
                 "late", endpoint="price_in = 1\nprice_out = 4\nhedge = true\n",
                 more="[worker]\nconcurrency = 4\n")
    stack.worker()
    enqueue(stack, "acme", "a", segments=[{"id": f"s{i}"} for i in range(4)],
            input={"prompt": "Write a line about tea", "n": 30})
    stack.wait_state("a", "live", "failed")
    starts, ends = stack.ledger()
    assert any(r["id"].endswith("/hedge") for r in starts)
    answered = {r["id"].removesuffix("/hedge"): r["t_ms"] for r in ends if r["status"] == 200}
    for row in ends:  # the mock sees later that the other one was closed with the answer
        if row["status"] == 499:
            row["t_ms"] = answered[row["id"].removesuffix("/hedge")]
    assert most_under_way(starts, ends) == 2


def test_a_worker_that_is_killed(make):
    """What it had under way counts until it must be over, and no longer."""
    stack = make("max_in_flight = 2\n", held=2)
    stack.env["BARKER_LLM_TIMEOUT_MS"] = "3000"
    dead = stack.worker()
    enqueue(stack, "acme", "a")
    wait_for("two that are answered, two that hang", lambda: len(stack.ledger()[0]) == 4)
    dead.kill()
    dead.wait()
    stack.worker()
    wait_for("the other worker to wait", lambda: waiting(stack) > 0)
    assert len(stack.ledger()[0]) == 4
    hold = stack.redis.hgetall("bk:{t:acme}:lease:held")
    silent = next(k for k, v in hold.items() if v.startswith("2 "))
    starts = wait_for("a call of the other one", lambda: stack.ledger()[0][4:])
    assert starts[0]["t_ms"] - stack.ledger()[0][3]["t_ms"] >= 3000
    assert silent not in stack.redis.hgetall("bk:{t:acme}:lease:held")


def test_what_waits_can_be_cancelled_and_drained(make):
    stack = make("max_in_flight = 1\n", held=0)
    worker = stack.worker()
    enqueue(stack, "acme", "a", "b")
    wait_for("a call", lambda: stack.ledger()[0])
    wait_for("calls to wait", lambda: waiting(stack) > 0)
    name = next(n for n in "ab" if not calls(stack, n)[0])
    stack.cli("cancel", name)
    stack.wait_state(name, "cancelled", timeout_s=20)
    assert int(stack.redis.hgetall(stack.key("c", name, "bud")).get("calls_r", 0)) == 0
    stack.cli("cancel", "a" if name == "b" else "b")
    worker.terminate()
    assert worker.wait(20) == 0
    assert len(stack.ledger()[0]) == 1
    assert not any(not v.startswith("0 ") for k in leases(stack, "bk:{t:*:held")
                   for v in stack.redis.hvals(k))


def test_answers_of_the_cache_cost_no_tokens(make):
    stack = make("tpm = 1000000\nmax_in_flight = 50\n")
    stack.env["BARKER_CACHE_TTL_S"] = "600"
    stack.worker()
    enqueue(stack, "acme", "a", seed=7)
    stack.wait_state("a", "live")
    paid = sum(r["usage"].get("total_tokens", 0) for r in stack.ledger()[1])
    wait_for("all to be settled", lambda: used(stack) == paid)
    enqueue(stack, "acme", "b", seed=7)
    stack.wait_state("b", "live")
    assert int(stack.campaign("b")["cached"]) > 20
    wait_for("all to be given back", lambda: used(stack) == paid)


@pytest.mark.parametrize("line", ["tpm = 0", "tpm = -1", "max_in_flight = many"])
def test_a_bad_value_is_named(make, line):
    assert make(line + "\n").cli("status", code=2) == ""

"""What the command line says and how it exits, on a real stack."""
import json
import subprocess

import pytest

from stack import BUILD, wait_for

MUGS = {"kind": "content", "id": "mugs", "channel": ["sms"],
        "input": {"brief": "Hand-thrown mugs are back in stock", "n": 3},
        "facts": {"product": "Tidewater mugs", "price": "24 EUR"},
        "brand": {"never": ["cheap"]}, "budget": {"calls": 40}}


def cli(stack, *args, code=0, stdin=None, env=None):
    """(stdout, stderr) of a command that must exit with the code."""
    done = subprocess.run([str(BUILD / "barker"), *args], env=env or stack.env, text=True,
                          input=stdin, capture_output=True, timeout=30, check=False)
    assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def write(stack, spec, name="spec.json"):
    path = stack.folder / name
    path.write_text(json.dumps(spec))
    return str(path)


@pytest.fixture
def still(make_stack):
    """A stack without a worker."""
    return make_stack()


@pytest.fixture
def review(make_stack):
    """mugs waits for approval; a worker is there."""
    stack = make_stack()
    stack.worker()
    stack.enqueue(MUGS)
    stack.wait_state("mugs", "review")
    return stack


def test_foreign_keys(review):
    for command in ("status", "watch", "result", "pause", "resume", "cancel"):
        for name in ("mugs:v:v1", "mugs:p:sms", "mugs~", ""):
            _, err = cli(review, command, name, code=4)
            assert "there is no campaign" in err
    cli(review, "approve", "mugs:v:v1", "v1", code=4)
    cli(review, "approve", "mugs", "v1:x", code=4)
    cli(review, "decide", "mugs:v:v1", "--user", "u", code=4)
    cli(review, "decide", "mugs", "--placement", "sms:x", "--user", "u", code=4)
    assert not review.redis.exists(review.key("control"))


def test_json_errors(still):
    _, err = cli(still, "--json", "status", "nobody", code=4)
    assert json.loads(err)["code"] == "not_found"
    _, err = cli(still, "status", "--nonsense", "--json", code=2)
    assert json.loads(err)["message"]
    _, err = cli(still, "enqueue", "-", "--json", code=2, stdin='{"kind":"content"}')
    assert json.loads(err)["pointer"] == "/input"
    out, err = cli(still, "status", "--json")
    assert json.loads(out) == [] and err == ""


def test_all_campaigns_are_listed(review):
    """More than come in one page."""
    for n in range(20):
        review.enqueue({**MUGS, "id": f"later-{n}", "not_before_ms": 4_000_000_000_000})
    wait_for("all to be listed", lambda: len(json.loads(review.cli("status", "--json"))) == 21)
    ids = [c["id"] for c in json.loads(review.cli("status", "--json"))]
    assert sorted(ids) == sorted(["mugs", *(f"later-{n}" for n in range(20))])


def both(stack, spec, env, code):
    """check and enqueue judge alike; what check said."""
    path = write(stack, spec)
    out, _ = cli(stack, "check", path, code=code, env=env)
    if code:
        _, err = cli(stack, "enqueue", path, code=code, env=env)
        assert err == "barker: " + out
    return out


def test_check_judges_price_and_endpoint(still):
    spec = {"kind": "content", "input": {"brief": "b"}, "budget": {"usd": 1}}
    env = still.env
    assert both(still, spec, env, 2).startswith("price_unknown /budget/usd ")
    spec["budget"]["calls"] = 5
    assert both(still, spec, env, 0).startswith("warning /budget/usd ")
    spec["llm"] = {"model": "gpt-4o-mini"}
    assert both(still, spec, env, 0) == "ok\n"
    spec["llm"]["endpoint"] = "nowhere"
    out = both(still, spec, env, 2)
    assert out.startswith("bad_value /llm/endpoint ") and out.endswith(" default\n")
    bare = {k: v for k, v in env.items() if not k.startswith(("OPENAI", "BARKER_MODEL"))}
    assert both(still, spec, bare, 0) == "ok\n"  # the workers know
    half = {**bare, "OPENAI_API_KEY": "k"}
    out, err = cli(still, "check", write(still, spec), env=half)
    assert out == "ok\n" and "not judged here" in err
    del spec["llm"]
    spec["chanel"] = ["sms"]
    assert "did you mean channel?" in both(still, spec, env, 2)
    spec["channel"] = [spec.pop("chanel")[0], "fax"]
    assert both(still, spec, env, 2).endswith(
        "there is no channel fax; `barker channels` lists them\n")


def test_check_tells_all_errors(still):
    spec = {"kind": "content", "tennant": "a", "budget": {"calls": -1}, "priority": "soon"}
    out, _ = cli(still, "check", write(still, spec), code=2)
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["unknown_field", "/tennant"], ["out_of_range", "/budget/calls"],
        ["bad_value", "/priority"], ["missing", "/input"]]
    assert "did you mean tenant?" in out
    out, _ = cli(still, "check", "--json", write(still, spec), code=2)
    assert len(json.loads(out)["errors"]) == 4
    out, _ = cli(still, "check", write(still, "{"), code=2)
    assert len(out.splitlines()) == 1 and out.startswith("bad_")


def test_worker_judges_endpoint(still):
    still.worker()
    still.enqueue({**MUGS, "llm": {"endpoint": "nowhere"}})
    refused = wait_for("a refusal", lambda: still.redis.xrange(still.key("rejected")))
    assert refused[0][1]["pointer"] == "/llm/endpoint"


def test_enqueue_again(still):
    path = write(still, {**MUGS, "control": "Mugs are back."})
    still.worker()
    out, err = cli(still, "enqueue", path)
    assert out == "mugs\n" and err == ""
    still.wait_state("mugs", "review")
    out, err = cli(still, "enqueue", path)
    assert out == "mugs\n" and err == "barker: already there, state review\n"
    out, _ = cli(still, "enqueue", path, "--json")
    assert json.loads(out)["existed"] is True
    _, err = cli(still, "enqueue", write(still, MUGS), code=2)
    assert err.startswith("barker: id_conflict ")


def test_review_orders(review):
    _, err = cli(review, "reject", "mugs", "v1", "--text", "x", code=2)
    assert "no option --text" in err
    out, _ = cli(review, "approve", "mugs", "v1", "--text", "So cheap", code=1)
    assert out.startswith("v1 still pending: ") and "cheap" in out
    out, _ = cli(review, "approve", "mugs", "v1", "--text", "So cheap", code=1)
    assert out.startswith("v1 still pending: ")
    assert cli(review, "reject", "mugs", "v2") == ("v2 rejected\n", "")
    _, err = cli(review, "approve", "mugs", "v2", code=1)
    assert "v2 is rejected" in err
    out, _ = cli(review, "approve", "mugs", "v1", "--json")
    assert json.loads(out) == {"id": "mugs", "action": "approve", "variant": "v1",
                               "state": "control", "reason": "control_generated",
                               "done": True}
    assert cli(review, "approve", "mugs", "all") == ("v3 live\n", "")
    _, err = cli(review, "approve", "mugs", "v3", code=1)
    assert "v3 is live" in err
    assert "no variant" in cli(review, "approve", "mugs", "all")[1]
    assert cli(review, "reject", "mugs", "v3")[0] == "v3 rejected\n"


def test_campaign_orders(review):
    assert cli(review, "pause", "mugs") == ("mugs paused\n", "")
    assert cli(review, "resume", "mugs") == ("mugs review\n", "")
    out, _ = cli(review, "cancel", "mugs", "--json")
    assert json.loads(out) == {"id": "mugs", "action": "cancel", "state": "cancelled",
                               "done": True}
    _, err = cli(review, "cancel", "mugs", "--json", code=1)
    assert json.loads(err)["code"] == "wrong_state"
    cli(review, "watch", "mugs", code=1)
    row = cli(review, "status")[0].splitlines()[1].split()
    assert row[:3] == ["mugs", "content", "cancelled"] and row[5:7] == ["%", "0"]


def test_order_without_worker(review):
    for proc in review.procs[1:]:
        proc.terminate()
        proc.wait()
    out, err = cli(review, "pause", "mugs")
    assert out == "mugs review\n" and "no worker is running" in err


def test_decide_in_review(still):
    still.worker()
    still.enqueue({**MUGS, "control": "Our mugs are back."})
    still.wait_state("mugs", "review")
    out = json.loads(cli(still, "decide", "mugs", "--user", "u")[0])
    assert out["reason"] == "in_review" and out["text"] == "Our mugs are back."
    assert out["variant"] == "v1" and out["weight"] == 1


def test_result_and_watch(review):
    assert "no evidence yet" in cli(review, "result", "mugs")[0]
    cli(review, "approve", "mugs", "all")
    lines = [json.dumps({"campaign": "mugs", "variant": "v1", "type": t, "eid": f"{t}{i}"})
             for t, n in (("impression", 30), ("click", 7)) for i in range(n)]
    cli(review, "events", "import", "-", stdin="\n".join(lines))

    def ranked():
        out = cli(review, "result", "mugs")[0]
        return out if "as if each variant had had 1750 impressions" in out else None
    out = wait_for("evidence", ranked)
    assert "\n     30 impressions, 7 clicks, 0 conversions\n" in out
    assert "usd unknown" in out and "lift of the best over control: " in out
    assert "usd unknown" in cli(review, "watch", "mugs")[0]
    assert json.loads(cli(review, "result", "mugs", "--json")[0])["schema"] == 1


def test_help_config():
    done = subprocess.run([str(BUILD / "barker"), "help", "config"], check=True, text=True,
                          capture_output=True)
    assert "[redis]" in done.stdout and "BARKER_REDIS_URL" in done.stdout

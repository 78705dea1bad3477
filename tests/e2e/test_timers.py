"""Limits of time within a call, on real processes: streams that fall silent are given up, told
apart and asked for again."""
import pytest

from test_dialects import BASES, KEY
from test_streaming import TITLES, calls, run_spec, texts

LIMITS = {"stall": ("idle_ms = 200", "nothing more for 200 ms"),
          "mute": ("first_token_ms = 300", "no token for 300 ms"),
          "pings": ("first_token_ms = 300\nidle_ms = 100", "no token for 300 ms")}


def configure(stack, tmp_path, limits, dialect="openai_chat", stream="true"):
    file = tmp_path / "barker.ini"
    file.write_text(f"[llm]\n{limits}\n[endpoint e]\ndialect = {dialect}\n"
                    f"base_url = {stack.llm_url}{BASES[dialect]}\nmodel = simulated\n"
                    f"key_env = TIMERS_KEY\nprice_in = 1\nprice_out = 4\nstream = {stream}\n")
    stack.env.update(BARKER_CONFIG=str(file), TIMERS_KEY=KEY)


def audit(stack):
    rows = [row for _, row in stack.redis.xrange(stack.key("c", "d", "audit"))]
    return [row for row in rows if row["what"] == "call"]


@pytest.mark.parametrize("fault", LIMITS)
@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic"])
def test_silence_is_tried_again(make_stack, tmp_path, dialect, fault):
    """The default time for a call is two minutes: the campaign would not be done in the time that
    a test waits. What was given up may have been billed."""
    stack = make_stack(llm="mock", llm_args=("--key", KEY, "--fail-every", "3", "--fail-by", fault))
    settings, message = LIMITS[fault]
    configure(stack, tmp_path, settings, dialect)
    run_spec(stack, TITLES)
    ends = stack.ledger()[1]
    broken = [row for row in ends if not row["content"]]
    failed = [r for r in calls(stack) if r["s"] == "err"]
    assert broken and len(failed) == len(broken) and len(texts(stack)) == 4
    assert {row["status"] for row in broken} == {499}  # we hung up
    for record in failed:
        assert record["code"] == "deadline" and record["retry"] and record["possibly_billed"]
        assert record["message"].endswith(message)
        assert record["usd_nano"] > 0
        assert (record["finish"], bool(record["text"])) in (
            [("truncated", True)] if fault == "stall" else [("", False)])


def test_times_stand_in_the_audit(make_stack, tmp_path):
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    configure(stack, tmp_path, "")
    run_spec(stack, TITLES)
    rows = audit(stack)
    assert rows
    for row in rows:
        assert int(row["first_byte_ms"]) <= int(row["first_token_ms"]) <= int(row["ms"])


def test_whole_reply_has_no_first_token(make_stack, tmp_path):
    stack = make_stack(llm="mock", llm_args=("--key", KEY, "--latency-ms", "400"))
    configure(stack, tmp_path, "first_byte_ms = 100\nfirst_token_ms = 100", stream="false")
    run_spec(stack, TITLES)
    assert {row["verdict"] for row in audit(stack)} == {"ok"}


def test_stream_of_another_type(make_stack, tmp_path):
    stack = make_stack(llm="mock", llm_args=("--key", KEY, "--stream-type", "text/plain"))
    configure(stack, tmp_path, "")
    run_spec(stack, TITLES)
    assert all("first_token_ms" in row for row in audit(stack)) and len(texts(stack)) == 4


@pytest.mark.parametrize("name", ["stream", "stream_options"])
def test_refused_parameter_is_left_out(make_stack, tmp_path, name):
    """Calls that were under way are asked again; later ones go without it at once."""
    stack = make_stack(llm="mock", llm_args=("--key", KEY, "--refuse", name))
    configure(stack, tmp_path, "[worker]\nconcurrency = 1")
    run_spec(stack, TITLES)
    refused = [r for r in calls(stack) if r["s"] == "err"]
    assert {r["code"] for r in refused} == {"bad_request"} and len(refused) == 1
    streamed = ["first_token_ms" in row for row in audit(stack) if row["verdict"] == "ok"]
    assert set(streamed) == {name != "stream"} and len(texts(stack)) == 4

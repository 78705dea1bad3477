"""Streamed replies on real sockets: a campaign over each dialect, streams that break, streams that
are stopped."""
import json
import urllib.request

import pytest

from test_dialects import BASES, KEY, SPEC, configure, run

TITLES = {"id": "d", "kind": "content", "channel": ["amazon.title"], "approval": "none",
          "locale": "zh-CN", "input": {"brief": "冬天的茶 🍵", "n": 4, "angles": ["暖"]}}


def texts(stack):
    return [v["text"] for v in stack.variants("d").values()]


def run_spec(stack, spec):
    stack.worker()
    stack.enqueue(spec)
    stack.wait_state("d", "live", "failed")
    assert stack.state("d") == "live", stack.campaign("d")


def calls(stack):
    """What the journal says of each attempt."""
    return list(stack.journal("d").values())


@pytest.mark.parametrize("dialect", BASES)
def test_campaign(make_stack, tmp_path, dialect):
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    configure(stack, tmp_path, dialect, stream="true")
    run(stack)
    campaign = stack.campaign("d")
    starts, ends = stack.ledger()
    assert len(starts) == len(ends) == int(campaign["calls"]) >= 7
    assert all(row["status"] == 200 and row["content"] for row in ends)  # they were streamed
    for side, name in (("in", "prompt"), ("out", "completion")):
        assert int(campaign[f"tokens_{side}"]) == sum(r["usage"][f"{name}_tokens"]
                                                      for r in ends)
    audit = [e for _, e in stack.redis.xrange(stack.key("c", "d", "audit"))]
    assert {e["usage"] for e in audit if e["what"] == "call"} == {"provider"}


@pytest.mark.parametrize("dialect", BASES)
def test_chinese(make_stack, tmp_path, dialect):
    """Han characters and emoji, cut anywhere on the way, arrive whole."""
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    configure(stack, tmp_path, dialect, stream="true")
    run_spec(stack, TITLES)
    sent = {json.loads(row["content"])["title"] for row in stack.ledger()[1]}
    assert len(texts(stack)) == 4 and set(texts(stack)) <= sent


@pytest.mark.parametrize("dialect", BASES)
@pytest.mark.parametrize("fault", ["cut", "end", "error", "middle"])
def test_broken_streams_are_tried_again(make_stack, tmp_path, dialect, fault):
    stack = make_stack(llm="mock", llm_args=("--key", KEY, "--fail-every", "3", "--fail-by", fault))
    configure(stack, tmp_path, dialect, stream="true")
    run_spec(stack, TITLES)
    ends = stack.ledger()[1]
    broken = [row for row in ends if not row["content"]]
    sent = {json.loads(row["content"])["title"] for row in ends if row["content"]}
    assert broken and set(texts(stack)) <= sent
    code = "truncated" if fault in ("cut", "end") else "overloaded"
    failed = [r for r in calls(stack) if r["s"] == "err"]
    assert {r["code"] for r in failed} == {code} and len(failed) == len(broken)
    assert all(r["retry"] for r in failed)


def test_endless_stream_is_stopped(make_stack, tmp_path):
    """Closed by us, paid as far as it came, and asked for once more."""
    stack = make_stack(llm="mock", llm_args=("--key", KEY, "--fail-every", "3",
                                             "--fail-by", "endless"))
    configure(stack, tmp_path, "openai_chat", stream="true")
    run_spec(stack, TITLES)
    ends = stack.ledger()[1]
    stopped = [row for row in ends if row["status"] == 499]
    aborted = [r for r in calls(stack) if r["finish"] == "aborted"]
    assert stopped and len(aborted) == len(stopped)
    for record in aborted:
        assert record["s"] == "ok" and 1000 < len(record["text"]) < 5000
        assert 0 < record["out"] <= len(record["text"]) and record["usd_nano"] > 0
    assert not set(texts(stack)) & {record["text"] for record in aborted}
    assert len(texts(stack)) == 4


def test_simulator_streams(make_stack):
    """The same content as without a stream, and a campaign on it."""
    body = {"model": "m", "messages": [{"role": "user", "content": "推广保温杯 🍵"}]}

    def post(stack, **more):
        request = urllib.request.Request(stack.llm_url + "/v1/chat/completions",
                                         json.dumps({**body, **more}).encode())
        with urllib.request.urlopen(request) as answer:
            return answer.headers["Content-Type"], answer.read().decode()
    whole = json.loads(post(make_stack())[1])
    stack = make_stack()
    kind, stream = post(stack, stream=True, stream_options={"include_usage": True})
    chunks = [line.removeprefix("data: ") for line in stream.split("\n\n") if line]
    assert kind == "text/event-stream" and chunks.pop() == "[DONE]"
    chunks = [json.loads(chunk) for chunk in chunks]
    assert chunks.pop()["usage"] == whole["usage"]
    said = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks)
    assert said == whole["choices"][0]["message"]["content"] and len(chunks) > 2


def test_campaign_on_the_simulator(make_stack, tmp_path):
    stack = make_stack()
    configure(stack, tmp_path, "openai_chat", stream="true")
    run(stack)
    ends = stack.ledger()[1]
    assert int(stack.campaign("d")["tokens_out"]) == sum(r["usage"]["completion_tokens"]
                                                         for r in ends)
    assert SPEC["input"]["n"] * 2 <= len(texts(stack))

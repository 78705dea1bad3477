"""A campaign over each dialect, on real sockets, with the key where the vendor wants it."""
import json

import pytest

KEY = "sk-dialects-0123456789"
SPEC = {"id": "d", "kind": "content", "channel": ["email.subject", "google.rsa"],
        "approval": "none", "input": {"brief": "Winter tea", "n": 3}}
BASES = {"openai_chat": "/v1", "openai_responses": "/v1", "openai_completions": "/v1",
         "anthropic": "/v1", "gemini": "/v1beta", "azure_openai": "/azure/openai/v1"}


def configure(stack, tmp_path, dialect, **more):
    lines = {"dialect": dialect, "base_url": stack.llm_url + BASES[dialect],
             "model": "simulated", "key_env": "DIALECT_KEY", "price_in": "1",
             "price_out": "4", **more}
    file = tmp_path / "barker.ini"
    file.write_text("[endpoint e]\n" + "".join(f"{k} = {v}\n" for k, v in lines.items()))
    stack.env.update(BARKER_CONFIG=str(file), DIALECT_KEY=KEY)


def run(stack):
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("d", "live", "failed")
    assert stack.state("d") == "live", stack.campaign("d")


@pytest.mark.parametrize("dialect", BASES)
def test_campaign(make_stack, tmp_path, dialect):
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    configure(stack, tmp_path, dialect)
    run(stack)
    campaign = stack.campaign("d")
    starts, ends = stack.ledger()
    assert len(starts) == len(ends) == int(campaign["calls"]) >= 7
    assert {row["status"] for row in ends} == {200}
    assert {row["model"] for row in starts} == {"simulated"}
    for side, name in (("in", "prompt"), ("out", "completion")):
        assert int(campaign[f"tokens_{side}"]) == sum(r["usage"][f"{name}_tokens"]
                                                      for r in ends)
    audit = [e for _, e in stack.redis.xrange(stack.key("c", "d", "audit"))]
    assert {e["usage"] for e in audit if e["what"] == "call"} == {"provider"}
    for variant in stack.variants("d").values():
        if variant["placement"] == "google.rsa":
            assert len(json.loads(variant["text"])["headline"]) >= 3


@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic", "gemini"])
@pytest.mark.parametrize("form", ["json_object", "tool", "prompt"])
def test_forms(make_stack, tmp_path, dialect, form):
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    configure(stack, tmp_path, dialect, structured=form)
    run(stack)


def test_deployments_of_azure(make_stack, tmp_path):
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    configure(stack, tmp_path, "azure_openai", base_url=stack.llm_url + "/azure",
              api_version="2024-10-21")
    run(stack)


OTHERS = ("[endpoint numbers]\ndialect = openai_embeddings\nmodel = e\nbase_url = {0}/v1\n"
          "key_env = DIALECT_KEY\n[endpoint guard]\ndialect = openai_moderations\n"
          "model = m\nbase_url = {0}/v1\nkey_env = DIALECT_KEY\n")


def beside_others(stack, tmp_path, chat):
    """What does not chat comes first."""
    file = tmp_path / "barker.ini"
    file.write_text(OTHERS.format(stack.llm_url) + chat)
    stack.env.update(BARKER_CONFIG=str(file), DIALECT_KEY=KEY)


def test_chat_goes_past_what_does_not_chat(make_stack, tmp_path):
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    beside_others(stack, tmp_path, f"[endpoint main]\nmodel = simulated\nbase_url = "
                                   f"{stack.llm_url}/v1\nkey_env = DIALECT_KEY\n")
    named = tmp_path / "spec.json"
    named.write_text(json.dumps({**SPEC, "llm": {"endpoint": "numbers"}}))
    refused = stack.cli("check", str(named), code=2)
    assert "/llm/endpoint" in refused and "there are: main" in refused
    run(stack)
    starts, ends = stack.ledger()
    assert {row["model"] for row in starts} == {"simulated"}
    assert {row["status"] for row in ends} == {200}


def test_without_chat_there_is_no_endpoint(make_stack, tmp_path):
    stack = make_stack(llm="mock", llm_args=("--key", KEY))
    beside_others(stack, tmp_path, "")
    report = json.loads(stack.cli("doctor", "--json"))
    found = {c["check"]: c for c in report["checks"]}
    assert "none here that chats" in found["endpoints"]["found"]
    assert "cost budgets nothing" in found["endpoint numbers"]["found"]
    assert found["endpoint guard"]["level"] == "ok"  # it is free
    assert {found[f"reach {name}"]["level"] for name in ("numbers", "guard")} == {"ok"}
    worker = stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("d", "queued")
    worker.terminate()
    assert worker.wait(20) == 0
    assert stack.state("d") == "queued" and not stack.ledger()[0]


def test_wrong_key(make_stack, tmp_path):
    stack = make_stack(llm="mock", llm_args=("--key", "another"))
    configure(stack, tmp_path, "anthropic")
    stack.worker()
    stack.enqueue(SPEC)
    stack.wait_state("d", "failed")
    assert stack.campaign("d")["error"] == "bad_credentials"
    assert len(stack.ledger()[0]) == 1  # not tried again
    assert KEY not in (stack.folder / "workers.log").read_text()

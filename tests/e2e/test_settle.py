"""A reply that the store can never take: it is paid once, and told."""
from stack import wait_for

SPEC = {"kind": "content", "approval": "none", "min_distance": 0,
        "input": {"brief": "Beanies for the first frost", "n": 2, "angles": ["warm", "light"]}}


def test_a_call_too_dear_to_be_counted_is_not_paid_again(make_stack):
    """1e9 tokens at $1000 a million: more nano-dollars than Redis adds up exactly."""
    stack = make_stack("mock", ["--reply-tokens", "1000000000"])
    ini = stack.folder / "barker.ini"
    ini.write_text(f"[endpoint dear]\nbase_url = {stack.llm_url}/v1\nmodel = m\n"
                   "key_env = OPENAI_API_KEY\nprice_in = 1\nprice_out = 1000\n")
    stack.env.pop("OPENAI_BASE_URL")
    stack.env["BARKER_CONFIG"] = str(ini)
    stack.worker()
    stack.enqueue({**SPEC, "id": "dear"})
    assert stack.wait_state("dear", "failed", "live", timeout_s=30) == "failed"
    assert stack.campaign("dear")["error"] == "out_of_range"
    journal = stack.journal("dear")
    calls = stack.ledger()[0]
    assert len(calls) == len(journal) == len({(s, i, n) for s, i, n, _ in journal})
    for record in journal.values():
        assert (record["s"], record["code"]) == ("err", "out_of_range"), record
        assert record["possibly_billed"] is True and record["retry"] is False
    assert int(stack.campaign("dear")["calls"]) == len(calls)
    assert float(stack.campaign("dear")["usd"]) > 10_000 * len(calls)
    stack.enqueue({**SPEC, "id": "next"})
    wait_for("another to be begun", lambda: stack.state("next") in ("failed", "running"))

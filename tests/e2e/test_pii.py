"""Personal data and keys: what reaches the model's server, and what is published."""
import json
import os
import shutil
import subprocess
import time

import pytest
from stack import BUILD

SECRETS = ["ann.lee@shop.example", "+49 30 12345678", "13800138000", "11010519491231002X",
           "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111"]
SPEC = {"kind": "content", "approval": "none", "min_distance": 0, "channel": ["sms", "plain"],
        "segments": [{"id": "vip", "profile": f"Those who wrote to {SECRETS[0]}"}],
        "brand": {"voice": f"As {SECRETS[0]} writes", "say": [SECRETS[1]]},
        "facts": {"mail": SECRETS[0], "phone": SECRETS[1], "mobile": SECRETS[2],
                  "note": f"line\n{SECRETS[5]}"},
        "input": {"brief": f"咨询{SECRETS[2]},身份证{SECRETS[3]}; {SECRETS[4]}", "n": 3,
                  "angles": [f"ask {SECRETS[0]}", "warm"], "examples": [f"Call {SECRETS[1]}"]}}
TOKEN = r"\[\[email_\d\]\]"


def run(make_stack, spec, *args):
    stack = make_stack("mock", ("--whole", *args))
    stack.worker()
    stack.enqueue({**spec, "id": "p"})
    assert stack.wait_state("p", "live", "failed", timeout_s=30) == "live"
    return stack, [row["request"] for row in stack.ledger()[0]]


def test_no_personal_data_reaches_the_wire(make_stack):
    stack, requests = run(make_stack, SPEC, "--copy", TOKEN)
    assert len(requests) >= 6
    for request in requests:
        text = json.dumps(json.loads(request), ensure_ascii=False)
        assert not [s for s in SECRETS if s in text], text
        assert "[[email_1]]" in text and "[[phone_" in text
    texts = [v["text"] for v in stack.variants("p").values()]
    assert len(texts) == 6 and all(SECRETS[0] in t and "[[" not in t for t in texts), texts
    audit = [f for _, f in stack.redis.xrange(stack.key("c", "p", "audit"))]
    assert [f for f in audit if f["what"] == "masked" and int(f["values"]) > 5]
    replies = [r["text"] for r in stack.journal("p").values()]
    assert replies and all("[[email_" in r and "@" not in r for r in replies)  # as they came
    assert json.loads(stack.cli("replay", "p", "--json"))["identical"] is True


def test_a_spec_may_send_it(make_stack):
    stack, requests = run(make_stack, {**SPEC, "llm": {"pii": "send"}})
    assert all(SECRETS[2] in json.loads(r)["messages"][-1]["content"] for r in requests)


def test_the_key_stays_in_the_headers(make_stack):
    """Not in what is stored, logged or asked for; `barker doctor` names the variable only."""
    stack, _ = run(make_stack, SPEC)
    key = stack.env["OPENAI_API_KEY"]
    assert key not in stack.cli("doctor", "--json")
    stack.redis.config_set("rdbcompression", "no")
    stack.redis.save()
    for name in ("dump.rdb", "workers.log", "ledger.ndjson"):
        data = (stack.folder / name).read_bytes()
        assert data and key.encode() not in data, name


def is_for_root_alone(argv, wait_s):
    """May others than root look at the memory of such a process, run by one of them? Asked
    again for a while, as it has to start first."""
    user = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
    proc = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, cwd="/", **user)
    try:
        end = time.monotonic() + wait_s
        while os.stat(f"/proc/{proc.pid}/environ").st_uid != 0:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True
    finally:
        proc.stdin.close()
        proc.wait()


def test_no_core_file_has_keys():
    """The kernel gives to root what must not be dumped."""
    if is_for_root_alone([shutil.which("cat")], 0):
        pytest.skip("this kernel shows no owner")
    assert is_for_root_alone([str(BUILD / "barker"), "enqueue", "-"], 20)

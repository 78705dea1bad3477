"""Redis that is nearly full: nothing new is admitted, what is under way ends."""
import json
import subprocess

from stack import BUILD, wait_for

SPEC = {"kind": "content", "approval": "none", "input": {"prompt": "Sell beanies.", "n": 2}}


def fill(stack, percent):
    used = stack.redis.info("memory")["used_memory"]
    stack.redis.config_set("maxmemory", used * 100 // percent)


def test_the_last_tenth_is_for_what_is_under_way(make_stack, tmp_path):
    stack = make_stack("sim", ("--latency-ms", "2000:2000"))
    stack.worker()
    stack.enqueue({**SPEC, "id": "a"})
    stack.wait_state("a", "running")
    wait_for("calls", lambda: stack.ledger()[0])
    fill(stack, 94)
    wait_for("a beat", lambda: stack.redis.exists(stack.key("full")))
    stack.enqueue({**SPEC, "id": "b"})  # by somebody who does not ask
    file = tmp_path / "spec.json"
    file.write_text(json.dumps({**SPEC, "id": "c"}))
    stack.cli("enqueue", str(file), code=1)
    assert "nothing new is admitted" in stack.cli("doctor", "--offline", code=1)
    stack.wait_state("a", "live", "failed")
    assert stack.state("a") == "live"
    assert stack.redis.xlen(stack.key("inbox")) == 1 and not stack.campaign("b")
    assert not stack.redis.xlen(stack.key("rejected"))
    stack.redis.config_set("maxmemory", 0)
    stack.wait_state("b", "live")
    stack.cli("enqueue", str(file))
    log = (stack.folder / "workers.log").read_text()
    assert log.count("inbox.full") == 1


def test_no_worker_on_a_redis_that_evicts(make_stack):
    stack = make_stack("mock")
    stack.redis.config_set("maxmemory-policy", "allkeys-lru")
    done = subprocess.run([str(BUILD / "barker"), "worker"], env=stack.env, text=True,
                          capture_output=True, timeout=20)
    assert done.returncode == 1 and "allkeys-lru" in done.stderr and not stack.redis.zcard(
        stack.key("hb")), done
    ini = stack.folder / "barker.ini"
    ini.write_text("[redis]\nallow_eviction = true\n")
    stack.env["BARKER_CONFIG"] = str(ini)
    stack.worker()
    wait_for("the worker", lambda: stack.redis.zcard(stack.key("hb")))
    assert "redis.evicts" in (stack.folder / "workers.log").read_text()

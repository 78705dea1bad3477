"""Users are known by a name under a secret; their ids are stored nowhere."""
import hashlib
import json
import subprocess

import pytest

from stack import BUILD, wait_for

USER = "ann-of-green-gables"
SPEC = {"kind": "content", "id": "mugs", "channel": ["sms"], "approval": "none",
        "input": {"brief": "Mugs are back", "n": 2}, "budget": {"calls": 40}}


@pytest.fixture
def still(make_stack):
    """A stack without a worker."""
    return make_stack()


def secret_of(stack):
    return stack.redis.hget("bk:meta", "user_secret")


def wait_worker(stack, count=1):
    wait_for("workers", lambda: len(list(stack.redis.scan_iter(match="bk:worker:*"))) >= count)


def doctor_of(stack, **env):
    done = subprocess.run([str(BUILD / "barker"), "doctor", "--offline", "--json"],
                          env={**stack.env, **env}, capture_output=True, text=True, timeout=30,
                          check=False)
    checks = {c["check"]: c for c in json.loads(done.stdout)["checks"]}
    return checks["users.secret"], done.stdout + done.stderr


def everything(stack):
    """All that Redis holds, as bytes."""
    raw = b""
    for key in stack.redis.keys():
        kind = stack.redis.type(key)
        read = {"string": stack.redis.get, "hash": stack.redis.hgetall,
                "list": lambda k: stack.redis.lrange(k, 0, -1), "set": stack.redis.smembers,
                "zset": lambda k: stack.redis.zrange(k, 0, -1, withscores=True),
                "stream": stack.redis.xrange}[kind]
        raw += f"{key} {read(key)}\n".encode()
    return raw


def test_one_secret_is_made_for_all(still):
    found, _ = doctor_of(still)
    assert found["level"] == "warning" and "will make one" in found["found"]
    assert secret_of(still) is None  # looking makes none
    for _ in range(4):
        still.worker()
    wait_worker(still, 4)
    secret = secret_of(still)
    assert len(secret) == 64 and int(secret, 16)
    found, said = doctor_of(still)
    assert found["level"] == "warning" and "is kept in Redis" in found["found"]
    assert secret not in said
    still.worker()
    wait_worker(still, 5)
    assert secret_of(still) == secret
    assert secret not in (still.folder / "workers.log").read_text()
    assert secret not in still.cli("status", "--fleet", "--json")


def test_a_configured_secret_is_not_kept(still):
    secret = "of-the-configuration-0123"
    still.worker(BARKER_USER_SECRET=secret, BARKER_LOG="debug")
    wait_worker(still)
    assert secret_of(still) is None
    found, said = doctor_of(still, BARKER_USER_SECRET=secret)
    assert found["level"] == "ok" and secret not in said
    assert secret not in (still.folder / "workers.log").read_text()
    assert secret.encode() not in everything(still)


def test_a_short_secret_is_refused(still):
    done = subprocess.run([str(BUILD / "barker"), "worker"], timeout=30, check=False,
                          env={**still.env, "BARKER_USER_SECRET": "swordfish"},
                          capture_output=True, text=True)
    assert done.returncode == 2 and "BARKER_USER_SECRET: " in done.stderr
    assert "at least 16" in done.stderr and "swordfish" not in done.stderr


def test_ids_are_stored_nowhere(still):
    still.worker(BARKER_LOG="debug")
    still.enqueue(SPEC)
    still.wait_state("mugs", "live")
    events = still.key("events")
    good = {"c": "mugs", "v": "v1", "t": "click"}
    for n in range(20):
        still.redis.xadd(events, {**good, "u": USER, "eid": f"e{n}", "imp": "i"})
        still.redis.xadd(events, {"e": json.dumps([{**good, "uid": USER},
                                                   {**good, "n": -1, "user": USER}])})
    still.redis.xadd(events, {**good, "u": USER, "n": "many"})
    still.redis.xadd(events, {"e": json.dumps({"type": "track", "userId": USER,
                                               "traits": {"email": USER}})})
    still.redis.xadd(events, {"e": json.dumps({**good, "c": "nobody", "u": USER})})
    wait_for("all to be read", lambda: not still.redis.xlen(events))
    wait_for("clicks", lambda: still.variants("mugs")["v1"]["clicks"] == "40")
    assert still.redis.xlen(still.key("rejected")) == 22
    held = everything(still)
    assert USER.encode() not in held and b'"[user]"' in held
    assert USER not in (still.folder / "workers.log").read_text()
    kept = still.redis.xrange(still.key("rejected"))[-1][1]
    assert json.loads(kept["raw"]) == {"type": "track", "userId": "[user]",
                                       "traits": {"email": "[user]"}}
    assert kept["sha256"] == hashlib.sha256(kept["raw"].encode()).hexdigest()

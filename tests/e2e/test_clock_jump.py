"""The clock of Redis jumps, by hours and both ways, while campaigns run: as after a step of
NTP, or a failover to a host whose clock is wrong. Workers have clocks of their own, which
do not jump. A preloaded library moves the wall clock of redis-server, and nothing else."""
import collections
import os
import struct
import time

import pytest
from stack import BUILD, Stack, wait_for

SHIM = BUILD / "libclock-shim.so"
SPEC = {"kind": "content", "approval": "none", "min_distance": 0,
        "input": {"brief": "Beanies", "n": 3, "angles": ["warm", "light"]}}
HOUR = 3600


class ClockStack(Stack):
    def start_redis(self):
        self.clock = self.folder / "clock"
        self.clock.write_bytes(bytes(8))
        self.redis_env = dict(os.environ, LD_PRELOAD=str(SHIM), CLOCK_SHIM=str(self.clock))
        super().start_redis()

    def jump(self, seconds):
        """To so far from the true time."""
        with self.clock.open("r+b") as file:
            file.write(struct.pack("=q", seconds))

    def now_s(self):
        return self.redis.time()[0]

    def many(self, prefix, count):
        names = [f"{prefix}{n}" for n in range(count)]
        for name in names:
            self.enqueue({**SPEC, "id": name})
        return names


@pytest.fixture
def stack(tmp_path_factory):
    one = ClockStack(tmp_path_factory.mktemp("s"), "mock", ("--latency-ms", "100:300"))
    ini = one.folder / "barker.ini"
    ini.write_text("[worker]\nconcurrency = 8\njobs = 4\n[endpoint main]\n"
                   f"base_url = {one.llm_url}/v1\nmodel = m\nkey_env = OPENAI_API_KEY\n"
                   "rpm = 6000\ntpm = 10000000\nmax_in_flight = 40\nprice_in = 1\nprice_out = 1\n"
                   "[tenant default]\nusd_per_day = 1000\nmax_campaigns = 50\n")
    one.env.pop("OPENAI_BASE_URL")
    one.env["BARKER_CONFIG"] = str(ini)
    yield one
    one.close()


@pytest.mark.parametrize("first, second", [(HOUR, -HOUR), (-HOUR, HOUR), (-5 * HOUR, -9 * HOUR)])
def test_campaigns_go_on(stack, first, second):
    workers = [stack.worker() for _ in range(3)]
    names = stack.many("a", 6)
    wait_for("calls", lambda: len(stack.ledger()[0]) > 5)
    stack.jump(first)
    assert abs(stack.now_s() - time.time() - first) < 5
    names += stack.many("b", 6)
    wait_for("calls after the jump", lambda: any(
        r["id"].startswith("b") for r in stack.ledger()[0]))
    workers[0].kill()  # what it holds is of another time now
    workers[0].wait()
    stack.jump(second)
    names += stack.many("c", 6)
    for name in names:
        stack.wait_state(name, "live", timeout_s=60)
    ended = collections.Counter(e["c"] for _, e in stack.redis.xrange(stack.key("changes"))
                                if e["what"] == "live")
    assert ended == dict.fromkeys(names, 1)
    asked = [r["id"].rsplit("/", 1)[0] for r in stack.ledger()[1] if r["status"] == 200]
    twice = [a for a, n in collections.Counter(asked).items() if n > 1]
    lost = [r for name in names for r in stack.journal(name).values() if r["s"] == "lost"]
    assert len(twice) <= len(lost) <= 8  # of the worker that was killed

"""Workers of a real stack that die, stop and are stopped; a Redis that is killed. What comes of
it is in the report of run(): what must be empty, and how long jobs of the dead had no worker."""
import pathlib
import random
import signal
import sys
import time

import redis

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from crowd import Crowd  # noqa: E402
from stack import Stack  # noqa: E402

LEASE_S, BEAT_S = 3.0, 1.0
LLM = ("--latency-ms", "100:800", "--fault-500", "0.02", "--fault-drop", "0.01",
       "--fault-cut", "0.01", "--fault-stall", "0.005")
INI = f"""[worker]
jobs = 64
lease_ms = {LEASE_S * 1000:.0f}
heartbeat_ms = {BEAT_S * 1000:.0f}
[llm]
timeout_ms = 4000
"""
# out of a hundred; the rest is kill -9 of a worker
FAULTS = {"zombie": 8, "blocked": 7, "drain": 3, "redis": 2}


class Durable(Stack):
    """What its Redis has answered is on disk: a kill loses nothing."""
    fsync = "always"


class Chaos:
    def __init__(self, folder, workers, campaigns, seed):
        self.rng = random.Random(seed)
        self.stack = Durable(folder, llm_args=LLM)
        self.configure(self.stack.folder / "barker.ini")
        self.workers = [self.hire() for _ in range(workers)]
        self.crowd = Crowd(self.stack, campaigns)
        self.done = dict.fromkeys(("kill", *FAULTS), 0)
        self.asleep = []  # (process, when it wakes)
        self.orphans = {}  # job: (fence, when its worker died)
        self.recovered, self.quiet_until = [], 0.0

    def configure(self, ini):
        ini.write_text(INI)
        self.stack.env["BARKER_CONFIG"] = str(ini)

    # --- what happens to workers
    def hire(self):
        return self.stack.worker()

    def jobs_of(self, pid):
        key = self.stack.key
        names = sorted(self.crowd.open)
        pipe = self.stack.redis.pipeline(transaction=False)
        for name in names:
            pipe.hmget(key("j", name), "state", "owner", "fence")
        return {name: int(fence) for name, (state, owner, fence) in zip(names, pipe.execute())
                if state == "claimed" and f":{pid}:" in owner}

    def replace(self, proc):
        self.workers.remove(proc)
        self.workers.append(self.hire())

    def kill(self, proc):
        proc.kill()
        proc.wait()
        at = time.monotonic()
        self.orphans |= {name: (fence, at) for name, fence in self.jobs_of(proc.pid).items()}
        self.replace(proc)

    def sleep(self, proc, seconds):
        proc.send_signal(signal.SIGSTOP)
        self.asleep.append((proc, time.monotonic() + seconds))

    def zombie(self, proc):
        self.sleep(proc, LEASE_S + self.rng.uniform(1, 3))

    def blocked(self, proc):
        self.sleep(proc, self.rng.uniform(0.2, LEASE_S - BEAT_S - 0.5))

    def drain(self, proc):
        proc.terminate()
        self.replace(proc)

    def redis(self, _):
        self.stack.stop_redis(signal.SIGKILL)
        time.sleep(self.rng.uniform(0.1, 1.5))
        self.stack.start_redis()
        # its beats are old: nobody is declared dead for a lease and the time to reconnect
        self.quiet_until = time.monotonic() + 2 * LEASE_S + 3
        self.orphans.clear()

    def well(self):
        """Those that run and hear their Redis."""
        return [w for w in self.workers if all(w is not proc for proc, _ in self.asleep)]

    def one_fault(self):
        well = self.well()
        if len(well) < 2:
            return
        roll, what = self.rng.uniform(0, 100), "kill"
        for name, share in FAULTS.items():
            roll -= share
            if roll < 0:
                what = name
                break
        getattr(self, what)(self.rng.choice(well))
        self.done[what] += 1

    def wake(self):
        now = time.monotonic()
        for proc, at in list(self.asleep):
            if at <= now:
                proc.send_signal(signal.SIGCONT)
                self.asleep.remove((proc, at))

    # --- what comes of it
    def look_for_orphans(self):
        names, now = sorted(self.orphans), time.monotonic()
        pipe = self.stack.redis.pipeline(transaction=False)
        for name in names:
            pipe.hmget(self.stack.key("j", name), "state", "fence")
        for name, (state, fence) in zip(names, pipe.execute()):
            was, died = self.orphans[name]
            if int(fence) > was and state != "queued":
                del self.orphans[name]
                if died > self.quiet_until:
                    self.recovered.append(now - died)

    def step(self):
        try:
            self.wake()
            self.look_for_orphans()
            return self.crowd.look()
        except redis.exceptions.RedisError:
            return 1  # it was killed and comes back: looked at again

    def is_enough(self, kills):
        return self.done["kill"] >= kills

    def under_way(self):
        """What must come to its end before it is judged."""
        return False

    def run(self, kills, pause_s):
        due = time.monotonic() + 1
        while not self.is_enough(kills):
            self.crowd.feed()
            self.step()
            if time.monotonic() >= due:
                self.one_fault()
                due = time.monotonic() + self.rng.uniform(0.5, 1.5) * pause_s
            time.sleep(0.02)
        end = time.monotonic() + 120
        while (self.step() or self.asleep or self.under_way()) and time.monotonic() < end:
            time.sleep(0.02)
        return self.report()

    def report(self):
        times = sorted(self.recovered)
        bad = self.crowd.verdict()
        return {"faults": self.done, "campaigns": self.crowd.begun,
                "calls": len(self.stack.ledger()[0]),
                "gave_up": sum(self.crowd.gave_up.values()),
                "recovered": len(times),
                "recovery_s": {name: round(times[int(share * (len(times) - 1))], 3)
                               for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1))
                               if times},
                "ok": not any(bad.values()), **bad}

    def close(self):
        for proc, _ in self.asleep:
            proc.send_signal(signal.SIGCONT)
        self.stack.close()

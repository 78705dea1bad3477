"""Chaos in which the network fails too: each worker has a relay of its own to Redis, all of them
one to the model."""
import collections
import random
import re
import time

from chaos import INI, LEASE_S, Chaos
from wire import DOWN, UP, Wires
from wires import ModelWire, RedisWire

# with so many faults six attempts are too few now and then; what is tested are not they
LIMITS = "attempts = 10\nconnect_timeout_ms = 2000\nsend_ms = 2000\nidle_ms = 1500\n"
ENDPOINT = """
[endpoint model]
dialect = openai_chat
base_url = {url}
model = simulated
key_env = OPENAI_API_KEY
stream = {stream}
"""
# out of a hundred
CUTS = {"cut": 22, "lost_reply": 22, "stall": 12, "partition": 26, "mute": 12, "refused": 6}
WAYS = ((UP, DOWN), (UP, DOWN), (DOWN,), (UP,))


class NetChaos(Chaos):
    """cuts: so many faults of the network to Redis; share: of the requests to the model."""

    def __init__(self, *args, cuts, share):
        seed = args[-1]
        self.cuts, self.share = cuts, share
        self.wires, self.of = Wires(), {}  # the relay of a worker, by its process
        self.cut_off = []  # (process, until when)
        self.muted = []  # (process, its relay, how many connections it had had, since when)
        self.noticed, self.made = [], collections.Counter()
        self.kind = random.Random(f"{seed} kinds")
        super().__init__(*args)

    def configure(self, ini):
        host, port = self.stack.llm_url.rsplit("/", 1)[-1].split(":")
        rng = random.Random(f"{self.rng.random()} model")
        self.model = self.wires.open(ModelWire, (host, int(port)), rng, self.share)
        url = f"http://127.0.0.1:{self.model.port}/v1"
        for stream in ("true", "false"):
            text = INI + LIMITS + ENDPOINT.format(url=url, stream=stream)
            ini.with_name(f"{stream}.ini").write_text(text)

    def hire(self):
        """Every second one takes streamed replies."""
        self.close_relays()
        stream = "true" if self.kind.random() < 0.5 else "false"
        wire = self.wires.open(RedisWire, self.stack.socket)
        proc = self.stack.worker(BARKER_REDIS_URL=f"redis://127.0.0.1:{wire.port}",
                                 BARKER_CONFIG=self.stack.folder / f"{stream}.ini")
        self.of[proc] = wire
        return proc

    def close_relays(self):
        for proc in [proc for proc in self.of if proc.poll() is not None]:
            self.wires.call(self.of.pop(proc).close)

    def replace(self, proc):
        self.muted = [row for row in self.muted if row[0] is not proc]
        super().replace(proc)

    def well(self):
        now = time.monotonic()
        self.cut_off = [(proc, until) for proc, until in self.cut_off if until > now]
        return [w for w in super().well() if all(w is not proc for proc, _ in self.cut_off)]

    # --- what happens to the network
    def cut(self, _, wire):
        self.wires.call(wire.cut, self.kind.random() < 0.5)

    def lost_reply(self, _, wire):
        self.wires.call(wire.lose_replies, self.kind.random() < 0.5)

    def shut(self, proc, wire, seconds):
        self.wires.call(wire.shut, self.kind.choice(WAYS), seconds)
        self.cut_off.append((proc, time.monotonic() + seconds))

    def stall(self, proc, wire):
        self.shut(proc, wire, self.kind.uniform(0.2, 1.5))

    def partition(self, proc, wire):
        self.shut(proc, wire, LEASE_S + self.kind.uniform(0.2, 3.5))

    def mute(self, proc, wire):
        had = self.wires.call(wire.mute)
        self.muted.append((proc, wire, had, time.monotonic()))

    def refused(self, *_):
        self.wires.call(self.model.refuse, self.kind.uniform(1, 3))

    def one_fault(self):
        left = self.cuts - sum(self.made.values())
        if self.kind.random() * (left + max(0, self.kills - self.done["kill"])) >= left:
            super().one_fault()
            return
        well = self.well()
        if len(well) < 2:
            return
        proc = self.kind.choice(well)
        what = self.kind.choices(list(CUTS), CUTS.values())[0]
        getattr(self, what)(proc, self.of[proc])
        self.made[what] += 1

    # --- what comes of it
    def is_enough(self, kills):
        self.kills = kills
        return super().is_enough(kills) and sum(self.made.values()) >= self.cuts

    def look_at_muted(self):
        for row in list(self.muted):
            _, wire, had, since = row
            if wire.accepted > had:
                self.noticed.append(time.monotonic() - since)
                self.muted.remove(row)

    def step(self):
        self.look_at_muted()
        return super().step()

    def under_way(self):
        self.well()
        return self.cut_off or self.muted

    def report(self):
        self.crowd.begun_ms = self.model.begun
        log = (self.stack.folder / "workers.log").read_text(errors="replace")
        said = collections.Counter(re.findall(r"\b(worker\.fenced|tick\.failed|store\.repeat)\b",
                                              log))
        report = {"network": dict(self.made), "model": dict(self.model.done), "said": dict(said),
                  "noticed_s": [round(s, 2) for s in sorted(self.noticed)[-3:]],
                  "deaf": len(self.muted), **super().report()}
        report["ok"] = report["ok"] and not self.muted
        return report

    def close(self):
        for wire in self.of.values():
            self.wires.call(wire.clear)
        try:
            super().close()
        finally:
            self.wires.close()

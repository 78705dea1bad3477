"""A plain-Python model of jobs and journal, driven against the real scripts.

Each op_ method does one random operation on both and compares the answers; check()
compares the stored state. Silence and lost replies are made by ageing scores, never by
waiting."""

import collections
import dataclasses
import json

from barker_model_ends import Ends

LEASE_MS = 1_000_000
TIME, MAIL, EVENTS, CHILDREN = 1, 2, 4, 8
FAR_MS, HOUR_MS = 4_000_000_000_000, 3_600_000


@dataclasses.dataclass
class Job:
    tenant: str
    sha: str
    calls_max: int
    state: str = "queued"
    due: str = ""  # "", "now", "later"
    fence: int = 0
    owner: str = ""
    loaded: bool = False
    wake: int = 0
    dirty: int = 0
    pending: int = 0
    crashes: int = 0
    progress: int = 0
    progress_claim: int = 0
    commits: int = 0
    last_commit: tuple = ()
    last_load: tuple = ()
    released: int = -1
    mail: int = 0
    spent: int = 0
    reserved: int = 0
    clock: bool = False  # it has a deadline that has not rung
    nano: int = 0
    lost: int = 0
    # call → [state, fence, nano]
    calls: dict = dataclasses.field(default_factory=dict)

    def held_by(self, fence):
        return self.state == "claimed" and self.fence == fence

    def is_over(self):
        return self.state in ("done", "dead")


class World(Ends):
    def __init__(self, scripts, rng):
        self.s, self.r, self.rng = scripts, scripts.redis, rng
        self.jobs, self.workers, self.dead_workers = {}, ["w1", "w2", "w3"], set()
        self.joined, self.born, self.silent = set(), 3, set()
        self.count, self.done = 0, collections.Counter()
        self.arrived = {}  # worker → claims that came with their specs, not yet told
        self.probe()  # one worker is never silent: Redis was never away

    def probe(self):
        self.s.tick("probe", 0, LEASE_MS, 1)

    def key(self, name):
        return f"{self.s.root}:{name}"

    def pick(self):
        """Mostly a campaign that is still going on."""
        live = [i for i, j in self.jobs.items() if not j.is_over()]
        if not live:
            return self.admit_new()
        return self.rng.choice(live if self.rng.random() < 0.9 else list(self.jobs))

    def fence_for(self, job):
        """Mostly the right one; else an older or a future one."""
        wrong = max(0, job.fence + self.rng.choice([-1, 1]))
        return job.fence if self.rng.random() < 0.85 else wrong

    # --- admission and claims

    def admit(self, job_id, job):
        return self.s.admit("", job_id, job.tenant, "content", "normal", "{}", job.sha,
                            job.calls_max, -1, -1, 1, 0, "", "queued", "",
                            deadline=HOUR_MS if job.clock else 0)

    def admit_new(self):
        job_id = f"c{self.count}"
        self.count += 1
        job = Job(self.rng.choice("ab"), "s1", self.rng.choice([-1, 5, 20]),
                  clock=self.rng.random() < 0.3)
        assert self.admit(job_id, job) == ["admitted"]
        self.jobs[job_id] = job
        return job_id

    def op_admit(self):
        if sum(not j.is_over() for j in self.jobs.values()) < 15:
            self.admit_new()
        job_id = self.pick()
        job = self.jobs[job_id]
        other = dataclasses.replace(job, sha="s2")
        assert self.admit(job_id, other) == ["conflict"]
        assert self.admit(job_id, job) == ["same"]

    def runnable(self):
        return {i for i, j in self.jobs.items()
                if j.state == "queued" and not j.due or
                j.state in ("queued", "waiting") and j.due == "now"}

    def requeue(self, job):
        job.state, job.owner, job.due, job.loaded = "queued", "", "", False

    def reap(self):
        """What a beat does to silent workers and to claims nobody loaded."""
        for job in self.jobs.values():
            if job.state == "claimed" and job.owner in self.silent:
                if job.progress != job.progress_claim:
                    job.crashes = 0
                job.crashes += 1
                if job.crashes >= 5:
                    job.state, job.owner, job.due = "dead", "", ""
                else:
                    job.fence += 1
                    self.requeue(job)
        self.dead_workers |= self.silent
        self.silent = set()

    def op_tick(self):
        name = self.rng.choice(self.workers)
        slots, beat = self.rng.choice([0, 1, 3, 8]), self.rng.random() < 0.5
        told = self.arrived.pop(name, []) if self.rng.random() < 0.7 else []
        reply = self.s.tick(name, slots, LEASE_MS, int(beat),
                            *(word for claim in told for word in claim))
        if name in self.dead_workers:
            assert reply[1] == 0 and reply[5] == []
            self.workers.remove(name)
            self.born += 1
            self.workers.append(f"w{self.born}")
            return
        assert reply[1] == 1
        for job_id, fence in told:
            if self.jobs[job_id].fence == fence:
                self.jobs[job_id].loaded = True
        self.joined.add(name)
        if beat:
            self.silent.discard(name)
            before = sum(j.state == "claimed" for j in self.jobs.values())
            self.reap()
            buried = sum(j.state == "dead" for j in self.jobs.values())
            assert reply[9] <= before and buried == self.r.zcard(self.key("dead"))
        self.claim(name, slots, reply)

    def claim(self, name, slots, reply):
        ready = self.runnable()
        claimed = reply[5]
        assert len(claimed) <= slots and len({c[0] for c in claimed}) == len(claimed)
        if slots:
            assert claimed or not ready
        for job_id, fence in claimed:
            job = self.jobs[job_id]
            assert job_id in ready and fence == job.fence + 1
            job.state, job.fence, job.owner, job.due = "claimed", fence, name, ""
            job.loaded, job.progress_claim = False, job.progress
            assert job_id not in self.s.fresh or job.mail == 0 == job.commits
            if job_id in self.s.fresh:
                job.last_load, job.dirty, job.pending = (fence, 0), 0, 0
                self.arrived.setdefault(name, []).append((job_id, fence))
        for job_id in ready - {c[0] for c in claimed}:
            self.jobs[job_id].state, self.jobs[job_id].due = "queued", ""
        assert reply[7] == len(ready) - len(claimed)

    def op_silence(self):
        """A worker stops (for the others); it may come back to find itself dead."""
        alive = [w for w in self.workers if w in self.joined - self.dead_workers]
        if alive and self.rng.random() < 0.4:
            name = self.rng.choice(alive)
            self.r.zadd(self.key("hb"), {name: 1})
            self.silent.add(name)

    def op_lost_claim(self):
        given = [i for i, j in self.jobs.items()
                 if j.state == "claimed" and not j.loaded]
        if not given:
            return
        job_id = self.rng.choice(given)
        self.r.zadd(self.key("given"), {job_id: 1}, xx=True)
        self.probe()
        self.reap()
        job = self.jobs[job_id]
        if job.state == "claimed":
            job.fence += 1
            self.requeue(job)
        self.settle_down()

    def settle_down(self):
        """What a tick does with those that are due."""
        for i in self.runnable():
            self.jobs[i].state, self.jobs[i].due = "queued", ""

    def op_release(self):
        job_id = self.pick()
        job = self.jobs[job_id]
        fence = self.fence_for(job)
        reply = self.s.release(job_id, fence)
        if job.held_by(fence):
            assert reply == ["ok"]
            self.requeue(job)
            job.released = fence
            assert self.s.release(job_id, fence) == ["ok"]
        else:
            assert reply == (["ok"] if job.released == fence else ["fenced"])

    # --- the holder's work

    def op_load(self):
        job_id = self.pick()
        job = self.jobs[job_id]
        fence = self.fence_for(job)
        reply = self.s.load(job_id, fence)
        if not job.held_by(fence):
            assert reply == ["fenced"]
            return
        job.loaded = True
        if job.last_load != (fence, job.commits):  # a repeat forgets nothing
            job.last_load, job.dirty, job.pending = (fence, job.commits), 0, 0
        for call in job.calls.values():
            if call[0] == "sent" and call[1] != fence:
                call[0] = "lost"
                job.spent, job.reserved = job.spent + 1, job.reserved - 1
                job.nano, job.lost = job.nano + call[2], job.lost + 1
        assert len(reply[5]) == job.mail and reply[10] == job.commits
        stored = dict(zip(reply[7][::2], reply[7][1::2]))
        assert {k: json.loads(v)["s"] for k, v in stored.items()} == {
            k: c[0] for k, c in job.calls.items()}

    def op_reserve(self):
        job_id = self.pick()
        job = self.jobs[job_id]
        fence, args, expected = self.fence_for(job), [], []
        calls = self.rng.sample(range(12), self.rng.randint(1, 4))
        held, full, nano = job.held_by(fence), False, self.rng.choice([0, self.rng.randint(1, 10**15)])
        for index in calls:
            name = f"{index}/1"
            args += [index, 1, 10, nano]
            call = job.calls.get(name)
            if call:
                same = call == ["sent", fence, nano]
                expected.append("ok" if same else "exists")
                continue
            full = full or 0 <= job.calls_max < job.spent + job.reserved + 1
            expected.append("over_budget" if full else "ok")
            if held and not full:
                job.calls[name] = ["sent", fence, nano]
                job.reserved += 1
        for _ in range(self.rng.choice([1, 2])):
            reply = self.s.reserve(job_id, fence, "draft", 0, *args)
            assert reply == (expected if held else ["fenced"])

    def op_settle(self):
        job_id = self.pick()
        job = self.jobs[job_id]
        open_calls = [n for n, c in job.calls.items() if c[0] == "sent"]
        if not job.calls:
            return
        name = self.rng.choice(open_calls or list(job.calls))
        index, attempt = name.split("/")
        fence, nano = self.fence_for(job), self.rng.choice([0, 10**14])
        sent = self.rng.random() < 0.8
        state = self.rng.choice(["ok", "err"])
        for _ in range(self.rng.choice([1, 2])):
            reply = self.s.settle(job_id, fence, "draft", 0, index, attempt,
                                  json.dumps({"s": state, "text": "ä"}), 7, 5, nano,
                                  int(sent), 1, "what", "call")
            assert reply == (["ok"] if job.held_by(fence) else ["fenced"])
        if job.held_by(fence) and job.calls[name][0] == "sent":
            job.calls[name][0] = state
            job.reserved -= 1
            job.spent += sent
            job.nano += nano
            job.progress += 1

    def op_mail(self):
        job_id = self.pick()
        job = self.jobs[job_id]
        self.r.xadd(self.key("control"), {"c": job_id, "do": "pause"})
        assert self.s.control(10) == ([0, 1] if job.is_over() else [1, 0])
        if job.is_over():
            return
        job.mail += 1
        self.wake(job, MAIL)

    def wake(self, job, bit):
        if job.state == "waiting" and job.wake & bit:
            job.due = "now"
        elif job.state in ("waiting", "claimed"):
            job.dirty |= bit

    def op_commit(self):
        job_id = self.pick()
        job = self.jobs[job_id]
        fence = self.fence_for(job)
        number = job.commits + self.rng.choice([0] * 18 + [-1, 1])
        ops, taken = ["C", 1, "round", number, "E", 5, FAR_MS], 0
        if self.rng.random() < 0.5:
            taken = job.mail
            ops += ["M", taken]
        kind, mask = self.rng.choice("KKWWWX"), self.rng.randint(0, 15)
        until = self.rng.choice([0, 1, FAR_MS])
        ops += {"K": ["K", "draft", 0, "ck"], "W": ["W", "draft", 0, "ck", mask, until],
                "X": ["X", "done", "", 100_000]}[kind]
        fine = job.held_by(fence) and number == job.commits
        again = job.last_commit == (fence, number)
        for _ in range(self.rng.choice([1, 2])):
            reply = self.s.commit(job_id, fence, number, *ops)
            assert reply == (["ok"] if fine or again else ["fenced"])
        if fine and not again:
            self.committed(job, (fence, number), taken, kind, mask, until)

    def committed(self, job, number, taken, kind, mask, until):
        job.commits, job.last_commit = job.commits + 1, number
        job.progress += 1
        job.mail -= taken
        if taken and job.mail == 0:
            job.dirty &= ~MAIL
        if kind == "X":
            job.state, job.owner, job.wake, job.due = "done", "", 0, ""
        if kind != "W":
            return
        job.state, job.owner, job.wake, job.due = "waiting", "", mask, ""
        if mask & TIME and until:
            job.due = "now" if until == 1 else "later"
        if mask & EVENTS and job.pending and job.due != "now":
            job.due = "now" if job.pending >= 5 else "later"
        if mask & job.dirty:
            job.due = "now"

    # --- comparison

    def check(self):
        for job_id, job in self.jobs.items():
            h = self.r.hgetall(self.key(f"j:{job_id}"))
            b = self.r.hgetall(self.key(f"c:{job_id}:bud"))
            shown = "queued" if h["state"] == "ready" else h["state"]
            assert (shown, int(h["fence"]), h["owner"]) == (
                job.state, job.fence, job.owner), job_id
            assert int(h["crashes"]) == job.crashes or job.state == "queued", job_id
            assert (int(h["commits"]), int(h["progress"])) == (job.commits, job.progress)
            if job.state == "waiting":
                assert int(h["dirty"] or 0) == job.dirty, (job_id, h, job)
                due = self.r.zscore(self.key("due"), job_id)
                assert (due is not None) == bool(job.due), (job_id, h, job)
            if not b:  # it ended as it came
                assert (job.state, job.spent, job.mail) == ("done", 0, 0), job_id
                assert job.commits == 1 and not job.calls, job_id
                continue
            assert [int(b[k]) for k in ("calls", "calls_r", "nano", "lost")] == [
                job.spent, job.reserved, job.nano, job.lost], job_id
            held_nano = sum(c[2] for c in job.calls.values() if c[0] == "sent")
            assert (int(b["tokens_r"]), int(b["nano_r"])) == (
                10 * job.reserved, held_nano), job_id
            assert self.r.hget(self.key(f"c:{job_id}"), "calls") == str(job.spent)
        held = sum(j.state == "claimed" for j in self.jobs.values())
        assert not held or self.r.xpending(self.key("ready:1"), "w")["pending"] == held

    def run(self, steps):
        ops = [self.op_admit, self.op_tick, self.op_tick, self.op_tick, self.op_silence,
               self.op_lost_claim, self.op_release, self.op_load, self.op_load,
               self.op_reserve, self.op_reserve, self.op_settle, self.op_settle,
               self.op_settle, self.op_mail, self.op_commit, self.op_commit,
               self.op_deadline, self.op_near_death, self.op_dead]
        for n in range(steps):
            op = self.rng.choice(ops)
            op()
            if n % 25 == 0:
                self.check()
        self.check()
        self.check_ends()

    def check_ends(self):
        """Whatever is left of one that has ended goes by itself."""
        for job_id, job in self.jobs.items():
            if job.state in ("done", "dead"):
                for name in (self.key(f"j:{job_id}"), *self.r.keys(self.key(f"c:{job_id}*"))):
                    assert self.r.pttl(name) > 0 or job_id != name.split(":")[3], name

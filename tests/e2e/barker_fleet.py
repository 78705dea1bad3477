"""Workers under the same terms of tenants, driven through the real scripts."""
from test_scripts import LEASE, ROOT, admit

END = ["X", "done", "", 5000]


def backlog(s, tenant, count, first=0):
    for n in range(first, first + count):
        admit(s, f"{tenant}-{n}", tenant)


def tenant_of(job):
    return job[0].split("-")[0]


class Fleet:
    """Workers that claim, hold and end jobs under the same terms."""

    def __init__(self, s, terms, workers=1):
        self.s, self.terms = s, terms
        self.held = {f"w{n}": {} for n in range(workers)}
        for worker in self.held:
            self.beat(worker)

    def beat(self, worker="w0", slots=0):
        return self.take(worker, self.s.tick(worker, slots, LEASE, 1, terms=self.terms))

    def claim(self, slots, worker="w0"):
        return self.take(worker, self.s.tick(worker, slots, LEASE, 0, terms=self.terms))

    def take(self, worker, reply):
        assert reply[1] == 1
        self.held[worker].update(reply[5])
        return [name for name, _ in reply[5]]

    def end(self, worker="w0", names=None):
        jobs = [j for j in self.held[worker].items() if names is None or j[0] in names]
        said = self.s.commit_all(*[[*job, 0, *END] for job in jobs]) if jobs else []
        assert said == [["ok"]] * len(jobs)
        for name, _ in jobs:
            del self.held[worker][name]

    def in_flight(self, tenant):
        return sum(tenant_of([name]) == tenant for jobs in self.held.values() for name in jobs)


def counted(s):
    """Campaigns that `held` has, by name."""
    names = {entry: fields["j"] for entry, fields in s.redis.xrange(f"{ROOT}:ready:1")}
    return sorted(names.get(entry, entry) for entry in s.redis.zrange(f"{ROOT}:held", 0, -1))

"""lease.lua: what workers send by its leases, held against a brute-force sliding window."""
import random
import re

import pytest
from barker_scripts import ROOT as TREE, text_of

KEY = "bk:{k:00112233445566aa}"
WINDOW_MS, ARRIVE_MS, HOLD_MS = 60000, 2000, 5000


KINDS = ("calls", "tokens", "ins", "outs")


class Endpoint:
    """lease.lua with a clock of the test's own. Grants, and what comes back, are of calls,
    tokens, tokens of prompts and of replies; what is left out at the end is 0."""

    def __init__(self, client, rpm=0, tpm=0, in_flight=0, itpm=0, otpm=0):
        self.redis, self.numbers, self.in_flight = client, {}, in_flight
        self.limits = {"calls": rpm, "tokens": tpm, "ins": itpm, "outs": otpm}
        text = text_of("lease")
        clock = 'local now = tonumber(redis.call("GET", "clock"))'
        assert text.count("local now = now_ms()") == 1
        self.sha = client.script_load(text.replace("local now = now_ms()", clock))
        self.now, self.closed, self.left = 1_700_000_000_000, 0, []

    def ask(self, worker, wanted, first, holding=0, usual=1000, pace=(), close=0, back=(),
            number=None, told_slot=0, told=None):
        """wanted, first, pace: {kind: n}; told: {kind: (left, ms)}. Gives slot, wait, grants."""
        self.redis.set("clock", self.now)
        number = number or self.numbers.get(worker, 0) + 1
        self.numbers[worker] = number
        flat = []
        for kind in KINDS:
            left, ms = (told or {}).get(kind, (-1, 0))
            flat += [self.limits[kind], wanted.get(kind, 0), first.get(kind, 0),
                     1000 if kind == "calls" else usual, dict(pace).get(kind, 0), left, ms]
        for row in back:
            flat += [*row, *[0] * (5 - len(row))]
        slot, wait, self.closed, *rest = self.redis.evalsha(
            self.sha, 1, KEY, worker, number, HOLD_MS, close, holding, self.in_flight,
            told_slot, *flat)
        self.left = rest[4:]
        return slot, wait, rest[:4]

    def lease(self, worker, calls=0, tokens=0, first=None, holding=0, usual=1000, pace=0,
              close=0, back=(), number=None, **told):
        first = tokens // max(calls, 1) if first is None else first
        slot, wait, got = self.ask(worker, {"calls": calls, "tokens": tokens}, {"tokens": first},
                                   holding, usual, {"tokens": pace, "calls": sum(
                                       row[1] for row in back)}, close, back, number, **told)
        return [slot, got[0], got[1], wait]


@pytest.fixture
def make(server):
    server.client.flushall()
    return lambda **limits: Endpoint(server.client, **limits)


def worst(arrivals):
    """Most calls and tokens in any window that begins with a call."""
    arrivals, most, most_tokens, sum_tokens, end = sorted(arrivals), 0, 0, 0, 0
    for begin, (at, tokens) in enumerate(arrivals):
        while end < len(arrivals) and arrivals[end][0] < at + WINDOW_MS:
            sum_tokens += arrivals[end][1]
            end += 1
        most, most_tokens = max(most, end - begin), max(most_tokens, sum_tokens)
        sum_tokens -= tokens
    return most, most_tokens


class Walk:
    """Workers that ask, send late, use less than they reserved, give back, or die."""

    def __init__(self, endpoint, rng):
        self.end, self.rng = endpoint, rng
        self.arrivals, self.under_way, self.back, self.most = [], [], {}, 0

    def finish(self):
        for call in [c for c in self.under_way if c[0] <= self.end.now]:
            self.under_way.remove(call)
            self.back.setdefault(call[1], []).append(call[2:])

    def step(self, workers):
        self.end.now += self.rng.choice([1, 20, 200, 200, 700, 3000])
        self.finish()
        worker, calls = self.rng.choice(workers), self.rng.randrange(0, 40)
        first = self.rng.choice([10, 300, 2500])
        back = self.back.pop(worker, [])[:60]
        holding = sum(c[1] == worker for c in self.under_way)
        slot, n, tokens, wait = self.end.lease(worker, calls, calls * first, first, holding,
                                               self.rng.choice([100, 1000]), 0, 0, back)
        assert n == 0 or n * min(first, self.end.limits["tokens"] or first) <= tokens \
            or n == 1 or not self.end.limits["tokens"]
        assert n or not calls or wait > 0
        for _ in range(n):
            self.send(worker, slot, tokens // n)

    def send(self, worker, slot, reserved):
        if self.rng.random() < 0.1:
            self.back.setdefault(worker, []).append((slot, 1, reserved))
            return
        used = self.rng.randrange(reserved + 1) if self.end.limits["tokens"] else 0
        at = self.end.now + self.rng.randrange(ARRIVE_MS)
        done = at + self.rng.randrange(HOLD_MS - ARRIVE_MS)
        self.arrivals.append((at, used))
        self.under_way.append((done, worker, slot, 0, reserved - used))
        self.most = max(self.most, len(self.under_way))


@pytest.mark.parametrize("seed", range(8))
def test_no_window_above_the_limits(make, seed):
    rng = random.Random(seed)
    limits = {"rpm": rng.choice([0, 1, 7, 60, 600]), "tpm": rng.choice([0, 3000, 100000]),
              "in_flight": rng.choice([0, 1, 30])}
    walk = Walk(make(**limits), rng)
    for n in range(3000):  # each of the workers dies in its time, others come
        walk.step([f"w{n // 700}", f"w{n // 900 + 50}", "w99"])
    most, most_tokens = worst(walk.arrivals)
    assert len(walk.arrivals) > 10
    assert not limits["rpm"] or most <= limits["rpm"], limits
    assert not limits["tpm"] or most_tokens <= limits["tpm"], limits
    assert not limits["in_flight"] or walk.most <= limits["in_flight"], limits


@pytest.mark.parametrize("limits, tokens", [({"rpm": 600}, 0), ({"rpm": 30}, 0),
                                            ({"tpm": 100000}, 400),
                                            ({"rpm": 600, "tpm": 100000}, 900)])
def test_two_workers_use_what_there_is(make, limits, tokens):
    end, due, sent = make(**limits), {"a": 0, "b": 7}, {"a": [], "b": []}
    start = end.now
    while end.now < start + 240000:
        worker = min(due, key=due.get)
        end.now = start + due[worker]
        _, n, _, wait = end.lease(worker, 20, 20 * tokens, tokens)
        sent[worker] += [(end.now, tokens)] * n
        due[worker] += max(20, min(wait, 500))
    for begin in range(60000, 180001, 5000):
        inside = [c for c in sent["a"] + sent["b"] if 0 <= c[0] - start - begin < WINDOW_MS]
        share = [len(inside) / limits["rpm"]] if "rpm" in limits else []
        share += [sum(t for _, t in inside) / limits["tpm"]] if tokens else []
        assert 0.92 <= max(share) <= 1
    few, many = sorted(len(calls) for calls in sent.values())
    assert few >= 0.7 * many  # neither starves


def test_an_even_pace_not_a_burst(make):
    end = make(rpm=600)
    assert end.lease("a", 1000)[1] == 10  # a second's worth
    slot, n, _, wait = end.lease("a", 1000)
    assert (n, 0 < wait <= 105) == (0, True)
    end.now += wait
    assert end.lease("a", 1000)[1] == 1


def test_a_dead_lease_counts_as_spent(make):
    end = make(rpm=600)
    granted = 0
    while end.now < 1_700_000_000_000 + 62000:
        granted += end.lease("dead", 600)[1]  # nothing of it was ever sent
        end.now += 250
    assert 580 <= granted <= 600
    end.now += 150
    first = end.lease("b", 600)[1]
    assert granted + first <= 600
    end.now += 62500  # in no window any more
    assert end.lease("b", 600)[1] == 10


def test_what_is_given_back_can_be_had_again(make):
    end = make(rpm=2, tpm=1000)
    slot, n, tokens, _ = end.lease("a", 1, 1000)
    assert (n, tokens) == (1, 1000)
    assert end.lease("b", 1, 100)[1] == 0
    back = [(slot, 0, 900)]
    end.now += 40000
    assert end.lease("a", 0, pace=900, back=back)[1:] == [0, 0, 0]
    assert end.lease("b", 1, 901)[1:3] == [0, 0]  # 100 are used
    assert end.lease("b", 1, 900)[1:3] == [1, 900]
    end.lease("b", 0, back=[(slot, 1, 100), (slot - 400, 1, 1), (slot + 400, 1, 1)])


def test_calls_under_way(make):
    end = make(in_flight=3)
    assert end.lease("a", 2)[1] == 2
    assert end.lease("b", 5)[1] == 1
    assert end.lease("b", 5, holding=1)[1] == 0
    assert end.lease("a", 0, holding=1)[1] == 0  # one of its calls is over
    assert end.lease("b", 5, holding=1)[1] == 1
    assert end.lease("b", 5, holding=2)[1] == 0
    end.now += HOLD_MS - 1  # a has died: its call may still run
    assert end.lease("b", 5, holding=2)[1] == 0
    end.now += 1
    assert end.lease("b", 5, holding=2)[1] == 1


def test_an_ask_that_was_overtaken_changes_nothing(make):
    end = make(in_flight=3)
    assert end.lease("a", 3)[1] == 3
    assert end.lease("a", 0, holding=3)[1] == 0
    assert end.lease("a", 3, holding=0, number=1)[1] == 0
    assert end.lease("b", 1)[1] == 0


def test_whoever_was_refused_first_is_next(make):
    end = make(tpm=10000)
    for _ in range(60):
        end.lease("small", 9, 900, 100)
        end.now += 1000
    assert end.lease("big", 1, 9500)[1] == 0  # it does not fit yet
    assert end.lease("small", 1, 100)[1] == 0  # it would, and waits all the same
    end.now += 1499
    assert end.lease("small", 1, 100)[1] == 0
    end.now += 1  # big asks no more
    assert end.lease("small", 1, 100)[1] == 1


def test_a_closed_gate(make):
    end = make(rpm=600)
    assert end.lease("a", 5, close=7000)[1::2] == [0, 7000]
    end.now += 1000
    assert end.lease("b", 5, close=500)[1::2] == [0, 6000]  # never opened early
    assert end.closed == 6000
    end.now += 6000
    assert (end.lease("b", 5)[1], end.closed) == (5, 0)


def test_a_call_above_the_limit_goes_alone(make):
    end = make(tpm=1000)
    assert end.lease("a", 1, 5000)[1:3] == [1, 1000]
    end.now += 62000
    assert end.lease("a", 1, 5000)[1] == 0
    end.now += 500
    assert end.lease("a", 1, 5000)[1] == 1


def test_keys_expire(make):
    end = make(rpm=600, in_flight=3)
    end.lease("a", 3)
    assert sorted(end.redis.keys("bk:*")) == [KEY + ":lease:calls", KEY + ":lease:held"]
    assert 0 < end.redis.pttl(KEY + ":lease:calls") <= 125000
    assert 0 < end.redis.pttl(KEY + ":lease:held") <= HOLD_MS


@pytest.mark.parametrize("seed", range(4))
def test_prompts_and_replies_apart(make, seed):
    """Each call waits for both; neither is above its limit in any window."""
    rng, end = random.Random(seed), make(itpm=20000, otpm=6000, tpm=seed % 2 * 15000)
    arrivals, back = [], {}
    for _ in range(2500):
        end.now += rng.choice([1, 50, 200, 700])
        worker, n = rng.choice("ab"), rng.randrange(6)
        first = {"ins": rng.randrange(1, 900), "outs": rng.randrange(1, 700)}
        first["tokens"] = first["ins"] + first["outs"]
        slot, _, got = end.ask(worker, {"calls": n, **{k: n * v for k, v in first.items()}}, first,
                               usual=rng.choice([100, 1000]), back=back.pop(worker, ()))
        for _ in range(got[0]):
            taken = [first[k] * bool(end.limits[k]) for k in KINDS[1:]]
            used = [rng.randrange(first["ins"] + 1), rng.randrange(first["outs"] + 1)]
            arrivals.append((end.now + rng.randrange(ARRIVE_MS), used))
            back.setdefault(worker, []).append(
                (slot, 0, *(t - u for t, u in zip(taken, [sum(used), *used]))))
        assert all(not end.limits[k] or got[0] * first[k] <= n
                   for k, n in zip(KINDS[1:], got[1:]))
    assert len(arrivals) > 100
    for i in (0, 1):
        most = worst([(at, used[i]) for at, used in arrivals])[1]
        assert most <= (20000, 6000)[i], (i, most)
        assert most > (20000, 6000)[i] / 4  # or nothing was put to the test
    if end.limits["tokens"]:
        assert worst([(at, sum(used)) for at, used in arrivals])[1] <= end.limits["tokens"]


def test_what_the_server_told(make):
    end = make(rpm=6000)
    slot = end.lease("a", 1)[0]
    assert end.left[0] == 5999
    end.now += 5000
    end.lease("b", 3)
    end.now += 5000  # 20 are left by the server's word when a's call came; 3 went since
    assert end.lease("a", 40, told_slot=slot, told={"calls": (21, 30000)})[1] == 17
    assert end.lease("b", 1)[1] == 0 and end.left[0] == 0
    end.now += 29999
    assert end.lease("b", 1)[1] == 0
    end.now += 1
    assert end.lease("b", 1)[1] == 1 and end.left[0] > 5900


def test_the_latest_call_tells_best(make):
    end = make(tpm=100000)
    old = end.lease("a", 1, 100)[0]
    end.now += 10000
    new = end.lease("a", 1, 100)[0]
    end.now += 10000
    end.lease("a", told_slot=new, told={"tokens": (5000, 60000)})
    assert end.left[1] == 4900
    end.lease("b", told_slot=old, told={"tokens": (90000, 60000)})  # it comes late
    assert end.left[1] == 4900
    end.lease("b", told_slot=new, told={"tokens": (6000, 1)})  # the same half second: less holds
    assert end.left[1] == 4900
    later = end.lease("a", 1, 100)[0]
    end.now += 3000
    end.lease("a", told_slot=later, told={"tokens": (70100, 60000)})
    assert end.left[1] == 70000
    end.lease("a", told_slot=later + 2, told={"tokens": (10**9, 60000)})  # never above our own
    assert end.left[1] == 100000 - 300


def test_calls_on_their_way_are_not_in_what_was_told(make):
    end = make(rpm=6000)
    end.lease("b", 30)  # taken, and not yet there when the server counts
    end.now += 1500
    slot = end.lease("a", 1)[0]
    end.lease("a", told_slot=slot, told={"calls": (41, 9000)})
    assert end.left[0] == 10
    end.now += 3000
    slot = end.lease("a", 1)[0]
    end.lease("a", told_slot=slot, told={"calls": (41, 9000)})
    assert end.left[0] == 40


def test_nothing_is_told_of_a_limit_that_is_not_ours(make):
    end = make(rpm=600)
    slot = end.lease("a", 1)[0]
    end.lease("a", told_slot=slot, told={"tokens": (0, 60000)})
    assert end.left == [599, -1, -1, -1]
    assert end.lease("a", 1)[1] == 1


def test_the_header_says_the_same():
    with open(TREE + "/queues/limits.h", encoding="utf-8") as f:
        c = dict(re.findall(r"#define LIMITS_(\w+) (\d+)", f.read()))
    lua = re.search(r"SLOT_MS, SLOTS = (\d+), (\d+)", text_of("lease"))
    assert (c["SLOT_MS"], c["SLOTS"]) == lua.groups()
    assert int(c["SLOT_MS"]) * (int(c["SLOTS"]) - 1) == WINDOW_MS + int(c["ARRIVE_MS"])
    assert int(c["ARRIVE_MS"]) == ARRIVE_MS
    arrive = re.search(r"ARRIVE_SLOTS = (\d+)", text_of("lease")).group(1)
    assert int(arrive) * int(c["SLOT_MS"]) == ARRIVE_MS

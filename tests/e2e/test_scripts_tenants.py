"""fund.lua: a tenant's money of a day, held against a model in Python's whole numbers."""
import datetime
import random

import pytest
from barker_scripts import text_of

ROOT = "bk:{t:acme}"
LEASE_MS, DAY_MS, HOUR_MS = 10000, 86400000, 3600000
START = 1_700_000_000_000
USD, CENT = 10**9, 10**7  # in nano-dollars


class Tenant:
    """fund.lua with a clock of the test's own; numbers as Python has them."""

    def __init__(self, client, limit):
        self.redis, self.limit, self.numbers = client, limit, {}
        text = text_of("fund")
        assert text.count("local now = now_ms()") == 1
        clock = 'local now = tonumber(redis.call("GET", "clock"))'
        self.sha = client.script_load(text.replace("local now = now_ms()", clock))
        self.now = START

    def ask(self, lease, wanted=0, first=None, spent=0, under_way=0, ahead=0, day=None,
            number=None, over=""):
        self.redis.set("clock", self.now)
        number = number or self.numbers.get(lease, 0) + 1
        self.numbers[lease] = number
        day = self.today() if day is None else day
        first = wanted if first is None else first
        reply = self.redis.evalsha(self.sha, 1, ROOT, self.limit, lease, number, LEASE_MS, day,
                                   spent, under_way, wanted, first, ahead, over)
        if reply == ["fenced"]:
            return reply
        return reply[0], reply[1], reply[2], int(reply[3]), int(reply[4])

    def today(self):
        return self.now // DAY_MS

    def book(self, day=None):
        date = datetime.date(1970, 1, 1) + datetime.timedelta(self.today() if day is None else day)
        return self.redis.hgetall(f"{ROOT}:spent:{date.isoformat()}")


@pytest.fixture
def make(server):
    server.client.flushall()
    return lambda limit: Tenant(server.client, limit)


def make_in_the_morning(make, limit):
    tenant = make(limit)
    tenant.now = tenant.today() * DAY_MS
    return tenant


class Worker:
    """Keeps books as purse.c does; loses replies, dies."""

    def __init__(self, name):
        self.name, self.spent, self.at_hand, self.calls = name, 0, 0, []

    def step(self, tenant, rng, most):
        for call in [c for c in self.calls if rng.random() < 0.5]:
            self.calls.remove(call)
            cost = rng.choice([0, call, rng.randrange(call + 1)])
            self.spent += cost
            self.at_hand += call - cost
        while self.at_hand and rng.random() < 0.7:
            self.calls.append(rng.randrange(1, self.at_hand + 1))
            self.at_hand -= self.calls[-1]
        first = rng.randrange(1, most)
        wanted = rng.choice([0, first, first * rng.randrange(1, 9)])
        reply = tenant.ask(self.name, wanted, first if wanted else 0, self.spent,
                           sum(self.calls), rng.choice([0, first]))
        self.at_hand = reply[2] if rng.random() < 0.9 else 0
        return wanted, first, reply

    def used(self):
        return self.spent + self.at_hand + sum(self.calls)


@pytest.mark.parametrize("seed, limit, most", [(1, 10 * USD, USD), (2, 10**18, 2**47),
                                               (3, 10**18 - 1, 2**53 // 10), (4, 7, 4),
                                               (5, 2**53 + 1, 2**47), (6, 0, 5)])
def test_never_above_the_limit_and_exact(make, seed, limit, most):
    tenant, rng = make(limit), random.Random(seed)
    living, dead = [Worker(f"w{n}") for n in range(4)], []
    for n in range(600):
        worker = rng.choice(living)
        wanted, first, (_, _, granted, gone, live) = worker.step(tenant, rng, most)
        assert granted <= wanted + first and (wanted or granted in (0, first))
        everyone = living + dead
        assert sum(w.used() for w in everyone) <= limit
        assert gone <= limit and gone + live <= limit
        others = sum(w.used() for w in living if w is not worker)
        assert gone + live >= worker.spent + others  # what a reply lost comes on top
        tenant.now += rng.choice([0, 1, 50, 900])
        if n % 100 == 99:
            dead.append(living.pop(rng.randrange(4)))
            living.append(Worker(f"w{n}"))
        for w in living:  # none of them falls silent
            tenant.ask(w.name, 0, 0, w.spent, sum(w.calls) + w.at_hand)
    tenant.now += LEASE_MS + 1
    spent, held = sum(w.spent for w in living + dead), 0
    for w in living:
        _, _, _, gone, live = tenant.ask(w.name, 0, 0, w.spent, 0)
        held = gone - spent
    assert held >= sum(w.used() - w.spent for w in dead) and live == 0
    assert int(tenant.book()["nano"]) == spent


def test_workers_use_up_the_last_dollar(make):
    """Nobody is killed: ten calls at ten cents, whoever asks when."""
    for seed in range(20):
        tenant, rng = make(USD), random.Random(seed)
        tenant.redis.flushdb()
        spent, under_way, calls = [0] * 4, [0] * 4, 0
        for _ in range(400):
            n = rng.randrange(4)
            if under_way[n] and rng.random() < 0.5:
                under_way[n] -= 10 * CENT
                spent[n] += 10 * CENT
            granted = tenant.ask(f"{n}", 80 * CENT, 10 * CENT, spent[n], under_way[n])[2]
            begun = min(granted // (10 * CENT), rng.choice([1, 2, 8]))
            calls += begun
            under_way[n] += begun * 10 * CENT
            tenant.ask(f"{n}", 0, 0, spent[n], under_way[n])
            tenant.now += 20
        assert calls == 10 and tenant.book()["usd"] == "1"


def test_little_is_shared_much_is_given(make):
    tenant = make(16 * USD)
    assert tenant.ask("a", USD, USD // 8)[2] == USD
    assert tenant.ask("a", USD, USD // 8, 0, 0, USD)[2] == USD  # not the one ahead as well
    assert tenant.ask("a", 16 * USD, USD)[2] == 4 * USD  # a quarter of what there is
    assert tenant.ask("a", 16 * USD, 10 * USD)[2] == 10 * USD  # or the first call
    assert tenant.ask("b", 0, 0, ahead=USD)[2] == 0  # no plenty, and nobody waits
    assert tenant.ask("b", 7 * USD, 7 * USD)[2] == 0


def test_what_is_not_taken_goes_back(make):
    tenant = make(USD)
    assert tenant.ask("a", USD)[2] == USD
    assert tenant.ask("b", 10 * CENT)[2:] == (0, 0, USD)  # it may come back
    assert tenant.ask("a", 0, 0, 30 * CENT, 20 * CENT)[2] == 0
    assert tenant.ask("b", 50 * CENT)[2:] == (50 * CENT, 30 * CENT, 20 * CENT)
    assert tenant.ask("c", 1)[2:] == (0, 30 * CENT, 70 * CENT)


def test_a_lost_reply_loses_no_money(make):
    tenant = make(USD)
    for _ in range(5):
        assert tenant.ask("a", USD)[2] == USD


def test_an_ask_that_was_overtaken_changes_nothing(make):
    tenant = make(USD)
    tenant.ask("a", 50 * CENT)
    tenant.ask("a", 0, 0, 50 * CENT)
    before = tenant.book()
    assert tenant.ask("a", USD, number=1) == ["fenced"]
    assert tenant.ask("a", USD, 0, 20 * CENT, number=2) == ["fenced"]
    assert tenant.book() == before and before["usd"] == "0.5"


def test_what_a_dead_worker_holds_is_spent(make):
    tenant = make(USD)
    assert tenant.ask("dead", 60 * CENT)[2] == 60 * CENT
    tenant.now += LEASE_MS
    assert tenant.ask("b", USD)[2:] == (0, 0, 60 * CENT)
    tenant.now += 1
    assert tenant.ask("b", USD)[2:] == (0, 60 * CENT, 0)  # nobody waits for it
    assert tenant.ask("b", 40 * CENT)[2] == 40 * CENT
    assert tenant.ask("dead", 0, 0, 10 * CENT)[2:] == (0, 10 * CENT, 40 * CENT)  # it lives


def test_the_dead_are_summed_up(make):
    tenant = make(USD)
    tenant.ask("dead", 60 * CENT)
    tenant.ask("idle", 10 * CENT)
    tenant.ask("idle", 0, 0, 5 * CENT)
    tenant.now += HOUR_MS // 2
    tenant.ask("b", 0)
    assert {"w:dead", "w:idle"} < set(tenant.book())
    tenant.now += HOUR_MS // 2 + 1
    assert tenant.ask("b", 0)[3:] == (65 * CENT, 0)
    book = tenant.book()
    assert book["nano"] == str(65 * CENT)
    assert (book["usd"], book["usd_held"], book["usd_limit"]) == ("0.65", "0", "1")


@pytest.mark.parametrize("held", [0, 20 * CENT])
def test_a_worker_that_was_silent_for_hours_counts_once(make, held):
    """It was stopped, or Redis was away; it says again all that it has spent so far."""
    tenant = make_in_the_morning(make, USD)
    tenant.ask("a", USD)
    tenant.ask("a", 0, 0, 30 * CENT, held)
    tenant.ask("b", 0)
    tenant.now += 2 * HOUR_MS
    for _ in range(2):
        assert tenant.ask("b", 0)[3:] == (30 * CENT + held, 0)
        tenant.now += 11 * 60000
    assert tenant.ask("a", 0, 0, 20 * CENT, number=1) == ["fenced"]  # it was on its way
    assert tenant.ask("a", 0, 0, 30 * CENT, held, number=3)[3:] == (30 * CENT, 0)
    assert tenant.ask("b", 0)[3:] == (30 * CENT, held)
    assert tenant.ask("a", 0, 0, 35 * CENT, 0)[3:] == (35 * CENT, 0)
    assert tenant.book()["nano"] == str(35 * CENT)


def test_all_are_away_while_redis_is(make):
    tenant, spent = make_in_the_morning(make, 10 * USD), 0
    for n in range(5):
        tenant.ask(f"w{n}", USD)
        tenant.ask(f"w{n}", 0, 0, n * 10 * CENT, CENT)
        spent += n * 10 * CENT
    tenant.now += 3 * HOUR_MS
    for n in range(5):
        tenant.ask(f"w{n}", 0, 0, n * 10 * CENT, CENT)
    assert tenant.ask("w0", 0)[3:] == (spent, 4 * CENT)
    assert tenant.book()["nano"] == str(spent)


def test_a_lease_that_is_over_is_forgotten(make):
    tenant = make_in_the_morning(make, USD)
    tenant.ask("a-1", 0, 0, 30 * CENT)
    tenant.ask("a-2", 0, 0, 10 * CENT, 5 * CENT)
    tenant.ask("a-3", 0, over="a-1")
    assert "w:a-1" not in tenant.book() and tenant.book()["usd"] == "0.4"
    tenant.ask("a-3", 0, over="a-2")  # not if it holds something after all
    assert "w:a-2" in tenant.book()
    tenant.now += 13 * HOUR_MS // 2
    tenant.ask("a-3", 0)
    assert "w:a-2" in tenant.book()


def test_a_new_day(make):
    tenant = make(USD)
    tenant.now = (tenant.today() + 1) * DAY_MS - 1000
    old = tenant.today()
    assert tenant.ask("a", USD)[:3] == (old, 1000, USD)
    tenant.now += 1000
    assert tenant.ask("b", USD)[:3] == (old + 1, DAY_MS, USD)
    # a comes from yesterday: what it spent belongs there, and it gets nothing more of it
    today = tenant.book()
    assert tenant.ask("a", CENT, CENT, 30 * CENT, 20 * CENT, CENT, day=old)[:3] == (old, 0, 0)
    assert (tenant.book(old)["usd"], tenant.book(old)["usd_held"]) == ("0.3", "0.2")
    assert tenant.ask("a", 0, 0, 45 * CENT, 0, CENT, day=old)[:3] == (old, 0, 0)
    assert (tenant.book(old)["usd"], tenant.book(old)["usd_held"]) == ("0.45", "0")
    assert tenant.book() == today


def test_without_a_limit_it_only_counts(make):
    tenant = make(-1)
    assert tenant.ask("a", 2**52)[2] == 2**52
    tenant.ask("a", 0, 0, 10**18 + 1)
    assert tenant.book()["usd"] == "1000000000.000000001"
    assert (tenant.book()["usd_limit"], tenant.book()["usd_held"]) == ("-1", "0")


def test_dates(make):
    tenant = make(USD)
    days = [datetime.date(*d).toordinal() - datetime.date(1970, 1, 1).toordinal() for d in
            ((2000, 2, 29), (2000, 3, 1), (2023, 12, 31), (2024, 2, 29), (2025, 2, 28),
             (2025, 3, 1), (2026, 11, 25), (2100, 2, 28), (2100, 3, 1))]
    for day in days + random.Random(3).sample(range(11000, 50000), 200):
        tenant.now = day * DAY_MS + 5
        assert tenant.ask("a", 1)[0] == day
        assert tenant.book()["nano"] == "0"


def test_keys_expire(make):
    tenant = make(USD)
    tenant.ask("a", USD)
    assert tenant.redis.keys("bk:*") == [ROOT + ":spent:2023-11-14"]
    assert 39 * DAY_MS < tenant.redis.pttl(ROOT + ":spent:2023-11-14") <= 40 * DAY_MS


def test_what_is_no_ledger_grants_nothing(make):
    tenant = make(USD)
    tenant.redis.set(ROOT + ":spent:2023-11-14", "x")
    with pytest.raises(Exception, match="WRONGTYPE"):
        tenant.ask("a", 1)

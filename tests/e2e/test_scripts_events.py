"""Exact counting: events_read and events_apply against a count in Python."""

import collections
import random

import pytest

ROOT, EVENTS, WINDOW = "bk:{0}", "bk:{0}:events", 72 * 3_600_000
PUBLIC = {"impression": "impressions", "delivered": "delivered", "click": "clicks",
          "conversion": "conversions"}
LIMITS = (200, 32_768, 4 << 20)  # lease, largest entry, bytes in all


def campaign(s, name, placements=("email", "sms"), variants=3, ops=()):
    """A campaign that waits for events, with variants v0 … of its placements."""
    s.admit("", name, "t", "content", "normal", "{}", "s", -1, -1, -1, 1, 0, "", "queued",
            "")
    (job,) = s.tick("setup", 1, 1_000_000, 0)[5]
    made = []
    for n in range(variants):
        made += ["V", f"v{n}", 1, "placement", placements[n % len(placements)]]
    for place in placements:
        made += ["L", place, 2, "{}"]
    assert s.commit(*job, 0, *made, *ops, "W", "serve", 0, "ck", 4, 0) == ["ok"]
    return job


def event(c="c0", v="v0", t="click", n=1, micro=0, cur="", eid=0, epoch=2, user=0, minute=7):
    return c, v, t, n, micro, cur, eid, epoch, user, minute


def apply(s, events, cursor=None, window=WINDOW, late=0, fold=True):
    """Applies events as one batch behind the cursor; with what the fold found damaged."""
    last = s.redis.xadd(EVENTS, {"c": "x"})
    if cursor is None:
        cursor = s.redis.hget(f"{ROOT}:ev", "cursor") or "0-0"
    reply = s.apply(cursor, last, window, events, late)
    damage = s.fold() if fold else []
    if reply == ["stale"]:
        return reply
    told = reply[7:8] if reply[7] else damage
    return reply[:7] + told if reply[4] or told else reply[:5]


def decimal(micro):
    text = f"{abs(micro):07d}"
    text = f"{text[:-6]}.{text[-6:]}".rstrip("0").rstrip(".")
    return "-" + text if micro < 0 else text


class Tally:
    """What has to stand in Redis."""

    def __init__(self):
        self.seen, self.sums = set(), collections.Counter()
        self.exact, self.money = collections.Counter(), collections.Counter()

    def add(self, e, placement):
        c, v, t, n, micro, _, eid, epoch, _, _ = e
        if eid and eid in self.seen:
            return "duplicate"
        self.seen.add(eid)
        owners = [f"c:{c}"]
        if v != "_holdout":
            owners += [f"c:{c}:v:{v}", f"c:{c}:p:{placement}"]
        else:
            epoch = -1
        for owner in owners:
            self.money[owner] += micro
            if t in PUBLIC:
                self.sums[owner, PUBLIC[t]] += n
        self.exact[c, f"{epoch if 0 <= epoch <= 2 else -1}:{v}:{t}"] += n
        return "counted"

    def check(self, s):
        for (owner, field), n in self.sums.items():
            if ":p:" not in owner or field != "clicks":
                assert s.redis.hget(f"{ROOT}:{owner}", field) == str(n), (owner, field)
        for (c, field), n in self.exact.items():
            assert s.redis.hget(f"{ROOT}:c:{c}:n", field) == str(n), (c, field)
        for owner, micro in self.money.items():
            assert s.redis.hget(f"{ROOT}:{owner}", "revenue") == decimal(micro), owner


def random_event(rng):
    t = rng.choice(["impression", "delivered", "click", "conversion", "refund", "cart",
                    "zoom"])
    worth = {"conversion": rng.randint(1, 10**9), "refund": -rng.randint(1, 10**8)}
    micro = worth.get(t, 0)
    c, v = rng.randrange(3), rng.randrange(4)
    return event(f"c{c}", ["v0", "v1", "v2", "_holdout"][v], t,
                 rng.choice([1, 1, 1, 1000]), micro, "EUR" if micro else "",
                 rng.choice([0, 10**18 + (rng.randint(0, 40) << 40) + 4 * c + v]),
                 rng.choice([2, 1, -1, 9]))


@pytest.mark.parametrize("seed", range(4))
def test_model(s, seed):
    """Competing appliers: each batch is sent twice or with a stale cursor as well."""
    rng, tally = random.Random(seed), Tally()
    for n in range(3):
        campaign(s, f"c{n}")
    for _ in range(60):
        events = [random_event(rng) for _ in range(rng.randint(0, 40))]
        cursor = s.redis.hget(f"{ROOT}:ev", "cursor") or "0-0"
        counts = collections.Counter(
            tally.add(e, "sms" if e[1] == "v1" else "email") for e in events)
        assert apply(s, events, cursor) == [
            "applied", counts["counted"], counts["duplicate"], 0, 0]
        if rng.random() < 0.5:
            assert apply(s, events, cursor) == ["stale"]
    tally.check(s)
    assert tally.seen > {0} and tally.money["c:c0"]


def test_the_batch_is_read_bounded_and_trimmed(s):
    ids = [s.redis.xadd(EVENTS, {"c": "c0", "t": "x" * size}) for size in (5, 500, 7, 9)]
    cursor, entries, _ = s.events_read("w1", 3, 0, 200, 100, 10_000)
    assert cursor == "0-0" and [e[0] for e in entries] == ids[:3]
    assert [(e[1], e[2] is None) for e in entries] == [(9, False), (504, True), (11, False)]
    assert s.events_read("w2", 3, 0, *LIMITS) == ["0-0", [], 1]  # w1 is at it
    assert len(s.events_read("w2", 9, 1, *LIMITS)[1]) == 4
    assert len(s.events_read("w2", 9, 1, 200, 1000, 510)[1]) == 1  # bytes in all
    assert s.apply("0-0", ids[2], WINDOW, [])[:5] == ["applied", 0, 0, 0, 0]
    assert [e[0] for e in s.redis.xrange(EVENTS)] == ids[3:]
    assert s.events_read("w2", 9, 1, *LIMITS)[0] == ids[2]
    assert s.apply("0-0", ids[3], WINDOW, []) == ["stale"]
    assert s.apply(ids[2], "not an id", WINDOW, []) == ["stale"]


def test_late_orphan_and_currencies(s):
    campaign(s, "c0")
    assert apply(s, [event("nobody"), event(v="nobody"),
                     event(micro=1_500_000, cur="EUR"), event(micro=7_000_000, cur="USD"),
                     event(micro=-250_001, cur="EUR")], late=1) == [
        "applied", 3, 0, 1, 2, "nobody", "v0"]
    assert s.redis.hget(f"{ROOT}:c:c0", "revenue") == "1.249999"
    n = s.redis.hgetall(f"{ROOT}:c:c0:n")
    assert n["currency"] == "EUR" and n["revenue_micro:c:USD"] == "7000000"
    assert not s.redis.exists(f"{ROOT}:c:nobody")


def test_public_revenue_keeps_its_currency(s):
    """The one that came first, whatever comes last."""
    campaign(s, "c0")
    apply(s, [event(micro=2_000_000, cur="EUR"), event(micro=7_000_000, cur="USD")])
    apply(s, [event(micro=9_000_000, cur="USD")])
    for owner in ("c:c0", "c:c0:v:v0", "c:c0:p:email"):
        assert s.redis.hget(f"{ROOT}:{owner}", "revenue") == "2", owner


def totals(s):
    names = ("applied", "duplicate", "late", "orphan", "refused")
    return [int(n) for n in s.redis.hmget(f"{ROOT}:ev", names)]


def test_what_is_not_counted_is_told(s):
    campaign(s, "c0")
    assert s.redis.hget(f"{ROOT}:c:c0", "orphans") == "0"
    apply(s, [event(v="gone", n=5), event(v="gone2"), event("nobody"),
              event(eid=7), event(eid=7), event(eid=8)], late=1)
    assert s.redis.hget(f"{ROOT}:c:c0", "orphans") == "2"
    assert totals(s) == [2, 1, 1, 3, 0]
    s.refuse("events", "", "bad_json", "", "", "x", 1, "")
    s.refuse("inbox", "", "bad_json", "", "", "x", 1, "")
    assert totals(s) == [2, 1, 1, 3, 1]
    assert apply(s, [event(v="gone3")]) == ["applied", 0, 0, 0, 1, "c0", "gone3"]
    assert s.redis.hget(f"{ROOT}:c:c0", "orphans") == "3"
    assert totals(s) == [2, 1, 1, 4, 1]
    s.apply(s.redis.hget(f"{ROOT}:ev", "cursor"), s.redis.xadd(EVENTS, {"c": "x"}), WINDOW, [],
            fixed=2)
    assert s.redis.hget(f"{ROOT}:ev", "ts_fixed") == "2"
    assert not s.redis.exists(f"{ROOT}:c:c0:v:gone", f"{ROOT}:c:c0:v:gone3")


def test_orphans_of_an_ended_campaign_expire_with_it(s):
    job = campaign(s, "c0", ops=["E", 1, 60_000])
    apply(s, [event()])
    assert s.tick("w", 5, 1_000_000, 0)[5] == [["c0", 2]]
    assert s.commit(job[0], 2, 1, "X", "done", "", 5000) == ["ok"]
    apply(s, [event(v="gone")])
    assert s.redis.hget(f"{ROOT}:c:c0", "orphans") == "1"
    assert 0 < s.redis.pttl(f"{ROOT}:c:c0") <= 5000


@pytest.mark.parametrize("key, why", [
    ("c:c0", "damage"), ("c:c0:v:v0", "orphan"), ("c:c0:p:email", "damage"),
    ("c:c0:n", "orphan"), ("c:c0:d", "damage"), ("j:c0", "damage")])
def test_a_damaged_campaign_does_not_stop_the_others(s, key, why):
    for name in ("c0", "c1"):
        campaign(s, name)
    s.redis.set(f"{ROOT}:{key}", "not a hash")
    kinds = ("impression", "delivered", "click")
    batch = [event(c, t=t, eid=n * 10 + i) for i, t in enumerate(kinds)
             for n, c in ((1, "c0"), (2, "c1"))]
    reply = apply(s, batch)
    assert reply[0] == "applied" and reply[1] == (3 if why == "orphan" else 6)
    if why == "damage" or not key.endswith("v0"):
        assert reply[7].startswith("c0: ") and "WRONGTYPE" in reply[7]
    other = s.redis.hmget(f"{ROOT}:c:c1", *(PUBLIC[t] for t in kinds))
    assert other == ["1", "1", "1"]
    assert apply(s, batch)[1:3] == ([0, 3] if why == "orphan" else [0, 6])
    assert s.redis.xlen(EVENTS) == 0


def test_a_damaged_set_of_ids_stops_nobody(s):
    campaign(s, "c0")
    for shard in range(100):
        s.redis.set(f"{ROOT}:seen:1:{shard:02}", "not a set")
    assert apply(s, [event(eid=11), event(eid=12)])[:2] == ["applied", 2]


def test_absurd_sums_stop_nobody(s):
    campaign(s, "c0")
    s.redis.hset(f"{ROOT}:c:c0:n", "revenue_micro:c:EUR", str(2**63 - 5))
    s.redis.hset(f"{ROOT}:c:c0:v:v0", "clicks", str(2**63 - 5))
    batch = [event(micro=10**15, cur="EUR", n=10**9)] * 5 + [event(t="impression")]
    assert apply(s, batch)[:2] == ["applied", 6]
    assert s.redis.hget(f"{ROOT}:c:c0", "impressions") == "1"
    assert s.redis.hget(f"{ROOT}:c:c0", "revenue") == "9223372036854.775803"


def test_custom_types_are_bounded(s):
    campaign(s, "c0")
    n = f"{ROOT}:c:c0:n"
    s.redis.hset(n, mapping={f"2:v0:t{i}": 1 for i in range(20_001)})
    apply(s, [event(t=f"new{i}") for i in range(5)] + [event(t="cart")])
    assert s.redis.hlen(n) == 20_004  # "@v0" too
    assert (s.redis.hget(n, "2:v0:other"), s.redis.hget(n, "2:v0:cart")) == ("5", "1")


def test_events_make_a_re_rank_due_once(s):
    campaign(s, "c0", ops=["E", 10, 60_000])
    due = f"{ROOT}:due"
    apply(s, [event()] * 3)
    first = s.redis.zscore(due, "c0") - 5000  # as if they had come 5 s ago
    s.redis.zadd(due, {"c0": first})
    apply(s, [event()] * 3)
    assert s.redis.zscore(due, "c0") == first  # not put off
    assert s.tick("w", 5, 1_000_000, 0)[5] == []
    apply(s, [event()] * 4)
    assert s.tick("w", 5, 1_000_000, 0)[5] == [["c0", 2]]
    apply(s, [event()] * 2)  # seen by this holder's load
    s.load("c0", 2)
    apply(s, [event(n=10)])  # not seen
    assert s.commit("c0", 2, 1, "W", "serve", 0, "ck", 4, 0) == ["ok"]
    assert s.tick("w", 5, 1_000_000, 0)[5] == [["c0", 3]]


def generations(s):
    text = s.redis.hget(f"{ROOT}:ev", "seen")
    return [[int(x) for x in g.split()] for g in text.split(";") if g]


def age(s, ms, count=None):
    """Makes all generations older."""
    gens = [[i, opened - ms, digits, count or c, n] for i, opened, digits, c, n in generations(s)]
    s.redis.hset(f"{ROOT}:ev", "seen",
                 "".join(" ".join(map(str, g)) + ";" for g in gens))


def test_generations_remember_the_whole_window(s):
    campaign(s, "c0")
    third, ids = WINDOW // 3, []
    for n in range(6):
        ids.append((n + 1) << 33)
        assert apply(s, [event(eid=ids[-1])])[1:3] == [1, 0]
        age(s, third)
    assert len(generations(s)) in (3, 4)
    # the three newest are inside the window, whatever the generation they are in
    assert apply(s, [event(eid=i) for i in ids[-3:]])[1:3] == [0, 3]
    assert apply(s, [event(eid=ids[0])])[1:3] == [1, 0]  # long out of it
    ttls = [s.redis.pttl(k) for k in s.redis.keys(f"{ROOT}:seen:*")]
    assert len(ttls) >= 6 and all(0 < t <= WINDOW * 4 / 3 for t in ttls)


def test_a_full_generation_opens_a_wider_one(s):
    """And what it has is moved there, a few sets at a time: nothing is forgotten meanwhile."""
    campaign(s, "c0")
    rng = random.Random(3)
    ids = [rng.randint(10**18, 9 * 10**18) for _ in range(600)]
    apply(s, [event(eid=i) for i in ids])
    age(s, 0, count=244 * 100)
    for n in range(24):
        some = ids[25 * n:25 * n + 25]
        assert apply(s, [event(eid=i) for i in some + [n + 10**18]])[1:3] == [1, 25]
        assert [g[0] for g in generations(s)] == [2, 1] and generations(s)[1][4] == 4 * n + 4
    apply(s, [])
    assert [(g[0], g[2], g[4]) for g in generations(s)] == [(2, 3, -1)]
    assert not s.redis.keys(f"{ROOT}:seen:1:*")
    assert generations(s)[0][3] == 624
    assert apply(s, [event(eid=i) for i in ids])[1:3] == [0, 600]
    keys = s.redis.keys(f"{ROOT}:seen:2:*")
    assert all(0 < s.redis.pttl(k) <= WINDOW * 4 / 3 for k in keys)
    assert s.redis.object("encoding", keys[0]) == "intset"
    age(s, WINDOW // 3, count=244 * 10**6)
    apply(s, [event(eid=10**18 + 999)])
    assert generations(s)[0][2] == 6  # as many as before, and never more than that


def test_extreme_ids_are_exact(s):
    """Neighbours that a double cannot tell apart."""
    campaign(s, "c0")
    ids = [2**63 - 1, 2**63 - 2, -2**63, -2**63 + 1, 2**53, 2**53 + 1, -1, 1]
    assert apply(s, [event(eid=i) for i in ids + ids])[1:3] == [8, 8]

"""What is counted reaches the public hashes: events_fold, minutes, first impressions, money."""
from test_scripts_events import ROOT, EVENTS, WINDOW, apply, campaign, event


def test_what_is_counted_waits_to_be_folded(s):
    """In a key of its own, once, for as long as asked; and not beyond the end of its campaign."""
    campaign(s, "c0"), campaign(s, "c1")
    batch = [event(eid=10**18 + n, c=f"c{n % 2}") for n in range(20)]
    assert apply(s, batch, fold=False)[:3] == ["applied", 20, 0]
    assert s.redis.hget(f"{ROOT}:c:c0", "clicks") == "0"
    assert s.redis.zrange(f"{ROOT}:dirty", 0, -1) == ["c0", "c1"]
    assert s.events_fold(8, 60_000, 1000) == [0, 2, ""]
    assert s.events_fold(1, 0, 1000) == [1, 1, ""]
    assert s.redis.hget(f"{ROOT}:c:c0", "clicks") == "10"
    assert not s.redis.exists(f"{ROOT}:c:c0:d") and s.redis.exists(f"{ROOT}:c:c1:d")
    s.redis.delete(f"{ROOT}:c:c1")
    s.redis.pfadd(f"{ROOT}:c:c1:u", "1")
    assert s.fold() == [] and not s.redis.exists(f"{ROOT}:c:c1:d", f"{ROOT}:dirty")
    assert not s.redis.exists(f"{ROOT}:c:c1:u", f"{ROOT}:c:c1:n")
    assert not s.redis.exists(f"{ROOT}:c:c1")


def test_a_tick_tells_of_what_is_to_be_folded(s):
    campaign(s, "c0")
    apply(s, [event()], fold=False)
    assert s.tick("w", 0, 1_000_000, 0)[4] == 1
    s.fold()
    assert s.tick("w", 0, 1_000_000, 0)[4] == 0


def test_minutes_and_first_impressions(s):
    campaign(s, "c0")
    user, other = 10**18 + 1, 10**18 + 2
    apply(s, [event(t="impression", user=user), event(t="impression", user=user, v="v1"),
              event(t="impression", user=other, v="v1", minute=8, n=3), event(minute=8)])
    assert s.redis.hgetall(f"{ROOT}:c:c0:f") == {"2:v0": "1", "2:v1": "2"}
    assert s.redis.hget(f"{ROOT}:c:c0", "recipients") == "2"
    assert s.redis.hgetall(f"{ROOT}:c:c0:m:7") == {"v0:impression": "1", "v1:impression": "1"}
    assert s.redis.hgetall(f"{ROOT}:c:c0:m:8") == {"v1:impression": "3", "v0:click": "1"}
    assert 0 < s.redis.pttl(f"{ROOT}:c:c0:m:8") <= WINDOW


def test_a_user_is_new_in_each_placement(s):
    """In whatever order the variants of a batch stand."""
    arms = ['{"arms":[{"v":"v0","w":0.5},{"v":"v2","w":0.5}]}', '{"arms":[{"v":"v1","w":1}]}']
    campaign(s, "c0", ops=["L", "email", 3, arms[0], "L", "sms", 3, arms[1]])
    apply(s, [event(t="impression", v=v, user=10**18 + u, epoch=3) for u in range(20)
              for v in (("v0", "v2")[u % 2], "v1")])
    shown = [s.redis.hmget(f"{ROOT}:c:c0:v:v{n}", "first_impressions", "first_expected")
             for n in range(3)]
    assert shown == [["10", "10"], ["20", "20"], ["10", "10"]]


def test_sample_ratios_are_of_the_first_window(s):
    """Later a user may have been forgotten, and would count again with the same variant."""
    arms = '{"arms":[{"v":"v0","w":1}]}'
    campaign(s, "c0", placements=("email",), ops=["L", "email", 3, arms])
    s.redis.hset(f"{ROOT}:c:c0", "created_ms", 1)
    apply(s, [event(t="impression", user=10**18, epoch=3)])
    assert s.redis.hget(f"{ROOT}:c:c0:v:v0", "first_impressions") == "0"


def test_a_fold_is_bounded(s):
    """By fields, of one campaign and of many."""
    for n in range(6):
        campaign(s, f"c{n}")
    for n in range(6):
        apply(s, [event(f"c{n}", minute=m, eid=10**18 + 1000 * n + m) for m in range(150)],
              fold=False)
    assert s.events_fold(64, 0, 1000)[:2] == [3, 3]
    for part in range(10):
        apply(s, [event(minute=1000 + 150 * part + m, eid=2 * 10**18 + 150 * part + m)
                  for m in range(150)], fold=False)
    fields = s.redis.hlen(f"{ROOT}:c:c0:d")
    assert fields >= 1500
    while s.redis.exists(f"{ROOT}:c:c0:d"):
        fields = s.redis.hlen(f"{ROOT}:c:c0:d")
        s.events_fold(6, 0, 1000)
        assert fields - s.redis.hlen(f"{ROOT}:c:c0:d") <= 600
    s.fold()
    assert s.redis.hget(f"{ROOT}:c:c0", "clicks") == "1650"
    assert not s.redis.exists(f"{ROOT}:dirty")


def test_harm_is_counted_by_variant(s):
    campaign(s, "c0")
    apply(s, [event(t=t) for t in ("complaint", "unsubscribe", "bounce", "bounce")]
          + [event(t="refund", micro=-5, cur="EUR")])
    fields = ("complaints", "unsubscribes", "bounces", "refunds", "revenue")
    assert s.redis.hmget(f"{ROOT}:c:c0:v:v0", *fields) == ["1", "1", "2", "1", "-0.000005"]


def test_large_entries_are_told(s):
    campaign(s, "c0")
    for size in (10, 10, 10):
        s.redis.xadd(EVENTS, {"c": "x" * size})
    assert apply_first(s)[8:] == [1, 2]
    s.redis.xadd(EVENTS, {"c": "x" * 5_000_000})
    assert apply_first(s)[8:] == [0, 2]


def apply_first(s):
    """Only the first entry."""
    (first, _), = s.redis.xrange(EVENTS, count=1)
    return s.apply(s.redis.hget(f"{ROOT}:ev", "cursor") or "0-0", first, WINDOW, [])


def test_money_is_exact_beyond_doubles(s):
    campaign(s, "c0")
    n, most = 200, 10**15
    apply(s, [event(t="conversion", micro=most - i, cur="EUR", eid=10**18 + i) for i in range(n)])
    apply(s, [event(t="refund", micro=-(most - i), cur="EUR", eid=2 * 10**18 + i)
              for i in range(n - 1)])
    assert s.redis.hget(f"{ROOT}:c:c0:n", "revenue_micro:c:EUR") == str(most - n + 1)


def test_first_impressions_beside_their_shares(s):
    """Of those that name their epoch; of each user once."""
    arms = '{"arms":[{"v":"v0","w":0.75},{"v":"v1","w":0.25}]}'
    campaign(s, "c0", placements=("email",), ops=["L", "email", 3, arms])
    users = range(10**18, 10**18 + 10)
    batch = [event(t="impression", v=f"v{u % 2}", user=u, epoch=3) for u in users]
    apply(s, batch + [event(t="impression", user=10**18 + 99, epoch=-1)])
    apply(s, [event(t="impression", v="v2", user=10**18 + 11, epoch=3), batch[0]])
    shown = [s.redis.hmget(f"{ROOT}:c:c0:v:v{n}", "first_impressions", "first_expected")
             for n in range(3)]
    assert shown == [["5", "8.25"], ["5", "2.75"], ["1", "0"]]
    assert s.redis.hget(f"{ROOT}:c:c0:p:email", "srm") == "1"

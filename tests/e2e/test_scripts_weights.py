"""Turns by weight: the scripts on a real Redis; the text of the terms, and what they cost."""
import collections

import pytest
from barker_fleet import END, Fleet, backlog, tenant_of
from test_scripts import LEASE, ROOT

THREE_ONE = "a 3 0\n"


@pytest.mark.parametrize("slots", [1, 7, 64])
def test_three_to_one(s, slots):
    """Over some thousand claims, within 5 %, and in every stretch of 40 of them."""
    backlog(s, "a", 1600), backlog(s, "b", 1600)
    fleet, got = Fleet(s, THREE_ONE, workers=3), ""
    while len(got) < 2000:
        worker = f"w{len(got) % 3}"
        got += "".join(name[0] for name in fleet.claim(slots, worker))
        fleet.end(worker)
    assert got.count("a") == pytest.approx(3 * got.count("b"), rel=0.05)
    for at in range(40, 2000, 40):
        assert 28 <= got[at - 40:at].count("a") <= 32, (at, got[at - 40:at])


def test_weights_of_many(s):
    weights = {"a": 1, "b": 2, "c": 5, "d": 10, "e": 1000}
    for tenant in weights:
        backlog(s, tenant, 40 if tenant != "e" else 2200)
    fleet = Fleet(s, "".join(f"{t} {w} 0\n" for t, w in weights.items()))
    got = collections.Counter()
    while got["e"] < 2000:
        got.update(map(tenant_of, zip(fleet.claim(64))))
        fleet.end()
    for tenant, weight in weights.items():
        assert abs(got[tenant] - 2 * weight) <= 2 * weight * 0.05 + 2, got


@pytest.mark.parametrize("weight, others", [(1, 3), (3, 1), (1000, 1)])
def test_a_newcomer_has_its_share_and_no_more(s, weight, others):
    """Others have had a thousand turns. Nobody has to wait for more than a turn of it."""
    backlog(s, "a", 1200), backlog(s, "b", 1200)
    fleet = Fleet(s, f"a {others} 0\nb {others} 0\nnew {weight} 0\n")
    for _ in range(20):
        fleet.claim(50)
        fleet.end()
    backlog(s, "new", 2000)
    got = []
    while len(got) < 400:
        got += [tenant_of([name]) for name in fleet.claim(1)]
        fleet.end()
    first = got.index("new")
    assert first <= 2 * others / weight + 2
    if weight < 1000:
        share = weight / (weight + 2 * others)
        assert abs(got[:100].count("new") - 100 * share) <= 2 + weight
        assert abs(got.count("new") - 400 * share) <= 4 + weight
    else:
        assert got.count("new") >= 395 and {"a", "b"} & set(got)


def test_a_newcomer_waits_for_its_part_of_a_turn(s):
    """It comes just after b had its turn: ten of a turn's parts, not all of it."""
    backlog(s, "a", 100), backlog(s, "b", 10)
    fleet = Fleet(s, "a 10 0\nnew 10 0\n")
    fleet.claim(11)
    backlog(s, "new", 20)
    assert "new-0" in fleet.claim(3)


def test_weights_that_change_while_running(s):
    backlog(s, "a", 900), backlog(s, "b", 900)
    fleet = Fleet(s, THREE_ONE)
    for terms, share in (("a 3 0\n", 0.75), ("b 4 0\n", 0.2), ("", 0.5), ("a 9 0\nb 3 0\n", 0.75)):
        fleet.terms = terms
        fleet.beat()
        got = []
        for _ in range(8):
            got += map(tenant_of, zip(fleet.claim(40)))
            fleet.end()
        assert abs(got.count("a") - 320 * share) <= 320 * 0.05, (terms, got.count("a"))


def test_the_last_beat_of_any_worker_holds(s):
    backlog(s, "a", 200), backlog(s, "b", 200)
    fleet = Fleet(s, THREE_ONE, workers=2)
    fleet.terms = "b 3 0\n"
    fleet.beat("w1")
    assert [tenant_of([n]) for n in fleet.claim(40)].count("b") == pytest.approx(30, abs=2)
    assert s.redis.hget(f"{ROOT}:terms", "a") is None


# --- the text


BAD = ["x", "a 1 0", "a 1\n", "a 0 0\n", "a 1001 0\n", "a 1 1000001\n", "a -1 0\n", "a 1.5 0\n",
       "a 1 0\n\n", "a  1 0\n", " 1 0\n", "a 1 0\na 2 0\n", f"{'a' * 65} 1 0\n", "a:b 1 0\n",
       "a 1 0\nx", "a 99999999999999999999999 0\n", "a 1 0\r\n",
       "".join(f"t{n} 1 1\n" for n in range(1001)), "".join(f"t{n:060} 1000 1\n" for n in range(1400))]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_malformed_terms_are_refused(s, text):
    """Nothing is claimed by it, and what held still holds."""
    backlog(s, "a", 5)
    fleet = Fleet(s, "a 1 2\n")
    before = s.redis.hgetall(f"{ROOT}:terms")
    assert s.tick("w0", 5, LEASE, 1, terms=text) == ["malformed"]
    assert s.redis.hgetall(f"{ROOT}:terms") == before
    assert fleet.claim(5) == ["a-0", "a-1"]


def test_the_most_that_is_heard(s):
    text = "".join(f"{n:064} 1000 1000000\n" for n in range(1000))
    Fleet(s, text)
    assert s.redis.hlen(f"{ROOT}:terms") == 1001
    assert s.redis.hget(f"{ROOT}:terms", f"{999:064}") == "1000 1000000"


# --- what it costs


def commands(s, work):
    """What scripts do inside Redis meanwhile."""
    with s.redis.monitor() as monitor:
        work()
        s.redis.echo("that is all")
        out = []
        for line in monitor.listen():
            if "that is all" in line["command"]:
                return out
            if line["client_type"] == "lua":
                out.append(line["command"])


def cycle(s, terms, beat=0):
    def work():
        for job in s.tick("w0", 64, LEASE, beat, terms=terms)[5]:
            s.commit(*job, 0, *END)
    return work


def test_without_terms_claims_cost_nothing_more(s):
    backlog(s, "a", 10), backlog(s, "b", 10)
    s.tick("w0", 0, LEASE, 1)
    done = commands(s, cycle(s, ""))
    assert len(done) > 100
    assert not [c for c in done if f"{ROOT}:terms" in c or f"{ROOT}:held" in c]


def test_an_unchanged_text_costs_one_look(s):
    Fleet(s, "a 3 5\n")
    done = commands(s, lambda: s.tick("w0", 0, LEASE, 1, terms="a 3 5\n"))
    assert len([c for c in done if f"{ROOT}:terms" in c]) == 1
    done = commands(s, lambda: s.tick("w0", 0, LEASE, 1, terms="a 3 6\n"))
    assert len([c for c in done if f"{ROOT}:terms" in c]) > 1
    s.tick("w0", 0, LEASE, 1)
    done = commands(s, lambda: s.tick("w0", 0, LEASE, 1))
    assert len([c for c in done if f"{ROOT}:terms" in c]) == 1


def test_those_that_stand_aside_are_not_asked_again(s):
    for n in range(30):
        backlog(s, f"t{n}", 3)
    fleet = Fleet(s, "".join(f"t{n} 1 1\n" for n in range(30)))
    while fleet.claim(64):
        pass
    backlog(s, "z", 1)
    done = commands(s, cycle(s, "some"))
    assert not [c for c in done if c.upper().startswith("ZCOUNT")]

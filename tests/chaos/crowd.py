"""Campaigns that come, end and are judged, while workers die. Each has four calls, goes live,
is shown a known number of times (some events twice) and is done."""
import collections
import json

CALLS, SHOWN, TWICE = 4, 40, 8
SPEC = {"kind": "content", "approval": "none", "min_distance": 0,
        "ranking": {"horizon": SHOWN, "max_rounds": 1},
        "input": {"prompt": "A line for socks.", "n": CALLS}}


class Crowd:
    """Keeps `most` campaigns under way; `told` counts what the stream of changes says."""

    def __init__(self, stack, most):
        self.stack, self.most = stack, most
        self.begun, self.shown, self.open = 0, set(), set()
        self.told, self.last, self.wrong = collections.Counter(), "0-0", []
        self.gave_up = collections.Counter()
        self.begun_ms = {}  # call: when a relay saw it, if one did
        self.stored = {}  # (campaign, stage, iteration, index): ms at which its reply was stored
        self.asked_twice = set()  # the same places: the first reply was objected to

    def feed(self):
        while len(self.open) < self.most:
            name = f"k{self.begun}"
            self.stack.enqueue({**SPEC, "id": name})
            self.open.add(name)
            self.begun += 1

    def look(self):
        """One round: new changes, campaigns that went live or ended."""
        redis, key = self.stack.redis, self.stack.key
        for at, row in redis.xrange(key("changes"), "(" + self.last, "+", count=20000):
            self.last = at
            self.told[row["c"], row["what"]] += 1
        names = sorted(self.open)
        pipe = redis.pipeline(transaction=False)
        for name in names:
            pipe.hget(key("c", name), "state")
        for name, state in zip(names, pipe.execute()):
            if state == "live" and name not in self.shown:
                self.show(name)
            elif state in ("done", "failed", "cancelled", "over_budget"):
                self.judge(name, state)
        return len(self.open)

    def show(self, name):
        variants = sorted(self.stack.variants(name))
        pipe = self.stack.redis.pipeline()  # all or none: it may be lost with the connection
        for n in list(range(SHOWN)) + list(range(TWICE)):
            pipe.xadd(self.stack.key("events"), {"c": name, "v": variants[n % len(variants)],
                                                 "t": "impression", "eid": f"{name}-{n}"})
        pipe.execute()
        self.shown.add(name)

    def judge(self, name, state):
        """It ended: everything of it must be as if nobody had died."""
        stack = self.stack
        campaign = stack.campaign(name)
        if (state, campaign["error"]) == ("failed", "crashes"):
            stack.cli("dead", "retry", name)  # five deaths in a row: a person looked at it
            self.gave_up[name] += 1
            return
        variants, journal = stack.variants(name), stack.journal(name)
        bud = stack.redis.hgetall(stack.key("c", name, "bud"))
        counted = [sum(int(v["impressions"]) for v in variants.values()),
                   int(campaign["impressions"])]
        held = [bud["calls_r"], bud["tokens_r"], bud["nano_r"],
                str(stack.redis.hlen(stack.key("c", name, "rsv")))]
        if state != "done" or len(variants) != CALLS or counted != [SHOWN] * 2 or held != ["0"] * 4:
            calls = {"/".join(map(str, place)): record for place, record in journal.items()}
            self.wrong.append((name, state, campaign["error"], len(variants), counted, held,
                               calls))
        for (stage, iteration, index, _), record in sorted(journal.items()):
            place = (name, stage, iteration, index)
            if record["s"] == "ok" and place in self.stored:
                self.asked_twice.add(place)
            elif record["s"] == "ok":
                self.stored[place] = record["t"]
        self.open.discard(name)

    def verdict(self):
        """What must be empty, by what it would mean."""
        starts, _ = self.stack.ledger()
        paid_again = []
        for row in starts:
            name, stage, iteration, index, _ = row["id"].split("/")
            place = (name, stage, int(iteration), int(index))
            asked = min(row["t_ms"], self.begun_ms.get(row["id"], row["t_ms"]))
            if place in self.stored and place not in self.asked_twice \
                    and asked > self.stored[place] + 5:
                paid_again.append(row["id"])
        ids = collections.Counter(row["id"] for row in starts)
        ended = {f"k{n}": [self.told[f"k{n}", what] for what in ("done", "failed", "cancelled")]
                 for n in range(self.begun)}
        doctor = json.loads(self.stack.cli("doctor", "--offline", "--json"))
        return {"lost": sorted(self.open), "wrong": self.wrong,
                "ended_not_once": {name: times for name, times in ended.items()
                                   if times != [1, self.gave_up[name], 0]},
                "stored_replies_paid_again": paid_again,
                "calls_sent_twice": [i for i, times in ids.items() if times > 1],
                "drift": [c["check"] for c in doctor["checks"] if c["check"].startswith("drift.")]}

#!/usr/bin/python3
"""Simulated shoppers for scripts/demo: they see what Barker serves, click by a hidden
taste, and their shop reports it through the event stream, some of it twice. Impressions
are reported in blocks, as mail and SMS services do, clicks and orders one by one."""
import argparse
import json
import random
import subprocess
import sys
import time

import assign
import taste
from redis_wire import Redis, RedisError, encode

BUYS, PRICE, CURRENCY = 0.06, "18.50", "USD"
SENT_TWICE = 0.02  # of all events: a shop that retries
WAVES = 50
PATIENCE_S = 30


class Shop:
    def __init__(self, options):
        self.options = options
        self.redis = Redis(options.socket)
        self.root = f"{options.prefix}:{{0}}"
        self.campaign = f"{self.root}:c:{options.campaign}"
        self.chance = random.Random(options.seed)
        self.rates = {}  # variant → hidden true rate
        self.counts = {"impression": 0, "click": 0, "conversion": 0}
        self.sent = self.repeats = 0
        self.reviewed = set()  # rounds
        self.expected = {}  # placement → clicks that its shares earned, in expectation

    def document(self):
        return json.loads(self.redis.do("GET", self.campaign + ":doc"))

    def state(self):
        return self.redis.hash(self.campaign)

    def rate_of(self, placement, variant):
        if variant not in self.rates:
            text = self.redis.do("HGET", f"{self.campaign}:v:{variant}", "text")
            self.rates[variant] = taste.true_rate(placement.split("/")[0], text)
        return self.rates[variant]

    def shares(self, placement):
        alloc = json.loads(self.redis.do("GET", f"{self.campaign}:alloc:{placement}"))
        arms = [(arm["v"], arm["w"]) for arm in alloc["arms"]]
        return alloc["epoch"], arms, {v: self.rate_of(placement, v) for v, _ in arms}

    def event(self, kind, variant, epoch, count, *more):
        self.sent += 1
        self.counts[kind] += count
        command = encode("XADD", self.root + ":events", "*", "c", self.options.campaign,
                         "v", variant, "t", kind, "eid", f"e{self.sent}", "ep", epoch,
                         *more)
        if self.chance.random() < SENT_TWICE:
            self.repeats += 1
            return [command, command]
        return [command]

    def visit(self, user, variant, epoch, rate):
        """What one shopper does."""
        if self.chance.random() >= rate:
            return []
        commands = self.event("click", variant, epoch, 1, "u", user)
        if self.chance.random() < BUYS:
            commands += self.event("conversion", variant, epoch, 1, "u", user,
                                   "val", PRICE, "cur", CURRENCY)
        return commands

    def wave(self, placements, first, count):
        commands = []
        for placement in placements:
            seed = assign.seed_of(self.options.campaign, placement)
            epoch, arms, rates = self.shares(placement)
            users = {}
            for n in range(first, first + count):
                user = f"shopper-{n}"
                users.setdefault(assign.pick(seed, user, arms), []).append(user)
            for variant, seen_by in users.items():
                commands += self.event("impression", variant, epoch, len(seen_by),
                                       "n", len(seen_by))
                self.expected[placement] = (self.expected.get(placement, 0)
                                            + rates[variant] * len(seen_by))
                for user in seen_by:
                    commands += self.visit(user, variant, epoch, rates[variant])
        self.redis.send(commands)
        self.wait(lambda: self.redis.do("XLEN", self.root + ":events") == 0,
                  "the events were not counted")

    def wait(self, is_true, what):
        end = time.monotonic() + PATIENCE_S
        while not is_true():
            if time.monotonic() > end:
                raise SystemExit(f"demo: {what} within {PATIENCE_S} s")
            time.sleep(0.02)

    def review(self):
        """New texts of a later round wait for a person; here the demo is that person."""
        state = self.state()
        if state["pending"] == "0":
            return
        run = [self.options.barker, "approve", self.options.campaign, "all", "--by",
               "demo-reviewer", "--quiet"]
        if subprocess.run(run, check=False, stdout=subprocess.DEVNULL).returncode:
            raise SystemExit("demo: the new texts could not be approved")
        if state["round"] not in self.reviewed:
            self.reviewed.add(state["round"])
            say(f"    round {state['round']}: {state['pending']} new texts from what won "
                f"({self.options.model} LLM); the reviewer approves them")

    def open(self, placements, visitors):
        begin = time.monotonic()
        count = -(-visitors // WAVES)
        for number, first in enumerate(range(0, visitors, count), 1):
            if self.state()["state"] != "live":
                break
            self.wave(placements, first, min(count, visitors - first))
            self.review()
            if number % 10 == 0 or number == 5:
                self.report(placements, min(first + count, visitors))
            due = begin + self.options.seconds * number / WAVES
            time.sleep(max(0.0, due - time.monotonic()))

    def report(self, placements, visitors):
        best = []
        for placement in placements:
            arms = self.shares(placement)[1]
            variant, share = max(arms, key=lambda arm: arm[1])
            best.append(f"{placement}: {variant} gets {share:.0%} of {len(arms)}")
        say(f"  {visitors:>7,} shoppers  {self.counts['click']:>5,} clicks   "
            + "   ".join(best))


def say(text):
    print(text, flush=True)


def check_counts(shop):
    """Every event once, although some were sent twice."""
    got = shop.state()
    names = {"impression": "impressions", "click": "clicks", "conversion": "conversions"}
    wrong = {kind: got[name] for kind, name in names.items()
             if int(got[name]) != shop.counts[kind]}
    say(f"  {shop.sent:,} events, {shop.repeats:,} of them sent twice on purpose: "
        + ("each was counted once" if not wrong else f"COUNTED WRONG: {wrong}"))
    return not wrong


def check_assignment(shop, placements):
    """The rule in assign.py is the one of the product."""
    wrong = 0
    for n in range(5):
        user = f"shopper-{n}"
        for placement in placements:
            run = [shop.options.barker, "decide", shop.options.campaign, "--placement",
                   placement, "--user", user, "--json"]
            said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
            seed = assign.seed_of(shop.options.campaign, placement)
            mine = assign.pick(seed, user, shop.shares(placement)[1])
            wrong += json.loads(said)["variant"] != mine
    if wrong:
        say(f"  `barker decide` differs for {wrong} of {5 * len(placements)} shoppers")
    return not wrong


def write_truth(shop):
    """For the picture. Returns the variants of all placements."""
    variants = []
    for placement in shop.document()["placements"]:
        variants += placement["variants"]
        for variant in placement["variants"]:
            shop.rate_of(placement["placement"], variant["id"])
    with open(shop.options.truth, "w", encoding="utf-8") as out:
        json.dump({"rates": shop.rates, "expected": shop.expected}, out)
    return variants


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--barker", required=True, help="path of the program")
    parser.add_argument("--prefix", default="bk")
    parser.add_argument("--seconds", type=float, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--truth", required=True, help="file for the hidden rates")
    parser.add_argument("--model", default="simulated", help="who wrote the texts")
    return parser.parse_args()


def main():
    options = read_options()
    shop = Shop(options)
    spec = json.loads(shop.redis.do("GET", shop.campaign + ":spec"))
    placements = [p["placement"] for p in shop.document()["placements"]]
    good = check_assignment(shop, placements)
    shop.open(placements, spec["ranking"]["horizon"])
    shop.wait(lambda: shop.state()["state"] == "done", "the campaign did not end")
    good = check_counts(shop) and good
    variants = write_truth(shop)
    if options.model == "simulated" and not any(v["round"] > 1 for v in variants):
        say("demo: no round was regenerated, which is part of the demo")
        good = False
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RedisError, OSError) as error:
        sys.exit(f"demo: {error}")

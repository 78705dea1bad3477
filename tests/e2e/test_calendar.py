"""Time zones against Python's zoneinfo, cron against a brute-force model (cron_model.py),
both on the system's tzdata: the same questions to barker-calendar."""
import datetime as dt
import json
import random
import subprocess
import zoneinfo

import pytest
from cron_model import EPOCH, Cron, Random, changes, instants, next_fire, offset
from stack import BUILD

ZONES = ["UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo",
         "America/St_Johns", "America/Nuuk", "Australia/Lord_Howe", "Asia/Shanghai",
         "Asia/Gaza", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Chatham", "Africa/Cairo",
         "Africa/Casablanca", "Africa/Monrovia", "Antarctica/Troll", "America/Santiago"]
FIRST_S, LAST_S = 0, int((dt.datetime(2120, 1, 1) - EPOCH).total_seconds())


def ask(questions):
    lines = "".join(json.dumps(q) + "\n" for q in questions)
    done = subprocess.run([str(BUILD / "barker-calendar")], input=lines, text=True,
                          capture_output=True, check=True)
    return done.stdout.splitlines()


def differences(questions, wanted):
    got = ask(questions)
    assert len(got) == len(wanted)
    return [(q, f"got {g}", f"wanted {w}") for q, g, w in zip(questions, got, wanted)
            if g != w][:5]


def all_zones():
    """As Debian's tzdata has them; "localtime" is what this machine is set to."""
    names = sorted(zoneinfo.available_timezones() - {"localtime"})
    assert len(names) > 300
    return names


def test_offsets_of_every_zone():
    rng = random.Random(1)
    questions, wanted = [], []
    for name in all_zones():
        zone = zoneinfo.ZoneInfo(name)
        for _ in range(60):
            at = rng.randint(FIRST_S - 70 * 31556952, LAST_S)
            questions.append(["offset", name, at])
            wanted.append(str(offset(zone, at)))
    assert len(questions) > 20000
    assert not differences(questions, wanted)


@pytest.mark.parametrize("name", ZONES)
def test_offsets_and_walls_around_changes(name):
    zone = zoneinfo.ZoneInfo(name)
    questions, wanted = [], []
    for change in changes(zone, FIRST_S, LAST_S):
        for at in (change - 1, change, change + 1):
            questions.append(["offset", name, at])
            wanted.append(str(offset(zone, at)))
        for after in range(-90000, 90001, 1800):
            wall = EPOCH + dt.timedelta(seconds=change + offset(zone, change) + after)
            questions.append(["wall", name, change + offset(zone, change) + after])
            wanted.append("{} {} {}".format(*instants(zone, wall)))
    assert questions or name in ("UTC",)
    assert not differences(questions, wanted)


@pytest.mark.parametrize("seed", range(4))
def test_cron_against_brute_force(seed):
    rnd, edges = Random(seed), {}
    questions, wanted = [], []
    while len(questions) < 1000:
        zone = rnd.zone(ZONES)
        if zone.key not in edges:
            edges[zone.key] = changes(zone, FIRST_S + 86400, LAST_S)
        text = rnd.cron()
        after_ms = 1000 * rnd.instant_s(edges[zone.key], FIRST_S + 86400, LAST_S)
        after_ms += rnd.rng.choice([0, 0, 1, 999])
        found = next_fire(Cron(text), zone, after_ms, 800)
        if found:  # a rare one; test_rare_days has these
            questions.append(["next", zone.key, text, after_ms])
            wanted.append(str(found))
    assert not differences(questions, wanted)


@pytest.mark.parametrize("text,years", [
    ("0 0 29 2 *", 8), ("30 1 29 feb */7", 40), ("59 23 31 1-2 *", 1), ("0 2 30,31 2-4/2 *", 1)])
def test_rare_days(text, years):
    rng = random.Random(7)
    questions, wanted = [], []
    for _ in range(30):
        name = rng.choice(ZONES)
        after_ms = 1000 * rng.randint(FIRST_S, LAST_S)
        questions.append(["next", name, text, after_ms])
        wanted.append(str(next_fire(Cron(text), zoneinfo.ZoneInfo(name), after_ms,
                                    366 * years + 10)))
    assert not differences(questions, wanted)


@pytest.mark.parametrize("text", ["*/15 1,2 * * *", "0,15,30,45 1,2 * * *", "@hourly"])
@pytest.mark.parametrize("start", [dt.datetime(2026, 4, 3), dt.datetime(2026, 10, 2)])
def test_a_run_of_fires(text, start):
    """Over a change of half an hour, from each fire to the next."""
    zone = zoneinfo.ZoneInfo("Australia/Lord_Howe")
    cron = Cron(text.replace("@hourly", "0 * * * *"))
    run = [1000 * int((start - EPOCH).total_seconds())]
    while len(run) < 100:
        run.append(next_fire(cron, zone, run[-1], 10))
    questions = [["next", zone.key, text, at] for at in run[:-1]]
    assert not differences(questions, [str(at) for at in run[1:]])

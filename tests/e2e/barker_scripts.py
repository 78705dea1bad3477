"""Loads Barker's Lua scripts as the build embeds them, and runs a private Redis.

The text of a script is: its shebang line if any, keys.lua, the libraries it names in a
line "--@use ...", then itself (cmake/embed_run.cmake does the same).
"""

import os
import re
import shutil
import subprocess
import tempfile

import redis

from redis_program import redis_program

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LUA = os.path.join(ROOT, "queues", "lua")


def read(name):
    with open(os.path.join(LUA, name), encoding="utf-8") as f:
        return f.read()


def names():
    """Scripts of queues/scripts.def, in order."""
    with open(os.path.join(ROOT, "queues", "scripts.def"), encoding="utf-8") as f:
        return re.findall(r"^SCRIPT\((\w+)\)", f.read(), re.M)


def text_of(name):
    body, shebang = read(name + ".lua"), ""
    if body.startswith("#!"):
        shebang, body = body.split("\n", 1)
        shebang += "\n"
    used = re.search(r"^--@use (.+)$", body, re.M)
    libs = "".join(read(f"lib_{lib}.lua") for lib in used[1].split()) if used else ""
    return shebang + read("keys.lua") + libs + body


def groups(events, by):
    found = {}
    for e in events:
        found.setdefault(e[by], []).append(e)
    return found.items()


def is_plain(e):
    _, _, _, count, micro, _, eid, _, user, _ = e
    return eid and count == 1 and not micro and not user


def field_of(e):
    return f"{e[7]}:{e[1]}:{e[2]}:{e[9]}"


def groups_of(events):
    """Plain ones by field, then each of the others by itself."""
    words, plain = [], {}
    for e in filter(is_plain, events):
        plain.setdefault(field_of(e), []).append(e[6])
    for field, ids in plain.items():
        words += [field, len(ids), *ids]
    for e in events:
        if not is_plain(e):
            _, _, _, count, micro, currency, eid, _, user, _ = e
            free = [0, 0, 0, 1] if eid else [1, count, micro, 0]
            ids, users = [eid, count, micro] if eid else [], [user] if user else []
            words += ["+", field_of(e), currency, *free, len(users), *ids, *users]
    return words


class Scripts:
    """scripts.tick("w1", 4, 3000, 1) runs tick.lua on the partition's root key."""

    def __init__(self, client, root="bk:{0}"):
        self.redis, self.root, self.fresh = client, root, {}
        self.shas = {name: client.script_load(text_of(name)) for name in names()}

    def settle_all(self, campaign, fence, stage, iteration, *calls):
        words = [word for call in calls for word in (len(call), *call)]
        return self.redis.evalsha(self.shas["settle"], 1, self.root, campaign, fence, stage,
                                  iteration, *words)

    def settle(self, campaign, fence, stage, iteration, *call):
        return self.settle_all(campaign, fence, stage, iteration, call)

    def tick(self, worker, slots, lease_ms, beat, *arrived, terms=""):
        """Claims as [campaign, fence]; those that came with their specs are in `fresh`."""
        if terms and not beat:
            terms = "some"
        reply = self.redis.evalsha(self.shas["tick"], 1, self.root, worker, slots, lease_ms,
                                   beat, terms, *arrived)
        if reply == ["malformed"]:
            return reply
        self.fresh = {c[0]: c[2:] for c in reply[5] if len(c) > 2}
        reply[5] = [c[:2] for c in reply[5]]
        return reply

    def admit(self, *args, within=0, deadline=0):
        return self.redis.evalsha(self.shas["admit"], 1, self.root, *args, within, deadline)

    def commit_all(self, *commits):
        words = [word for one in commits for word in (len(one), *one)]
        return self.redis.evalsha(self.shas["commit"], 1, self.root, *words)

    def commit(self, *one):
        return self.commit_all(one)[0]

    def apply(self, cursor, last, window, events, late=0, worker="w", fixed=0):
        """Events (campaign, variant, type, count, micro, currency, id, epoch, user, minute) as
        events_apply takes them: the first five words of its reply."""
        words, kept, met = [], [], set()
        for e in events:
            if not e[6] or (e[0], e[1], e[6]) not in met:
                kept.append(e)
            met.add((e[0], e[1], e[6]))
        for campaign, block in groups(kept, 0):
            of_campaign = [campaign]
            for variant, some in groups(block, 1):
                of_variant = groups_of(some)
                of_campaign += [variant, len(of_variant), *of_variant]
            words += [len(of_campaign), *of_campaign]
        return self.events_apply(cursor, last, window, worker, 200, late,
                                 fixed, len(events) - len(kept), *words)

    def fold(self, age_ms=0, keep_ms=72 * 3_600_000):
        """Everything; what was damaged."""
        damage = []
        while (reply := self.events_fold(8, age_ms, keep_ms))[0]:
            damage += [reply[2]] if reply[2] else []
        return damage

    def __getattr__(self, name):
        if name not in self.shas:
            raise AttributeError(name)
        return lambda *args: self.redis.evalsha(self.shas[name], 1, self.root, *args)


class Server:
    """A redis-server of our own on a unix socket; no port, no persistence."""

    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="barker-redis-")
        socket = os.path.join(self.folder, "s")
        self.process = subprocess.Popen(
            [redis_program(), "--port", "0", "--unixsocket", socket, "--save", "",
             "--dir", self.folder, "--logfile", os.path.join(self.folder, "log"),
             *options], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(unix_socket_path=socket, decode_responses=True)
        self.raw = redis.Redis(unix_socket_path=socket)
        while self.process.poll() is None:
            try:
                self.client.ping()
                return
            except (redis.ConnectionError, redis.BusyLoadingError):
                pass
        raise RuntimeError("redis-server did not start")

    def stop(self):
        self.client.close()
        self.raw.close()
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)

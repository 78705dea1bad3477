"""What fails between a worker and Redis, and between workers and their model."""
import asyncio
import collections
import re
import time

from wire import DOWN, UP, Relay

REQUEST_ID = re.compile(rb"x-client-request-id: (\S+)", re.I)
TICK_S = 0.25  # of what comes slowly


class RedisWire(Relay):
    """Of one worker. Each fault takes all of its connections; `shut` takes new ones too."""

    def __init__(self, target):
        super().__init__(target)
        self.ways, self.losing = (), None

    def begin(self, link):
        link.shut(self.ways)

    def cut(self, by_reset):
        for link in list(self.links):
            link.cut(by_reset)

    def shut(self, ways, seconds):
        """Nothing gets through those ways; then all of it does, late."""
        self.ways = ways
        for link in self.links:
            link.shut(ways)
        asyncio.get_running_loop().call_later(seconds, self.clear)

    def clear(self):
        self.ways = ()
        for link in list(self.links):
            link.clear()

    def mute(self):
        """How many connections there had been: one more shows that it was noticed."""
        for link in self.links:
            link.dead = True
        return self.accepted

    def lose_replies(self, by_reset):
        """Of the commands that come next: they are done, and then the connection is gone."""
        self.losing = by_reset

    async def pass_on(self, link, way, data, sink):
        if way == DOWN and self.losing is not None:
            by_reset, self.losing = self.losing, None
            link.cut(by_reset)
        else:
            await super().pass_on(link, way, data, sink)


class ModelWire(Relay):
    """Of each request `share` gets one of these. `begun`: when the first byte of a request came,
    in ms, by its id; it may reach the model late."""
    MODES = {"dark": "vanished before the request", "dim": "vanished within the reply",
             "drip": "a slow reply", "ooze": "a slow request", "reset": "reset within the reply"}

    def __init__(self, target, rng, share):
        super().__init__(target)
        self.rng, self.share = rng, share
        self.done, self.begun = collections.Counter(), {}

    def begin(self, link):
        link.last, link.mode, link.left, link.rate = DOWN, "", 0, 1

    def take(self, link, data):
        """A request begins."""
        found = REQUEST_ID.search(data)
        if found:
            self.begun.setdefault(found[1].decode(), time.time() * 1000)
        link.mode = ""
        if self.rng.random() < self.share:
            link.mode = self.rng.choice(sorted(self.MODES))
            link.left = self.rng.randrange(0, 600)  # bytes of the reply that get through
            link.rate = 4 * 500 ** self.rng.random()  # bytes a second: 4 to 2,000
        if link.mode in ("dark", "drip", "ooze"):
            self.done[link.mode] += 1
        link.dead = link.mode == "dark"

    async def pass_on(self, link, way, data, sink):
        if way == UP and link.last == DOWN:
            self.take(link, data)
        link.last = way
        if link.dead:
            return
        if link.mode == ("ooze" if way == UP else "drip"):
            await self.drip(link, data, sink)
        elif way == DOWN and link.mode in ("dim", "reset"):
            await self.end_within(link, data, sink)
        else:
            await super().pass_on(link, way, data, sink)

    async def drip(self, link, data, sink):
        size = max(1, round(link.rate * TICK_S))
        for at in range(0, len(data), size):
            if link.is_left() or sink.is_closing():
                return
            await super().pass_on(link, UP, data[at:at + size], sink)
            await asyncio.sleep(TICK_S)

    async def end_within(self, link, data, sink):
        await super().pass_on(link, DOWN, data[:link.left], sink)
        link.left -= len(data)
        if link.left > 0:
            return
        self.done[link.mode] += 1
        if link.mode == "dim":
            link.dead = True
        else:
            await asyncio.sleep(TICK_S)  # or the reset takes along what was on its way
            link.cut(by_reset=True)

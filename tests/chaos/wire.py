"""TCP relays whose network fails. All run on one thread; when and how they fail is told them from
others. A relay carries bytes and does not know what they mean."""
import asyncio
import contextlib
import socket
import struct
import threading

UP, DOWN = 0, 1  # from the client to the server, and back
CHUNK = 65536


class Wires:
    """The thread of all relays."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def call(self, fn, *args):
        async def go():
            return fn(*args)
        return self.wait(go())

    def open(self, relay, *args):
        """relay: a class, args: what it is made of."""
        made = relay(*args)
        self.wait(made.listen())
        return made

    def close(self):
        async def stop():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.wait(stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class Link:
    """One connection. `gates` are shut while nothing gets through that way; `dead`: nothing gets
    through any more, and nobody is told, as if the other host had vanished."""

    def __init__(self, client, server):
        self.ends = (client, server)  # of each its reader and its writer
        self.gates = (asyncio.Event(), asyncio.Event())
        self.dead = False
        self.clear()

    def shut(self, ways):
        for way in ways:
            self.gates[way].clear()

    def clear(self):
        for gate in self.gates:
            gate.set()

    def is_left(self):
        return self.ends[0][0].at_eof()

    def cut(self, by_reset):
        """Both ends are told: by RST, or by FIN."""
        for _, writer in self.ends:
            if by_reset:
                with contextlib.suppress(OSError):
                    writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()
        self.clear()


class Relay:
    """Carries connections on to a target: the path of a socket, or (host, port)."""

    def __init__(self, target):
        self.target, self.links, self.accepted, self.server = target, [], 0, None
        self.holder = socket.socket()  # keeps the port while nobody listens there
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.bind(("127.0.0.1", 0))
        self.port = self.holder.getsockname()[1]

    async def listen(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port,
                                                 reuse_address=True)

    def close(self):
        """For good: nobody will connect any more."""
        if self.server:
            self.server.close()
        self.holder.close()

    def refuse(self, seconds=None):
        """What is connected is reset, and who connects is refused, until heed()."""
        if not self.server:
            return
        self.server.close()
        self.server = None
        for link in list(self.links):
            link.cut(by_reset=True)
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self.heed)

    def heed(self):
        asyncio.ensure_future(self.listen())

    async def connect(self):
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    async def accept(self, reader, writer):
        try:
            link = Link((reader, writer), await self.connect())
        except OSError:
            writer.transport.abort()
            return
        self.accepted += 1
        self.links.append(link)
        self.begin(link)
        down = asyncio.ensure_future(self.carry(link, DOWN))
        try:
            await self.carry(link, UP)
            link.ends[1][1].close()
            await down
        finally:
            self.links.remove(link)
            for _, end in link.ends:
                end.close()

    async def carry(self, link, way):
        """What a client sent before it closed gets through after all, once nothing stalls."""
        source, sink = link.ends[way][0], link.ends[1 - way][1]
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                await link.gates[way].wait()
                if not link.dead:
                    await self.pass_on(link, way, data, sink)
            await link.gates[way].wait()
        if way == DOWN and not link.dead:
            sink.close()

    def begin(self, link):
        """A link has been made."""

    async def pass_on(self, _link, _way, data, sink):
        sink.write(data)
        await sink.drain()

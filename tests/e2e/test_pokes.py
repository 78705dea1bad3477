"""The news of an order comes with a tick; a tick whose reply is lost takes it along."""
import contextlib
import os
import signal
import socket
import threading

import pytest
from stack import wait_for

SPEC = {"id": "c", "kind": "content", "approval": "none",
        "input": {"prompt": "Sell tea.", "n": 1}}


class Proxy:
    """Between a worker and Redis. While `lose` is set, the next reply that names a campaign is
    dropped, and its connection with it."""
    def __init__(self, path, target):
        self.target, self.lose, self.lost = target, None, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.target)
                for pair in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self.carry, args=pair, daemon=True).start()

    def carry(self, source, sink, is_reply):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_reply and self.lose and self.lose in data:
                    self.lost.append(data)
                    self.lose = None
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def far(make_stack):
    """A worker behind a proxy, with a call that takes long."""
    stack = make_stack("mock", ["--latency-ms", "60000"])
    stack.proxy = Proxy(str(stack.folder / "p.sock"), stack.socket)
    stack.far = stack.worker(BARKER_REDIS_URL=f"unix://{stack.folder}/p.sock")
    yield stack
    stack.proxy.listener.close()


def test_an_order_whose_news_is_lost_is_heard(far):
    far.enqueue(SPEC)
    wait_for("its call", lambda: far.ledger()[0])
    owner = far.redis.hget(far.key("j", "c"), "owner")
    os.kill(far.far.pid, signal.SIGSTOP)
    near = far.worker()
    far.redis.xadd(far.key("control"), {"c": "c", "do": "cancel"})
    wait_for("news for it", lambda: far.redis.lrange(far.key("poke", owner), 0, -1) == ["c"])
    far.proxy.lose = b"$1\r\nc\r\n"
    os.kill(far.far.pid, signal.SIGCONT)
    wait_for("the news to be lost", lambda: far.proxy.lost)
    far.wait_state("c", "cancelled", timeout_s=20)
    assert far.redis.hget(far.key("j", "c"), "fence") == "1"  # by the one that held it
    assert near.poll() is None and far.far.poll() is None

"""A few lines of Redis protocol: all that a client needs to feed Barker."""
import socket


class RedisError(Exception):
    pass


def encode(*words):
    out = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(out)


class Redis:
    """One connection over a Unix socket. Commands may be sent many at once."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.input = self.socket.makefile("rb")

    def do(self, *words):
        return self.send([encode(*words)])[0]

    def send(self, commands, page=500):
        replies = []
        for at in range(0, len(commands), page):
            some = commands[at:at + page]
            self.socket.sendall(b"".join(some))
            replies += [self.read() for _ in some]
        return replies

    def read(self):
        line = self.input.readline()
        if not line.endswith(b"\r\n"):
            raise RedisError("the connection was lost")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.read_bytes(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        return rest.decode()

    def read_bytes(self, n):
        data = self.input.read(n + 2)
        if len(data) != n + 2:
            raise RedisError("the connection was lost")
        return data[:-2].decode(errors="replace")

    def hash(self, key):
        flat = self.do("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2]))

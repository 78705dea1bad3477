"""Whole lists of users: the same choice as decide, again and again, and few moves."""
import json
import subprocess

import pytest

from stack import BUILD

ARMS = [("v1", 0.5, True), ("v2", 0.3, False), ("v3", 0.2, False)]
HEAD = "user\tvariant\tweight\tepoch\timpression\treason"


class Placed:
    """A campaign as workers leave it, without one."""

    def __init__(self, stack):
        self.stack = stack
        self.redis = stack.redis
        self.redis.hset(stack.key("c", "c1"), mapping={"kind": "content", "state": "live"})
        self.redis.rpush(stack.key("c", "c1", "places"), "sms")
        self.redis.rpush(stack.key("c", "c1", "vids"), *(v for v, _, _ in ARMS))
        self.redis.hset(stack.key("c", "c1", "p", "sms"), "epoch", 1)
        for v, _, control in ARMS:
            self.redis.hset(stack.key("c", "c1", "v", v), mapping={
                "placement": "sms", "text": f"text of {v}",
                "state": "control" if control else "live"})
        self.share(1, ARMS)

    def share(self, epoch, arms, holdout=0):
        self.redis.set(self.stack.key("c", "c1", "alloc", "sms"), json.dumps({
            "epoch": epoch, "holdout": holdout,
            "arms": [{"v": v, "w": w, "control": c} for v, w, c in arms]}))

    def state(self, name):
        self.redis.hset(self.stack.key("c", "c1"), "state", name)

    def assign(self, text, *args, code=0, env=None):
        """(stdout, stderr) of bytes on stdin"""
        done = subprocess.run([str(BUILD / "barker"), "assign", "c1", "--users", "-", *args],
                              env={**self.stack.env, **(env or {})}, input=text,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode(), done.stderr.decode()

    def rows(self, text, *args, **more):
        head, *lines = self.assign(text, *args, **more)[0].splitlines()
        assert head == HEAD
        return [line.split("\t") for line in lines]


@pytest.fixture
def placed(make_stack):
    return Placed(make_stack())


def users(count):
    return "".join(f"user-{n}\n" for n in range(count)).encode()


def test_as_decide(placed):
    placed.share(4, ARMS, holdout=0.3)
    rows = placed.rows(users(30))
    assert [r[0] for r in rows] == [f"user-{n}" for n in range(30)]
    assert {r[1] for r in rows} == {"v1", "v2", "v3", "_holdout"}
    for user, variant, weight, epoch, impression, reason in rows:
        one = json.loads(placed.stack.cli("decide", "c1", "--placement", "sms", "--user", user))
        assert (one["variant"], one["epoch"], one["weight"]) == (variant, int(epoch),
                                                                 float(weight))
        assert impression.startswith("4-") and reason == ""
    lines = [json.loads(line) for line in
             placed.assign(users(30), "--placement", "sms", "--json")[0].splitlines()]
    assert [[x["user"], x["variant"], x["impression"]] for x in lines] == \
        [[r[0], r[1], r[4]] for r in rows]
    assert {x["epoch"] for x in lines} == {4} and "reason" not in lines[0]


def test_twice_the_same_bytes(placed):
    once, _ = placed.assign(users(20_000))
    again, _ = placed.assign(users(20_000))
    assert once == again
    assert len({line.split("\t")[4] for line in once.splitlines()}) == 20_001
    # whose impression it is cannot be found without the secret
    other, _ = placed.assign(users(20_000), env={"BARKER_USER_SECRET": "another one of 16"})
    pairs = list(zip(once.splitlines()[1:], other.splitlines()[1:]))
    assert all(a.split("\t")[:4] == b.split("\t")[:4] for a, b in pairs)
    assert not any(a.split("\t")[4] == b.split("\t")[4] for a, b in pairs)


def test_few_move(placed):
    """0.2 of the shares go from v1 to v3: so many users move, and few others."""
    count = 50_000
    before = placed.rows(users(count))
    placed.share(2, [("v1", 0.3, True), ("v2", 0.3, False), ("v3", 0.4, False)])
    after = placed.rows(users(count))
    moves = [(a[1], b[1]) for a, b in zip(before, after) if a[1] != b[1]]
    assert all(a == "v1" or b == "v3" for a, b in moves)
    assert ("v3", "v2") not in moves and ("v2", "v1") not in moves
    assert 0.19 * count < len(moves) < 0.27 * count
    # an arm that is gone moves its own users only, and by its whole share
    placed.share(3, [("v1", 0.5, True), ("v2", 0.5, False)])
    before = placed.rows(users(count))
    placed.share(4, [("v1", 0.5, True), ("v2", 0.5, False), ("v3", 0.25, False)])
    after = placed.rows(users(count))
    moved = [b[1] for a, b in zip(before, after) if a[1] != b[1]]
    assert set(moved) == {"v3"} and abs(len(moved) - 0.2 * count) < 0.01 * count


def test_lists_as_they_come(placed):
    """A byte order mark, CRLF, blank lines, no newline at the end, letters of any sort."""
    plain = placed.rows("ann\nzoë\n山田\na b\nbob".encode())
    marked = placed.rows("\ufeffann\r\n\r\n \nzoë\r\n\n山田\na b\r\nbob".encode())
    assert plain == marked and [r[0] for r in plain] == ["ann", "zoë", "山田", "a b", "bob"]
    assert placed.rows(b"") == placed.rows(b"\xef\xbb\xbf\r\n") == []
    longest = "é" * 256
    assert placed.rows(longest.encode())[0][0] == longest


def test_bad_lines_are_named(placed):
    bad = [b"ann", b"x" * 257, b"y" * 5000, b"bad\xff", b"a\tb", b"nul\0", b"bob"]
    out, err = placed.assign(b"\n".join(bad), code=2)
    assert [line.split("\t")[0] for line in out.splitlines()] == ["user", "ann", "bob"]
    for n, word in ((2, "256"), (3, "too long"), (4, "UTF-8"), (5, "control"), (6, "NUL")):
        assert any(f"line {n}: " in line and word in line for line in err.splitlines()), err
    assert "2 assigned, 5 bad; epoch 1" in err
    _, err = placed.assign(b"\xff\n" * 1000, code=2)
    assert len(err.splitlines()) == 22 and "1000 bad" in err


@pytest.mark.parametrize("state", ["paused", "cancelled", "failed"])
def test_stopped(placed, state):
    placed.state(state)
    rows = placed.rows(users(50))
    assert {(r[1], r[2], r[5]) for r in rows} == {("v1", "0.5", state)}
    assert f"{state}: all have the control" in placed.assign(users(1))[1]
    placed.redis.delete(placed.stack.key("c", "c1", "alloc", "sms"))
    placed.redis.hset(placed.stack.key("c", "c1", "v", "v1"), "state", "pending")
    assert [r[1:] for r in placed.rows(b"ann")] == [["", "0", "0", "", state]]
    line = json.loads(placed.assign(b"ann", "--json")[0])
    assert line["variant"] is None and line["reason"] == state and line["impression"] == ""


def test_what_is_asked_wrongly(placed):
    def refused(*args, code):
        done = subprocess.run([str(BUILD / "barker"), "assign", *args], env=placed.stack.env,
                              capture_output=True, text=True, timeout=30, check=False,
                              stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stdout) == (code, ""), done
        return done.stderr
    assert "--users" in refused("c1", code=2)
    assert "cannot open" in refused("c1", "--users", "/nowhere", code=2)
    assert "no campaign" in refused("c2", "--users", "-", code=4)
    assert "no placement" in refused("c1", "--placement", "web", "--users", "-", code=4)
    placed.redis.rpush(placed.stack.key("c", "c1", "places"), "web")
    assert "2 placements" in refused("c1", "--users", "-", code=2)
    err = placed.stack.cli("decide", "c1", "--placement", "sms", "--user", "u" * 257, code=2)
    assert err == ""


def test_a_closed_pipe_is_an_error(placed):
    """Half a list is not taken for a whole one."""
    with subprocess.Popen([str(BUILD / "barker"), "assign", "c1", "--users", "-"],
                          env=placed.stack.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as proc:
        proc.stdout.close()
        try:
            proc.stdin.write(users(200_000))
            proc.stdin.close()
        except BrokenPipeError:
            pass
        assert b"could not be written" in proc.stderr.read()
        assert proc.wait(30) == 1


def test_memory_is_bounded(placed):
    """200,000 users take no more than 2,000."""
    sizes = []
    for count in (2_000, 200_000):
        path = placed.stack.folder / "users"
        path.write_bytes(users(count))
        code = ("import resource,subprocess,sys;"
                "subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,check=True);"
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        done = subprocess.run(["/usr/bin/python3", "-c", code, str(BUILD / "barker"), "assign",
                               "c1", "--users", str(path), "--quiet"],
                              env={**placed.stack.env, "ASAN_OPTIONS": "quarantine_size_mb=1"},
                              capture_output=True, text=True, check=True, timeout=60)
        sizes.append(int(done.stdout))
    assert sizes[1] < sizes[0] + 8 * 1024

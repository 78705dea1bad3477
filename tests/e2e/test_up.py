"""`barker up` and its private Redis, whichever program that is."""
import os
import shutil
import signal
import subprocess

from redis_program import redis_program
from stack import BUILD, wait_for


def clean_env(**more):
    drop = ("BARKER", "OPENAI")
    env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    return dict(env, **more)


def start_up(folder, env):
    """Its log goes to a file: nothing it leaves behind holds a pipe of ours."""
    with open(folder / "log", "w", encoding="utf-8") as log:
        return subprocess.Popen([str(BUILD / "barker"), "up", "--data", str(folder / "d")],
                                env=env, stdout=log, stderr=log)


def wait_log(folder, text):
    wait_for(text, lambda: text in (folder / "log").read_text())


def test_lost_socket(tmp_path_factory):
    """A private Redis that nobody can reach is not joined by a second one."""
    folder = tmp_path_factory.mktemp("u")
    env = clean_env(BARKER_REDIS_SERVER=redis_program())
    up = start_up(folder, env)
    wait_log(folder, "worker.started")
    server = int((folder / "d" / "redis.pid").read_text())
    try:
        up.kill()
        up.wait()
        (folder / "d" / "redis.sock").unlink()
        assert start_up(folder, env).wait(30) == 1
        wait_log(folder, f"kill {server}")
    finally:
        os.kill(server, signal.SIGTERM)
    wait_for("its end", lambda: not (folder / "d" / "redis.pid").exists())
    last = start_up(folder, env)
    wait_log(folder, "worker.started")
    last.terminate()
    assert last.wait(60) == 0


def programs(folder, **named):
    """A PATH with no more in it than a private Redis needs."""
    path = folder / "bin"
    path.mkdir()
    for name, target in {"setsid": "setsid", **named}.items():
        (path / name.replace("_", "-")).symlink_to(shutil.which(target))
    return str(path)


def runs(folder):
    """Name of the private Redis that runs."""
    pid = (folder / "d" / "redis.pid").read_text().strip()
    with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
        return comm.read().strip()


def end(up):
    up.terminate()
    assert up.wait(60) == 0


def test_only_valkey(tmp_path_factory):
    """Without a redis-server, valkey-server is taken, and known again."""
    folder = tmp_path_factory.mktemp("u")
    env = clean_env(PATH=programs(folder, valkey_server=redis_program()))
    up = start_up(folder, env)
    wait_log(folder, "worker.started")
    assert runs(folder) == "valkey-server"
    server = int((folder / "d" / "redis.pid").read_text())
    up.kill()
    up.wait()
    (folder / "d" / "redis.sock").rename(folder / "d" / "hidden")
    assert start_up(folder, env).wait(30) == 1
    wait_log(folder, f"kill {server}")
    (folder / "d" / "hidden").rename(folder / "d" / "redis.sock")
    again = start_up(folder, env)
    wait_log(folder, "redis.adopted")
    wait_log(folder, "worker.started")
    end(again)
    assert not (folder / "d" / "redis.pid").exists()


def test_chosen_server(tmp_path_factory):
    """redis.server goes before the names that are known."""
    folder = tmp_path_factory.mktemp("u")
    path = programs(folder, redis_server="false", my_own=redis_program())
    up = start_up(folder, clean_env(PATH=path, BARKER_REDIS_SERVER="my-own"))
    wait_log(folder, "worker.started")
    assert runs(folder) == "my-own"
    end(up)


def test_no_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("u")
    assert start_up(folder, clean_env(PATH=programs(folder))).wait(30) == 1
    wait_log(folder, "nor is valkey-server; install one, or give --redis URL")
    broken = clean_env(PATH=programs(folder / "d", redis_server="false"))
    assert start_up(folder, broken).wait(30) == 1
    wait_log(folder, "does not stay up")

"""The commands that README.md and scripts/demo promise, run as they stand."""
import os
import re
import signal
import socket
import subprocess

import pytest

from stack import BUILD, ROOT, wait_for


def clean_env(**more):
    drop = ("BARKER_REDIS_URL", "BARKER_CONFIG", "BARKER_DATA", "BARKER_PREFIX",
            "OPENAI_API_KEY", "OPENAI_BASE_URL", "BARKER_MODEL")
    return dict({k: v for k, v in os.environ.items() if k not in drop}, **more)


@pytest.fixture
def folder(tmp_path_factory):
    """Where a user stands: the tree's root, with its programs built."""
    place = tmp_path_factory.mktemp("r")
    (place / "build").mkdir()
    (place / "build" / "release").symlink_to(BUILD)
    return place


@pytest.fixture
def blocks():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return [b.replace("8701", str(port)) for b in re.findall(r"```sh\n(.*?)```", text, re.S)]


@pytest.fixture
def up(folder, blocks):
    proc = subprocess.Popen(["bash", "-ec", blocks[0]], cwd=folder, env=clean_env(),
                            stdout=subprocess.DEVNULL, start_new_session=True)
    wait_for("the private Redis", (folder / "barker-data" / "redis.sock").exists)
    yield proc
    os.killpg(proc.pid, signal.SIGTERM)
    proc.wait(30)
    wait_for("its end", lambda: not (folder / "barker-data" / "redis.pid").exists())


def test_first_campaign(folder, blocks, up):
    assert len(blocks) == 2
    run = subprocess.run(["bash", "-ec", blocks[1]], cwd=folder, env=clean_env(), text=True,
                         capture_output=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^ok$", run.stdout, re.M)
    assert re.search(r"^mugs$", run.stdout, re.M)
    assert re.search(r'"variant":"v\d"', run.stdout)
    assert "2 accepted, 0 bad" in run.stdout
    table = run.stdout.splitlines()[-1].split()
    assert table[:3] == ["mugs", "content", "live"]
    assert table[-6:-3] == ["1", "1", "0"]  # impressions, clicks, conversions


def test_demo(tmp_path_factory):
    """In a bare locale, without a terminal."""
    env = clean_env(BARKER_BUILD=str(BUILD), BARKER_NO_INSTALL="1", LC_ALL="C",
                    TMPDIR=str(tmp_path_factory.mktemp("d")))
    run = subprocess.run([ROOT / "scripts" / "demo", "--seconds", "5"], env=env, text=True,
                         capture_output=True, timeout=170, check=False,
                         stdin=subprocess.DEVNULL)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "\033" not in run.stdout and run.stdout.isascii()
    for heading in re.findall(r"^== .*$", run.stdout, re.M):
        assert "simulated" in heading
    assert "each was counted once" in run.stdout
    assert re.search(r"lift of the best over control: [+-]\d+\.\d % \[", run.stdout)
    assert re.search(r"^  round [2-9]  v\d+ +parent v\d+ ", run.stdout, re.M)
    assert re.search(r"Spend: \d+ calls, \d+ tokens in", run.stdout)
    assert not os.listdir(env["TMPDIR"])

"""scripts/distro refuses what it cannot do before it touches anything."""
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def distro(tmp_path, *args, user=0):
    """stderr of a run that must fail; no root is made. user: what id says."""
    programs, roots = tmp_path / "bin", tmp_path / "roots"
    programs.mkdir()
    (programs / "id").write_text(f"#!/bin/sh\necho {user}\n", encoding="utf-8")
    (programs / "id").chmod(0o755)
    env = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}",
               BARKER_DISTRO_ROOTS=str(roots))
    done = subprocess.run([os.path.join(ROOT, "scripts", "distro"), *args], env=env,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and not roots.exists(), done
    return done.stderr


@pytest.mark.parametrize("args", [(), ("--server", "redis"), ("trixie", "--server"),
                                  ("trixie", "--server", "keydb"), ("../trixie",),
                                  ("trixie", "--servers")])
def test_usage(tmp_path, args):
    assert "usage: scripts/distro SUITE" in distro(tmp_path, *args)


def test_needs_root(tmp_path):
    assert "must be run as root" in distro(tmp_path, "trixie", "unit", user=1000)

"""scripts/test says what it can do, and begins nothing that was not asked for."""
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(*args):
    done = subprocess.run([os.path.join(ROOT, "scripts", "test"), *args], timeout=60,
                          capture_output=True, text=True, check=False)
    assert "== deps" not in done.stdout
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help(word):
    code, text = run(word)
    assert code == 0 and text.startswith("Installs what tests need")
    assert "parts: check unit sim" in text and "set -" not in text


@pytest.mark.parametrize("args", [("--halp",), ("unit", "e3e"), ("",)])
def test_what_is_no_part(args):
    code, text = run(*args)
    assert code == 2 and f"there is no part '{args[-1]}'" in text and "parts: check" in text

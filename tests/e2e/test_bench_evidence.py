"""scripts/bench/evidence and scripts/bench/posterior print their tables."""
import os
import subprocess

from stack import BUILD, ROOT


def run(name, *args):
    return subprocess.run([ROOT / "scripts" / "bench" / name, *args], text=True, timeout=100,
                          capture_output=True, env={**os.environ, "BARKER_BUILD": str(BUILD)})


def test_evidence_has_its_tables():
    p = run("evidence", "20")
    assert p.returncode in (0, 1), p.stderr  # 20 tests are too few for a verdict
    for head in "Equal arms", "1.8 % beside 1.5 %", "95 % posterior intervals", "Four arms":
        assert head in p.stdout
    assert p.stdout.count("\n| equal |") == 15 and p.stdout.count("\n| sharpened |") == 15


def test_posterior_is_as_exact_as_it_says():
    p = run("posterior", "4", "1000")
    assert p.returncode in (0, 1), p.stderr  # 1,000 draws are too few, and this build slow
    assert "| 1000 draws |" in p.stdout
    worst = next(line for line in p.stdout.splitlines() if "incomplete beta" in line)
    assert float(worst.split("|")[-2]) < 1e-4


def test_unknown_words_are_refused():
    for args in (["--part", "x"], ["--policy", "x"], ["--arms", "1"], ["--lift", "2"]):
        p = subprocess.run([BUILD / "barker-bench", "evidence", *args], capture_output=True)
        assert p.returncode == 1 and p.stderr

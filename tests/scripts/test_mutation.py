"""The list of hand-made faults (scripts/mutate) still fits the code."""
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "mutation"))
from faults import FAULTS  # noqa: E402


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def test_there_are_enough():
    areas = [FAULTS[name][0].split("/")[0] for name in FAULTS]
    assert len(FAULTS) >= 30
    assert areas.count("queues") >= 10 and areas.count("campaigns") >= 10


@pytest.mark.parametrize("name", FAULTS)
def test_fault_fits(name):
    file, old, new, suffers, tests = FAULTS[name]
    assert read(file).count(old) == 1 and old != new and suffers and tests
    for test in tests:
        kind, _, what = test.partition(":")
        if kind == "unit":
            folders, _, program = what.rpartition(".")
            assert read("tests", "unit", *folders.split("."), program + ".c")
        elif kind == "e2e":
            path, _, function = what.partition("::")
            assert f"def {function}" in read("tests", "e2e", path)
        else:
            assert kind == "sim"

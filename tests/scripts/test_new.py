"""What scripts/new writes compiles without a warning and passes the house checks."""
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
WARNINGS = ("-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes "
            "-Wmissing-prototypes -Wvla -Werror").split()
PLUGINS = {
    "kind": "campaigns/kinds",
    "provider": "workers/llm/providers",
    "policy": "campaigns/ranking/policies",
    "format": "campaigns/formats",
}


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    for folder in ("core", "queues", "campaigns", "workers", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / ".clang-format", tmp_path)
    return tmp_path


def new(tree, *args):
    return subprocess.run([tree / "scripts/new", *args], text=True, capture_output=True,
                          check=False)


@pytest.mark.parametrize("name", ["z", "a_rather_long_name_of_a_plugin"])
@pytest.mark.parametrize("what", PLUGINS)
def test_plugin(tree, what, name):
    got = new(tree, what, name)
    assert got.returncode == 0, got.stderr
    path = f"{PLUGINS[what]}/{name}.c"
    built = subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-I.", *WARNINGS, "-O1",
                            "-c", path, "-o", "/dev/null"], cwd=tree, text=True,
                           capture_output=True, check=False)
    assert built.returncode == 0, built.stderr
    names = "walls purity keys defs sizes basenames columns words modes format".split()
    checked = subprocess.run([tree / "scripts/check", *names], text=True,
                             capture_output=True, check=False)
    assert f"/{name}.c:" not in checked.stdout and f"({name})" not in checked.stdout


def test_names(tree):
    for bad in ("", "Upper", "1st", "a-b", "../x", "x" * 32):
        assert new(tree, "kind", bad).returncode == 2
    assert new(tree, "nothing", "z").returncode == 2
    assert new(tree, "kind", "content").returncode == 2  # taken

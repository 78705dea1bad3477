"""clang-format and clang-tidy, version 14: the settings in the tree are for it. Another
version judges differently, so its findings are advice and do not fail."""
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess

from source import ROOT

VERSION = 14
BUILD = os.path.join(ROOT, "build", "dev")
STAMPS = os.path.join(ROOT, "build", "tidy")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)
FINDING = re.compile(r"^(\S+?):(\d+):\d+: (?:error|warning): (.*)$", re.M)


class Missing(Exception):
    """The tool, or what it needs, is not there."""


@functools.lru_cache(maxsize=None)
def _tool(name):
    """(path, is it the settled version)"""
    for candidate in (f"{name}-{VERSION}", name):
        path = shutil.which(candidate)
        if path:
            out = subprocess.run([path, "--version"], text=True, capture_output=True,
                                 check=False).stdout
            return path, f"version {VERSION}." in out
    raise Missing(f"{name} is not installed; run scripts/deps check")


def advice(name):
    """True when findings of a tool do not count."""
    return not _tool(name)[1]


def _parts(items, count):
    return [p for p in (items[i::count] for i in range(count)) if p]


def _relative(path):
    return os.path.relpath(os.path.join(ROOT, path), ROOT)


def check_format(tree):
    """clang-format"""
    tool, _ = _tool("clang-format")

    def run(paths):
        return subprocess.run([tool, "--dry-run", "-Werror", *paths], cwd=ROOT, text=True,
                              capture_output=True, check=False).stderr

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        out = "".join(pool.map(run, _parts(tree.select(".c", ".h"), 2)))
    places = {(_relative(path), int(line)) for path, line, _ in FINDING.findall(out)}
    for path, line in sorted(places):
        yield path, line, "run clang-format -i"


def _git(*args):
    got = subprocess.run(["git", *args], cwd=ROOT, text=True, capture_output=True,
                         check=False)
    return got.stdout.split() if got.returncode == 0 else None


def changed_files():
    """Files changed since the merge base with the main branch, or since the last commit
    when this is that branch; None when git cannot say."""
    head = _git("rev-parse", "HEAD")
    if not head:
        return None
    for base in (os.environ.get("BARKER_BASE"), "origin/main", "main"):
        point = _git("merge-base", "HEAD", base) if base else None
        if point and point != head:
            break
    else:
        point = _git("rev-parse", "HEAD~1")
    return _git("diff", "--name-only", point[0]) if point else None


def _closure(tree, path, seen):
    """The file and every header of ours that it reaches."""
    if path not in seen and path in tree.known:
        seen.add(path)
        for name in INCLUDE.findall(tree.text(path)):
            _closure(tree, name, seen)
    return seen


def _stamp(tree, tool, row, path):
    """Names one judgement: same tool, settings, command and texts, same findings."""
    digest = hashlib.sha256()
    for part in (tool, tree.text(".clang-tidy"), row.get("command", "")):
        digest.update(part.encode() + b"\0")
    for name in sorted(_closure(tree, path, set())):
        digest.update(name.encode() + b"\0" + tree.text(name).encode() + b"\0")
    return os.path.join(STAMPS, digest.hexdigest())


def _tidy_one(tree, tool, row, path):
    stamp = _stamp(tree, tool, row, path)
    if os.path.exists(stamp):
        return []
    got = subprocess.run([tool, "-p", BUILD, "--quiet", path], cwd=ROOT, text=True,
                         capture_output=True, check=False)
    found = [(_relative(p), int(n), text.replace(",-warnings-as-errors]", "]"))
             for p, n, text in FINDING.findall(got.stdout)]
    if not found and got.returncode != 0:
        found = [(path, 1, "clang-tidy failed: " + (got.stderr or got.stdout)[-300:])]
    if not found:
        os.makedirs(STAMPS, exist_ok=True)
        with open(stamp, "w", encoding="ascii"):
            pass
    return found


def check_tidy(tree, only_changed=False):
    """clang-tidy; files judged clean before, and unchanged since, are not read again"""
    tool, _ = _tool("clang-tidy")
    try:
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as f:
            rows = {_relative(row["file"]): row for row in json.load(f)}
    except FileNotFoundError:
        raise Missing("no build/dev; run cmake --preset dev") from None
    tree.known = set(tree.files)
    paths = [p for p in sorted(rows) if p in tree.known]
    changed = changed_files() if only_changed else None
    if changed is not None:
        paths = [p for p in paths if _closure(tree, p, set()) & set(changed)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda p: _tidy_one(tree, tool, rows[p], p), paths)
        yield from sorted({row for rows_ in found for row in rows_})


CHECKS = [check_format, check_tidy]

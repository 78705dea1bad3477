"""The tree as the checks see it: its files, their text, C and Lua taken apart."""
import os
import re
import subprocess

ROOT = os.path.abspath(os.environ.get("BARKER_CHECK_ROOT") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PRODUCT = ("core/", "queues/", "campaigns/", "workers/")
FOLDERS = PRODUCT + ("tests/", "scripts/", "dashboard/", "cmake/", ".ci/", "docs/")
SKIPPED = {".git", "build", "node_modules", "__pycache__"}

C_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
                     re.S)
LUA_TOKEN = re.compile(r'--\[\[.*?\]\]|--[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                       re.S)


def _walk():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in SKIPPED]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), ROOT)


def _listed():
    """Tracked files, and new ones in our own folders that git does not ignore."""
    out = set()
    for extra in ([], ["-o", "--exclude-standard", "--", *FOLDERS]):
        got = subprocess.run(["git", "ls-files", "-z", *extra], cwd=ROOT,
                             capture_output=True, check=False)
        if got.returncode != 0:
            return _walk()
        out.update(got.stdout.decode().split("\0"))
    return out


class Tree:
    """Files by path from the root; texts are read once."""

    def __init__(self):
        self.files = sorted(f for f in _listed()
                            if f and os.path.isfile(os.path.join(ROOT, f)))
        self._texts = {}

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
                self._texts[path] = f.read()
        return self._texts[path]

    def lines(self, path):
        return enumerate(self.text(path).splitlines(), 1)

    def select(self, *suffixes, under=None):
        return [f for f in self.files
                if f.endswith(suffixes) and (under is None or f.startswith(under))]


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def bare(text):
    """C without comments, strings and characters; lines keep their numbers."""
    return C_TOKEN.sub(lambda m: _blank(m.group()), text)


def strings(text, token=C_TOKEN):
    """(line, content) of each string literal outside comments."""
    for m in token.finditer(text):
        if m.group()[0] in "\"'":
            yield text.count("\n", 0, m.start()) + 1, m.group()[1:-1]


def lua_code(text):
    """Lua without comments, strings kept."""
    return LUA_TOKEN.sub(
        lambda m: m.group() if m.group()[0] in "\"'" else _blank(m.group()), text)


def match_lines(pattern, text):
    """(line, match) of a pattern in a text."""
    for m in re.finditer(pattern, text):
        yield text.count("\n", 0, m.start()) + 1, m

"""Shape of the files: sizes, names, widths, marker words, mode bits."""
import ast
import os
import re
import shutil
import subprocess

from source import FOLDERS, PRODUCT, ROOT, match_lines

FILE_LINES = 400
FUNCTION_LINES = 60
COLUMNS = 88
SIZED = (".c", ".h", ".lua", ".py", ".sh")
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
TEXTS = SIZED + (".def", ".md", ".txt", ".cmake", ".js", ".mjs", ".css", ".html")


def _is_script(tree, path):
    """A program of ours without a suffix, told by its first line."""
    return (path.startswith(("scripts/", ".ci/", "tests/"))
            and "." not in os.path.basename(path) and tree.text(path).startswith("#!"))


def _long_c_functions(paths):
    if not shutil.which("ctags") or not paths:
        return
    got = subprocess.run(["ctags", "--languages=C", "--kinds-C=f", "--fields=+ne", "-f", "-",
                          "-L", "-"], input="\n".join(paths), cwd=ROOT, text=True,
                         capture_output=True, check=True)
    for row in got.stdout.splitlines():
        name, path = row.split("\t")[:2]
        span = re.search(r"\tline:(\d+).*\tend:(\d+)", row)
        if span:
            yield path, name, int(span.group(1)), int(span.group(2))


def _long_python_functions(tree, paths):
    for path in paths:
        for node in ast.walk(ast.parse(tree.text(path))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield path, node.name, node.lineno, node.end_lineno


def check_sizes(tree):
    """files up to 400 lines, functions up to 60"""
    scripts = [f for f in tree.files if _is_script(tree, f)]
    for path in tree.select(*SIZED) + scripts:
        lines = tree.text(path).count("\n")
        if lines > FILE_LINES:
            yield path, 1, f"{lines} lines, at most {FILE_LINES}"
    python = tree.select(".py") + [f for f in scripts
                                   if "python" in tree.text(f).split("\n", 1)[0]]
    spans = [*_long_c_functions(tree.select(".c", ".h")),
             *_long_python_functions(tree, python)]
    for path, name, first, last in spans:
        if last - first + 1 > FUNCTION_LINES:
            yield path, first, f"{name}: {last - first + 1} lines, at most {FUNCTION_LINES}"


def check_basenames(tree):
    """one .c file of each name"""
    seen = {}
    for path in tree.select(".c", under=PRODUCT):
        name = os.path.basename(path)
        if name in seen:
            yield path, 1, f"same name as {seen[name]}"
        seen.setdefault(name, path)


def check_columns(tree):
    """C lines up to 88 columns"""
    for path in tree.select(".c", ".h"):
        for number, line in tree.lines(path):
            if len(line) > COLUMNS:
                yield path, number, f"{len(line)} columns, at most {COLUMNS}"


def check_words(tree):
    """no marker of unfinished work"""
    for path in tree.select(*TEXTS) + [f for f in tree.files if _is_script(tree, f)]:
        for number, line in tree.lines(path):
            found = MARKERS.search(line)
            if found:
                yield path, number, f"{found.group()}: finish it, or open an issue"


def check_modes(tree):
    """programs are executable, other files are not"""
    for path in tree.files:
        with open(os.path.join(ROOT, path), "rb") as f:
            program = f.read(2) == b"#!" and not path.endswith(".lua")  # Redis flags
        runs = os.access(os.path.join(ROOT, path), os.X_OK) and bool(
            os.stat(os.path.join(ROOT, path)).st_mode & 0o111)
        if program and not runs:
            yield path, 1, "has a #! line but is not executable"
        if runs and not program:
            yield path, 1, "is executable but has no #! line"


def check_docs(tree):
    """paths named in the documents exist"""
    known = set(tree.files)
    folders = {f[:i + 1] for f in tree.files for i, c in enumerate(f) if c == "/"}
    for path in tree.select(".md", under=("docs/", "README.md")):
        for line, m in match_lines(r"`[a-z_.]+/[\w./-]*`",
                                   tree.text(path)):
            name = m.group().strip("`")
            if name.startswith(FOLDERS) and name not in known | folders and \
                    name + "/" not in folders:
                yield path, line, f"there is no {name}"


CHECKS = [check_sizes, check_basenames, check_columns, check_words, check_modes,
          check_docs]

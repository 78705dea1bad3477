#!/usr/bin/python3
"""Counts the lines that gcov saw run, per area of the source tree.

Usage: scripts/coverage.d/table.py [--lines] BUILD"""
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
AREAS = ("core/base", "core/io", "queues", "campaigns", "workers")
FILES_AT_ONCE = 64


def reports(notes):
    """gcov's JSON, one document per object file."""
    for at in range(0, len(notes), FILES_AT_ONCE):
        done = subprocess.run(["gcov", "--json-format", "--stdout",
                               *map(str, notes[at:at + FILES_AT_ONCE])],
                              capture_output=True, text=True, check=True)
        yield from map(json.loads, filter(None, done.stdout.splitlines()))


def source_of(report, name):
    """The file's path from the root, or None when it is of no area."""
    path = pathlib.Path(report["current_working_directory"], name).resolve()
    if not path.is_relative_to(ROOT):
        return None
    if not path.is_file():  # notes outlive a source that was removed
        return None
    path = path.relative_to(ROOT).as_posix()
    return path if path.startswith(tuple(area + "/" for area in AREAS)) else None


def count_lines(build):
    """{file: {line: how often it ran}}; a line in several objects is one line."""
    runs = collections.defaultdict(collections.Counter)
    # notes stand for every object, also for those that never ran
    for report in reports(sorted(build.rglob("*.gcno"))):
        for file in report["files"]:
            path = source_of(report, file["file"])
            for line in file["lines"] if path else ():
                runs[path][line["line_number"]] += line["count"]
    return runs


def spans(numbers):
    """[1, 2, 3, 7] → "1-3 7" """
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return " ".join(f"{a}-{b}" if a != b else str(a) for a, b in out)


def print_missed(runs):
    for path in sorted(runs):
        missed = sorted(n for n, count in runs[path].items() if not count)
        if missed:
            print(f"{path}: {len(missed)} of {len(runs[path])}: {spans(missed)}")


def print_table(runs):
    print(f"{'area':<10} {'files':>6} {'lines':>7} {'ran':>7} {'share':>8}")
    for area in AREAS + ("all",):
        inside = [lines for path, lines in runs.items()
                  if area == "all" or path.startswith(area + "/")]
        lines = sum(len(one) for one in inside)
        ran = sum(sum(1 for count in one.values() if count) for one in inside)
        share = 100 * ran / lines if lines else 0
        print(f"{area:<10} {len(inside):>6} {lines:>7} {ran:>7} {share:>6.1f} %")


def main(args):
    runs = count_lines(pathlib.Path(args[-1]))
    if not runs:
        sys.exit("table.py: gcov found no lines; is this a build of the preset coverage?")
    if "--lines" in args[:-1]:
        print_missed(runs)
    print_table(runs)


if __name__ == "__main__":
    main(sys.argv[1:])

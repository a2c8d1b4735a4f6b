#!/usr/bin/env python3
"""How much of the protocol and the router the tests have run: line coverage by file and room.

    check_coverage.py BUILD [--gcov PROGRAM]

BUILD is a folder configured with the preset "coverage" in which tests have run.
Prints a table. Fails if a folder is under 95 %, or if a line that no test has
run is not argued in tests/coverage-argued.tsv: file, "function(): line" or a whole
"function()", and why no test runs it. An entry that fits no such line fails too.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from house import ROOT, lines

FOLDERS = ("src/proto", "src/table", "src/core")
LEAST = 95.0
ARGUED = "tests/coverage-argued.tsv"


def gcov(program, notes):
    """What gcov says of one object file: (file, line, function, count)."""
    told = subprocess.run([program, "--json-format", "--stdout", notes.name],
                          cwd=notes.parent, capture_output=True, text=True, check=True)
    for report in told.stdout.splitlines():
        report = json.loads(report)
        for file in report["files"]:
            path = (Path(report["current_working_directory"]) / file["file"]).resolve()
            for line in file["lines"]:
                yield path, line["line_number"], line.get("function_name", ""), line["count"]


def count_lines(build, program):
    """{file: {line: [times run, function]}} of the folders, headers included."""
    counts = defaultdict(dict)
    rooms = [f"{Path(folder).name}.dir" for folder in FOLDERS]
    for notes in sorted(Path(build).rglob("*.gcno")):
        if not any(room in notes.parts for room in rooms):
            continue
        for path, number, function, count in gcov(program, notes):
            if not path.is_relative_to(ROOT):
                continue
            name = str(path.relative_to(ROOT))
            if name.startswith(tuple(folder + "/" for folder in FOLDERS)):
                entry = counts[name].setdefault(number, [0, function])
                entry[0] += count
    return counts


def read_argued():
    """[(file, text, reason)]"""
    entries = [line.split("\t") for line in lines(ARGUED) if line and not line.startswith("#")]
    for entry in entries:
        if len(entry) != 3 or not entry[2].strip():
            sys.exit(f"{ARGUED}: not file, text, reason: {entry}")
    return [tuple(entry) for entry in entries]


def judge(counts):
    """The problems of lines that no test has run, and of arguments for such lines."""
    argued = read_argued()
    used = set()
    for name, file in sorted(counts.items()):
        text = lines(name)
        for number, (count, function) in sorted(file.items()):
            if count > 0:
                continue
            source = text[number - 1].strip()
            fitting = [entry for entry in argued if entry[0] == name and
                       entry[1] in (f"{function}(): {source}", f"{function}()")]
            used.update(fitting)
            if not fitting:
                yield f"{name}:{number}: in {function}(), never run: {source}"
    for entry in argued:
        if entry not in used:
            yield f"{ARGUED}: fits no line that was never run: {entry[0]}: {entry[1]}"


def share(files):
    run = sum(entry[0] > 0 for file in files for entry in file.values())
    every = sum(len(file) for file in files)
    return run, every, 100.0 * run / every if every else 0.0


def table(counts):
    """Prints it; yields the folders that are under the least."""
    for folder in FOLDERS:
        names = sorted(name for name in counts if name.startswith(folder + "/"))
        for name in names:
            run, every, percent = share([counts[name]])
            print(f"{name:<36}{run:>6} of {every:>4} {percent:>7.1f} %")
        run, every, percent = share([counts[name] for name in names])
        print(f"{folder:<36}{run:>6} of {every:>4} {percent:>7.1f} %")
        if percent < LEAST:
            yield f"{folder}: {percent:.1f} % is under {LEAST:.0f} %"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("build")
    arguments.add_argument("--gcov", default="gcov")
    arguments = arguments.parse_args()
    counts = count_lines(arguments.build, arguments.gcov)
    problems = list(table(counts)) + list(judge(counts))
    for problem in problems:
        print(problem)
    run, every, percent = share(counts.values())
    print(f"line coverage: {percent:.1f} %, {run} of {every} lines; {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

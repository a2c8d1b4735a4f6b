#!/usr/bin/env python3
"""Sizes and shapes: a file is one thought, a function fits a screen, a line fits a window.

Also: exactly the agreed entries at the top level, a paragraph on top of each
C file, no marks of unfinished work, and tests that stand in the right place.
"""

import re

from house import finish, lines, tracked

FILE_LINES, FUNCTION_LINES, COLUMNS = 500, 60, 100
TOP_LEVEL = {"src", "include", "tests", "conf", "man", "CMakeLists.txt", "CMakePresets.json",
             "README.md", "LICENSE"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|not implemented", re.IGNORECASE)


def columns(line):
    return len(line.expandtabs(8))


def long_functions(text):
    """(line, length) of bodies that do not fit: from a brace in column one to its partner."""
    start = None
    for number, line in enumerate(text, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            if number - start + 1 > FUNCTION_LINES:
                yield start, number - start + 1
            start = None


def check(path):
    text = lines(path)
    if len(text) > FILE_LINES:
        yield f"{path}: {len(text)} lines, more than {FILE_LINES}: is it one thought?"
    for number, line in enumerate(text, 1):
        if columns(line) > COLUMNS:
            yield f"{path}:{number}: {columns(line)} columns, more than {COLUMNS}"
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at the end of the line"
        if UNFINISHED.search(line) and path.name != "check_shape.py":
            yield f"{path}:{number}: a mark of unfinished work"
    if path.suffix in (".c", ".h"):
        if not text or not text[0].startswith("/*"):
            yield f"{path}:1: no paragraph on top that says what it is"
        for number, length in long_functions(text):
            yield f"{path}:{number}: a function of {length} lines, more than {FUNCTION_LINES}"


def main():
    everything = tracked()
    top = {path.parts[0] for path in everything if not path.parts[0].startswith(".")}
    problems = [f"{entry}: not an agreed top-level entry" for entry in sorted(top - TOP_LEVEL)]
    problems += [f"{entry}: missing at the top level" for entry in sorted(TOP_LEVEL - top)]
    sources = [path for path in everything
               if path.suffix in (".c", ".h", ".def", ".py", ".sh")]
    for path in sources:
        problems += check(path)
    finish(problems, f"{len(sources)} files in shape")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Adds up JUnit files, of ctest or pytest: prints "<passed> <failed>".

usage: tally.py [--explain] FILE...
A file that is missing or no XML counts as one failure. With --explain, says
instead which tests failed, each with the end of what it said.
"""

import sys
import xml.etree.ElementTree as xml

LAST_LINES = 25


def suites(path):
    return list(xml.parse(path).getroot().iter("testsuite"))


def tally(path):
    try:
        found = suites(path)
    except (OSError, xml.ParseError):
        return 0, 1

    def total(key):
        return sum(int(suite.get(key) or 0) for suite in found)

    failed = total("failures") + total("errors")
    return total("tests") - failed - total("skipped") - total("disabled"), failed


def explain(path):
    try:
        found = suites(path)
    except (OSError, xml.ParseError) as problem:
        print(f"{path}: {problem}")
        return
    for case in (case for suite in found for case in suite.iter("testcase")):
        failures = case.findall("failure") + case.findall("error")
        if not failures:
            continue
        said = [case.findtext("system-out") or ""] + [failure.text or "" for failure in failures]
        print(f"--- {case.get('classname')} {case.get('name')}")
        print("\n".join("\n".join(said).strip().splitlines()[-LAST_LINES:]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--explain"]:
        for name in sys.argv[2:]:
            explain(name)
    else:
        print(*map(sum, zip((0, 0), *map(tally, sys.argv[1:]))))

#!/usr/bin/env python3
"""The conformance ledger: every item of the two specifications, and what proves it.

tests/conformance.tsv has a line for every item of tests/conformance-ids.txt.
`done` names the tests that prove the item (comma separated); `later` and
`never` say why. A test that carries an item in its name, as in
test_aurp_T14_words or test_atalk_E01_E02_words, is named by that item's line.
"""

import re
from collections import Counter

from house import ROOT, finish, lines, tracked

LEDGER, IDS = "tests/conformance.tsv", "tests/conformance-ids.txt"
HEADER = ["spec", "id", "level", "state", "proof", "what"]
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "-"}
C_TEST = re.compile(r"^(?:static )?void (test_\w+)\(void \*\*", re.MULTILINE)
PY_TEST = re.compile(r"^ *def (test_\w+)\(", re.MULTILINE)
ITEM = re.compile(r"[A-Z]\d+")


def items_of(test):
    """The items a test carries in its name: {("aurp", "T14")}."""
    spec, found = None, set()
    for word in test.split("_")[1:]:
        if word in ("aurp", "atalk"):
            spec = word
        elif spec and ITEM.fullmatch(word):
            found.add((spec, word))
        else:
            spec = None
    return found


def tests():
    """Every test of the repository that runs: {name: path}."""
    found = {}
    for path in tracked(".c", ".py"):
        if path.parts[0] != "tests":
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        if path.suffix == ".c":
            # Defined, and registered with cmocka: a test that nobody calls proves nothing.
            names = [name for name in C_TEST.findall(text)
                     if re.search(rf"cmocka_unit_test\w*\(\s*{name}\b", text)]
        else:
            names = PY_TEST.findall(text) if path.name.startswith("test_") else []
        found.update({name: path for name in names})
    return found


def check_line(number, fields, known):
    where = f"{LEDGER}:{number}:"
    if len(fields) != len(HEADER):
        yield f"{where} {len(fields)} fields, not {len(HEADER)}"
        return
    row = dict(zip(HEADER, fields))
    if row["level"] not in LEVELS:
        yield f"{where} level {row['level']!r}"
    if not row["what"].strip():
        yield f"{where} does not say what the item is"
    if row["state"] == "done":
        for test in row["proof"].split(","):
            if test not in known:
                yield f"{where} {row['spec']} {row['id']}: no such test: {test!r}"
    elif row["state"] in ("later", "never"):
        if len(row["proof"].strip()) < 8:
            yield f"{where} {row['spec']} {row['id']}: {row['state']} without a reason"
    else:
        yield f"{where} state {row['state']!r}"


def main():
    ledger = [line.split("\t") for line in lines(LEDGER)]
    known = tests()
    problems = [] if ledger[0] == HEADER else [f"{LEDGER}:1: the header is not {' '.join(HEADER)}"]
    for number, fields in enumerate(ledger[1:], 2):
        problems += check_line(number, fields, known)

    listed = Counter(tuple(fields[:2]) for fields in ledger[1:])
    wanted = {tuple(line.split()) for line in lines(IDS)}
    problems += [f"{LEDGER}: {spec} {item}: {count} lines" for (spec, item), count in listed.items()
                 if count > 1]
    problems += [f"{LEDGER}: {' '.join(key)}: no line" for key in sorted(wanted - set(listed))]
    problems += [f"{LEDGER}: {' '.join(key)}: no such item" for key in sorted(set(listed) - wanted)]

    proofs = {tuple(fields[:2]): fields[4].split(",") for fields in ledger[1:]
              if len(fields) == len(HEADER) and fields[3] == "done"}
    for test, path in sorted(known.items()):
        for key in sorted(items_of(test)):
            if key not in wanted:
                problems.append(f"{path}: {test}: {' '.join(key)} is no item")
            elif test not in proofs.get(key, ()):
                problems.append(f"{path}: {test}: the line of {' '.join(key)} does not name it")
    states = Counter(fields[3] for fields in ledger[1:] if len(fields) == len(HEADER))
    finish(problems, ", ".join(f"{count} {state}" for state, count in sorted(states.items())))


if __name__ == "__main__":
    main()

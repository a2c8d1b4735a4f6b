#!/usr/bin/env python3
"""The README keeps its promises: it says what a newcomer needs, and what it names exists."""

import re

import sys

from house import ROOT, finish, tracked

MENTIONS = {        # what a reader must find: words that show it is there
    "the demonstration": "sudo tests/demo.sh",
    "the tests": "sudo tests/run.sh",
    "checking a configuration": "aurpd -t",
    "the port to forward": "UDP 387",
    "who listens on the port": "ss -lunp 'sport = :387'",
    "the dump": "SIGUSR1",
    "the reload": "SIGHUP",
    "life beside netatalk": "netatalk",
    "the protocol": "RFC 1504",
    "the man pages": "aurpd.conf(5)",
    "the licence": "LICENSE",
    "the ledger": "tests/conformance.tsv",
}
PATH = re.compile(r"(?<![\w/.-])((?:src|include|tests|conf|man)/[\w./*-]*[\w/*])")


def unwalked(root):
    """Commands of the README that no walk runs, and what the walks believe to stand there."""
    sys.path.insert(0, str(root / "tests/system"))
    import readme
    from walk_plan import PLAN
    told = readme.commands()
    return ([f"README.md: {command}: say in tests/system/walk_plan.py who runs it"
             for command in told if command not in PLAN] +
            [f"tests/system/walk_plan.py: {command}: the README does not say that"
             for command in PLAN if command not in told])


def main():
    readme = (ROOT / "README.md")
    if not readme.exists():
        finish(["README.md: missing"], "")
    text = readme.read_text(encoding="utf-8")
    problems = [f"README.md: nothing on {what} ({words})"
                for what, words in MENTIONS.items() if words not in text]
    names = {str(path) for path in tracked()}
    folders = {str(folder) for name in tracked() for folder in name.parents}
    for path in sorted(set(PATH.findall(text))):
        if "*" in path:
            known = any(True for _ in ROOT.glob(path))
        else:
            known = path in names or path.rstrip("/") in folders
        if not known:
            problems.append(f"README.md: {path}: no such file")
    problems += unwalked(ROOT)
    finish(problems, "the README says what it must, and what it names exists")


if __name__ == "__main__":
    main()

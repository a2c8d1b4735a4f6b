#!/usr/bin/env python3
"""What the fuzz targets of CMake do around a fuzzer.

    campaign.py run LOG PROGRAM OPTION...      fuzzes; what it prints goes into LOG
    campaign.py keep PROGRAM CORPUS FOLDER...  CORPUS becomes the least that reaches all of them
    campaign.py sum LOG...                     one line for each run
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

CORPUS_FILES_MAX = 300


def run(log, *command):
    with open(log, "wb") as out:
        status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
    if status.returncode != 0:
        print(Path(log).read_text(encoding="utf-8", errors="replace")[-6000:])
    return status.returncode


def merge(program, folders, *options):
    """{name: bytes} of the fewest inputs that together reach what all of the folders reach."""
    with tempfile.TemporaryDirectory() as least:
        merged = subprocess.run([program, "-set_cover_merge=1", *options, least, *folders],
                                capture_output=True, check=False)
        if merged.returncode != 0:
            sys.exit(merged.stderr.decode(errors="replace")[-6000:])
        # libFuzzer names each file by the hash of its bytes.
        return {file.name: file.read_bytes() for file in Path(least).iterdir()}


def keep(program, corpus, *folders):
    corpus = Path(corpus)
    contents = merge(program, [corpus, *folders])
    if len(contents) > CORPUS_FILES_MAX:
        contents = merge(program, [corpus, *folders], "-use_counters=0")    # what, not how often
    for old in corpus.iterdir():
        if old.name not in contents:
            old.unlink()
    for name, content in contents.items():
        (corpus / name).write_bytes(content)
    print(f"{corpus.name}: {len(contents)} files, {sum(map(len, contents.values()))} bytes")
    return 0


def number(text, name):
    found = re.search(rf"^stat::{name}:\s*(\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def summary(*logs):
    print(f"{'fuzzer':<12}{'executions':>12}{'per second':>12}{'new inputs':>12}")
    total = 0
    for log in logs:
        text = Path(log).read_text(encoding="utf-8", errors="replace")
        done = number(text, "number_of_executed_units")
        total += done
        print(f"{Path(log).stem:<12}{done:>12}{number(text, 'average_exec_per_sec'):>12}"
              f"{number(text, 'new_units_added'):>12}")
    print(f"fuzz executions: {total} by {len(logs)} fuzzers")
    return 0


def main():
    actions = {"run": run, "keep": keep, "sum": summary}
    if len(sys.argv) < 3 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    sys.exit(actions[sys.argv[1]](*sys.argv[2:]))


if __name__ == "__main__":
    main()

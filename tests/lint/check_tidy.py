#!/usr/bin/env python3
"""clang-tidy on every file of src, each finding once and on one line.

usage: check_tidy.py RUN-CLANG-TIDY CLANG-TIDY BUILD-FOLDER
The checks, and why some are off: .clang-tidy at the top level.
"""

import os
import re
import subprocess
import sys

from house import ROOT, finish

FINDING = re.compile(r"^(\S+?:\d+):\d+: (?:error|warning): (.*)$", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def main(runner, tidy, build):
    # With assertions: they tell the analyzer what we know to be true.
    done = subprocess.run([runner, "-quiet", "-j", str(os.cpu_count()), "-clang-tidy-binary", tidy,
                           "-extra-arg=-UNDEBUG", "-p", build, f"{ROOT}/src/"],
                          capture_output=True, text=True, check=False)
    output = COLOUR.sub("", done.stdout + done.stderr)
    problems = sorted({f"{os.path.relpath(where, ROOT)}: {what}"
                       for where, what in FINDING.findall(output)})
    if done.returncode and not problems:
        problems = [output[-2000:]]
    finish(problems, f"{output.count(' -quiet ')} files, nothing found")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])

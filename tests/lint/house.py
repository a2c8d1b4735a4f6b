"""What the checks of this folder share: where things are, and how a check ends."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked(*suffixes):
    """The files of the repository with these suffixes (all if none), as paths from its root."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others",
                             "--exclude-standard"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:       # an unpacked archive: everything but what builds and tests leave behind
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names
                 if not name.startswith(("build/", ".git/")) and "__pycache__" not in name]
    return sorted(Path(name) for name in set(names)
                  if (ROOT / name).is_file() and (not suffixes or name.endswith(suffixes)))


def lines(path):
    return (ROOT / path).read_text(encoding="utf-8").splitlines()


def finish(problems, what):
    """Ends the check: prints the problems, or what was found in order."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else what)
    sys.exit(1 if problems else 0)

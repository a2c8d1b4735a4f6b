#!/usr/bin/env python3
"""Who may include what: base <- proto <- table <- core <- os, daemon, and never the other way.

Each folder of src sees the headers of the rooms named here, the seam in
include/aurpd, and the system headers named here. libevent is known to src/os
and the control socket alone, libconfuse to the configuration reader alone.
"""

import re
from pathlib import Path

from house import ROOT, finish, lines, tracked

# What a program without an operating system may include.
PURE = {"assert.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "string.h"}

ROOMS = {           # folder: (rooms whose headers it sees, pure?)
    "include/aurpd": ((), True),
    "src/base": (("src/base",), True),
    "src/proto": (("src/proto", "src/base"), True),
    "src/table": (("src/table", "src/proto", "src/base"), True),
    "src/core": (("src/core", "src/table", "src/proto", "src/base"), True),
    "src/os": (("src/os",), False),
    "src/daemon": (("src/daemon", "src/os"), False),
}

LIBRARIES = {       # header: where it may be included
    r"event2?/.*|event\.h|evdns\.h|evhttp\.h": r"src/os/.*|src/daemon/control\.c",
    r"confuse\.h": r"src/daemon/conf[a-z_]*\.c",
}

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def check(path, rooms, pure):
    for number, line in enumerate(lines(path), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        kind, header = found.groups()
        where = f"{path}:{number}: {header}:"
        if kind == '"':
            if header.startswith("aurpd/"):
                if not (ROOT / "include" / header).exists():
                    yield f"{where} no such file in include/"
            elif "/" in header:
                yield f"{where} includes are flat"
            elif not any((ROOT / room / header).exists() for room in rooms):
                yield f"{where} not in a room that {path.parent} may see ({', '.join(rooms)})"
            continue
        if pure and header not in PURE:
            yield f"{where} {path.parent} knows no operating system"
        for library, allowed in LIBRARIES.items():
            if re.fullmatch(library, header) and not re.fullmatch(allowed, str(path)):
                yield f"{where} only for {allowed}"


def main():
    problems, seen, count = [], {}, 0
    for path in tracked(".c", ".h", ".def"):
        folder = str(path.parent)
        if folder.startswith("src") and path.name in seen:
            problems.append(f"{path}: another file has this name: {seen[path.name]}")
        if folder.startswith("src"):
            seen[path.name] = path
        if folder in ROOMS:
            problems += check(path, *ROOMS[folder])
            count += 1
        elif folder.startswith(("src", "include")):
            problems.append(f"{path}: {folder} is no room of this house")
    finish(problems, f"{count} files include only what they may see")


if __name__ == "__main__":
    assert Path(ROOT, "src").is_dir()
    main()

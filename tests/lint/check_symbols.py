#!/usr/bin/env python3
"""The core knows no operating system and has no mutable globals, as the linker sees it.

usage: check_symbols.py LIBRARY...   (libbase.a libproto.a libtable.a libcore.a)
"""

import re
import subprocess
import sys

from house import finish

ALLOWED = {
    # memory
    "malloc", "calloc", "realloc", "free",
    "memcpy", "memmove", "memset", "memcmp", "memchr",
    # strings
    "strlen", "strnlen", "strcmp", "strncmp", "strchr", "strrchr", "strcpy", "strncpy", "strstr",
    # order
    "qsort", "bsearch",
    # giving up on our own mistakes
    "abort", "__assert_fail",
    # what the compiler puts in by itself
    "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_", "__memcpy_chk", "__memmove_chk", "__memset_chk",
}


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def undefined(libraries):
    """Names that the libraries need and none of them has."""
    defined, needed = set(), {}
    for library in libraries:
        for line in output("nm", "-A", library).splitlines():
            found = re.match(r"(\S+?):(?:[0-9a-f]+)?\s+([A-Za-z?])\s+(\S+)$", line)
            if not found:
                continue
            where, kind, name = found.groups()
            if kind == "U":
                needed.setdefault(name, where)
            elif kind.isupper():
                defined.add(name)
    return {name: where for name, where in needed.items() if name not in defined}


def mutable(library):
    """(member, section, size) of everything that can be written to."""
    member = library
    for line in output("size", "-A", library).splitlines():
        header = re.match(r"(\S+\.o)\s+\(ex .*\):", line)
        if header:
            member = header[1]
        section = re.match(r"(\.(?:data|bss|tdata|tbss)\S*|\*COM\*)\s+(\d+)", line)
        # .data.rel.ro holds constant tables of pointers: read-only once loaded.
        if section and not section[1].startswith(".data.rel.ro") and int(section[2]):
            yield member, section[1], int(section[2])


def main(libraries):
    problems = [f"{where}: needs {name}, which the core may not use"
                for name, where in sorted(undefined(libraries).items()) if name not in ALLOWED]
    for library in libraries:
        problems += [f"{member}: {size} bytes in {section}: no mutable globals in the core"
                     for member, section, size in mutable(library)]
    finish(problems, f"{len(libraries)} libraries: memory and string functions only, no globals")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])

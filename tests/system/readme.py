"""What the README tells people to type and to write, taken out of it literally."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
PROGRAMS = ("sudo", "systemctl", "journalctl", "ip", "nmcli", "aurpd", "ss", "man", "nft", "git",
            "cmake", "ping")
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_WORDS_ONLY = re.compile(r"^(man|ip|git|cmake|ss|nft|aurpd|ping|sudo)$")


def _strip(line):
    """Without the indentation and the comment behind it."""
    return re.sub(r"\s+#\s.*$", "", line).strip()


def blocks(text=None):
    """[(language, lines without the indentation, the place in the text)]"""
    text = README.read_text(encoding="utf-8") if text is None else text
    return [(found[2], re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE), found.start())
            for found in _FENCE.finditer(text)]


def commands(text=None):
    """Every command of the README, in its order."""
    text = README.read_text(encoding="utf-8") if text is None else text
    found = []
    for language, body, _ in blocks(text):
        if language == "sh":
            found += [_strip(line) for line in body.splitlines() if _strip(line)]
    prose = _FENCE.sub("", text)
    for span in _SPAN.findall(prose):
        span = " ".join(span.split())
        if span.split()[0] in PROGRAMS and not _WORDS_ONLY.match(span):
            found.append(span)
    return list(dict.fromkeys(found))


def block_after(words):
    """The first block that is not of commands behind these words."""
    text = README.read_text(encoding="utf-8")
    at = text.index(words)
    return next(body for language, body, place in blocks(text) if place > at and language != "sh")

"""Text from data and servers, made safe to print on a terminal."""

from __future__ import annotations

import re
import unicodedata

# CSI, OSC (title, hyperlink, clipboard), DCS/SOS/PM/APC strings, then any other escape; 8-bit forms included.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_REORDERING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """Return `text` on one line: no terminal escapes, control characters or marks that reorder what is read.

    Line ends and tabs become spaces.
    """
    spaced = _ESCAPES.sub("", text).replace("\r\n", " ").translate({9: " ", 10: " ", 13: " "})
    return "".join(
        each for each in spaced if each not in _REORDERING and unicodedata.category(each) not in ("Cc", "Cs")
    )


def plain_lines(text: str) -> str:
    """Return `text` with the same care, keeping its lines and indents."""
    return "\n".join(plain(line) for line in text.expandtabs(4).splitlines())

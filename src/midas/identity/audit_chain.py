"""The audit trail as a chain: each line's hash covers the one before, so that no line can be changed unseen.

What was cut off the end is seen only by who remembers where the end was: the account's head does, and whoever kept a
copy of it elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

GENESIS = "0" * 64
"""What stands before the first line."""


@dataclass(frozen=True, slots=True)
class ChainLine:
    """A stored line: its number from 1 on, what it says as canonical JSON, and its hash in hexadecimal."""

    n: int
    text: str
    hash: str


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """Where a chain does not hold, and why."""

    n: int
    why: str


def canonical(document: Mapping[str, object]) -> str:
    """Return the one JSON text of a document: keys sorted, no spaces; what JSON has no word for as its text.

    Raises
    ------
    ValueError: it holds a number that is not finite.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)


def link(previous: str, n: int, text: str) -> str:
    """Return the hash of line `n`, which stands after the one whose hash is `previous`."""
    return sha256(f"{previous}|{n}|{text}".encode()).hexdigest()


def verify(lines: Iterable[ChainLine], last_n: int, last_hash: str) -> list[ChainBreak]:
    """Return every place where a chain does not hold; `last_n` and `last_hash` are what its head remembers.

    After a break it goes on from the stored hash, so that each break is told once.
    """
    breaks: list[ChainBreak] = []
    n, previous = 0, GENESIS
    for line in lines:
        if line.n != n + 1:
            breaks.append(ChainBreak(n + 1, f"line {n + 1} is followed by line {line.n}"))
        elif line.hash != link(previous, line.n, line.text):
            breaks.append(ChainBreak(line.n, "it does not follow from the line before, or was changed"))
        n, previous = line.n, line.hash
    if (n, previous) != (last_n, last_hash):
        breaks.append(ChainBreak(n, f"it ends at line {n}, but line {last_n} was the last"))
    return breaks

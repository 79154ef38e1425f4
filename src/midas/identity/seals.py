"""Seals of audit trails: where each chain ended at a time, kept apart from the database that holds it.

A chain whose end was cut off, or that was hashed anew from some line on, is whole in itself; only who remembers what it
was before can tell. A seal is an HMAC, so it convinces whoever has the key, and nobody who has the key is kept from
making others: what guards against the owner of the machine is a copy somewhere else.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

from midas.identity.audit_chain import canonical


@dataclass(frozen=True, slots=True)
class Seal:
    """Line `n` of an account's trail had this hash at `at` (ISO 8601); `previous` is the mark of the seal before."""

    account: str
    n: int
    hash: str
    at: str
    previous: str
    mark: str

    def to_line(self) -> str:
        """Return it as one line of text."""
        return canonical(asdict(self))


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something about an account's seals that does not hold; `account` is "" where it is of the file."""

    account: str
    why: str


def sealed(key: bytes, account: str, n: int, chain_hash: str, at: str, previous: str) -> Seal:
    """Return a seal that follows the one whose mark is `previous`, "" for the first."""
    return Seal(account, n, chain_hash, at, previous, _mark(key, account, n, chain_hash, at, previous))


def seal_from_line(line: str) -> Seal | None:
    """Return the seal of a line of text; None where it is none."""
    try:
        fields = json.loads(line)
        line.encode()
        canonical(fields).encode()
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or {name: type(value) for name, value in fields.items()} != _FIELDS:
        return None
    return Seal(**fields) if 0 < fields["n"] <= _MOST_LINES else None


def flaws_of(lines: Sequence[str], key: bytes, *, whole: bool = True) -> list[Flaw]:
    """Return where seals were changed or made without the key; of a `whole` file also what is gone or moved."""
    found: list[Flaw] = []
    previous = ""
    for place, line in enumerate(lines, 1):
        seal = seal_from_line(line)
        if seal is None:
            found.append(Flaw("", f"seal {place} cannot be read"))
            continue
        mark = _mark(key, seal.account, seal.n, seal.hash, seal.at, seal.previous)
        if not hmac.compare_digest(mark, seal.mark):
            found.append(Flaw(seal.account, f"seal {place} was changed, or made with another key"))
        elif whole and seal.previous != previous:
            found.append(Flaw(seal.account, f"seal {place} does not follow the one before: some are gone or moved"))
        previous = seal.mark
    return found


def compared(seals: Iterable[Seal], ends: Mapping[str, int], stored: Mapping[tuple[str, int], str]) -> list[Flaw]:
    """Return for each account where its trail parts from what was sealed, if it does.

    ends : last line of each trail, absent where there is none. stored : hash of each line that was sealed.
    """
    held: dict[str, int] = {}
    parted: dict[str, Flaw] = {}
    for seal in seals:
        if seal.account in parted:
            continue
        end, since = ends.get(seal.account, 0), held.get(seal.account, 0)
        if seal.n > end:
            why = f"line {seal.n} was sealed at {seal.at}, but the trail ends at line {end}"
            parted[seal.account] = Flaw(seal.account, why)
        elif stored.get((seal.account, seal.n)) != seal.hash:
            why = f"line {seal.n} is not what was sealed at {seal.at}: something after line {since} was rewritten"
            parted[seal.account] = Flaw(seal.account, why)
        else:
            held[seal.account] = max(since, seal.n)
    return list(parted.values())


_MOST_LINES = 2**63 - 1
_FIELDS: Mapping[str, type] = {"account": str, "n": int, "hash": str, "at": str, "previous": str, "mark": str}


def _mark(key: bytes, account: str, n: int, chain_hash: str, at: str, previous: str) -> str:
    text = canonical({"account": account, "n": n, "hash": chain_hash, "at": at, "previous": previous})
    return hmac.new(key, text.encode(), sha256).hexdigest()

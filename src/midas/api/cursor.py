"""Where a list was left, as text a client hands back without reading it."""

from __future__ import annotations

import binascii
import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import date, datetime

from midas.core.errors import InvalidInput

Key = list[str | int]

Shape = Sequence[Callable[[str | int], object]]
"""What reads each part of a list's key; a part it refuses with ValueError is not of that list."""

_SEAL_BYTES = 6
_LONGEST = 512


def encode(of: str, key: Key) -> str:
    """Return the cursor that continues the list `of` after the item with this key."""
    payload = json.dumps([of, *key], separators=(",", ":"), ensure_ascii=False).encode()
    return _spelled(_seal(payload) + payload)


def moment(part: str | int) -> datetime:
    """Read a moment, aware UTC."""
    found = datetime.fromisoformat(str(part))
    if found.tzinfo is None:
        raise ValueError("no time zone")
    return found


def text(part: str | int) -> str:
    """Read a text."""
    if not isinstance(part, str):
        raise ValueError("not a text")
    part.encode()  # half a character cannot be stored, so it never was
    return part


def day(part: str | int) -> date:
    """Read a date."""
    return date.fromisoformat(str(part))


def place(part: str | int) -> int:
    """Read how many items came before."""
    if isinstance(part, bool) or not isinstance(part, int) or not 0 <= part < 2**62:
        raise ValueError("not a place")
    return part


MOMENT_AND_ID: Shape = (moment, text)
"""The key of lists by age."""


def decode(of: str, cursor: str, shape: Shape) -> Key:
    """Return the key of the last item seen.

    Raises
    ------
    InvalidInput: not a cursor of this list, or changed on its way (code `bad_cursor`).
    """
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        payload = raw[_SEAL_BYTES:]
        genuine = len(cursor) <= _LONGEST and _seal(payload) == raw[:_SEAL_BYTES] and _spelled(raw) == cursor
        found = json.loads(payload) if genuine else None
        if isinstance(found, list):
            for read, part in zip(shape, found[1:], strict=True):
                read(part)
    except (ValueError, UnicodeError, binascii.Error):
        found = None
    if not isinstance(found, list) or not found or found[0] != of:
        raise InvalidInput(
            "The cursor is not one of this list.", hint="Leave it out to begin at the start.", code="bad_cursor"
        )
    return found[1:]


def _spelled(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _seal(payload: bytes) -> bytes:
    # finds accidents; whoever forges one sees only what the list shows anyway
    return hashlib.sha256(b"midas cursor " + payload).digest()[:_SEAL_BYTES]

"""Where a list was left, as text a client hands back without reading it."""

from __future__ import annotations

import binascii
import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from midas.core.errors import InvalidInput

Key = list[str | int]

_SEAL_BYTES = 6
_LONGEST = 512


def encode(of: str, key: Key) -> str:
    """Return the cursor that continues the list `of` after the item with this key."""
    payload = json.dumps([of, *key], separators=(",", ":"), ensure_ascii=False).encode()
    return _spelled(_seal(payload) + payload)


def decode(of: str, cursor: str) -> Key:
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

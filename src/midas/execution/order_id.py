"""The id an order gets: made from its intent alone, so that the same intent is the same order for ever."""

from __future__ import annotations

from hashlib import sha256

from midas.core.order import OrderIntent

LENGTH = 20
"""Lower-case letters and digits; the shortest label a broker keeps has this many."""

_BYTES = 12
"""Of the digest, that hold the bits that are looked at, and one more."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [one + other for one in _LETTERS for other in _LETTERS]
_SHIFTS = range(80, -1, -10)


def order_id(intent: OrderIntent) -> str:
    """Return `q` and 19 characters of base 32, 95 bits of SHA-256 over the intent's key."""
    return id_of(intent.key)


def id_of(key: str) -> str:
    """Return the id of the order whose intent has this key."""
    bits = int.from_bytes(sha256(key.encode()).digest()[:_BYTES]) >> 1
    return "q" + _LETTERS[bits >> 90] + "".join([_PAIRS[(bits >> shift) & 1023] for shift in _SHIFTS])

"""The id an order gets: made from its intent alone, so that the same intent is the same order for ever."""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256

from midas.core.order import OrderIntent

LENGTH = 20
"""Lower-case letters and digits; the shortest label a broker keeps has this many."""

_BYTES = 15
"""Of the digest, that make whole groups of base 32: as many as are looked at, and some."""


def order_id(intent: OrderIntent) -> str:
    """Return `q` and 19 characters of base 32, 95 bits of SHA-256 over the intent's key."""
    return id_of(intent.key)


def id_of(key: str) -> str:
    """Return the id of the order whose intent has this key."""
    digest = sha256(key.encode()).digest()
    return "q" + b32encode(digest[:_BYTES]).decode().lower()[: LENGTH - 1]

"""Names under which state is kept beside the runs' own."""

from __future__ import annotations

from hashlib import sha256

_LENGTH = 24


def checkpoint_key(kind: str, *parts: str) -> str:
    """Return a name of at most 32 characters that is always the same for the same thing and no other."""
    digest = sha256("|".join(parts).encode()).hexdigest()[:_LENGTH]
    return f"{kind[:7]}:{digest}"

"""Whether a server is well."""

from __future__ import annotations

from midas.wire.shape import Answer


class Health(Answer):
    """`status` is "ok"; `home` is told in local mode only."""

    status: str
    version: str
    home: str | None = None

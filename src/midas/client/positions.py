"""What accounts hold."""

from __future__ import annotations

from midas.client.link import Link
from midas.wire.page import Page
from midas.wire.positions import Position


class Positions:
    """`client.positions`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def list(self, account: str) -> list[Position]:
        """Return what an account holds, by instrument."""
        return self._link.get(Page[Position], "/api/v1/positions", {"account": account}).items

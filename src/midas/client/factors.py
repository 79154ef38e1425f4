"""What strategies are made of."""

from __future__ import annotations

from midas.client.link import Link
from midas.wire.factors import Operator


class Factors:
    """`client.factors`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def operators(self) -> list[Operator]:
        """Return every operator of the strategy graph."""
        return self._link.all(Operator, "/api/v1/factors/operators")

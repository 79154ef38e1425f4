"""What strategies are made of."""

from __future__ import annotations

import builtins
from urllib.parse import quote

from midas.client.link import Link
from midas.wire.factors import Factor, FactorLine, Operator


class Factors:
    """`client.factors`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def operators(self) -> builtins.list[Operator]:
        """Return every operator of the strategy graph."""
        return self._link.all(Operator, "/api/v1/factors/operators")

    def list(self) -> builtins.list[FactorLine]:
        """Return the factors of the library."""
        return self._link.all(FactorLine, "/api/v1/factors/library")

    def show(self, name: str) -> Factor:
        """Return a factor of the library.

        Raises
        ------
        NotFound: it has none of that name.
        """
        return self._link.get(Factor, f"/api/v1/factors/library/{quote(name, safe='')}")

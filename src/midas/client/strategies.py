"""Strategies: the library's and the stored ones."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from midas.client.asking import asking
from midas.client.link import Link
from midas.client.reference import StrategyLike, reference, scalars
from midas.wire.shape import Scalar
from midas.wire.strategies import (
    Strategy,
    StrategyCheck,
    StrategyCheckRequest,
    StrategyCreate,
    StrategyPlan,
    StrategyUpdate,
)


class Strategies:
    """`client.strategies`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def list(self) -> list[Strategy]:
        """Return the library's strategies and the latest version of each stored one."""
        return self._link.all(Strategy, "/api/v1/strategies")

    def show(self, name: str, version: int | None = None) -> Strategy:
        return self._link.get(Strategy, _path(name), {"version": version})

    def versions(self, name: str) -> builtins.list[Strategy]:
        """Return every stored version, latest first."""
        return self._link.all(Strategy, f"{_path(name)}/versions")

    def save(self, name: str, yaml: str, version: int | None = None) -> Strategy:
        """Store a strategy: under a new name when `version` is None, else as the successor of that version.

        Raises
        ------
        AlreadyExists: the name is taken, or `version` is no longer the latest.
        StrategyInvalid: the text does not build.
        """
        if version is None:
            return self._link.post(Strategy, "/api/v1/strategies", asking(StrategyCreate, {"name": name, "yaml": yaml}))
        return self._link.put(Strategy, _path(name), asking(StrategyUpdate, {"yaml": yaml, "version": version}))

    def delete(self, name: str) -> None:
        """Forget a stored strategy with all its versions; results made with it stay."""
        self._link.delete(_path(name))

    def check(
        self,
        strategy: StrategyLike,
        params: Mapping[str, Scalar] | None = None,
        *,
        universe: str | None = None,
        symbols: Sequence[str] = (),
        timeframe: str | None = None,
    ) -> StrategyCheck:
        """Build a strategy; what is wrong with it is in `messages`.

        With a universe or symbols it is also tried on those for knowledge it cannot have had; see `bias`.
        """
        fields = {
            "strategy": reference(strategy), "params": scalars(params), "universe": universe, "symbols": [*symbols],
            "timeframe": timeframe,
        }  # fmt: skip
        return self._link.post(StrategyCheck, "/api/v1/strategies/check", asking(StrategyCheckRequest, fields))

    def explain(self, strategy: StrategyLike, params: Mapping[str, Scalar] | None = None) -> StrategyPlan:
        """Return what is computed for a strategy, step by step.

        Raises
        ------
        NotFound: it names nothing.
        StrategyInvalid: it cannot be built.
        """
        fields = {"strategy": reference(strategy), "params": scalars(params)}
        return self._link.post(StrategyPlan, "/api/v1/strategies/explain", asking(StrategyCheckRequest, fields))


def _path(name: str) -> str:
    return f"/api/v1/strategies/{quote(name, safe='')}"

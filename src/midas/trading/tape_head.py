"""What a run was asked to do, on which market and by which code: the first thing on its tape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from midas.backtest.identity import engine_version, identity
from midas.backtest.spec import BacktestSpec
from midas.execution.dealing import Dealing
from midas.marketdata.ground import Ground
from midas.strategies.definition import Definition


@dataclass(frozen=True, slots=True)
class TapeHead:
    """The backtest a run should be, as plain values.

    spec : of the backtest. ground : the market its bars are of. first : the row of its first decision. identity : names
    the question, the data it began with, the venue's tables and the engine, as that of a backtest does.
    """

    run: str
    spec: Mapping[str, Any]
    ground: Mapping[str, Any]
    first: int
    identity: str
    tables: str
    engine: str

    @classmethod
    def of(cls, run: str, spec: BacktestSpec, ground: Ground, first: int, data_version: str) -> TapeHead:
        """Return the head of a run that begins now, by this engine."""
        tables = ground.venue.table_version
        name = identity(spec, data_version, tables)
        return cls(run, spec.to_json(), ground.to_json(), first, name, tables, engine_version())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def question(self) -> BacktestSpec:
        """Return the backtest.

        Raises
        ------
        StrategyInvalid: this version does not know one of its operators.
        """
        asked = self.spec
        return BacktestSpec(
            Definition.from_graph_json(asked["strategy"]), asked["universe"], tuple(asked["symbols"]),
            _day(asked["start"]), _day(asked["end"]), Decimal(asked["initial_capital"]), asked["commission_bps"],
            asked["slippage_bps"], asked["lots"], asked["benchmark"], asked["volume_cap"], Dealing(**asked["dealing"]),
        )  # fmt: skip

    def market(self) -> Ground:
        """Return what its bars are of."""
        return Ground.from_json(self.ground)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)

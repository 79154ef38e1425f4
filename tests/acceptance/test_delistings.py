"""The 250 names of the United States that were there for part of two years only, each bought and held to its end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from midas.backtest.run import run
from midas.core.clock import ManualClock
from midas.execution.dealing import Dealing
from midas.factors.market import Market
from midas.factors.node import Node
from midas.integrations.file.source import FileSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.source import PullRequest
from midas.portfolio.journal import EventKind
from midas.strategies.strategy import Strategy

pytestmark = pytest.mark.acceptance

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SESSIONS_TO_BE_GONE = 20


class Everything(Strategy):
    """Half a slot for every name from its first bar on: there is cash for the last of them."""

    def targets(self, m: Market) -> Node:
        return (m.close > 0).slot() * 0.5


@pytest.fixture(scope="module")
def pack(shared: Path) -> pl.DataFrame:
    return pl.read_parquet(shared / "data" / "us" / "us_market_shortlived_raw_2015_2017.parquet").sort("symbol", "date")


@pytest.fixture(scope="module")
def panel(pack: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """As they came, with what each day's adjusted close says of the next morning stated as cash for a share."""
    given = (pl.col("close") - pl.col("adj_close_next_day")).shift(1).over("symbol")
    paid = pl.when(given > 0.001 * pl.col("close")).then(given).otherwise(0.0)
    folder = tmp_path_factory.mktemp("short-lived")
    pack.with_columns(dividend=paid).drop("adj_close_next_day").write_parquet(folder / "bars.parquet")
    [raw] = FileSource().fetch(PullRequest(options={"path": str(folder / "bars.parquet"), "venue": "XNYS"}))
    lake = Lake(folder / "lake", ManualClock(NOW))
    return lake.panel(import_bars(lake, raw, skip_bad=True).dataset.name)


def last_bars(panel: Panel, pack: pl.DataFrame) -> dict[str, tuple[date, Decimal]]:
    """Of each name the day of its last row in the pack, and the close of that row."""
    assert panel.columns == 250
    return {
        symbol: (day, Decimal(repr(close)))
        for symbol, day, close in pack.group_by("symbol").agg(pl.col("date", "close").last()).iter_rows()
    }


@pytest.mark.parametrize("recovery", ["1", "0.37", "0"])
def test_each_is_paid_out_at_its_last_price_with_the_stated_recovery(
    panel: Panel, pack: pl.DataFrame, recovery: str
) -> None:
    result = run(
        Everything(), panel, initial_capital=1_000_000_000, dealing=Dealing(delisting_recovery=float(recovery)),
        commission_bps=0,
    )  # fmt: skip
    days = pack["date"].unique().sort().to_list()
    fills, events = result.simulation.journal.fills, result.simulation.journal.events
    result.ledger().verify(result.simulation.cash, result.simulation.first)
    last, gone = last_bars(panel, pack), 0
    for column, instrument in enumerate(panel.instruments):
        day, close = last[instrument.id.symbol]
        missed = len(days) - 1 - days.index(day)
        mine = fills.column == column
        assert mine.any(), instrument.id
        held = Decimal(repr(float((fills.quantity * fills.side)[mine].sum())))
        ends = np.flatnonzero((events.column == column) & (events.kind == EventKind.DELISTED))
        if missed < SESSIONS_TO_BE_GONE:
            assert len(ends) == 0, instrument.id
            continue
        gone += 1
        [end] = ends
        assert panel.sessions[events.row[end]].astype(date) == days[days.index(day) + 1]
        cents = (held * close * Decimal(recovery) * 100).quantize(Decimal(1), ROUND_HALF_UP)
        assert (int(events.amount[end]), float(events.quantity[end])) == (int(cents), float(held)), instrument.id
        assert fills.row[mine].max() < events.row[end]
    assert (gone, panel.columns - gone) == (147, 103)

"""Real markets, replayed through loop, gate, journal and paper account, trade as they were tested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.backtest.strategies import Averaged, Rebalanced
from tests.execution.markets import panel_of
from tests.execution.rehearsals import assert_same, some_rows

from midas.backtest.spec import spec_of
from midas.execution.dealing import Dealing
from midas.marketdata.panel import Panel
from midas.strategies.exits import StopLoss, TakeProfit, TrailingStop
from midas.strategies.registry import build

pytestmark = pytest.mark.acceptance

FIELDS = ("open", "high", "low", "close", "volume")


def panel_from(frame: pl.DataFrame, names: int, **about: str) -> Panel:
    """The `names` most traded symbols of a frame of symbol, date and bars."""
    chosen = frame.group_by("symbol").agg(pl.col("volume").sum()).sort("volume", "symbol").tail(names)["symbol"]
    frame = frame.filter(pl.col("symbol").is_in(chosen.to_list()))
    symbols, days = sorted(chosen.to_list()), frame["date"].unique().sort()
    row = days.search_sorted(frame["date"]).to_numpy()
    column = np.searchsorted(symbols, frame["symbol"].to_list())
    prices = {name: np.full((len(days), len(symbols)), np.nan) for name in FIELDS}
    for name in FIELDS:
        prices[name][row, column] = frame[name].cast(pl.Float64).to_numpy()
    halted = prices["open"] == 0.0
    for name in ("open", "high", "low"):
        prices[name][halted] = np.nan
    return panel_of(prices, symbols=tuple(symbols), sessions=days.to_numpy().astype("datetime64[D]"), **about)


@pytest.mark.parametrize(
    ("strategy", "dealing"),
    [(Averaged(), Dealing()), (Rebalanced(), Dealing(carry=True, slippage="half_spread=1tick"))],
)
def test_korean_lots_ticks_limits_and_taxes(shared: Path, strategy: Averaged | Rebalanced, dealing: Dealing) -> None:
    frame = pl.read_parquet(shared / "data/kr/krx_marcap_raw_janfeb_2022_2025.parquet")
    frame = frame.filter(pl.col("date").dt.year() == 2022)
    panel = panel_from(frame, 40, currency="KRW", venue="XKRX")
    definition = replace(strategy.definition(), exits=(StopLoss(0.06), TakeProfit(0.1), TrailingStop(0.08)))
    spec = spec_of(definition, panel, dealing=dealing)
    rehearsal = assert_same(spec, panel, some_rows(panel.rows, 20, seed=1))
    assert len(rehearsal.closes) > 20


@pytest.mark.parametrize("name", ["sma_cross", "momentum", "donchian_breakout"])
def test_american_names(shared: Path, name: str) -> None:
    frame = pl.read_parquet(shared / "data/us/us_market_top_raw_2015_2017.parquet")
    frame = frame.rename({column: column.lower() for column in frame.columns}).with_columns(
        pl.col("date").cast(pl.Date)
    )
    panel = panel_from(frame, 40, venue="XNAS")
    spec = spec_of(build(name, {"lookback": 60} if name == "momentum" else {}), panel)
    assert_same(spec, panel, some_rows(panel.rows, 20, seed=2))

"""The library's targets over the whole Korean market, row by row, against loops in plain Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from tests.strategies import slow_targets as slow
from tests.strategies.panels import as_array, as_lists, panel_of

from midas.factors.evaluate import evaluate
from midas.factors.plan import compile_plan
from midas.marketdata.panel import Panel
from midas.strategies.registry import build
from midas.strategies.schedule import speaking_rows
from midas.strategies.template import template
from midas.strategies.yaml_form import load_yaml
from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def korea(shared: Path) -> Panel:
    bars = pl.read_parquet(
        shared / "data" / "kr" / "krx_daily_adj_2023_2025.parquet", columns=["symbol", "date", "close"]
    )
    days, symbols = bars["date"].unique().sort(), bars["symbol"].unique().sort()
    closes = np.full((len(days), len(symbols)), np.nan)
    at = days.search_sorted(bars["date"]).to_numpy(), symbols.search_sorted(bars["symbol"]).to_numpy()
    closes[at] = bars["close"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return panel_of(closes, days.to_numpy().astype("datetime64[D]"), symbols.to_list())


def speaking(panel: Panel, name: str, first_row: int, **params: object) -> NDArray[np.int64]:
    calendar = venue("XKRX").calendar
    return speaking_rows(build(name, params).every, calendar, panel, first_row, panel.rows)


def targets(panel: Panel, name: str, rows: NDArray[np.int64], start: int, **params: object) -> NDArray[np.float64]:
    definition = build(name, params)
    assert load_yaml(template(name, name), params).canonical() == definition.canonical()
    return evaluate(compile_plan(definition.targets), panel, 0, panel.rows, rows, state_from=start)


def same(actual: NDArray[np.float64], expected: list[list[float | None]]) -> None:
    np.testing.assert_allclose(actual, as_array(expected), rtol=1e-15, atol=0)
    assert np.nanmax(actual) > 0


def test_buy_and_hold(korea: Panel) -> None:
    rows = np.arange(0, korea.rows, 30)
    closes = as_lists(korea.matrix("close")[rows])
    same(targets(korea, "buy_and_hold", rows, 0), slow.buy_and_hold(closes))


@pytest.mark.parametrize(
    ("params", "speaks"),
    [
        # From row 147, 2024-07-12: the month ends of July 2024 to May 2025.
        ({}, 11),
        ({"lookback": 20, "skip": 0, "top": 500}, 17),
        ({"lookback": 60, "skip": 5, "top": 1, "every": "week_end"}, None),
    ],
)
def test_momentum(korea: Panel, params: dict[str, object], speaks: int | None) -> None:
    definition = build("momentum", params)
    rows = speaking(korea, "momentum", compile_plan(definition.targets).warmup, **params)
    assert speaks in (None, len(rows))
    settings = {name: int(definition.params[name]) for name in ("lookback", "skip", "top")}
    expected = slow.momentum(as_lists(korea.matrix("close")), **settings, rows=rows.tolist())
    actual = targets(korea, "momentum", rows, 0, **params)
    same(actual, [expected[row] for row in rows.tolist()])
    np.testing.assert_allclose(actual.sum(axis=1), 1.0, rtol=1e-12)
    assert ((actual > 0).sum(axis=1) == settings["top"]).all()


@pytest.mark.parametrize("start", [0, 200])
def test_sma_cross(korea: Panel, start: int) -> None:
    few = korea.select(range(0, korea.columns, 5))
    rows = speaking(few, "sma_cross", start)
    expected = slow.sma_cross(as_lists(few.matrix("close")), 20, 60, start)
    same(targets(few, "sma_cross", rows, start), expected[start:])


@pytest.mark.parametrize("start", [0, 200])
def test_rsi_reversion(korea: Panel, start: int) -> None:
    rows = speaking(korea, "rsi_reversion", start)
    expected = slow.rsi_reversion(as_lists(korea.matrix("close")), 14, 30.0, 70.0, start)
    same(targets(korea, "rsi_reversion", rows, start), expected[start:])

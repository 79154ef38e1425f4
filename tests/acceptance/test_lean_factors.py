"""LEAN's raw prices and factor files: what Midas derives, and what it adjusts by, is what the files say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from midas.core.basis import Basis
from midas.core.clock import ManualClock
from midas.integrations.file.source import FileSource
from midas.marketdata.importing import check_raw, import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest, RawBars

pytestmark = pytest.mark.acceptance

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NAMES = ("AAPL", "AIG", "BAC", "EEM", "GOOGL", "IBM", "IWM", "QQQ", "SPY", "USO")

Factors = list[tuple[date, Decimal, Decimal]]
"""Last day, price factor, split factor."""


def factors(shared: Path, name: str) -> Factors:
    rows = pl.read_csv(shared / "data" / "us" / "lean_us_factor_files.csv", infer_schema=False)
    return [
        (datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date(), Decimal(price), Decimal(split))
        for symbol, day, price, split, _ in rows.sort("symbol", "date").iter_rows()
        if symbol == name
    ]


def bars_of(shared: Path, name: str) -> pl.DataFrame:
    """Raw bars; the class A shares of Google were GOOG until 2014-04-02 and GOOGL since."""
    pack = pl.read_parquet(shared / "data" / "us" / "lean_us_daily_raw_1998_2021.parquet").sort("symbol", "date")
    if name == "GOOGL":
        old = (pl.col("symbol") == "GOOG") & (pl.col("date") <= date(2014, 4, 2))
        return pack.filter((pl.col("symbol") == "GOOGL") | old).with_columns(symbol=pl.lit("GOOGL")).sort("date")
    return pack.filter(pl.col("symbol") == name)


def factor_of(rows: Factors, day: date) -> tuple[Decimal, Decimal]:
    return next((price, split) for last, price, split in rows if day <= last)


def adjusted(rows: Factors, bars: pl.DataFrame) -> list[Decimal]:
    """The adjusted close of every bar as LEAN has it: the raw close times both factors in force that day."""
    found = []
    for day, close in bars.select("date", "close").iter_rows():
        price, split = factor_of(rows, day)
        found.append(Decimal(repr(close)) * price * split)
    return found


def slack(rows: Factors, before: date, after: date) -> float:
    """How far a return may be off: price factors are stated with seven decimals, split factors with six digits."""
    (price, split), (later, other) = factor_of(rows, before), factor_of(rows, after)
    return float(Decimal("0.5e-7") / price + Decimal("0.5e-7") / later) + (0.0 if split == other else 1e-5)


def read(tmp_path: Path, bars: pl.DataFrame) -> RawBars:
    bars.write_parquet(tmp_path / "bars.parquet")
    [raw] = FileSource().fetch(PullRequest(options={"path": str(tmp_path / "bars.parquet"), "venue": "XNYS"}))
    return raw


def stated(rows: Factors, bars: pl.DataFrame) -> pl.DataFrame:
    """Splits and dividends as columns: a step of the split factor, and what a step of the price factor leaves out."""
    days, closes = bars["date"].to_list(), [Decimal(repr(close)) for close in bars["close"]]
    splits, dividends = [Fraction(0)], [Decimal(0)]
    for place, (before, after) in enumerate(pairwise(days)):
        (price, split), (later, other) = factor_of(rows, before), factor_of(rows, after)
        splits.append(Fraction(other / split).limit_denominator(20) if other != split else Fraction(0))
        dividends.append(closes[place] * (1 - price / later) if later != price else Decimal(0))
    return bars.with_columns(split=pl.Series(map(float, splits)), dividend=pl.Series(map(float, dividends)))


@pytest.mark.parametrize("name", NAMES)
def test_actions_of_a_factor_file_give_its_adjusted_series(shared: Path, tmp_path: Path, name: str) -> None:
    rows, bars = factors(shared, name), bars_of(shared, name)
    lake = Lake(tmp_path / "lake", ManualClock(NOW))
    report = import_bars(lake, read(tmp_path, stated(rows, bars)), skip_bad=True)
    panel = lake.panel(report.dataset.name)
    ours, days = panel.series("close", 0), [day.astype(date) for day in panel.sessions]
    assert len(days) > 0.99 * bars.height
    wanted = dict(zip(bars["date"], adjusted(rows, bars), strict=True))
    for row, (before, after) in enumerate(pairwise(days)):
        theirs = float(wanted[after] / wanted[before])
        assert ours[row + 1] / ours[row] == pytest.approx(theirs, rel=slack(rows, before, after) + 1e-9), (name, after)
    # over all the years the roundings do not pile up
    assert ours[-1] / ours[0] == pytest.approx(float(wanted[days[-1]] / wanted[days[0]]), rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_derived_from_the_adjusted_series(shared: Path, tmp_path: Path, name: str) -> None:
    rows, bars = factors(shared, name), bars_of(shared, name)
    closes = pl.Series([float(round(close, 6)) for close in adjusted(rows, bars)])
    raw = read(tmp_path, bars.with_columns(adj_close=closes))
    derived = check_raw(raw, Basis.RAW, NOW).derived.actions
    days = bars["date"].to_list()
    steps = {
        after: (
            factor_of(rows, after)[0] / factor_of(rows, before)[0],
            factor_of(rows, after)[1] / factor_of(rows, before)[1],
        )
        for before, after in pairwise(days)
        if factor_of(rows, before) != factor_of(rows, after)
    }
    material = {day for day, (price, split) in steps.items() if abs(price * split - 1) > Decimal("0.0002")}
    found = {(day, kind): value for day, kind, value in derived.select("ts", "kind", "value").iter_rows()}
    assert material <= {day for day, _ in found} <= set(steps)
    previous = dict(zip(days[1:], bars["close"].to_list(), strict=False))
    for (day, kind), value in found.items():
        price, split = steps[day]
        expected = float(split) if kind == "split" else previous[day] * (1 - 1 / float(price))
        rounding = 0.005 if kind == "split" else 0.03 * expected + 2e-5 * previous[day]
        assert abs(value - expected) <= rounding, (name, day, kind)

"""Real minute bars: New York, Mumbai and a market around the clock, fill by fill against the plain oracle."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from tests.acceptance.test_backtest_oracle import FIELDS, assert_same, crossings, sma_weights
from tests.execution.plain_account import PlainAccount
from tests.execution.plain_rules import PlainBar, PlainRules
from tests.journeys.command import Inside

from midas.backtest.run import run
from midas.core.clock import SystemClock
from midas.integrations.file.source import FileSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.source import PullRequest
from midas.strategies.library.sma_cross import SmaCross

pytestmark = pytest.mark.acceptance

COST = Fraction("0.0005")
US_GRID = ((Fraction(0), Fraction("0.0001")), (Fraction(1), Fraction("0.01")))


@dataclass(frozen=True)
class Case:
    """A file, whose bars are taken from it, and the rules that hold there."""

    file: str
    venue: str
    zone: str
    symbols: tuple[str, ...]
    rules: PlainRules
    options: tuple[tuple[str, str], ...] = ()


COSTS = {"buy_rate": COST, "sell_rate": COST}
CASES = {
    "new york": Case(
        "us/lean_us_minute_trade", "XNAS", "America/New_York", ("SPY", "IBM", "BAC"),
        PlainRules(ladder=US_GRID, **COSTS),
    ),
    "new york, one": Case(
        "us/lean_us_minute_trade", "XNAS", "America/New_York", ("SPY",), PlainRules(ladder=US_GRID, **COSTS)
    ),
    "mumbai": Case(
        "india/lean_nse_minute_trade", "XNSE", "Asia/Kolkata", ("YESBANK",),
        PlainRules(buy_tax=Fraction("0.001"), tax=lambda row: Fraction("0.001"), **COSTS),
    ),
    "around the clock": Case(
        "fxcrypto/lean_coinbase_minute_trade", "COIN", "UTC", ("BTCUSD", "ETHUSD"), PlainRules(**COSTS),
        (("currency", "USD"),),
    ),
}  # fmt: skip


def opened(shared: Path, folder: Path, case: Case) -> Panel:
    path = shared / "data" / f"{case.file}.parquet"
    options = {"path": str(path), "venue": case.venue, "timeframe": "1m", **dict(case.options)}
    lake = Lake(folder, SystemClock())
    for raw in FileSource().fetch(PullRequest(options=options)):
        name = import_bars(lake, raw).dataset.name
    panel = lake.panel(name)
    wanted = [f"{symbol}.{case.venue}" for symbol in sorted(case.symbols)]
    return panel.select([column for column, one in enumerate(panel.instruments) if str(one.id) in wanted])


def read(shared: Path, case: Case) -> tuple[list[datetime], list[list[PlainBar | None]]]:
    """Stamps and bars from the file itself, by name and stamp; minutes in which no name traded are none."""
    frame = pl.read_parquet(shared / "data" / f"{case.file}.parquet").filter(pl.col("symbol").is_in(case.symbols))
    stamps = sorted(frame["ts"].unique().to_list())
    row_of = {stamp: row for row, stamp in enumerate(stamps)}
    bars: list[list[PlainBar | None]] = [[None] * len(stamps) for _ in case.symbols]
    for symbol, stamp, *values in frame.select("symbol", "ts", *FIELDS).iter_rows():
        bars[sorted(case.symbols).index(symbol)][row_of[stamp]] = PlainBar(*map(float, values))
    return stamps, bars


@pytest.mark.parametrize("name", CASES)
def test_as_the_oracle(shared: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    panel, (stamps, bars) = opened(shared, tmp_path, case), read(shared, case)
    assert panel.stamps is not None
    assert panel.stamps.tolist() == [stamp.replace(tzinfo=None) for stamp in stamps]
    zone = ZoneInfo(case.zone)
    days = [(stamp.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date() for stamp in stamps]
    assert panel.sessions.tolist() == days
    closes = [[math.nan if bar is None else bar.close for bar in one] for one in bars]
    account = PlainAccount(bars, case.rules, 10_000_000, by_change=True)
    account.run(15, len(stamps), sma_weights([crossings(one, 5, 15, 15) for one in closes]))
    result = run(SmaCross(fast=5, slow=15), panel, commission_bps=5, initial_capital=100_000)
    assert result.simulation.first == 15
    assert_same(result, account, least=30)
    # the equity that is told is that of each session's last bar, after the capital
    last = dict(zip(days[15:], account.equity, strict=True))
    assert result.equity.tolist() == [100_000.0, *(equity / 100 for equity in last.values())]
    assert result.sessions.tolist()[1:] == list(last)


def test_bars_stamped_at_their_opening_are_known_at_their_close(shared: Path, tmp_path: Path) -> None:
    # The day's trades by the second, from another file, tell what was known when.
    day = date(2013, 10, 7)
    second = pl.read_parquet(shared / "data" / "us" / "lean_spy_second_trade_20131007.parquet").sort("ts")
    case = CASES["new york, one"]
    panel = opened(shared, tmp_path, replace(case, options=(("stamps", "open"),)))
    assert panel.stamps is not None
    bars = pl.DataFrame(
        {
            "ts": panel.stamps.astype("datetime64[us]"),
            **{name: panel.matrix(name)[:, 0] for name in ("open", "high", "close")},
        }
    )
    minute = pl.col("ts").dt.replace_time_zone(None).cast(pl.Datetime("us"))
    known = second.with_columns(minute).group_by(pl.col("ts").dt.truncate("1m").dt.offset_by("1m")).agg(
        pl.col("open").first(), pl.col("high").max(), pl.col("close").last(), last=pl.col("ts").max()
    )  # fmt: skip
    both = bars.with_columns(minute).filter(pl.col("ts").dt.date() == day).join(known, on="ts", suffix="_known")
    assert both.height > 800
    assert (both["last"] < both["ts"]).all()
    for name in ("open", "high", "close"):
        assert both[name].to_list() == both[f"{name}_known"].to_list()


def test_from_the_command_line_to_the_tear_sheet(shared: Path, tmp_path: Path) -> None:
    midas = Inside(tmp_path / "home", tmp_path)
    file = shared / "data" / "us" / "lean_us_minute_trade.parquet"
    assert midas("data", "import", file, "--venue", "XNAS", "--timeframe", "1m").code == 0
    words = ("backtest", "run", "--strategy", "ema_cross", "--symbols", "SPY", "--timeframe", "1m")
    done = midas(*words, "--start", "2013-10-08", "--output", "sheet.html", "--json")
    assert done.code == 0, done.err
    told = done.json
    assert told["settings"]["frequency"] == "1m"
    assert told["start"] == "2013-10-08"
    equity, fills = (
        midas("backtest", "export", told["id"], "--what", what, "-o", "-").out.splitlines()
        for what in ("equity", "fills")
    )
    days = [date.fromisoformat(line.split(",")[0]) for line in equity[1:]]
    assert days == sorted(set(days))
    assert len(fills) - 1 == told["summary"]["fills"] > 20
    first = datetime.fromisoformat(fills[1].split(",")[0])
    assert first.tzinfo is not None
    assert first.date() == date(2013, 10, 8)
    sheet = (tmp_path / "sheet.html").read_text()
    assert "closes of sessions, from 1m bars" in sheet
    refused = midas(*words, "--json", "--timeframe", "5m")
    assert refused.error["code"] == "unknown_timeframe"
    assert "1m" in refused.error["hint"]

"""Whole runs of library strategies against plain loops, fill by fill: the Korean market and the sample market.

Targets, calendar, costs and matching are all computed here again from the files, in plain Python.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.execution.markets import panel_of
from tests.execution.plain_account import PlainAccount
from tests.execution.plain_rules import PlainBar, PlainRules

from midas.backtest.result import Result
from midas.backtest.run import run
from midas.core.basis import Basis
from midas.marketdata.actions import ActionKind
from midas.marketdata.panel import Panel
from midas.strategies.library.momentum import Momentum
from midas.strategies.library.sma_cross import SmaCross

pytestmark = pytest.mark.acceptance

NAN = math.nan
FIELDS = ("open", "high", "low", "close", "volume")
Market = tuple[Panel, list[list[PlainBar | None]], list[date]]


@pytest.fixture(scope="module")
def korea(shared: Path) -> Market:
    frame = pl.read_parquet(shared / "data" / "kr" / "krx_daily_adj_2023_2025.parquet")
    symbols = sorted(frame["symbol"].unique().to_list())
    days = sorted(frame["date"].unique().to_list())
    row_of, name_of = {day: row for row, day in enumerate(days)}, {name: at for at, name in enumerate(symbols)}
    halted = (pl.col("open") == 0) & (pl.col("high") == 0) & (pl.col("low") == 0)
    known = [pl.when(halted).then(NAN).otherwise(pl.col(name).cast(pl.Float64)).alias(name) for name in FIELDS[:3]]
    volume = pl.when(halted).then(0.0).otherwise(pl.col("volume").cast(pl.Float64))
    frame = frame.with_columns(*known, pl.col("close").cast(pl.Float64), volume.alias("volume"))
    bars: list[list[PlainBar | None]] = [[None] * len(days) for _ in symbols]
    for symbol, day, *values in frame.select("symbol", "date", *FIELDS).iter_rows():
        bars[name_of[symbol]][row_of[day]] = PlainBar(*values)
    at = frame["date"].replace_strict(row_of).to_numpy(), frame["symbol"].replace_strict(name_of).to_numpy()
    prices = {name: np.full((len(days), len(symbols)), NAN) for name in FIELDS}
    for name, matrix in prices.items():
        matrix[at] = frame[name].to_numpy()
    panel = panel_of(
        prices, basis=Basis.SPLIT_ADJUSTED, currency="KRW", venue="XKRX", symbols=tuple(symbols),
        sessions=np.array(days, "datetime64[D]"),
    )  # fmt: skip
    return panel, bars, days


def korean_rules(days: list[date]) -> PlainRules:
    """1.5 bps each way, and the year's tax by the day a sale settles, two sessions later, cut to the won."""
    rates = {2023: Fraction("0.0020"), 2024: Fraction("0.0018"), 2025: Fraction("0.0015")}
    bps = Fraction("0.00015")
    return PlainRules(
        buy_rate=bps, sell_rate=bps, tax_truncates=True, digits=0,
        tax=lambda row: rates[days[min(row + 2, len(days) - 1)].year],
    )  # fmt: skip


def month_ends(days: list[date]) -> set[int]:
    return {row for row in range(len(days) - 1) if days[row].month != days[row + 1].month}


def momentum_weights(
    bars: list[list[PlainBar | None]], speaks: set[int], lookback: int, skip: int, top: int,
    closes: list[list[float]] | None = None,
) -> Callable[[int], list[float] | None]:  # fmt: skip
    def close(name: int, row: int) -> float:
        if closes is not None:
            return closes[name][row]
        bar = bars[name][row]
        return NAN if bar is None else bar.close

    def weights(row: int) -> list[float] | None:
        if row not in speaks:
            return None
        scored = []
        for name in range(len(bars)):
            score = close(name, row - skip) / close(name, row - skip - lookback) - 1
            if not math.isnan(score) and not math.isnan(close(name, row)):
                scored.append((-score, name))
        chosen = [name for _, name in sorted(scored)[:top]]
        return [1 / len(chosen) if name in chosen else 0.0 for name in range(len(bars))]

    return weights


def crossings(closes: list[float], fast: int, slow: int, first: int) -> list[bool]:
    """Held or not, row by row, flat before `first`; exact sums, so that equal averages are equal."""
    known = [0] * (len(closes) + 1)
    total = [0] * (len(closes) + 1)
    for at, close in enumerate(closes):
        known[at + 1] = known[at] + (not math.isnan(close))
        total[at + 1] = total[at] + (0 if math.isnan(close) else exactly(close))
    gaps: list[int | None] = []
    for row in range(len(closes)):
        if row + 1 < slow or known[row + 1] - known[row + 1 - slow] < slow:
            gaps.append(None)
            continue
        gap = (total[row + 1] - total[row + 1 - fast]) * slow - (total[row + 1] - total[row + 1 - slow]) * fast
        gaps.append((gap > 0) - (gap < 0))
    held, states = False, []
    for row in range(len(closes)):
        now, before = gaps[row], gaps[row - 1] if row else None
        if row >= first and now is not None and before is not None:
            held = (now > 0 >= before) or (held and not now < 0 <= before)
        states.append(held)
    return states


def exactly(close: float) -> int:
    # the decimal that was quoted, not the binary fraction next to it, in units of its tenth place
    return int(close) * 10**10 if close == int(close) else int(f"{close:.10f}".replace(".", ""))


def sma_weights(states: list[list[bool]]) -> Callable[[int], list[float]]:
    slot = 1.0 / len(states)
    return lambda row: [slot if held[row] else 0.0 for held in states]


def assert_same(result: Result, account: PlainAccount, least: int) -> None:
    fills = result.simulation.journal.fills
    ours = list(
        zip(*(column.tolist() for column in (
            fills.row, fills.column, fills.side, fills.number, fills.quantity, fills.price, fills.value,
            fills.commission, fills.tax,
        )), strict=True)
    )  # fmt: skip
    assert ours == account.fills
    assert len(ours) >= least
    assert result.simulation.cash.tolist() == account.cashes
    assert result.simulation.equity.tolist() == account.equity
    counts: dict[str, int] = {}
    for *_, reason in account.refusals:
        counts[reason] = counts.get(reason, 0) + 1
    assert dict(result.reject_counts) == counts


class TestKorea:
    @pytest.mark.parametrize(("lookback", "skip", "top"), [(126, 21, 20), (20, 0, 100)])
    def test_momentum(self, korea: Market, lookback: int, skip: int, top: int) -> None:
        panel, bars, days = korea
        first = lookback + skip
        account = PlainAccount(bars, korean_rules(days), 100_000_000, by_change=False)
        account.run(first, len(days), momentum_weights(bars, month_ends(days), lookback, skip, top))
        assert_same(run(Momentum(lookback=lookback, skip=skip, top=top), panel), account, least=200)

    def test_sma_cross(self, korea: Market) -> None:
        panel, bars, days = korea
        states = [crossings([NAN if bar is None else bar.close for bar in name], 20, 60, 60) for name in bars]
        account = PlainAccount(bars, korean_rules(days), 20_000_000_000, by_change=True)
        account.run(60, len(days), sma_weights(states))
        assert_same(run(SmaCross(fast=20, slow=60), panel, initial_capital=20_000_000_000), account, least=5_000)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    from midas.core.clock import SystemClock
    from midas.integrations.sample.source import SampleSource
    from midas.marketdata.importing import import_bars
    from midas.marketdata.lake import Lake
    from midas.marketdata.source import PullRequest

    lake = Lake(tmp_path_factory.mktemp("lake"), SystemClock())
    for raw in SampleSource().fetch(PullRequest()):
        import_bars(lake, raw)
    return lake.panel("sample")


class TestSample:
    def plain(self, panel: Panel, by_change: bool, capital: int) -> PlainAccount:
        raw = {name: panel.matrix(f"raw_{name}") for name in FIELDS}
        bars = [
            [PlainBar(*(float(raw[name][row, column]) for name in FIELDS)) for row in range(panel.rows)]
            for column in range(panel.columns)
        ]
        splits, dividends = {}, {}
        actions = panel.actions
        for row, column, kind, value in zip(actions.row, actions.instrument, actions.kind, actions.value, strict=True):
            into = splits if kind == ActionKind.SPLIT else dividends
            into[int(row), int(column)] = Fraction(repr(float(value)))
        grid = ((Fraction(0), Fraction("0.0001")), (Fraction(1), Fraction("0.01")))
        cost = Fraction("0.0015")
        rules = PlainRules(ladder=grid, buy_rate=cost, sell_rate=cost, slippage=Fraction("0.0005"), digits=2)
        return PlainAccount(bars, rules, capital, by_change, splits, dividends)

    def adjusted(self, account: PlainAccount) -> list[list[float]]:
        """Closes that grow with splits and dividends from each name's first bar on."""
        series = []
        for name, bars in enumerate(account.bars):
            factor, last, closes = 1.0, NAN, []
            for row, bar in enumerate(bars):
                factor *= float(account.splits.get((row, name), 1))
                paid = float(account.dividends.get((row, name), 0))
                factor *= last / (last - paid) if paid else 1.0
                close = NAN if bar is None else bar.close
                closes.append(close * factor)
                last = last if math.isnan(close) else close
            series.append(closes)
        return series

    @pytest.mark.parametrize(
        ("fast", "slow", "start"),
        [(20, 60, None), (5, 15, None), (10, 30, date(2001, 1, 2)), (20, 60, date(2004, 1, 2))],
    )
    def test_sma_cross(self, sample: Panel, fast: int, slow: int, start: date | None) -> None:
        account = self.plain(sample, by_change=True, capital=10_000_000)
        first = slow if start is None else [day.item() for day in sample.sessions].index(start)
        states = [crossings(closes, fast, slow, first) for closes in self.adjusted(account)]
        account.run(first, sample.rows, sma_weights(states))
        result = run(SmaCross(fast=fast, slow=slow), sample, start=start, commission_bps=15, slippage_bps=5)
        assert_same(result, account, least=100)

    @pytest.mark.parametrize(("lookback", "skip", "top", "start"), [(126, 21, 2, None), (60, 5, 3, date(2004, 8, 19))])
    def test_momentum(self, sample: Panel, lookback: int, skip: int, top: int, start: date | None) -> None:
        account = self.plain(sample, by_change=False, capital=2_500_000)
        days = [day.item() for day in sample.sessions]
        first = lookback + skip if start is None else days.index(start)
        closes = self.adjusted(account)
        account.run(first, len(days), momentum_weights(account.bars, month_ends(days), lookback, skip, top, closes))
        result = run(
            Momentum(lookback=lookback, skip=skip, top=top), sample, start=start, initial_capital=25_000,
            commission_bps=15, slippage_bps=5,
        )  # fmt: skip
        assert_same(result, account, least=300)


def test_the_oracle_shares_no_code() -> None:
    sources = sorted((Path(__file__).parents[1] / "execution").glob("plain_*.py"))
    assert "plain_account.py" in [source.name for source in sources]
    for source in sources:
        words = source.read_text()
        assert "midas" not in words
        imported = re.findall(r"^from tests\.(\S+)", words, re.MULTILINE)
        assert all(module.startswith("execution.plain_") for module in imported), source

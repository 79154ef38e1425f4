"""Buy and hold on the sample market against arithmetic on the raw file, to the cent."""

from __future__ import annotations

import csv
import gzip
import importlib.util
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from midas.backtest.result import Result
from midas.backtest.run import run
from midas.core.clock import ManualClock
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.source import PullRequest
from midas.marketdata.universe import select
from midas.strategies.library.buy_and_hold import BuyAndHold

CENT = Decimal("0.01")
CAPITAL = Decimal(100_000)


@dataclass(frozen=True)
class Line:
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    adjusted: Decimal


def raw_file() -> dict[str, list[Line]]:
    spec = importlib.util.find_spec("bokeh_sampledata")
    assert spec is not None
    assert spec.origin is not None
    found: dict[str, list[Line]] = {}
    with gzip.open(Path(spec.origin).parent / "_data" / "stocks.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            names = ("Open", "High", "Low", "Close")
            prices = [Decimal(row[name]) for name in names]
            adjusted = Decimal(row["Adj Close"])
            line = Line(date.fromisoformat(row["Date"][:10]), *prices, int(float(row["Volume"])), adjusted)
            found.setdefault(row["Ticker"], []).append(line)
    return found


@pytest.fixture(scope="module")
def lines() -> dict[str, list[Line]]:
    return raw_file()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    kept = Lake(tmp_path_factory.mktemp("lake"), ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    for raw in SampleSource().fetch(PullRequest(symbols=("AAPL", "GOOG", "FB", "MSFT"))):
        if raw.dataset == "sample":
            import_bars(kept, raw)
    return kept


def panel(lake: Lake, *symbols: str) -> Panel:
    return select(lake, "sample", symbols).panel


def to_cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def up_to_cent(price: Decimal) -> Decimal:
    return price.quantize(CENT, ROUND_CEILING)


def bought(line: Line, decided_close: Decimal, money: Decimal, cash: Decimal, rate: Decimal, slip: Decimal):
    """Shares, cost and commission of a purchase decided at a close with `money` and filled at the next open."""
    wanted = (money / decided_close).to_integral_value(ROUND_FLOOR)
    price = up_to_cent(line.open * (1 + slip))
    price = max(min(price, line.high), line.low)
    shares = min(wanted, Decimal(line.volume // 10))
    while to_cents(shares * price) + to_cents(to_cents(shares * price) * rate) > cash:
        shares -= 1
    value = to_cents(shares * price)
    return shares, value, to_cents(value * rate)


class TestOneName:
    @pytest.mark.parametrize("symbol", ["GOOG", "FB"])
    @pytest.mark.parametrize(("bps", "slippage"), [(0, 0), (15, 0), (25, 7.5)])
    def test_equals_hand_arithmetic_to_the_cent(self, lake, lines, symbol: str, bps: float, slippage: float) -> None:
        result = run(BuyAndHold(), panel(lake, symbol), commission_bps=bps, slippage_bps=slippage)
        bars = lines[symbol]
        rate, slip = Decimal(str(bps)) / 10_000, Decimal(str(slippage)) / 10_000
        shares, value, commission = bought(bars[1], bars[0].close, CAPITAL, CAPITAL, rate, slip)
        cash = CAPITAL - value - commission
        expected = [CAPITAL] + [cash + to_cents(shares * bar.close) for bar in bars[1:]]
        assert [day.item() for day in result.sessions] == [bar.day for bar in bars]
        assert result.equity.tolist() == [float(amount) for amount in expected]
        assert result.summary["fees"] == float(commission)
        assert result.summary["total_return"] == pytest.approx(float(expected[-1] / CAPITAL - 1), rel=1e-12)

    def test_the_venues_own_costs_of_a_purchase_are_nothing(self, lake, lines) -> None:
        ours = run(BuyAndHold(), panel(lake, "GOOG"))
        free = run(BuyAndHold(), panel(lake, "GOOG"), commission_bps=0)
        assert ours.equity.tolist() == free.equity.tolist()

    def test_fractions(self, lake, lines) -> None:
        result = run(BuyAndHold(), panel(lake, "GOOG"), commission_bps=10, lots="fractional", initial_capital=1000)
        bars = lines["GOOG"]
        nano = Decimal("1e-9")
        wanted = (1000 / bars[0].close).quantize(nano, ROUND_FLOOR)
        payable = (1000 / (bars[1].open * Decimal("1.001"))).quantize(nano, ROUND_FLOOR)
        shares = min(wanted, payable)
        value = to_cents(shares * bars[1].open)
        cash = 1000 - value - to_cents(value * Decimal("0.001"))
        assert result.fills()["quantity"].to_list() == [float(shares)]
        assert result.equity[-1] == float(cash + to_cents(shares * bars[-1].close))


class TestTwoNames:
    @pytest.mark.parametrize("bps", [0, 15])
    def test_equals_hand_arithmetic_to_the_cent(self, lake, lines, bps: int) -> None:
        start = lines["FB"][0].day
        result = run(BuyAndHold(), panel(lake, "FB", "GOOG"), start=start, commission_bps=bps)
        by_day = {name: {bar.day: bar for bar in lines[name]} for name in ("FB", "GOOG")}
        days = [bar.day for bar in lines["GOOG"] if bar.day >= start]
        cash, held = CAPITAL, {}
        for name in ("FB", "GOOG"):  # equal weights: by id
            rate = Decimal(bps) / 10_000
            line, decided = by_day[name][days[1]], by_day[name][days[0]].close
            shares, value, commission = bought(line, decided, CAPITAL / 2, cash, rate, Decimal(0))
            cash -= value + commission
            held[name] = shares
        expected = [
            float(cash + sum(to_cents(shares * by_day[name][day].close) for name, shares in held.items()))
            for day in days[1:]
        ]
        assert result.equity.tolist() == [float(CAPITAL), *expected]


def walked(bars: list[Line], actions: dict[date, list[tuple[str, Decimal]]]) -> list[Decimal]:
    """Equity day by day of all the capital put into one name, with splits and dividends, by plain arithmetic."""
    cash, shares, equity = CAPITAL, Decimal(0), []
    for at, bar in enumerate(bars):
        before = shares
        for kind, value in sorted(actions.get(bar.day, []), reverse=True):  # splits first
            if kind == "split":
                whole = (shares * value).to_integral_value(ROUND_FLOOR)
                cash += to_cents((shares * value - whole) * bars[at - 1].close / value)
                shares = whole
            else:
                cash += to_cents(before * value)
        if at == 1:
            shares, value, _ = bought(bar, bars[0].close, CAPITAL, cash, Decimal(0), Decimal(0))
            cash -= value
        equity.append(cash + to_cents(shares * bar.close))
    return equity


class TestCorporateActions:
    def derived(self, lake: Lake, symbol: str) -> dict[date, list[tuple[str, Decimal]]]:
        found: dict[date, list[tuple[str, Decimal]]] = {}
        for row in lake.actions("sample").rows(named=True):
            if row["symbol"] == f"{symbol}.XNAS":
                kind = "split" if row["kind"] == "split" else "dividend"
                found.setdefault(row["ts"], []).append((kind, Decimal(repr(row["value"]))))
        return found

    @pytest.mark.parametrize(("symbol", "splits", "special"), [
        ("AAPL", {date(2000, 6, 21): 2, date(2005, 2, 28): 2}, None),
        ("MSFT", {date(2003, 2, 18): 2}, date(2004, 11, 15)),
    ])  # fmt: skip
    def test_equals_hand_arithmetic_to_the_cent(self, lake, lines, symbol, splits, special) -> None:
        actions, bars = self.derived(lake, symbol), lines[symbol]
        assert {day: int(one[0][1]) for day, one in actions.items() if one[0][0] == "split"} == splits
        result: Result = run(BuyAndHold(), panel(lake, symbol), commission_bps=0)
        expected = walked(bars, actions)
        assert result.equity.tolist() == [float(amount) for amount in expected]
        if special is not None:
            # more than a tenth of the price in one day: the raw file says how much of the fall was the dividend
            at = [bar.day for bar in bars].index(special)
            kept = (bars[at - 1].adjusted / bars[at - 1].close) / (bars[at].adjusted / bars[at].close)
            assert float(actions[special][0][1]) == pytest.approx(float(bars[at - 1].close * (1 - kept)), rel=2e-3)
            assert actions[special][0][1] > 3

    @pytest.mark.parametrize("symbol", ["AAPL", "MSFT"])
    def test_every_jump_of_the_files_adjustment_is_an_action_and_nothing_else_is(self, lake, lines, symbol) -> None:
        actions, bars = self.derived(lake, symbol), lines[symbol]
        for before, bar in pairwise(bars):
            kept = float((before.adjusted / before.close) / (bar.adjusted / bar.close))
            expected = 1.0
            for kind, value in actions.get(bar.day, []):
                expected *= 1 / float(value) if kind == "split" else 1 - float(value / before.close)
            assert kept == pytest.approx(expected, abs=1.2e-3), bar.day

    @pytest.mark.parametrize("symbol", ["AAPL", "MSFT"])
    def test_adjusted_returns_are_those_of_adj_close(self, lake, lines, symbol) -> None:
        closes = panel(lake, symbol).series("close", 0)
        adjusted = np.array([float(bar.adjusted) for bar in lines[symbol]])
        np.testing.assert_allclose(closes[1:] / closes[:-1], adjusted[1:] / adjusted[:-1], rtol=0, atol=1e-3)
        assert closes[-1] / closes[0] == pytest.approx(adjusted[-1] / adjusted[0], rel=1e-3)

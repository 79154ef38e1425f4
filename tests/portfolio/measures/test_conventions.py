"""Other libraries' numbers: equal to what the libraries themselves said of the same runs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.golden_series import CASES, Run, run_of, stocks
from scipy import stats

from midas.core.errors import InvalidInput
from midas.portfolio.measures.conventions.catalogue import CONVENTIONS, convention
from midas.portfolio.measures.conventions.record import Record, TradeRecord

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "conventions.json").read_text(encoding="utf-8"))
RAN = [library for library in CONVENTIONS if library in GOLDEN]
NOT_COMPUTED_BY_A_FUNCTION = {
    "freqtrade": {"profit_total_abs", "profit_total", "profit_mean", "profit_factor", "winrate"},
}
"""Simple sums that freqtrade's report makes itself; the last test of the file derives them."""


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    prices = stocks()
    return {name: run_of(case, prices) for name, case in CASES.items()}


def record_of(run: Run) -> Record:
    trades = TradeRecord(run.profit, run.returns, run.closed)
    return Record(run.days, run.equity, run.held, run.traded, run.benchmark, trades, fees=12.5, orders=7)


def same(ours: float | None, theirs: float | None) -> bool:
    if theirs is None or not math.isfinite(theirs):
        return ours is None
    return ours is not None and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)


class TestAgainstTheLibraries:
    def test_four_of_the_five_were_run(self) -> None:
        assert set(RAN) == {"quantstats", "pyfolio", "freqtrade", "qlib"}
        for library in RAN:
            told = convention(library).version.replace(",", "").split()
            assert {word for word in told if word[0].isdigit()} <= set(GOLDEN[library]["versions"].values())

    def test_the_runs_are_those_that_were_measured(self, runs: dict[str, Run]) -> None:
        assert {name: run.equity[-1] for name, run in runs.items()} == pytest.approx(GOLDEN["last_equity"], rel=1e-12)
        assert sum(len(run.profit) for run in runs.values()) > 100

    @pytest.mark.parametrize("library", RAN)
    @pytest.mark.parametrize("case", CASES)
    def test_every_number(self, library: str, case: str, runs: dict[str, Run]) -> None:
        theirs = GOLDEN[library]["runs"][case]
        ours = convention(library).of(record_of(runs[case]))
        assert set(ours) - set(theirs) == NOT_COMPUTED_BY_A_FUNCTION.get(library, set())
        wrong = {name: (ours[name], value) for name, value in theirs.items() if not same(ours[name], value)}
        assert not wrong


def lean_of(run: Run) -> dict[str, Any]:
    """LEAN's documented formulas, one step after the other, on plain lists."""
    equity, market = run.equity.tolist(), run.benchmark.tolist()
    r, m = ([b / a - 1 for a, b in pairwise(values)] for values in (equity, market))
    capital, won, lost = equity[0], [], []
    for gain, closed in zip(run.profit.tolist(), run.closed.tolist(), strict=True):
        if closed:
            (won if gain > 0 else lost).append(gain / capital)
            capital += gain
    average_win = sum(won) / len(won) if won else 0
    average_loss = sum(lost) / len(lost) if lost else 0
    payoff = average_win / abs(average_loss) if average_loss else 0
    trades = len(won) + len(lost)
    win_rate, loss_rate = (len(won) / trades, len(lost) / trades) if trades else (0, 0)
    years = int((run.days[-1] - run.days[0]).astype(int)) / 365
    annual = (1 + np.mean(r)) ** 252 - 1
    annual_market = (1 + np.mean(m)) ** 252 - 1
    deviation = math.sqrt(np.var(r, ddof=1) * 252)
    downside = math.sqrt(np.var([x for x in r if x < 0], ddof=1) * 252)
    beta = np.cov(r, m)[0, 1] / np.var(m, ddof=1)
    active = math.sqrt(np.var(np.subtract(r, m), ddof=1) * 252)
    observed = np.mean(r) / np.std(r, ddof=1)
    skew, kurtosis = stats.skew(r, bias=False), stats.kurtosis(r, bias=False)
    error = math.sqrt((1 - skew * observed + (kurtosis - 1) / 4 * observed**2) / (len(r) - 1))
    peak, peak_day, fell, deepest, recovery = equity[0], run.days[0], None, 0.0, 0
    for day, value in zip(run.days, equity, strict=True):
        if value >= peak:
            if fell is not None:
                recovery, fell = max(recovery, int((day - fell).astype(int))), None
            peak, peak_day = value, day
        if value < peak:
            deepest = min(deepest, value / peak - 1)
            fell = peak_day if fell is None else fell
    return {
        "Average Win": average_win, "Average Loss": average_loss, "Profit-Loss Ratio": payoff, "Win Rate": win_rate,
        "Loss Rate": loss_rate, "Expectancy": win_rate * payoff - loss_rate, "Start Equity": 100_000,
        "End Equity": equity[-1], "Net Profit": equity[-1] / 100_000 - 1, "Total Orders": 7, "Total Fees": 12.5,
        "Compounding Annual Return": (equity[-1] / equity[0]) ** (1 / years) - 1,
        "Annual Variance": deviation**2, "Annual Standard Deviation": deviation, "Sharpe Ratio": annual / deviation,
        "Sortino Ratio": annual / downside, "Beta": beta, "Alpha": annual - beta * annual_market,
        "Tracking Error": active, "Information Ratio": (annual - annual_market) / active,
        "Treynor Ratio": annual / beta,
        "Probabilistic Sharpe Ratio": stats.norm.cdf((observed - 1 / math.sqrt(252)) / error),
        "Value At Risk 95": round(stats.norm.ppf(0.05, np.mean(r[-252:]), np.std(r[-252:], ddof=1)), 3),
        "Value At Risk 99": round(stats.norm.ppf(0.01, np.mean(r[-252:]), np.std(r[-252:], ddof=1)), 3),
        "Drawdown": round(-deepest, 3), "Drawdown Recovery": recovery,
        "Portfolio Turnover": sum(t / e for t, e in zip(run.traded.tolist()[1:], equity[1:], strict=True)) / len(r),
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_lean_by_its_documented_formulas(case: str, runs: dict[str, Run]) -> None:
    ours, theirs = convention("lean").of(record_of(runs[case])), lean_of(runs[case])
    assert set(ours) == set(theirs)
    assert not {name: (ours[name], value) for name, value in theirs.items() if not same(ours[name], float(value))}


def test_freqtrade_sums_by_hand(runs: dict[str, Run]) -> None:
    days = np.arange("2020-01-01", "2020-01-06", dtype="datetime64[D]")
    trades = TradeRecord(np.array([30.0, -10.0, -5.0, 5.0]), np.array([0.3, -0.1, -0.05, 0.05]), np.ones(4, bool))
    nothing = np.zeros(5)
    ours = convention("freqtrade").of(
        Record(days, np.array([100.0, 130, 120, 115, 120]), nothing, nothing, None, trades, 0.0, 4)
    )
    assert (ours["profit_total_abs"], ours["profit_total"], ours["winrate"]) == (20, 0.2, 0.5)
    assert ours["profit_factor"] == pytest.approx(35 / 15)
    assert ours["profit_mean"] == pytest.approx(0.05)


class TestUnusualRuns:
    @pytest.mark.parametrize("library", CONVENTIONS)
    @pytest.mark.parametrize(
        "equity", [[100.0], [100.0, 100.0], [100.0] * 40, [100.0, 0.0, 0.0], [100.0, 101.0, 102.0]]
    )
    def test_numbers_or_none(self, library: str, equity: list[float]) -> None:
        n = len(equity)
        days = np.arange(n).astype("datetime64[D]")
        nothing = np.empty(0)
        trades = TradeRecord(nothing, nothing, nothing.astype(bool))
        one = Record(days, np.array(equity), np.zeros(n), np.zeros(n), None, trades, 0.0, 0)
        found = convention(library).of(one)
        assert all(value is None or math.isfinite(value) for value in found.values())
        json.dumps(found, allow_nan=False)

    def test_without_a_benchmark_nothing_is_compared(self, runs: dict[str, Run]) -> None:
        run = runs["facebook above its 5-day mean"]
        one = replace(record_of(run), benchmark=None)
        compared = {"beta", "Beta", "alpha", "Alpha", "excess_return_with_cost.mean", "Tracking Error"}
        for library in CONVENTIONS:
            found = convention(library).of(one)
            assert all(found[name] is None for name in compared & set(found))


class TestConvention:
    def test_an_unknown_library_is_refused_with_the_known_ones(self) -> None:
        with pytest.raises(InvalidInput, match="quantstat2") as refused:
            convention("quantstat2")
        assert "quantstats" in refused.value.hint

    def test_each_says_what_it_is_fed_and_how_it_counts(self) -> None:
        for each in CONVENTIONS.values():
            assert all((each.version, each.fed, each.frequency, each.day_count, each.open_trades, each.source))
            assert len({entry.name for entry in each.entries}) == len(each.entries)
            assert all(entry.formula for entry in each.entries)

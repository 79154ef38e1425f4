"""LEAN's portfolio statistics."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from midas.portfolio.measures.conventions.arithmetic import deviation, mean, sample_moments, slope
from midas.portfolio.measures.conventions.convention import Convention, Entry
from midas.portfolio.measures.conventions.record import Record
from midas.portfolio.measures.sample import Reals

_DAYS = 252
_ROUNDED = 3


def _part(above: float, below: float) -> float:
    # LEAN says 0 where a ratio would divide by nothing
    return above / below if below and math.isfinite(below) else 0.0


def _annual(returns: Reals) -> float:
    return (mean(returns) + 1.0) ** _DAYS - 1.0


def _variance(returns: Reals) -> float:
    return deviation(returns) ** 2 * _DAYS if len(returns) > 1 else 0.0


def _spread(returns: Reals) -> float:
    return math.sqrt(_variance(returns))


def _trade_rates(record: Record) -> tuple[Reals, Reals]:
    # each gain over the capital and the gains before it; LEAN counts a gain of 0 as a loss
    profit = record.trades.profit[record.trades.closed]
    before = record.equity[0] + np.concatenate(([0.0], np.cumsum(profit)))[: len(profit)]
    rates = profit / before
    return rates[profit > 0], rates[profit <= 0]


def _average(record: Record, won: bool) -> float:
    rates = _trade_rates(record)[0 if won else 1]
    return float(rates.mean()) if len(rates) else 0.0


def _payoff(record: Record) -> float:
    return _part(_average(record, won=True), abs(_average(record, won=False)))


def _win_rate(record: Record) -> float:
    won, lost = _trade_rates(record)
    return _part(len(won), len(won) + len(lost))


def _loss_rate(record: Record) -> float:
    won, lost = _trade_rates(record)
    return _part(len(lost), len(won) + len(lost))


def _expectancy(record: Record) -> float:
    return _win_rate(record) * _payoff(record) - _loss_rate(record)


def _net_profit(record: Record) -> float:
    return float(record.equity[-1] / record.equity[0] - 1.0)


def _compounding(record: Record) -> float:
    days = record.calendar_days
    return float((record.equity[-1] / record.equity[0]) ** (365.0 / days) - 1.0) if days else 0.0


def _sharpe(record: Record) -> float:
    return _part(_annual(record.returns), _spread(record.returns))


def _sortino(record: Record) -> float:
    return _part(_annual(record.returns), _spread(record.returns[record.returns < 0]))


def _probabilistic(record: Record) -> float:
    returns = record.returns
    ratio = _part(mean(returns), deviation(returns))
    skew, kurtosis = sample_moments(returns)
    spread = 1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    if not spread > 0:
        return 0.0
    error = math.sqrt(spread / (len(returns) - 1))
    return NormalDist().cdf((ratio - 1.0 / math.sqrt(_DAYS)) / error)


def _beta(record: Record) -> float | None:
    benchmark = record.benchmark_returns
    if benchmark is None:
        return None
    return slope(record.returns, benchmark) if benchmark.any() else 0.0


def _alpha(record: Record) -> float | None:
    benchmark, beta = record.benchmark_returns, _beta(record)
    if benchmark is None or beta is None:
        return None
    return _annual(record.returns) - beta * _annual(benchmark) if beta else 0.0


def _tracking_error(record: Record) -> float | None:
    benchmark = record.benchmark_returns
    return None if benchmark is None else _spread(record.returns - benchmark)


def _information(record: Record) -> float | None:
    benchmark, error = record.benchmark_returns, _tracking_error(record)
    if benchmark is None or error is None:
        return None
    return _part(_annual(record.returns) - _annual(benchmark), error)


def _treynor(record: Record) -> float | None:
    beta = _beta(record)
    return None if beta is None else _part(_annual(record.returns), beta)


def _value_at_risk(record: Record, level: float) -> float:
    last = record.returns[-_DAYS:]
    spread = deviation(last)
    return round(NormalDist(mean(last), spread).inv_cdf(1.0 - level), _ROUNDED) if spread > 0 else 0.0


def _drawdown(record: Record) -> float:
    depth = record.equity / np.maximum.accumulate(record.equity) - 1.0
    return round(abs(float(depth.min())), _ROUNDED)


def _recovery(record: Record) -> int:
    # calendar days from a peak to the first close at or above it, after a fall; one that lasts does not count
    tops = np.flatnonzero(record.equity >= np.maximum.accumulate(record.equity))
    spans = np.diff(record.days[tops].astype("datetime64[D]").astype(np.int64))
    return int(spans[np.diff(tops) > 1].max(initial=0))


def _turnover(record: Record) -> float:
    return mean((record.traded / record.equity)[1:])


LEAN = Convention(
    library="lean",
    version="commit 24863901 of 2026-08-21",
    fed="daily closes of the portfolio and the benchmark, closed trades, fills; risk-free rate 0",
    frequency="daily closes, without LEAN's sample of the first day; trades at their exits",
    day_count="252 trading days a year; Compounding Annual Return: 365 days",
    open_trades="left out of the trade statistics; at the close in the rest",
    source="Common/Statistics/PortfolioStatistics.cs and Statistics.cs (Apache-2.0); checked against plain Python "
    "written from them, since LEAN itself needs .NET",
    entries=(
        Entry("Total Orders", "count", "orders filled", lambda record: record.orders),
        Entry(
            "Average Win",
            "fraction",
            "mean of gain / (capital + gains before), winners",
            lambda record: _average(record, won=True),
        ),
        Entry(
            "Average Loss",
            "fraction",
            "mean of gain / (capital + gains before), the others",
            lambda record: _average(record, won=False),
        ),
        Entry("Compounding Annual Return", "fraction", "(end / start)^(365 / days) − 1", _compounding),
        Entry("Drawdown", "fraction", "largest fall below the highest close so far, rounded to 3 digits", _drawdown),
        Entry("Expectancy", "", "win rate × profit-loss ratio − loss rate", _expectancy),
        Entry("Start Equity", "currency", "first close", lambda record: float(record.equity[0])),
        Entry("End Equity", "currency", "last close", lambda record: float(record.equity[-1])),
        Entry("Net Profit", "fraction", "end / start − 1", _net_profit),
        Entry("Sharpe Ratio", "", "((1 + mean daily return)^252 − 1) / annual standard deviation", _sharpe),
        Entry("Sortino Ratio", "", "as Sharpe, over the annual deviation of the negative returns alone", _sortino),
        Entry(
            "Probabilistic Sharpe Ratio",
            "fraction",
            "probability of a yearly Sharpe ratio above 1, with excess kurtosis in the place of kurtosis",
            _probabilistic,
        ),
        Entry("Loss Rate", "fraction", "trades without a gain / closed trades", _loss_rate),
        Entry("Win Rate", "fraction", "trades with a gain / closed trades", _win_rate),
        Entry("Profit-Loss Ratio", "", "average win / |average loss|", _payoff),
        Entry("Alpha", "fraction", "annual performance − beta × the benchmark's", _alpha),
        Entry("Beta", "", "covariance with the benchmark's daily returns / their variance", _beta),
        Entry(
            "Annual Standard Deviation",
            "fraction",
            "√annual variance",
            lambda record: _spread(record.returns),
        ),
        Entry(
            "Annual Variance", "", "sample variance of daily returns × 252", lambda record: _variance(record.returns)
        ),
        Entry(
            "Information Ratio",
            "",
            "(annual performance − the benchmark's) / tracking error",
            _information,
        ),
        Entry("Tracking Error", "fraction", "√(sample variance of daily return − benchmark's × 252)", _tracking_error),
        Entry("Treynor Ratio", "", "annual performance / beta", _treynor),
        Entry("Total Fees", "currency", "Σ fees and taxes", lambda record: record.fees),
        Entry("Portfolio Turnover", "fraction", "mean over days of value bought and sold / equity", _turnover),
        Entry("Drawdown Recovery", "days", "longest time from a peak back to it", _recovery),
        Entry(
            "Value At Risk 95",
            "fraction",
            "5 % quantile of a normal fitted to the last 252 daily returns, rounded to 3 digits",
            lambda record: _value_at_risk(record, 0.95),
        ),
        Entry(
            "Value At Risk 99",
            "fraction",
            "1 % quantile of a normal fitted to the last 252 daily returns, rounded to 3 digits",
            lambda record: _value_at_risk(record, 0.99),
        ),
    ),
)

"""QuantStats' statistics, under the names of its functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from midas.portfolio.measures.conventions.arithmetic import (
    correlation,
    deepest,
    depths,
    deviation,
    divided,
    grown,
    longest_run,
    mean,
    sample_moments,
    slope,
)
from midas.portfolio.measures.conventions.convention import Convention, Entry
from midas.portfolio.measures.conventions.record import Record
from midas.portfolio.measures.measure import Unit
from midas.portfolio.measures.sample import Reals

_DAYS = 252
_TAIL = 0.05
_YEAR = math.sqrt(_DAYS)


def _geometric(returns: Reals) -> float:
    return math.pow(1.0 + grown(returns), divided(1.0, len(returns))) - 1.0


def _cagr(returns: Reals) -> float:
    return math.pow(1.0 + grown(returns), divided(_DAYS, len(returns))) - 1.0


def _sharpe(returns: Reals) -> float:
    return divided(mean(returns), deviation(returns)) * _YEAR


def _penalty(returns: Reals) -> float:
    n = len(returns)
    if n < 2:
        return 1.0
    coefficient = abs(correlation(returns[:-1], returns[1:]))
    if math.isnan(coefficient):
        return 1.0
    lag = np.arange(1, n)
    return math.sqrt(1.0 + 2.0 * float(((n - lag) / n * coefficient**lag).sum()))


def _smart_sharpe(returns: Reals) -> float:
    return _sharpe(returns) / _penalty(returns)


def _sortino(returns: Reals) -> float:
    downside = math.sqrt(divided(float((returns[returns < 0] ** 2).sum()), len(returns)))
    return divided(mean(returns), downside) * _YEAR


def _smart_sortino(returns: Reals) -> float:
    return _sortino(returns) / _penalty(returns)


def _adjusted_sortino(returns: Reals) -> float:
    return _sortino(returns) / math.sqrt(2.0)


def _probabilistic(returns: Reals, ratio: float) -> float:
    period = ratio / _YEAR
    skew, kurtosis = sample_moments(returns)
    spread = (1.0 - skew * period + (kurtosis + 2.0) / 4.0 * period**2) / (len(returns) - 1)
    return NormalDist().cdf(period / math.sqrt(spread)) if spread > 0 else math.nan


def _omega(returns: Reals) -> float:
    return divided(float(returns[returns > 0].sum()), -float(returns[returns < 0].sum()))


def _gain_to_pain(returns: Reals) -> float:
    return divided(float(returns.sum()), -float(returns[returns < 0].sum()))


def _exposure(returns: Reals) -> float:
    return math.ceil(divided(int((returns != 0).sum()), len(returns)) * 100) / 100


def _win_rate(returns: Reals) -> float:
    return divided(int((returns > 0).sum()), int((returns != 0).sum())) if returns.any() else 0.0


def _average_win(returns: Reals) -> float:
    return mean(returns[returns > 0])


def _average_loss(returns: Reals) -> float:
    return mean(returns[returns < 0])


def _payoff(returns: Reals) -> float:
    return divided(_average_win(returns), abs(_average_loss(returns)))


def _profit_factor(returns: Reals) -> float:
    return divided(float(returns[returns >= 0].sum()), -float(returns[returns < 0].sum()))


def _profit_ratio(returns: Reals) -> float:
    won, lost = returns[returns >= 0], returns[returns < 0]
    return divided(divided(mean(won), len(won)), abs(divided(mean(lost), len(lost))))


def _tail_ratio(returns: Reals) -> float:
    high, low = np.quantile(returns, [1.0 - _TAIL, _TAIL])
    return abs(divided(float(high), float(low)))


def _outlier_win(returns: Reals) -> float:
    return divided(float(np.quantile(returns, 0.99)), mean(returns[returns >= 0]))


def _outlier_loss(returns: Reals) -> float:
    return divided(float(np.quantile(returns, 0.01)), _average_loss(returns))


def _kelly(returns: Reals) -> float:
    payoff, won = _payoff(returns), _win_rate(returns)
    return divided(payoff * won - (1.0 - won), payoff)


def _risk_of_ruin(returns: Reals) -> float:
    won = _win_rate(returns)
    return ((1.0 - won) / (1.0 + won)) ** len(returns)


def _value_at_risk(returns: Reals) -> float:
    spread = deviation(returns)
    return NormalDist(mean(returns), spread).inv_cdf(_TAIL) if spread > 0 else math.nan


def _shortfall(values: Reals) -> float:
    spread = deviation(values)
    if not spread > 0:
        return mean(values)
    return mean(values) - spread * NormalDist().pdf(NormalDist().inv_cdf(_TAIL)) / _TAIL


def _ulcer(returns: Reals) -> float:
    return math.sqrt(divided(float((depths(returns) ** 2).sum()), len(returns) - 1))


def _serenity(returns: Reals) -> float:
    pitfall = divided(-_shortfall(depths(returns)), deviation(returns))
    return divided(float(returns.sum()), _ulcer(returns) * pitfall)


def _recovery(returns: Reals) -> float:
    return divided(abs(float(returns.sum())), abs(deepest(returns)))


def _calmar(returns: Reals) -> float:
    return divided(_cagr(returns), abs(deepest(returns)))


def _cpc(returns: Reals) -> float:
    return _profit_factor(returns) * _win_rate(returns) * _payoff(returns)


def _alpha(returns: Reals, benchmark: Reals) -> float:
    return (mean(returns) - slope(returns, benchmark) * mean(benchmark)) * _DAYS


_RETURNS: tuple[tuple[str, Unit, str, Callable[[Reals], float | int]], ...] = (
    ("comp", "fraction", "Π(1 + r) − 1", grown),
    ("cagr", "fraction", "(1 + comp)^(252 / n) − 1, n daily returns", _cagr),
    ("rar", "fraction", "cagr / exposure", lambda r: divided(_cagr(r), _exposure(r))),
    ("expected_return", "fraction", "(1 + comp)^(1 / n) − 1", _geometric),
    ("volatility", "fraction", "sample standard deviation of daily returns × √252", lambda r: deviation(r) * _YEAR),
    ("sharpe", "", "mean / sample standard deviation × √252", _sharpe),
    ("smart_sharpe", "", "sharpe / autocorr_penalty", _smart_sharpe),
    ("autocorr_penalty", "", "√(1 + 2 Σ (n − k) / n × |lag-1 autocorrelation|^k)", _penalty),
    ("sortino", "", "mean / √(Σ negative² / n) × √252", _sortino),
    ("smart_sortino", "", "sortino / autocorr_penalty", _smart_sortino),
    ("adjusted_sortino", "", "sortino / √2", _adjusted_sortino),
    (
        "probabilistic_sharpe_ratio",
        "fraction",
        "Φ(SR / error) of one period, with sample skewness and kurtosis",
        lambda r: _probabilistic(r, _sharpe(r)),
    ),
    (
        "probabilistic_sortino_ratio",
        "fraction",
        "the same of the Sortino ratio",
        lambda r: _probabilistic(r, _sortino(r)),
    ),
    ("omega", "", "Σ gains / Σ losses of daily returns", _omega),
    ("gain_to_pain_ratio", "", "Σ returns / Σ |negative returns|", _gain_to_pain),
    ("max_drawdown", "fraction", "lowest wealth over its highest value so far, the start included, − 1", deepest),
    ("calmar", "", "cagr / |max_drawdown|", _calmar),
    ("ulcer_index", "fraction", "√(Σ drawdown² / (n − 1))", _ulcer),
    ("ulcer_performance_index", "", "comp / ulcer_index", lambda r: divided(grown(r), _ulcer(r))),
    ("serenity_index", "", "Σ returns / (ulcer_index × −cvar of drawdowns / deviation of returns)", _serenity),
    ("recovery_factor", "", "|Σ returns| / |max_drawdown|", _recovery),
    ("value_at_risk", "fraction", "5 % quantile of a normal with the returns' mean and deviation", _value_at_risk),
    ("conditional_value_at_risk", "fraction", "mean of that normal below its 5 % quantile", _shortfall),
    ("tail_ratio", "", "|95 % quantile / 5 % quantile| of daily returns", _tail_ratio),
    ("outlier_win_ratio", "", "99 % quantile / mean of the returns that are not negative", _outlier_win),
    ("outlier_loss_ratio", "", "1 % quantile / mean of the negative returns", _outlier_loss),
    ("exposure", "fraction", "days with a return other than 0 / days, rounded up to a hundredth", _exposure),
    ("win_rate", "fraction", "days above 0 / days other than 0", _win_rate),
    ("avg_return", "fraction", "mean of the returns other than 0", lambda r: mean(r[r != 0])),
    ("avg_win", "fraction", "mean of the positive returns", _average_win),
    ("avg_loss", "fraction", "mean of the negative returns", _average_loss),
    ("best", "fraction", "largest daily return", lambda r: float(r.max(initial=-math.inf))),
    ("worst", "fraction", "smallest daily return", lambda r: float(r.min(initial=math.inf))),
    ("consecutive_wins", "count", "most days above 0 in a row", lambda r: longest_run(r > 0)),
    ("consecutive_losses", "count", "most days below 0 in a row", lambda r: longest_run(r < 0)),
    ("payoff_ratio", "", "avg_win / |avg_loss|", _payoff),
    ("profit_factor", "", "Σ returns not negative / Σ |negative returns|", _profit_factor),
    ("profit_ratio", "", "(mean win / wins) / (mean loss / losses)", _profit_ratio),
    ("cpc_index", "", "profit_factor × win_rate × payoff_ratio", _cpc),
    ("common_sense_ratio", "", "profit_factor × tail_ratio", lambda r: _profit_factor(r) * _tail_ratio(r)),
    ("risk_return_ratio", "", "mean / sample standard deviation", lambda r: divided(mean(r), deviation(r))),
    ("kelly_criterion", "fraction", "(payoff_ratio × win_rate − (1 − win_rate)) / payoff_ratio", _kelly),
    ("risk_of_ruin", "fraction", "((1 − win_rate) / (1 + win_rate))^n", _risk_of_ruin),
    ("skew", "", "sample skewness G1 of daily returns", lambda r: sample_moments(r)[0]),
    ("kurtosis", "", "sample excess kurtosis G2 of daily returns", lambda r: sample_moments(r)[1]),
)

_PAIRS: tuple[tuple[str, Unit, str, Callable[[Reals, Reals], float]], ...] = (
    ("beta", "", "covariance with the benchmark's daily returns / their variance", slope),
    ("alpha", "fraction", "(mean − beta × benchmark's mean) × 252", _alpha),
    ("r_squared", "fraction", "squared correlation with the benchmark", lambda r, b: correlation(r, b) ** 2),
    (
        "information_ratio",
        "",
        "mean of return − benchmark's / its sample standard deviation, not annualised",
        lambda r, b: divided(mean(r - b), deviation(r - b)),
    ),
    ("treynor_ratio", "", "comp / beta", lambda r, b: divided(grown(r), slope(r, b))),
)  # fmt: skip


def _alone(of: Callable[[Reals], float | int]) -> Callable[[Record], float | int]:
    return lambda record: of(record.returns)


def _paired(of: Callable[[Reals, Reals], float]) -> Callable[[Record], float | None]:
    def compute(record: Record) -> float | None:
        benchmark = record.benchmark_returns
        return None if benchmark is None else of(record.returns, benchmark)

    return compute


QUANTSTATS = Convention(
    library="quantstats",
    version="0.0.86",
    fed="daily returns net of cost and the benchmark's; risk-free rate 0",
    frequency="daily closes",
    day_count="252 sessions a year",
    open_trades="at the last close; wins and losses are days, not trades",
    source="quantstats.stats (Apache-2.0); checked by running it",
    entries=(
        *(Entry(name, unit, formula, _alone(of)) for name, unit, formula, of in _RETURNS),
        *(Entry(name, unit, formula, _paired(of)) for name, unit, formula, of in _PAIRS),
    ),
)

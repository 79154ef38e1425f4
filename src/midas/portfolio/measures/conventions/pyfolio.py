"""pyfolio's performance table, whose formulas are empyrical's."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from midas.portfolio.measures.conventions.arithmetic import (
    correlation,
    deepest,
    deviation,
    divided,
    grown,
    mean,
    moments,
    slope,
)
from midas.portfolio.measures.conventions.convention import Convention, Entry
from midas.portfolio.measures.conventions.record import Record
from midas.portfolio.measures.measure import Unit
from midas.portfolio.measures.sample import Reals

_DAYS = 252
_SIGMAS = 2.0


def _annual_return(returns: Reals) -> float:
    return (1.0 + grown(returns)) ** (_DAYS / len(returns)) - 1.0 if len(returns) else math.nan


def _volatility(returns: Reals) -> float:
    return deviation(returns) * math.sqrt(_DAYS)


def _sharpe(returns: Reals) -> float:
    return divided(mean(returns), deviation(returns)) * math.sqrt(_DAYS)


def _calmar(returns: Reals) -> float:
    return divided(_annual_return(returns), -deepest(returns))


def _stability(returns: Reals) -> float:
    return correlation(np.arange(len(returns), dtype=np.float64), np.cumsum(np.log1p(returns))) ** 2


def _omega(returns: Reals) -> float:
    return divided(float(returns[returns > 0].sum()), -float(returns[returns < 0].sum()))


def _sortino(returns: Reals) -> float:
    downside = math.sqrt(float((np.minimum(returns, 0.0) ** 2).mean())) * math.sqrt(_DAYS)
    return divided(mean(returns) * _DAYS, downside)


def _tail_ratio(returns: Reals) -> float:
    high, low = np.percentile(returns, [95, 5])
    return divided(abs(float(high)), abs(float(low)))


def _value_at_risk(returns: Reals) -> float:
    return mean(returns) - _SIGMAS * deviation(returns)


def _alpha(returns: Reals, benchmark: Reals) -> float:
    daily = float((returns - slope(returns, benchmark) * benchmark).mean())
    return (1.0 + daily) ** _DAYS - 1.0


def _turnover(record: Record) -> float:
    # the book is averaged over this close and the one before; a close without fills counts as 0
    book = record.gross_exposure * record.equity
    before = np.concatenate(([0.0], book[:-1]))
    rate = np.divide(record.traded, (book + before) / 2.0, out=np.zeros(len(book)), where=(book + before) > 0)
    return float(rate.mean())


_RETURNS: tuple[tuple[str, Unit, str, Callable[[Reals], float]], ...] = (
    ("Annual return", "fraction", "(Π(1 + r))^(252 / n) − 1, n daily returns", _annual_return),
    ("Cumulative returns", "fraction", "Π(1 + r) − 1", grown),
    ("Annual volatility", "fraction", "sample standard deviation of daily returns × √252", _volatility),
    ("Sharpe ratio", "", "mean daily return / sample standard deviation × √252", _sharpe),
    ("Calmar ratio", "", "annual return / |max drawdown|", _calmar),
    ("Stability", "", "R² of the line through the running sum of log returns", _stability),
    ("Max drawdown", "fraction", "lowest wealth over its highest value so far, the start included, − 1", deepest),
    ("Omega ratio", "", "Σ gains / Σ losses of daily returns", _omega),
    ("Sortino ratio", "", "mean × 252 / (√(Σ min(r, 0)² / n) × √252)", _sortino),
    ("Skew", "", "population skewness of daily returns", lambda returns: moments(returns)[0]),
    ("Kurtosis", "", "population excess kurtosis of daily returns", lambda returns: moments(returns)[1]),
    ("Tail ratio", "", "|95th percentile| / |5th percentile| of daily returns", _tail_ratio),
    ("Daily value at risk", "fraction", "mean − 2 sample standard deviations of daily returns", _value_at_risk),
)


def _alone(of: Callable[[Reals], float]) -> Callable[[Record], float]:
    return lambda record: of(record.returns)


def _against(record: Record, alpha: bool) -> float | None:
    benchmark = record.benchmark_returns
    if benchmark is None:
        return None
    return _alpha(record.returns, benchmark) if alpha else slope(record.returns, benchmark)


PYFOLIO = Convention(
    library="pyfolio",
    version="pyfolio-reloaded 0.10.1, empyrical-reloaded 0.7.1",
    fed="daily returns net of cost, the benchmark's, positions and fills",
    frequency="daily closes",
    day_count="252 sessions a year",
    open_trades="at the last close",
    source="pyfolio.timeseries.perf_stats and the empyrical functions it calls (Apache-2.0); checked by running it",
    entries=(
        *(Entry(name, unit, formula, _alone(of)) for name, unit, formula, of in _RETURNS),
        Entry("Gross leverage", "", "mean of value held / equity", lambda record: mean(record.gross_exposure)),
        Entry(
            "Daily turnover",
            "",
            "mean over closes of value traded / mean of this and the last close's value held",
            _turnover,
        ),
        Entry(
            "Alpha",
            "fraction",
            "(1 + mean of r − beta × benchmark's)^252 − 1",
            lambda record: _against(record, alpha=True),
        ),
        Entry(
            "Beta",
            "",
            "covariance with the benchmark's daily returns / their variance",
            lambda record: _against(record, alpha=False),
        ),
    ),
)

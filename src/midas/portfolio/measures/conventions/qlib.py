"""Qlib's risk analysis: returns are added up, not compounded."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from midas.portfolio.measures.conventions.arithmetic import deviation, divided, mean
from midas.portfolio.measures.conventions.convention import Convention, Entry
from midas.portfolio.measures.conventions.record import Record
from midas.portfolio.measures.measure import Unit
from midas.portfolio.measures.sample import Reals

_DAYS = 238
"""Sessions Qlib counts in a year."""


def _annualised(returns: Reals) -> float:
    return mean(returns) * _DAYS


def _ratio(returns: Reals) -> float:
    return divided(mean(returns), deviation(returns)) * math.sqrt(_DAYS)


def _drawdown(returns: Reals) -> float:
    total = np.cumsum(returns)
    return float((total - np.maximum.accumulate(total)).min()) if len(total) else math.nan


_FORMULAS: tuple[tuple[str, Unit, str, Callable[[Reals], float]], ...] = (
    ("mean", "fraction", "mean daily return", mean),
    ("std", "fraction", "sample standard deviation of daily returns", deviation),
    ("annualized_return", "fraction", "mean daily return × 238", _annualised),
    ("information_ratio", "", "mean / std × √238", _ratio),
    ("max_drawdown", "fraction", "lowest value of the running sum of returns less its highest so far", _drawdown),
)


def _own(record: Record) -> Reals:
    return record.returns


def _excess(record: Record) -> Reals | None:
    benchmark = record.benchmark_returns
    return None if benchmark is None else record.returns - benchmark


def _over(series: Callable[[Record], Reals | None], of: Callable[[Reals], float]) -> Callable[[Record], float | None]:
    return lambda record: None if (found := series(record)) is None else of(found)


QLIB = Convention(
    library="qlib",
    version="0.9.7",
    fed="daily returns net of cost; `excess_return_with_cost` is fed those less the benchmark's",
    frequency="daily closes",
    day_count="238 sessions a year",
    open_trades="at the last close",
    source="qlib.contrib.evaluate.risk_analysis(freq='day', mode='sum') of pyqlib 0.9.7 (MIT); checked by running it",
    entries=tuple(
        Entry(f"{prefix}{name}", unit, formula, _over(series, of))
        for prefix, series in (("", _own), ("excess_return_with_cost.", _excess))
        for name, unit, formula, of in _FORMULAS
    ),
)

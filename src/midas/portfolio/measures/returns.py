"""How much was earned, and how evenly."""

from __future__ import annotations

import numpy as np

from midas.portfolio.measures.measure import Measure
from midas.portfolio.measures.sample import Sample


def _total_return(sample: Sample) -> float | None:
    return float(sample.equity[-1] / sample.equity[0] - 1.0) if sample.equity[0] > 0 else None


def cagr(sample: Sample) -> float | None:
    """Return the yearly growth rate between the first and the last close, by calendar days."""
    if sample.years <= 0 or sample.equity[0] <= 0:
        return None
    return float((sample.equity[-1] / sample.equity[0]) ** (1.0 / sample.years) - 1.0)


def _volatility(sample: Sample) -> float | None:
    return sample.deviation * np.sqrt(sample.periods_per_year) if len(sample.returns) > 1 else None


def _best_day(sample: Sample) -> float | None:
    return float(sample.ordered[-1]) if len(sample.ordered) else None


def _worst_day(sample: Sample) -> float | None:
    return float(sample.ordered[0]) if len(sample.ordered) else None


def _positive_days(sample: Sample) -> float | None:
    return float((sample.returns > 0).mean()) if len(sample.returns) else None


def _best_month(sample: Sample) -> float | None:
    return float(sample.monthly.max(initial=-np.inf))


def _worst_month(sample: Sample) -> float | None:
    return float(sample.monthly.min(initial=np.inf))


def _positive_months(sample: Sample) -> float | None:
    return float((sample.monthly > 0).mean()) if len(sample.monthly) else None


def _skew(sample: Sample) -> float | None:
    return None if sample.moments is None else sample.moments[0]


def _kurtosis(sample: Sample) -> float | None:
    return None if sample.moments is None else sample.moments[1] - 3.0


def _final_equity(sample: Sample) -> float | None:
    return float(sample.equity[-1])


RETURNS = (
    Measure("total_return", "Total return", "fraction", "last equity / first equity − 1, net of costs", _total_return),
    Measure(
        "cagr",
        "CAGR",
        "fraction",
        "(last equity / first equity)^(1 / years) − 1, years = calendar days / 365.2425",
        cagr,
        ("quarter",),
        day_count="365.2425 days a year",
    ),
    Measure(
        "volatility",
        "Volatility",
        "fraction",
        "sample standard deviation of daily returns × √N, N = sessions per year of the exchange",
        _volatility,
        ("quarter",),
        day_count="sessions of the exchange a year",
    ),
    Measure("final_equity", "Final equity", "currency", "equity at the last close", _final_equity, frequency="closes"),
    Measure("best_day", "Best day", "fraction", "largest daily return", _best_day),
    Measure("worst_day", "Worst day", "fraction", "smallest daily return", _worst_day),
    Measure("positive_days", "Positive days", "fraction", "daily returns above 0 / all daily returns", _positive_days),
    Measure(
        "best_month",
        "Best month",
        "fraction",
        "largest compounded return of a calendar month",
        _best_month,
        frequency="months",
    ),
    Measure(
        "worst_month",
        "Worst month",
        "fraction",
        "smallest compounded return of a calendar month",
        _worst_month,
        frequency="months",
    ),
    Measure(
        "positive_months",
        "Positive months",
        "fraction",
        "months with a return above 0 / all months",
        _positive_months,
        frequency="months",
    ),
    Measure(
        "skew",
        "Skew",
        "",
        "third standardised moment of daily returns (population)",
        _skew,
        source="Fisher (1930), moments of the sample",
    ),
    Measure(
        "kurtosis",
        "Excess kurtosis",
        "",
        "fourth standardised moment of daily returns − 3 (population)",
        _kurtosis,
        source="Fisher (1930), moments of the sample",
    ),
)

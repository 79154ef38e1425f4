"""Against a benchmark: ordinary least squares of daily returns."""

from __future__ import annotations

import math

from midas.portfolio.measures.measure import Measure, ratio
from midas.portfolio.measures.sample import FLAT, Sample


def _alpha(sample: Sample) -> float | None:
    line = sample.line
    return None if line is None else line.alpha * sample.periods_per_year


def _alpha_t(sample: Sample) -> float | None:
    line = sample.line
    return None if line is None or line.alpha_error < FLAT else line.alpha / line.alpha_error


def _beta(sample: Sample) -> float | None:
    line = sample.line
    return None if line is None else line.beta


def _r_squared(sample: Sample) -> float | None:
    line = sample.line
    return None if line is None else line.r_squared


def _tracking_error(sample: Sample) -> float | None:
    return None if sample.active is None else sample.active.deviation * math.sqrt(sample.periods_per_year)


def _information_ratio(sample: Sample) -> float | None:
    active = sample.active
    period = None if active is None else ratio(active.mean, active.deviation)
    return None if period is None else period * math.sqrt(sample.periods_per_year)


def _treynor(sample: Sample) -> float | None:
    return ratio(sample.excess * sample.periods_per_year, _beta(sample))


def _benchmark_return(sample: Sample) -> float | None:
    return None if sample.active is None else sample.active.benchmark_growth - 1.0


def _excess_return(sample: Sample) -> float | None:
    active = sample.active
    return None if active is None else float(sample.equity[-1] / sample.equity[0]) - active.benchmark_growth


def _market_change(sample: Sample) -> float | None:
    return sample.market_change


RELATIVE = (
    Measure(
        "benchmark_return",
        "Benchmark return",
        "fraction",
        "the benchmark's last value / its first − 1, without costs",
        _benchmark_return,
        ("benchmark",),
    ),
    Measure(
        "excess_return",
        "Excess return",
        "fraction",
        "total return − benchmark return",
        _excess_return,
        ("benchmark",),
    ),
    Measure(
        "alpha",
        "Alpha",
        "fraction",
        "intercept of daily excess returns on the benchmark's × N",
        _alpha,
        ("benchmark", "quarter"),
        day_count="sessions of the exchange a year",
        source="Jensen (1968), J. Finance 23(2)",
    ),
    Measure(
        "alpha_t",
        "Alpha t-statistic",
        "",
        "intercept / its standard error",
        _alpha_t,
        ("benchmark", "quarter"),
        source="Jensen (1968), J. Finance 23(2)",
    ),
    Measure(
        "beta",
        "Beta",
        "",
        "slope of daily excess returns on the benchmark's",
        _beta,
        ("benchmark",),
        source="Sharpe (1964), J. Finance 19(3)",
    ),
    Measure(
        "r_squared", "R²", "fraction", "explained share of the variance of daily returns", _r_squared, ("benchmark",)
    ),
    Measure(
        "tracking_error",
        "Tracking error",
        "fraction",
        "sample standard deviation of daily return − benchmark's × √N",
        _tracking_error,
        ("benchmark", "quarter"),
        day_count="sessions of the exchange a year",
    ),
    Measure(
        "information_ratio",
        "Information ratio",
        "",
        "mean daily return less the benchmark's / its sample standard deviation × √N",
        _information_ratio,
        ("benchmark", "quarter"),
        day_count="sessions of the exchange a year",
        source="Grinold, Kahn (1999)",
    ),
    Measure(
        "treynor",
        "Treynor ratio",
        "",
        "(mean daily return − risk-free / N) × N / beta",
        _treynor,
        ("benchmark", "quarter"),
        day_count="sessions of the exchange a year",
        source="Treynor (1965), Harvard Business Review 43(1)",
    ),
    Measure(
        "market_change",
        "Market change",
        "fraction",
        "mean over the names of last known close / first close − 1, dividends and splits included",
        _market_change,
        frequency="closes",
        open_trades="no matter",
    ),
)

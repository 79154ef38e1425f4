"""Against a benchmark: ordinary least squares of daily returns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from midas.portfolio.measures.measure import Measure, ratio
from midas.portfolio.measures.sample import FLAT, Reals, Sample, deviation_of


@dataclass(frozen=True, slots=True)
class _Line:
    alpha: float
    beta: float
    alpha_error: float
    r_squared: float


def _benchmark(sample: Sample) -> Reals:
    return sample.benchmark if sample.benchmark is not None else np.empty(0)


def _line(sample: Sample) -> _Line | None:
    x = _benchmark(sample) - sample.risk_free / sample.periods_per_year
    y = sample.returns - sample.risk_free / sample.periods_per_year
    n = len(x)
    x_mean = float(x.mean())
    centred = x - x_mean
    spread = float(centred @ centred)
    if n < 3 or spread <= n * FLAT * FLAT:
        return None
    beta = float(centred @ y) / spread
    alpha = float(y.mean()) - beta * x_mean
    left = y - alpha - beta * x
    unexplained = float(left @ left)
    total = float(((y - y.mean()) ** 2).sum())
    error = math.sqrt(unexplained / (n - 2) * (1.0 / n + x_mean * x_mean / spread))
    return _Line(alpha, beta, error, 1.0 - unexplained / total if total > n * FLAT * FLAT else 0.0)


def _alpha(sample: Sample) -> float | None:
    line = _line(sample)
    return None if line is None else line.alpha * sample.periods_per_year


def _alpha_t(sample: Sample) -> float | None:
    line = _line(sample)
    return None if line is None or line.alpha_error < FLAT else line.alpha / line.alpha_error


def _beta(sample: Sample) -> float | None:
    line = _line(sample)
    return None if line is None else line.beta


def _r_squared(sample: Sample) -> float | None:
    line = _line(sample)
    return None if line is None else line.r_squared


def _active(sample: Sample) -> Reals:
    return sample.returns - _benchmark(sample)


def _tracking_error(sample: Sample) -> float | None:
    return deviation_of(_active(sample)) * math.sqrt(sample.periods_per_year)


def _information_ratio(sample: Sample) -> float | None:
    active = _active(sample)
    period = ratio(float(active.mean()), deviation_of(active))
    return None if period is None else period * math.sqrt(sample.periods_per_year)


def _treynor(sample: Sample) -> float | None:
    return ratio(sample.excess * sample.periods_per_year, _beta(sample))


def _benchmark_return(sample: Sample) -> float | None:
    return float(np.prod(1.0 + _benchmark(sample)) - 1.0)


def _excess_return(sample: Sample) -> float | None:
    return float(sample.equity[-1] / sample.equity[0] - 1.0) - float(np.prod(1.0 + _benchmark(sample)) - 1.0)


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
    ),
    Measure("alpha_t", "Alpha t-statistic", "", "intercept / its standard error", _alpha_t, ("benchmark", "quarter")),
    Measure("beta", "Beta", "", "slope of daily excess returns on the benchmark's", _beta, ("benchmark",)),
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
    ),
    Measure(
        "information_ratio",
        "Information ratio",
        "",
        "mean daily return less the benchmark's / its sample standard deviation × √N",
        _information_ratio,
        ("benchmark", "quarter"),
    ),
    Measure(
        "treynor",
        "Treynor ratio",
        "",
        "(mean daily return − risk-free / N) × N / beta",
        _treynor,
        ("benchmark", "quarter"),
    ),
    Measure(
        "market_change",
        "Market change",
        "fraction",
        "mean over the names of last known close / first close − 1, dividends and splits included",
        _market_change,
    ),
)

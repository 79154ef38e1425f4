"""Reward for each unit of risk."""

from __future__ import annotations

import math

import numpy as np

from midas.portfolio.measures.measure import Measure, ratio
from midas.portfolio.measures.returns import cagr
from midas.portfolio.measures.sample import Sample, quantile
from midas.portfolio.measures.significance import sharpe_error


def _sharpe(sample: Sample) -> float | None:
    period = ratio(sample.excess, sample.deviation)
    return None if period is None else period * math.sqrt(sample.periods_per_year)


def _error_of_period_sharpe(sample: Sample) -> tuple[float, float] | None:
    # Of one period: the ratio and its standard error, for returns that need not be normal.
    period = ratio(sample.excess, sample.deviation)
    if sample.moments is None or period is None:
        return None
    error = sharpe_error(period, len(sample.returns), *sample.moments)
    return None if error is None else (period, error)


def _sharpe_error(sample: Sample) -> float | None:
    found = _error_of_period_sharpe(sample)
    return None if found is None else found[1] * math.sqrt(sample.periods_per_year)


def _probabilistic_sharpe(sample: Sample) -> float | None:
    found = _error_of_period_sharpe(sample)
    return None if found is None else 0.5 * (1.0 + math.erf(found[0] / found[1] / math.sqrt(2.0)))


def _sortino(sample: Sample) -> float | None:
    if not len(sample.returns):
        return None
    short = np.minimum(sample.returns - sample.risk_free / sample.periods_per_year, 0.0)
    downside = math.sqrt(float((short * short).mean()))
    period = ratio(sample.excess, downside)
    return None if period is None else period * math.sqrt(sample.periods_per_year)


def _calmar(sample: Sample) -> float | None:
    return ratio(cagr(sample), _deepest(sample))


def _recovery_factor(sample: Sample) -> float | None:
    return ratio(float(sample.equity[-1] / sample.equity[0] - 1.0), _deepest(sample))


def _ulcer_performance(sample: Sample) -> float | None:
    return ratio(cagr(sample), math.sqrt(float((sample.drawdowns.depth**2).mean())))


def _omega(sample: Sample) -> float | None:
    return ratio(sample.gains, sample.losses)


def _gain_to_pain(sample: Sample) -> float | None:
    return ratio(sample.gains - sample.losses, sample.losses)


def _tail_ratio(sample: Sample) -> float | None:
    high, low = quantile(sample.ordered, 0.95), quantile(sample.ordered, 0.05)
    return None if high is None or low is None else ratio(abs(high), abs(low))


def _common_sense(sample: Sample) -> float | None:
    tail, omega = _tail_ratio(sample), _omega(sample)
    return None if tail is None or omega is None else tail * omega


def _deepest(sample: Sample) -> float:
    return -float(sample.drawdowns.depth.min())


RATIOS = (
    Measure(
        "sharpe",
        "Sharpe ratio",
        "",
        "(mean daily return − risk-free / N) / sample standard deviation × √N, arithmetic",
        _sharpe,
        ("quarter",),
        day_count="sessions of the exchange a year",
        source="Sharpe (1994), J. Portfolio Management 21(1)",
    ),
    Measure(
        "sharpe_error",
        "Sharpe standard error",
        "",
        "√((1 − skew·SR + (kurtosis − 1)/4·SR²) / (n − 1)) × √N, SR of one period",
        _sharpe_error,
        ("quarter",),
        day_count="sessions of the exchange a year",
        source="Mertens (2002); Lo (2002)",
    ),
    Measure(
        "probabilistic_sharpe",
        "Probabilistic Sharpe",
        "fraction",
        "probability that the true Sharpe ratio is above 0: Φ(SR / standard error)",
        _probabilistic_sharpe,
        source="Bailey, López de Prado (2012), J. Risk 15(2)",
    ),
    Measure(
        "sortino",
        "Sortino ratio",
        "",
        "(mean daily return − risk-free / N) / √(Σ min(r − risk-free / N, 0)² / n over all days) × √N",
        _sortino,
        ("quarter",),
        day_count="sessions of the exchange a year",
        source="Sortino, Price (1994), J. Investing 3(3)",
    ),
    Measure(
        "calmar",
        "Calmar ratio",
        "",
        "CAGR / |max drawdown|",
        _calmar,
        ("quarter",),
        day_count="365.2425 days a year",
        source="Young (1991), Futures 20(1), over the whole run",
    ),
    Measure("recovery_factor", "Recovery factor", "", "total return / |max drawdown|", _recovery_factor),
    Measure(
        "ulcer_performance",
        "Ulcer performance index",
        "",
        "CAGR / ulcer index (Martin ratio)",
        _ulcer_performance,
        ("quarter",),
        day_count="365.2425 days a year",
        source="Martin, McCann (1989)",
    ),
    Measure(
        "omega",
        "Omega",
        "",
        "Σ gains / Σ losses of daily returns, threshold 0",
        _omega,
        source="Keating, Shadwick (2002)",
    ),
    Measure(
        "gain_to_pain",
        "Gain to pain",
        "",
        "Σ daily returns / Σ |negative daily returns|",
        _gain_to_pain,
        source="Schwager (2012), on days instead of months",
    ),
    Measure(
        "tail_ratio",
        "Tail ratio",
        "",
        "|95th percentile| / |5th percentile| of daily returns",
        _tail_ratio,
        source="empyrical",
    ),
    Measure("common_sense", "Common sense ratio", "", "omega × tail ratio", _common_sense, source="QuantStats"),
)

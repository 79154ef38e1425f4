"""How much was held and traded, and what trading cost."""

from __future__ import annotations

import numpy as np

from midas.portfolio.measures.measure import Measure, ratio
from midas.portfolio.measures.sample import Sample, quantile

_SHARE, _MOST = 0.01, 0.95


def _time_in_market(sample: Sample) -> float | None:
    held = sample.gross_exposure[1:]
    return float((held > 0).mean()) if len(held) else None


def _gross_exposure(sample: Sample) -> float | None:
    held = sample.gross_exposure[1:]
    return float(held.mean()) if len(held) else None


def _max_gross_exposure(sample: Sample) -> float | None:
    return float(sample.gross_exposure.max())


def _turnover(sample: Sample) -> float | None:
    one_sided = (sample.activity.bought + sample.activity.sold) / 2.0
    traded = ratio(one_sided, float(sample.equity.mean()))
    return ratio(traded, sample.years)


def _capacity(sample: Sample) -> float | None:
    return ratio(_SHARE, quantile(np.sort(sample.activity.crowding), _MOST))


def _fees(sample: Sample) -> float | None:
    return sample.activity.fees


def _taxes(sample: Sample) -> float | None:
    return sample.activity.taxes


def _slippage(sample: Sample) -> float | None:
    return sample.activity.slippage


def _income(sample: Sample) -> float | None:
    return sample.activity.income


def _fills(sample: Sample) -> float | None:
    return sample.activity.fills


def _rejected(sample: Sample) -> float | None:
    return sample.activity.rejected


ACTIVITY = (
    Measure(
        "time_in_market",
        "Time in market",
        "fraction",
        "closes with a position / all closes after the first",
        _time_in_market,
        frequency="closes",
    ),
    Measure(
        "gross_exposure",
        "Mean gross exposure",
        "fraction",
        "mean over closes after the first of value held / equity",
        _gross_exposure,
        frequency="closes",
    ),
    Measure(
        "max_gross_exposure",
        "Max gross exposure",
        "fraction",
        "largest value held / equity",
        _max_gross_exposure,
        frequency="closes",
    ),
    Measure(
        "turnover",
        "Turnover",
        "fraction",
        "(value bought + value sold) / 2 / mean equity / years",
        _turnover,
        ("quarter",),
        frequency="fills",
        day_count="365.2425 days a year",
    ),
    Measure(
        "capacity",
        "Capacity",
        "currency",
        "equity at which 95 % of the fills take at most 1 % of their bar's volume: 1 % / 95th percentile over fills of "
        "(quantity / bar volume / equity at the close before)",
        _capacity,
        frequency="fills",
        open_trades="no matter",
        source="after LEAN's estimate, on the run's own bars",
    ),
    Measure(
        "fees",
        "Commission and fees",
        "currency",
        "Σ commission, exchange and regulator fees included",
        _fees,
        frequency="fills",
        open_trades="no matter",
    ),
    Measure("taxes", "Taxes", "currency", "Σ transaction tax", _taxes, frequency="fills", open_trades="no matter"),
    Measure(
        "slippage",
        "Slippage",
        "currency",
        "Σ quantity × what the price was worse than the bar's open (close-only data: close), ticks included",
        _slippage,
        frequency="fills",
        open_trades="no matter",
    ),
    Measure(
        "income",
        "Dividends",
        "currency",
        "Σ dividends and cash for fractions of shares",
        _income,
        frequency="closes",
        open_trades="no matter",
    ),
    Measure("fills", "Fills", "count", "executions", _fills, frequency="fills", open_trades="no matter"),
    Measure(
        "rejected_orders",
        "Rejected orders",
        "count",
        "orders, or rests of orders, that were dropped; reasons are in the rejects",
        _rejected,
        frequency="fills",
        open_trades="no matter",
    ),
)

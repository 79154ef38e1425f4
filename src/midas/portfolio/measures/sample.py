"""What measures are computed from, with the sums they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

DAYS_PER_YEAR = 365.2425
QUARTER_DAYS = 90
"""A shorter run is not told per year."""

FLAT = 1e-12
"""A standard deviation of returns below this is rounding, not risk."""


@dataclass(frozen=True, slots=True)
class TradeSample:
    """Round trips, one entry each: gain in currency, gain over value bought, sessions held.

    `worst` and `best` are the lowest and highest price seen over the entry price, less one.
    """

    closed: NDArray[np.bool_]
    pnl: Reals
    returns: Reals
    held: Reals
    worst: Reals
    best: Reals


@dataclass(frozen=True, slots=True)
class Activity:
    """What trading came to, in currency, and how many orders there were."""

    bought: float
    sold: float
    fees: float
    taxes: float
    slippage: float
    income: float
    fills: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Drawdowns:
    """The equity's way under water: `depth` is equity over its highest value so far, less one.

    peak, trough, recovery : rows of the deepest fall; recovery is -1 while it lasts. longest : days of the longest
    stretch below a peak.
    """

    depth: Reals
    peak: int
    trough: int
    recovery: int
    longest: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A measured stretch of daily closes.

    equity, gross_exposure, days : one entry a close; `days` are calendar days since the first. returns : one less.
    benchmark : returns on the same days, None where there is none. periods_per_year : sessions the exchange counts in
    a year. risk_free : a year's rate, spread evenly. market_change : mean change of the traded names.
    """

    equity: Reals
    returns: Reals
    gross_exposure: Reals
    days: Reals
    months: NDArray[np.int64]
    benchmark: Reals | None
    trades: TradeSample
    activity: Activity
    periods_per_year: float
    risk_free: float
    market_change: float | None
    mean: float
    deviation: float
    ordered: Reals
    drawdowns: Drawdowns

    @classmethod
    def of(
        cls,
        equity: Reals,
        sessions: NDArray[np.datetime64],
        gross_exposure: Reals,
        benchmark_equity: Reals | None,
        trades: TradeSample,
        activity: Activity,
        periods_per_year: float,
        risk_free: float = 0.0,
        market_change: float | None = None,
    ) -> Sample:
        """Prepare what the measures share; every array has one entry a session."""
        days = (sessions - sessions[0]).astype("timedelta64[D]").astype(np.float64)
        returns = simple_returns(equity)
        benchmark = None if benchmark_equity is None else simple_returns(benchmark_equity)
        return cls(
            equity=equity,
            returns=returns,
            gross_exposure=gross_exposure,
            days=days,
            months=sessions.astype("datetime64[M]").astype(np.int64),
            benchmark=benchmark,
            trades=trades,
            activity=activity,
            periods_per_year=periods_per_year,
            risk_free=risk_free,
            market_change=market_change,
            mean=float(returns.mean()) if len(returns) else 0.0,
            deviation=deviation_of(returns),
            ordered=np.sort(returns),
            drawdowns=drawdowns_of(equity, days),
        )

    @property
    def years(self) -> float:
        return float(self.days[-1]) / DAYS_PER_YEAR

    @property
    def excess(self) -> float:
        """Mean return of a period over the risk-free rate."""
        return self.mean - self.risk_free / self.periods_per_year

    def offers(self, need: str) -> bool:
        """Tell whether a measure that needs this can be computed."""
        if need == "quarter":
            return float(self.days[-1]) >= QUARTER_DAYS
        if need == "benchmark":
            return self.benchmark is not None and len(self.benchmark) > 1
        return bool(self.trades.closed.any())


def simple_returns(equity: Reals) -> Reals:
    """Return each entry over the one before, less one; 0 where nothing is left to earn on."""
    before = equity[:-1]
    return np.divide(equity[1:] - before, before, out=np.zeros(len(before)), where=before > 0)


def deviation_of(values: Reals) -> float:
    """Return the sample standard deviation; 0 where the values do not vary."""
    if len(values) < 2:
        return 0.0
    deviation = float(values.std(ddof=1))
    return deviation if deviation > FLAT else 0.0


def drawdowns_of(equity: Reals, days: Reals) -> Drawdowns:
    """Return the falls of an equity curve below its highest value so far."""
    top = np.maximum.accumulate(equity)
    depth = np.divide(equity, top, out=np.ones(len(equity)), where=top > 0) - 1.0
    trough = int(np.argmin(depth))
    peaks = np.flatnonzero(depth >= 0.0)
    peak = int(peaks[np.searchsorted(peaks, trough, side="right") - 1])
    later = peaks[peaks > trough]
    recovery = int(later[0]) if len(later) and depth[trough] < 0 else -1
    spans = np.diff(days[peaks])[np.diff(peaks) > 1]
    longest = max(float(spans.max(initial=0.0)), float(days[-1] - days[peaks[-1]]))
    return Drawdowns(depth, peak, trough, recovery, longest)


def quantile(ordered: Reals, share: float) -> float | None:
    """Return a quantile of ascending values, linear between neighbours."""
    if not len(ordered):
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))

"""What measures are computed from, with the sums they share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

DAYS_PER_YEAR = 365.2425
QUARTER_DAYS = 90
"""A shorter run is not told per year."""

HORIZON = 10
"""Sessions of the longer value at risk."""

FLAT = 1e-12
"""A standard deviation of returns below this is rounding, not risk."""


@dataclass(frozen=True, slots=True)
class TradeSample:
    """Closed round trips by entry, one entry each: gain in currency, gain over value bought, sessions held.

    `worst` and `best` are the lowest and highest price seen over the entry price, less one; `won` and `lost` are the
    gains above and below 0, `deviation` is the sample standard deviation of them all. `open_pnl` are the gains of
    trades still open, at the last close.
    """

    pnl: Reals
    returns: Reals
    held: Reals
    worst: Reals
    best: Reals
    won: Reals
    lost: Reals
    deviation: float
    open_pnl: Reals

    @classmethod
    def of(cls, pnl: Reals, returns: Reals, held: Reals, worst: Reals, best: Reals, open_pnl: Reals) -> TradeSample:
        return cls(pnl, returns, held, worst, best, pnl[pnl > 0], pnl[pnl < 0], deviation_of(pnl), open_pnl)


@dataclass(frozen=True, slots=True)
class Activity:
    """What trading came to, in currency, and how many orders there were.

    `crowding` is, for each fill with a known volume, its share of the bar's volume over the equity at the close before.
    """

    bought: float
    sold: float
    fees: float
    taxes: float
    slippage: float
    income: float
    fills: int
    rejected: int
    crowding: Reals = field(default_factory=lambda: np.empty(0))


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
class Line:
    """Ordinary least squares of daily excess returns on the benchmark's; `alpha` and its error are of one period."""

    alpha: float
    beta: float
    alpha_error: float
    r_squared: float


@dataclass(frozen=True, slots=True)
class Active:
    """Daily return less the benchmark's: mean and sample standard deviation; and what the benchmark grew to from 1."""

    mean: float
    deviation: float
    benchmark_growth: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A measured stretch of daily closes.

    equity, gross_exposure, days : one entry a close; `days` are calendar days since the first. returns : one less.
    monthly : compounded returns of calendar months. benchmark : returns on the same days, None where there is none.
    periods_per_year : sessions the exchange counts in a year. risk_free : a year's rate, spread evenly.
    market_change : mean change of the traded names. The rest are sums that several measures share: mean and sample
    standard deviation of returns, (skew, kurtosis) with 3 for a normal, returns and overlapping ten-session returns in
    ascending order, the sums of those above and below 0, the way under water, and, where there are two returns of the
    benchmark, what is active against it and the line; `offered` are the needs of measures that are met.
    """

    equity: Reals
    returns: Reals
    gross_exposure: Reals
    days: Reals
    monthly: Reals
    benchmark: Reals | None
    trades: TradeSample
    activity: Activity
    periods_per_year: float
    risk_free: float
    market_change: float | None
    mean: float
    deviation: float
    moments: tuple[float, float] | None
    ordered: Reals
    ordered_tens: Reals
    gains: float
    losses: float
    drawdowns: Drawdowns
    active: Active | None
    line: Line | None
    offered: frozenset[str]

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
        deviation = deviation_of(returns)
        ordered = np.sort(returns)
        rising = int(np.searchsorted(ordered, 0.0))
        period_free = risk_free / periods_per_year
        return cls(
            equity=equity,
            returns=returns,
            gross_exposure=gross_exposure,
            days=days,
            monthly=_monthly(equity, sessions),
            benchmark=benchmark,
            trades=trades,
            activity=activity,
            periods_per_year=periods_per_year,
            risk_free=risk_free,
            market_change=market_change,
            mean=float(returns.mean()) if len(returns) else 0.0,
            deviation=deviation,
            moments=_moments(returns) if deviation else None,
            ordered=ordered,
            ordered_tens=_tens(equity),
            gains=float(ordered[rising:].sum()),
            losses=-float(ordered[:rising].sum()),
            drawdowns=drawdowns_of(equity, days),
            active=_active(returns, benchmark, benchmark_equity),
            line=None if benchmark is None else line_of(benchmark - period_free, returns - period_free),
            offered=_offered(float(days[-1]), len(trades.pnl), benchmark),
        )

    @property
    def years(self) -> float:
        return float(self.days[-1]) / DAYS_PER_YEAR

    @property
    def excess(self) -> float:
        """Mean return of a period over the risk-free rate."""
        return self.mean - self.risk_free / self.periods_per_year


def _offered(days: float, closed_trades: int, benchmark: Reals | None) -> frozenset[str]:
    compared = benchmark is not None and len(benchmark) > 1
    met = {"quarter": days >= QUARTER_DAYS, "trades": closed_trades > 0, "benchmark": compared}
    return frozenset(need for need, there in met.items() if there)


def _active(returns: Reals, benchmark: Reals | None, equity: Reals | None) -> Active | None:
    if benchmark is None or equity is None or len(benchmark) < 2:
        return None
    active = returns - benchmark
    growth = float(equity[-1] / equity[0]) if equity[0] > 0 else 1.0
    return Active(float(active.mean()), deviation_of(active), growth)


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


def line_of(x: Reals, y: Reals) -> Line | None:
    """Return the line through (x, y), None where x does not vary or there are fewer than three points."""
    n = len(x)
    if n < 3:
        return None
    x_mean, y_mean = float(x.sum()) / n, float(y.sum()) / n
    x_centred, y_centred = x - x_mean, y - y_mean
    spread = float(x_centred @ x_centred)
    total = float(y_centred @ y_centred)
    if spread <= n * FLAT * FLAT:
        return None
    beta = float(x_centred @ y_centred) / spread
    left = y_centred - beta * x_centred
    unexplained = float(left @ left)
    error = math.sqrt(unexplained / (n - 2) * (1.0 / n + x_mean * x_mean / spread))
    explained = 1.0 - unexplained / total if total > n * FLAT * FLAT else 0.0
    return Line(y_mean - beta * x_mean, beta, error, explained)


def _moments(returns: Reals) -> tuple[float, float]:
    centred = returns - returns.mean()
    squares = centred * centred
    n = len(returns)
    variance = float(squares.sum()) / n
    return float(squares @ centred) / n / variance**1.5, float(squares @ squares) / n / variance**2


def _monthly(equity: Reals, sessions: NDArray[np.datetime64]) -> Reals:
    # The few months are looked up among the sessions: numpy is slow at naming the month of every day.
    first, last = sessions[0].astype("datetime64[M]"), sessions[-1].astype("datetime64[M]")
    begins = np.searchsorted(sessions, np.arange(first + 1, last + 2).astype(sessions.dtype))
    ends = begins[np.diff(begins, prepend=0) > 0] - 1
    return simple_returns(np.concatenate((equity[:1], equity[ends])))


def _tens(equity: Reals) -> Reals:
    before, after = equity[:-HORIZON], equity[HORIZON:]
    if not len(after) or not before.all():
        return np.empty(0)
    return np.sort(after / before - 1.0)


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

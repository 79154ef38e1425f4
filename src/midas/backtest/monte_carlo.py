"""What else might have happened: a result's trades in another order, its sessions drawn again, its prices blurred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import InvalidInput
from midas.portfolio.measures.bootstrap import seeded, stationary_places, usual_block

Reals = NDArray[np.float64]
Method = Literal["trades", "bootstrap", "noise"]

MOST_PATHS = 100_000
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)

_AT_ONCE = 1_000_000
_FLAT = 1e-12


@dataclass(frozen=True, slots=True)
class Spread:
    """A measure over all paths: what really happened, and percentiles of what might have; None where undefined."""

    observed: float | None
    percentiles: Mapping[int, float] | None

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values; percentiles by `p5` and the like."""
        found = {} if self.percentiles is None else {f"p{share}": value for share, value in self.percentiles.items()}
        return {"observed": self.observed, **{f"p{share}": found.get(f"p{share}") for share in PERCENTILES}}


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """Paths drawn by a method.

    total_return and max_drawdown are fractions, sharpe is a year's. losing : share of paths that end below where they
    began. deeper : share of paths that fall further than what really happened did.
    """

    method: Method
    paths: int
    total_return: Spread
    sharpe: Spread
    max_drawdown: Spread
    losing: float
    deeper: float

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "method": self.method,
            "paths": self.paths,
            "total_return": self.total_return.to_json(),
            "sharpe": self.sharpe.to_json(),
            "max_drawdown": self.max_drawdown.to_json(),
            "losing": self.losing,
            "deeper": self.deeper,
        }


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One entry a path: total return, yearly Sharpe ratio (NaN where undefined) and deepest fall (0 or below)."""

    total_return: Reals
    sharpe: Reals
    max_drawdown: Reals

    @classmethod
    def of_returns(cls, returns: Reals, periods_per_year: float) -> Outcomes:
        """Measure paths of returns, (path, session)."""
        growth = np.cumprod(1.0 + returns, axis=1, dtype=np.float64)
        deviation = returns.std(axis=1, ddof=1) if returns.shape[1] > 1 else np.zeros(len(returns))
        varied = deviation > _FLAT
        period = np.where(varied, returns.mean(axis=1) / np.where(varied, deviation, 1.0), np.nan)
        return cls(growth[:, -1] - 1.0, period * np.sqrt(periods_per_year), _falls(growth, 1.0))

    @classmethod
    def joined(cls, parts: Sequence[Outcomes]) -> Outcomes:
        return cls(
            np.concatenate([part.total_return for part in parts]),
            np.concatenate([part.sharpe for part in parts]),
            np.concatenate([part.max_drawdown for part in parts]),
        )


def bootstrap(returns: Reals, paths: int, periods_per_year: float, mean_length: float | None = None) -> MonteCarlo:
    """Draw sessions again, in blocks, so that calm and wild times stay together (stationary bootstrap).

    returns : one a session, in order. Blocks are `mean_length` long on average, n^(1/3) when None. The same returns
    give the same paths. Source: Politis, Romano 1994, "The stationary bootstrap", JASA 89.

    Raises
    ------
    InvalidInput: no returns, or too few or too many paths.
    """
    _require(paths)
    if len(returns) < 2:
        raise _nothing("sessions", len(returns))
    length = usual_block(len(returns)) if mean_length is None else mean_length
    rng, step = seeded(returns), max(1, _AT_ONCE // len(returns))
    drawn = [
        Outcomes.of_returns(
            returns[stationary_places(rng, len(returns), min(step, paths - done), length)], periods_per_year
        )
        for done in range(0, paths, step)
    ]
    return summed_up("bootstrap", Outcomes.joined(drawn), Outcomes.of_returns(returns[None, :], periods_per_year))


def shuffled_trades(gains: Reals, capital: float, paths: int) -> MonteCarlo:
    """Put the same trades in another order: how deep the fall was is chance, where it ended is not.

    gains : of closed trades, in currency, in the order they were closed. The account is looked at between trades only,
    so falls within a trade are not seen, and there is no Sharpe ratio.

    Raises
    ------
    InvalidInput: fewer than two trades, or too few or too many paths.
    """
    _require(paths)
    if len(gains) < 2:
        raise _nothing("closed trades", len(gains))
    rng, step = seeded(gains), max(1, _AT_ONCE // len(gains))
    falls = [
        _falls(capital + np.cumsum(rng.permuted(np.tile(gains, (min(step, paths - done), 1)), axis=1), axis=1), capital)
        for done in range(0, paths, step)
    ]
    observed = _falls((capital + np.cumsum(gains))[None, :], capital)
    end = float(gains.sum()) / capital
    return summed_up("trades", _ended(np.concatenate(falls), end), _ended(observed, end))


def summed_up(method: Method, drawn: Outcomes, observed: Outcomes) -> MonteCarlo:
    """Return the distribution of `drawn` paths beside the one `observed`."""
    return MonteCarlo(
        method=method,
        paths=len(drawn.total_return),
        total_return=_spread(drawn.total_return, observed.total_return),
        sharpe=_spread(drawn.sharpe, observed.sharpe),
        max_drawdown=_spread(drawn.max_drawdown, observed.max_drawdown),
        losing=float((drawn.total_return < 0).mean()),
        deeper=float((drawn.max_drawdown < observed.max_drawdown[0] - _FLAT).mean()),
    )


def _falls(growth: Reals, start: float) -> Reals:
    top = np.maximum.accumulate(np.maximum(growth, start), axis=1)
    deepest: Reals = np.minimum((growth / top).min(axis=1) - 1.0, 0.0)
    return deepest


def _ended(falls: Reals, end: float) -> Outcomes:
    return Outcomes(np.full(len(falls), end), np.full(len(falls), np.nan), falls)


def _spread(values: Reals, observed: Reals) -> Spread:
    known = values[np.isfinite(values)]
    seen = float(observed[0]) if np.isfinite(observed[0]) else None
    if not len(known):
        return Spread(seen, None)
    found = np.percentile(known, PERCENTILES)
    return Spread(seen, {share: float(value) for share, value in zip(PERCENTILES, found, strict=True)})


def _require(paths: int) -> None:
    if not 1 <= paths <= MOST_PATHS:
        raise InvalidInput(
            f"The number of paths cannot be {paths}.",
            hint=f"Use 1 to {MOST_PATHS:,}; 1,000 is usual.",
            code="bad_paths",
        )


def _nothing(what: str, count: int) -> InvalidInput:
    return InvalidInput(
        f"There are {count} {what} to draw from, and 2 are needed.",
        hint="Choose a backtest that trades more, or another method.",
        code="too_short",
    )

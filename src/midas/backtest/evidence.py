"""What a series of returns says of its Sharpe ratio, whatever else was tried."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

LEAST_SESSIONS = 90
"""From fewer returns nothing is concluded."""

_TAIL = 0.025
_FLAT = 1e-12


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sharpe ratio of one session with what its uncertainty depends on; None where it is not defined.

    `sessions` counts returns, `kurtosis` is 3 for a normal; `low` and `high` hold 95 % of the resampled annual ratios.
    """

    sessions: int
    periods_per_year: float
    sharpe: float | None = None
    skew: float | None = None
    kurtosis: float | None = None
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Evidence:
        """Read what `to_json` wrote."""
        return cls(**value)  # type: ignore[arg-type]

    @property
    def annual(self) -> float | None:
        """The Sharpe ratio of a year."""
        return None if self.sharpe is None else self.sharpe * math.sqrt(self.periods_per_year)


def evidence_of(returns: ArrayLike, periods_per_year: float) -> Evidence:
    """Weigh returns, one a session, in order, over the risk-free rate; NaN is a session without a position, 0.

    The interval is that of a stationary bootstrap seeded by the returns: the same returns give the same one.
    """
    import numpy as np

    from midas.portfolio.measures.bootstrap import sharpes

    values = np.nan_to_num(np.asarray(returns, np.float64).ravel())
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    if len(values) < LEAST_SESSIONS or deviation <= _FLAT:
        return Evidence(len(values), periods_per_year)
    year = math.sqrt(periods_per_year)
    low, high = np.quantile(sharpes(values), (_TAIL, 1.0 - _TAIL)) * year
    skew, kurtosis = _moments(values)
    return Evidence(
        len(values), periods_per_year, float(values.mean()) / deviation, skew, kurtosis, float(low), float(high)
    )


def _moments(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    centred = values - values.mean()
    squares = centred * centred
    variance = float(squares.mean())
    return float((squares * centred).mean()) / variance**1.5, float((squares * squares).mean()) / variance**2

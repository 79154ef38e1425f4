"""What a run left behind, as other libraries are fed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.portfolio.measures.sample import Reals, simple_returns

Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """Round trips by exit, open ones last: gain in currency, gain over value bought, and whether it was closed."""

    profit: Reals
    returns: Reals
    closed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Record:
    """A run's closes and trades.

    days, equity, gross_exposure, traded : one entry a close; gross exposure is a fraction of equity, traded the value
    of all fills since the close before. benchmark : its value at the same closes, None where there is none.
    """

    days: Days
    equity: Reals
    gross_exposure: Reals
    traded: Reals
    benchmark: Reals | None
    trades: TradeRecord
    fees: float
    orders: int

    @property
    def returns(self) -> Reals:
        """Daily returns, without the first close, which has none."""
        return simple_returns(self.equity)

    @property
    def benchmark_returns(self) -> Reals | None:
        return None if self.benchmark is None else simple_returns(self.benchmark)

    @property
    def calendar_days(self) -> int:
        """Days from the first close to the last."""
        return int((self.days[-1] - self.days[0]) / np.timedelta64(1, "D"))

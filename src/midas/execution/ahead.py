"""Targets of rows that are known together, worked out before they are asked for one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.marketdata.block import BarBlock

Values = NDArray[np.float64]


@dataclass(slots=True)
class Ahead:
    """Weights of the rows [begin, stop) of a block, each row with whether it speaks; NaN where nothing is said.

    before : what the strategy knew before row `begin`. taken : how many of these rows have been asked for.
    """

    block: BarBlock
    begin: int
    weights: Values
    speaks: NDArray[np.bool_]
    before: Any
    taken: int = 0

    @property
    def stop(self) -> int:
        return self.begin + len(self.weights)

    @property
    def at(self) -> int:
        """The row of the block that comes next."""
        return self.begin + self.taken


class Changes:
    """Where in rows of weights something is to be decided, as long as all that is heard is decided on.

    by_change : a name is heard where its weight is another than its last one; else every row that has any is.
    """

    def __init__(self, ahead: Ahead, targets: Values, *, by_change: bool) -> None:
        weights = ahead.weights
        heard = np.isfinite(weights) & ahead.speaks[:, None]
        self.ahead = ahead
        self._before: Values | None = None
        if by_change:
            place = np.maximum.accumulate(np.where(heard, np.arange(len(weights))[:, None], -1), axis=0)
            known = np.where(place < 0, targets, np.take_along_axis(weights, np.maximum(place, 0), axis=0))
            self._before = np.concatenate((targets[None], known))
            heard &= weights != self._before[:-1]
        self._rows = np.append(np.flatnonzero(heard.any(axis=1)), len(weights))

    def next(self, targets: Values) -> int:
        """Return the row of the block, from the next one on, at whose close something is to be decided.

        It is the next one where the last weights heard are not `targets`: something was not decided on.
        """
        ahead = self.ahead
        if self._before is not None and not np.array_equal(self._before[ahead.taken], targets):
            return ahead.at
        return ahead.begin + int(self._rows[np.searchsorted(self._rows, ahead.taken)])

"""A plan one row at a time, as live trading needs it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked, InvalidInput
from midas.factors.engine import Engine
from midas.factors.plan import Plan
from midas.factors.program import build
from midas.kernels.lanes import LANES

Values = NDArray[np.float64]


class Stepper:
    """Runs a plan row by row with the loops of `evaluate`; the same rows give the same bits.

    row : the absolute index of the next row; windows are laid out by it.
    """

    def __init__(self, plan: Plan, columns: int, first_row: int = 0, state_from: int | None = None) -> None:
        tiles = max(1, -(-columns // LANES))
        self.row = first_row
        self._fields = {name: np.full((tiles, 1, LANES), np.nan) for name in plan.fields}
        self._columns = columns
        self._engine = Engine(
            build(plan, every_row=True),
            self._fields,
            columns,
            np.zeros(1, np.int64),
            lowest=first_row,
            span=1,
            state_from=first_row if state_from is None else state_from,
            threads=1,
            resumable=True,
        )

    def step(self, bars: Mapping[str, Values]) -> Values:
        """Return the values of the next row, given its fields, one number per instrument (NaN: no bar).

        Raises
        ------
        DataBlocked: a field the plan reads is missing.
        InvalidInput: a field has another number of instruments.
        """
        for name, room in self._fields.items():
            if name not in bars:
                raise DataBlocked(f"The row has no {name!r}.", hint=f"It needs: {', '.join(self._fields)}.")
            if len(bars[name]) != self._columns:
                raise InvalidInput(f"{name!r} has {len(bars[name])} values for {self._columns} instruments.")
            room.reshape(-1)[: self._columns] = bars[name]
        result = np.empty(self._columns)
        self._engine.step(self.row, result)
        self.row += 1
        return result

    def snapshot(self) -> tuple[int, Values]:
        """Return the next row's index and a copy of the whole state."""
        return self.row, self._engine.state.copy()

    def restore(self, snapshot: tuple[int, Values]) -> None:
        """Go back to a snapshot of a stepper of the same plan and instruments.

        Raises
        ------
        InvalidInput: the snapshot is of another plan or other instruments.
        """
        row, state = snapshot
        if state.shape != self._engine.state.shape:
            raise InvalidInput("The snapshot is of another plan or of other instruments.")
        self.row = row
        self._engine.state[:] = state

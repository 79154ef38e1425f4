"""A strategy evaluated one bar at a time: its targets where it speaks, and the ranges its exits go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.factors.plan import Plan
from midas.factors.stepper import Snapshot, Stepper
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.forward import ForwardFields
from midas.marketdata.ground import Ground
from midas.strategies.definition import Definition
from midas.strategies.exits import Exit, RangeExit
from midas.strategies.plans import plan_of, range_plans
from midas.strategies.schedule import Every, Schedule

Values = NDArray[np.float64]
Tree = Mapping[str, Any]


class Ranges:
    """Average true range over close for each n that exits ask for, row by row from the first there is."""

    def __init__(self, exits: Sequence[Exit], columns: int) -> None:
        self._plans = range_plans(exits)
        self._steppers = {n: Stepper(plan, columns) for n, plan in self._plans.items()}
        self._of = {policy.key: policy.n for policy in exits if isinstance(policy, RangeExit)}

    @property
    def fields(self) -> tuple[str, ...]:
        """What it reads."""
        return tuple(name for plan in self._plans.values() for name in plan.fields)

    def step(self, fields: Mapping[str, Values]) -> dict[str, Values]:
        """Return the ranges known at a row's close, by the key of the exit that goes by it."""
        if not self._steppers:
            return {}
        known = {n: stepper.step(fields) for n, stepper in self._steppers.items()}
        return {key: known[n] for key, n in self._of.items()}

    def snapshot(self) -> list[Snapshot]:
        return [stepper.snapshot() for stepper in self._steppers.values()]

    def restore(self, kept: list[Snapshot]) -> None:
        """Go back to a snapshot of the same exits and instruments."""
        for stepper, snapshot in zip(self._steppers.values(), kept, strict=True):
            stepper.restore(snapshot)


class Stream:
    """A definition over the rows of a ground, from the first row there is.

    No target counts before row `first`: states such as `hold` begin flat there. The same rows give the same bits as
    the backtest's evaluation of a panel, whatever was snapshot and restored in between.
    """

    def __init__(self, definition: Definition, ground: Ground, first: int) -> None:
        self._definition, self._ground, self.first = definition, ground, first
        self._plan: Plan = plan_of(definition)
        self._ranges = Ranges(definition.exits, len(ground.instruments))
        wanted = (*self._plan.fields, *self._ranges.fields)
        self._forward = ForwardFields(ground.venue, ground.instruments, wanted)
        self._stepper: Stepper | None = None
        self._spoken = False
        self._waiting: Values | None = None
        self._schedule = Schedule(definition.every, ground.venue.calendar)

    def act(self, action: CorporateAction) -> None:
        """Hear of a corporate action before the row it takes effect on."""
        self._forward.act(action)

    def step(self, row: BarRow) -> tuple[Values | None, dict[str, Values]]:
        """Return the weights of a row, None where the strategy is silent, and the ranges known at its close."""
        session = np.datetime64(row.session, "D")
        if self._stepper is None:
            self._stepper = self._begin(session, row.closes)
        fields = self._forward.step(row)
        weights = self._stepper.step(fields, session, closes=row.closes)
        return (weights if self._speaks(row, session, weights) else None), self._ranges.step(fields)

    @property
    def waits(self) -> bool:
        """Whether the last row speaks if its session closes before another bar of it begins."""
        return self._waiting is not None

    def close(self) -> Values | None:
        """Return the weights of the last row if it speaks now that its session has closed, else None; once."""
        weights, self._waiting = self._waiting, None
        return weights

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to know to go on, as plain values and arrays."""
        stepper = None if self._stepper is None else self._stepper.snapshot()
        return {
            "forward": self._forward.snapshot(), "stepper": stepper, "ranges": self._ranges.snapshot(),
            "spoken": self._spoken, "waiting": self._waiting,
        }  # fmt: skip

    def restore(self, tree: Tree) -> None:
        """Go back to a snapshot of the same definition and ground."""
        self._forward.restore(tree["forward"])
        self._ranges.restore(tree["ranges"])
        self._spoken, self._waiting = bool(tree["spoken"]), tree["waiting"]
        if tree["stepper"] is not None:
            self._stepper = self._begin(np.datetime64("1970-01-01", "D"), True)
            self._stepper.restore(tree["stepper"])

    def _begin(self, session: np.datetime64, closes: bool) -> Stepper:
        ground = self._ground
        return Stepper(
            self._plan, len(ground.instruments), 0, self.first,
            sessions=np.array([session]), calendar=ground.venue.calendar,
            closes=None if ground.timeframe.is_daily else np.array([closes]),
        )  # fmt: skip

    def _speaks(self, row: BarRow, session: np.datetime64, weights: Values) -> bool:
        if row.row < self.first or self._spoken:
            return False
        if self._definition.every is Every.ONCE:
            self._spoken = bool(np.isfinite(weights).any())
            return self._spoken
        if not self._schedule.by_session:
            return True
        self._waiting = None
        if row.late or not self._schedule.speaks(session):
            return False
        if not row.closes:
            self._waiting = weights
        return row.closes

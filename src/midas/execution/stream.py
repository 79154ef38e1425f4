"""A strategy evaluated one bar at a time: its targets where it speaks, and the ranges its exits go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.execution.ahead import Ahead
from midas.factors.plan import Plan
from midas.factors.stepper import Snapshot, Stepper
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.forward import ForwardFields
from midas.marketdata.ground import Ground
from midas.strategies.definition import Definition
from midas.strategies.exits import Exit, RangeExit
from midas.strategies.plans import plan_of, range_plans
from midas.strategies.schedule import Every, Schedule

Values = NDArray[np.float64]
Tree = Mapping[str, Any]

_SPAN, _CELLS = 512, 1 << 18
"""Rows run at once, and numbers of one field worked out at once, at most."""


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
        self._span = max(1, min(_SPAN, _CELLS // len(ground.instruments)))
        self._spoken = False
        self._waiting: Values | None = None
        self._schedule = Schedule(definition.every, ground.venue.calendar)
        self._ahead: Ahead | None = None

    def act(self, action: CorporateAction) -> None:
        """Hear of a corporate action before the row it takes effect on."""
        self._come_back()
        self._forward.act(action)

    def ahead(self, block: BarBlock, at: int) -> Ahead | None:
        """Return the targets of rows from `at` on, worked out at once; None where they are to be asked for singly."""
        known = self._ahead
        if known is not None and known.block is block and known.at == at and at < known.stop:
            return known
        if self._ranges.fields:
            return None
        self._come_back()
        stop = min(self._forward.stop(block, at), at + _CELLS // len(self._ground.instruments) + 1)
        self._ahead = self._work_out(block, at, stop)
        return self._ahead

    @property
    def plain(self) -> bool:
        """Whether all it says of a row are its targets: no ranges, no schedule by sessions, no end."""
        return not (self._ranges.fields or self._schedule.by_session or self._definition.every is Every.ONCE)

    def pass_over(self, block: BarBlock, stop: int) -> None:
        """Go on to before row `stop` of what was worked out: the strategy is silent, or says what it said before."""
        known, last = self._ahead, stop - 1
        assert known is not None
        known.taken = stop - known.begin
        if self._schedule.by_session:
            waits = self._schedule.speaks(block.sessions[last]) and not (block.late[last] or block.closes[last])
            self._waiting = known.weights[known.taken - 1] if waits and not block.ends[last] else None

    def step(self, row: BarRow) -> tuple[Values | None, dict[str, Values]]:
        """Return the weights of a row, None where the strategy is silent, and the ranges known at its close."""
        session = np.datetime64(row.session, "D")
        known, fields = self._ahead, {}
        if known is not None and known.at < known.stop and known.block.first + known.at == row.row:
            weights = known.weights[known.taken]
            known.taken += 1
        else:
            self._come_back()
            fields = self._forward.step(row)
            weights = self._stepper_at(session, row.closes).step(fields, session, closes=row.closes)
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
        self._come_back()
        kept = {"ranges": self._ranges.snapshot(), "spoken": self._spoken, "waiting": self._waiting}
        return {**self._state(), **kept}

    def restore(self, tree: Tree) -> None:
        """Go back to a snapshot of the same definition and ground."""
        self._ahead = None
        self._go_back(tree)
        self._ranges.restore(tree["ranges"])
        self._spoken, self._waiting = bool(tree["spoken"]), tree["waiting"]

    def _state(self) -> dict[str, Any]:
        stepper = None if self._stepper is None else self._stepper.snapshot()
        return {"forward": self._forward.snapshot(), "stepper": stepper}

    def _go_back(self, tree: Tree) -> None:
        self._forward.restore(tree["forward"])
        self._stepper = None
        if tree["stepper"] is not None:
            self._stepper_at(np.datetime64("1970-01-01", "D"), True).restore(tree["stepper"])

    def _work_out(self, block: BarBlock, at: int, stop: int) -> Ahead:
        before, part = self._state(), slice(at, stop)
        sessions, closes = block.sessions[part], block.closes[part]
        fields = self._forward.steps(block, at, stop)
        weights = self._stepper_at(sessions[0], bool(closes[0])).steps(fields, sessions, closes)
        speaks = np.ones(len(sessions), np.bool_)
        if self._schedule.by_session:
            days = {day: self._schedule.speaks(np.datetime64(day, "D")) for day in np.unique(sessions).tolist()}
            speaks = np.array([days[day] for day in sessions.tolist()]) & ~block.late[part]
            speaks &= closes | block.ends[part]
        speaks[: max(0, self.first - block.first - at)] = False
        if self._definition.every is Every.ONCE:
            speaks &= np.isfinite(weights).any(axis=1)
            speaks[int(np.argmax(speaks)) + 1 :] = False
            speaks &= not self._spoken
        return Ahead(block, at, weights, speaks, before)

    def _come_back(self) -> None:
        # What was worked out but not asked for is as if it had not been.
        known, self._ahead = self._ahead, None
        if known is not None and known.at < known.stop:
            self._go_back(known.before)
            if known.taken:
                self._work_out(known.block, known.begin, known.at)

    def _stepper_at(self, session: np.datetime64, closes: bool) -> Stepper:
        ground = self._ground
        if self._stepper is None:
            self._stepper = Stepper(
                self._plan, len(ground.instruments), 0, self.first,
                sessions=np.array([session]), calendar=ground.venue.calendar,
                closes=None if ground.timeframe.is_daily else np.array([closes]), span=self._span,
            )  # fmt: skip
        return self._stepper

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

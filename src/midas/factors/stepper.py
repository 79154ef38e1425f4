"""A plan one row at a time, as live trading needs it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked, InvalidInput
from midas.factors.engine import Engine
from midas.factors.periods import Periods, fold_in, period_number, periods_of
from midas.factors.plan import Clock, Plan
from midas.factors.program import build, leaf_name
from midas.kernels.lanes import LANES
from midas.marketdata.tiles import lay
from midas.venues.calendar import Calendar

Values = NDArray[np.float64]
Sessions = NDArray[np.datetime64]

Snapshot = tuple[int, Values, tuple["HeldSnapshot", ...]]
HeldSnapshot = tuple[Mapping[str, Values], Values, NDArray[np.int64], "Snapshot"]


_ONE = np.zeros(1, np.int64)


class Stepper:
    """Runs a plan row by row with the loops of `evaluate`; the same rows give the same bits.

    row : the absolute index of the next row; windows are laid out by it.
    """

    def __init__(
        self,
        plan: Plan,
        columns: int,
        first_row: int = 0,
        state_from: int | None = None,
        *,
        sessions: Sessions | None = None,
        calendar: Calendar | None = None,
        closes: NDArray[np.bool_] | None = None,
        span: int = 1,
    ) -> None:
        """Begin at `first_row`; at most `span` rows are run at once.

        A plan with daily, weekly or monthly parts needs the venue's `calendar` and the `sessions` of all rows from the
        first of the panel on, those to come included; of intraday rows also which one `closes` its session.

        Raises
        ------
        InvalidInput: they are missing.
        """
        tiles = max(1, -(-columns // LANES))
        self.row = first_row
        self._wanted = plan.fields
        self._held = [_Held(clock, columns, first_row, sessions, calendar, closes) for clock in plan.clocks]
        names = [*plan.fields, *(held.name for held in self._held)]
        self._fields = {name: np.full((tiles, span, LANES), np.nan) for name in names}
        self._row, self._span = np.full((tiles, LANES), np.nan), span
        self._columns, self._result = columns, np.empty(columns)
        self._engine = Engine(
            build(plan, every_row=True),
            self._fields,
            columns,
            np.zeros(span, np.int64),
            lowest=first_row,
            span=span,
            state_from=first_row if state_from is None else state_from,
            threads=1,
            resumable=True,
        )

    def step(self, bars: Mapping[str, Values], session: np.datetime64 | None = None, *, closes: bool = True) -> Values:
        """Return the values of the next row, given its fields, one number per instrument (NaN: no bar).

        A row behind the sessions that were given at first needs its own, and whether it `closes` it.

        Raises
        ------
        DataBlocked: a field the plan reads is missing.
        InvalidInput: a field has another number of instruments, or the row lies behind the sessions that were given.
        """
        self._require(bars)
        held = {part.name: part.step(self.row, bars, session, closes) for part in self._held}
        for name, room in self._fields.items():
            self._row.reshape(-1)[: self._columns] = held[name] if name in held else bars[name]
            room[:, 0] = self._row
        self._engine.step(self.row, 1, self._result)
        self.row += 1
        return self._result.copy()

    def steps(self, bars: Mapping[str, Values], sessions: Sessions, closes: NDArray[np.bool_]) -> Values:
        """Return what `step` would of so many rows one after the other: all are (row, instrument).

        Raises
        ------
        DataBlocked, InvalidInput: as `step` does.
        """
        found = np.empty((len(sessions), self._columns))
        if self._held:
            for at, (session, last) in enumerate(zip(sessions, closes.tolist(), strict=True)):
                found[at] = self.step({name: bars[name][at] for name in self._wanted}, session, closes=last)
            return found
        self._require({name: values[0] for name, values in bars.items()})
        for begin in range(0, len(found), self._span):
            part = found[begin : begin + self._span]
            for name, room in self._fields.items():
                lay(bars[name][begin : begin + len(part)], room)
            self._engine.step(self.row, len(part), part)
            self.row += len(part)
        return found

    def _require(self, bars: Mapping[str, Values]) -> None:
        for name in self._wanted:
            if name not in bars:
                raise DataBlocked(f"The row has no {name!r}.", hint=f"It needs: {', '.join(self._wanted)}.")
            if len(bars[name]) != self._columns:
                raise InvalidInput(f"{name!r} has {len(bars[name])} values for {self._columns} instruments.")

    def snapshot(self) -> Snapshot:
        """Return the next row's index and a copy of the whole state."""
        return self.row, self._engine.state.copy(), tuple(held.snapshot() for held in self._held)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of a stepper of the same plan and instruments.

        Raises
        ------
        InvalidInput: the snapshot is of another plan or other instruments.
        """
        row, state, parts = snapshot
        if state.shape != self._engine.state.shape or len(parts) != len(self._held):
            raise InvalidInput("The snapshot is of another plan or of other instruments.")
        self.row = row
        self._engine.state[:] = state
        for held, part in zip(self._held, parts, strict=True):
            held.restore(part)


class _Held:
    def __init__(
        self,
        clock: Clock,
        columns: int,
        first_row: int,
        sessions: Sessions | None,
        calendar: Calendar | None,
        closes: NDArray[np.bool_] | None,
    ) -> None:
        if sessions is None or calendar is None or first_row >= len(sessions):
            raise InvalidInput(
                f"A strategy that reads {clock.leaf.op} bars needs the sessions of its rows and the venue's calendar.",
                hint="Give sessions and calendar.",
            )
        self.name = leaf_name(clock.leaf)
        self._period, self._calendar, self._within = clock.period, calendar, closes is not None
        self._of: Periods = periods_of(clock.period, calendar, sessions, closes)
        self._stepper = Stepper(clock.plan, columns, int(self._of.bar[first_row]))
        self._bar = {name: np.full((1, 1, columns), np.nan) for name in clock.plan.fields}
        self._value = np.full(columns, np.nan)
        self._last = self._behind(sessions)

    def step(self, row: int, bars: Mapping[str, Values], session: np.datetime64 | None, closes: bool) -> Values:
        bar, ends = self._place(row, session, closes)
        # A bar that its last session has not closed, because the data lacks it, ends before the next begins.
        if bar > self._stepper.row:
            self._finish()
        for name, so_far in self._bar.items():
            fold_in(name, np.array(bars[name], np.float64).reshape(so_far.shape), _ONE, 0, 1, so_far)
        if ends:
            self._finish()
        return self._value

    def _behind(self, sessions: Sessions) -> NDArray[np.int64]:
        # What the rows behind those given go on from: the last day, the bar its period began with, whether that ended.
        days = sessions.astype("datetime64[D]")
        begun = int(np.argmax(period_number(self._period, days) == period_number(self._period, days[-1:])))
        first, last, ended = int(self._of.bar[begun]), int(self._of.bar[-1]), bool(self._of.ends[-1])
        day = days[-1].astype(np.int64)
        return np.array([day, first, last > first or ended] if self._within else [day, last, ended], np.int64)

    def _place(self, row: int, session: np.datetime64 | None, closes: bool) -> tuple[int, bool]:
        if row < len(self._of.bar):
            return int(self._of.bar[row]), bool(self._of.ends[row])
        if session is None:
            raise InvalidInput(f"Row {row} lies behind the {len(self._of.bar)} sessions given.", hint="Give more.")
        day, (before, bar, ended) = session.astype("datetime64[D]"), self._last.tolist()
        two = period_number(self._period, np.array([np.datetime64(before, "D"), day]))
        if two[0] != two[1] or (ended and not self._within):
            bar, ended = bar + 1, 0
        place = bar + ended
        ends = self._period == "day" or bool(self._calendar.last_sessions(self._period, np.array([day]))[0])
        ends = ends and (closes or not self._within)
        self._last[:] = day.astype(np.int64), bar, ended or ends
        return place, ends

    def _finish(self) -> None:
        self._value = self._stepper.step({name: bar[0, 0] for name, bar in self._bar.items()})
        for bar in self._bar.values():
            bar[:] = np.nan

    def snapshot(self) -> HeldSnapshot:
        bars = {name: bar.copy() for name, bar in self._bar.items()}
        return bars, self._value, self._last.copy(), self._stepper.snapshot()

    def restore(self, snapshot: HeldSnapshot) -> None:
        bars, self._value, last, inner = snapshot
        self._last[:] = last
        self._bar = {name: bar.copy() for name, bar in bars.items()}
        self._stepper.restore(inner)

"""Where a run's wishes come from: a strategy's graph, or code that is asked at every bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from midas.execution.ahead import Ahead, Changes
from midas.execution.book import Book
from midas.execution.rebalance import Wish
from midas.execution.stream import Stream
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, CorporateAction

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is wanted at a close.

    spoke : whether what is still on order from before is out of date. released : columns of which an exit that waits is
    called off, as the target changed. cancelled : columns of which nothing that waits for its price is wanted any more.
    ranges : what exits entered next go by.
    """

    wishes: Sequence[Wish] = ()
    spoke: bool = False
    released: Sequence[int] = ()
    cancelled: Sequence[int] = ()
    ranges: Mapping[str, Values] = field(default_factory=dict)


class Decider(Protocol):
    """Asked at every close, in order; all it knows can be kept and taken up again."""

    @property
    def waits(self) -> bool:
        """Whether the close of the session may bring a decision on the last row."""
        ...

    def act(self, action: CorporateAction) -> None: ...

    def learn(self, row: BarRow) -> Decision:
        """Hear of a row before the first decision."""
        ...

    def decide(self, row: BarRow, book: Book) -> Decision:
        """Decide at a close the book has heard of."""
        ...

    def close(self, session: date, book: Book) -> tuple[BarRow, Decision] | None:
        """Hear that a session closed; return what was to be decided on its last row and could not before."""
        ...

    def quiet(self, block: BarBlock, at: int, stop: int, book: Book, *, alone: bool) -> int:
        """Return the first row of a block, from `at` on and before `stop`, at whose close something may be wanted.

        That holds as long as the book hears of nothing but closes; with `alone` it is known that it will not, up to the
        row that is returned, and that all rows before that one are passed over.
        """
        ...

    def pass_over(self, block: BarBlock, at: int, stop: int) -> None:
        """Go on by rows of a block at whose closes nothing is wanted."""
        ...

    def snapshot(self) -> dict[str, Any]: ...

    def restore(self, tree: Mapping[str, Any]) -> None: ...


class GraphDecider:
    """A strategy's targets, turned into wishes by the compiled step that decides in a backtest."""

    def __init__(self, stream: Stream, *, by_change: bool) -> None:
        self._stream, self._by_change = stream, by_change
        self._row: BarRow | None = None
        self._changes: Changes | None = None

    @property
    def waits(self) -> bool:
        return self._stream.waits

    def act(self, action: CorporateAction) -> None:
        self._stream.act(action)

    def learn(self, row: BarRow) -> Decision:
        """Hear of a row before the first decision."""
        return Decision(ranges=self._stream.step(row)[1])

    def decide(self, row: BarRow, book: Book) -> Decision:
        """Return what the targets of a row ask for; nothing where the strategy is silent."""
        weights, ranges = self._stream.step(row)
        self._row = row
        return Decision(ranges=ranges) if weights is None else self._decided(weights, ranges, book)

    def close(self, session: date, book: Book) -> tuple[BarRow, Decision] | None:
        """Decide on the last row of a session that closed without a bar at its close."""
        row, weights = self._row, self._stream.close()
        if row is None or weights is None or row.session != session:
            return None
        return replace(row, closes=True), self._decided(weights, {}, book)

    def _decided(self, weights: Values, ranges: Mapping[str, Values], book: Book) -> Decision:
        if book.is_stopped:
            return Decision(ranges=ranges)
        waiting = np.flatnonzero(book.leaving)
        wishes = book.decide(weights)
        released = [column for column in waiting.tolist() if book.leaving[column] == 0.0]
        spoke = not self._by_change and bool(np.isfinite(weights).any())
        return Decision(wishes, spoke, released, ranges=ranges)

    def quiet(self, block: BarBlock, at: int, stop: int, book: Book, *, alone: bool) -> int:  # noqa: ARG002
        """Return the row from `at` on whose targets ask for something, the end of what is known where none does."""
        targets = book.targets
        ahead = None if targets is None else self._stream.ahead(block, at)
        if targets is None or ahead is None:
            return at
        if self._changes is None or self._changes.ahead is not ahead:
            self._changes = Changes(ahead, targets.copy(), by_change=self._by_change)
        return self._changes.next(targets)

    def ahead(self, block: BarBlock, at: int) -> Ahead | None:
        """Return the targets of rows from `at` on, where they are all there is to decide by; None elsewhere."""
        return self._stream.ahead(block, at) if self._stream.plain else None

    def pass_over(self, block: BarBlock, at: int, stop: int) -> None:  # noqa: ARG002
        """Go on by rows at whose closes nothing is wanted."""
        self._stream.pass_over(block, stop)
        if self._stream.waits:
            self._row = block.row(stop - 1)

    def snapshot(self) -> dict[str, Any]:
        row = self._row if self._stream.waits else None
        return {**self._stream.snapshot(), "row": None if row is None else _kept(row)}

    def restore(self, tree: Mapping[str, Any]) -> None:
        self._stream.restore(tree)
        self._row = None if tree["row"] is None else _taken_up(tree["row"])


def _kept(row: BarRow) -> dict[str, Any]:
    stamp, session = row.stamp_utc.isoformat(), row.session.isoformat()
    return {"row": row.row, "stamp": stamp, "session": session, "close": row.fields["close"].copy()}


def _taken_up(tree: Mapping[str, Any]) -> BarRow:
    stamp, session = datetime.fromisoformat(tree["stamp"]), date.fromisoformat(tree["session"])
    return BarRow(tree["row"], stamp, session, {"close": tree["close"]}, closes=False)

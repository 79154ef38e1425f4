"""Where a run's wishes come from: a strategy's graph, or code that is asked at every bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from midas.execution.book import Book
from midas.execution.rebalance import Wish
from midas.execution.stream import Stream
from midas.marketdata.feed import BarRow, CorporateAction

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is wanted at a close.

    spoke : whether what is still on order from before is out of date. released : columns of which an exit that waits is
    called off, as the target changed. ranges : what exits entered next go by.
    """

    wishes: Sequence[Wish] = ()
    spoke: bool = False
    released: Sequence[int] = ()
    ranges: Mapping[str, Values] = field(default_factory=dict)


class Decider(Protocol):
    """Asked at every close, in order; all it knows can be kept and taken up again."""

    def act(self, action: CorporateAction) -> None: ...

    def learn(self, row: BarRow) -> Decision:
        """Hear of a row before the first decision."""
        ...

    def decide(self, row: BarRow, book: Book) -> Decision:
        """Decide at a close the book has heard of."""
        ...

    def snapshot(self) -> dict[str, Any]: ...

    def restore(self, tree: Mapping[str, Any]) -> None: ...


class GraphDecider:
    """A strategy's targets, turned into wishes by the compiled step that decides in a backtest."""

    def __init__(self, stream: Stream, *, by_change: bool) -> None:
        self._stream, self._by_change = stream, by_change

    def act(self, action: CorporateAction) -> None:
        self._stream.act(action)

    def learn(self, row: BarRow) -> Decision:
        """Hear of a row before the first decision."""
        return Decision(ranges=self._stream.step(row)[1])

    def decide(self, row: BarRow, book: Book) -> Decision:
        """Return what the targets of a row ask for; nothing where the strategy is silent."""
        weights, ranges = self._stream.step(row)
        if weights is None or book.called or book.ended:
            return Decision(ranges=ranges)
        waiting = np.flatnonzero(book.leaving)
        wishes = book.decide(weights)
        released = [column for column in waiting.tolist() if book.leaving[column] == 0.0]
        spoke = not self._by_change and bool(np.isfinite(weights).any())
        return Decision(wishes, spoke, released, ranges)

    def snapshot(self) -> dict[str, Any]:
        return self._stream.snapshot()

    def restore(self, tree: Mapping[str, Any]) -> None:
        self._stream.restore(tree)

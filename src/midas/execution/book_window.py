"""The bars a run's own account looks at: what was known before, and the bar, or the bars, that are closing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.execution.row_rules import RowRules
from midas.kernels.lanes import LANES
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow
from midas.marketdata.tiles import last_known, lay, narrow_lanes

Values = NDArray[np.float64]

BARS = ("open", "high", "low", "close", "volume")
CLOSE = BARS.index("close")
SPAN, CELLS = 512, 1 << 16
"""Rows at once, and numbers of one field in them, at most."""


class BookWindow:
    """Row 0 is what was known before the bar, row 1 the bar; behind it are the next ones of its session.

    bars : (field, tile, row, lane). dated : the rules of each row. Without `guarded` only closes are kept.
    """

    def __init__(self, rules_of: RowRules, *, guarded: bool) -> None:
        self._rules_of, self._columns = rules_of, len(rules_of.class_of)
        lanes = narrow_lanes(self._columns)
        tiles = max(1, -(-self._columns // lanes))
        self.span = max(1, min(SPAN, CELLS // (tiles * lanes)))
        self.bars = np.full((len(BARS), tiles, 1 + self.span, lanes), np.nan)
        self.dated = np.full((1 + self.span, rules_of.width), np.nan)
        self._followed = tuple(range(len(BARS))) if guarded else (CLOSE,)
        self._row = np.full((tiles, lanes), np.nan)
        self._session: date | None = None

    @property
    def closes(self) -> Values:
        """Last known closes in today's shares, NaN where there never was one."""
        return self.bars[CLOSE, :, 0].reshape(-1)[: self._columns]

    def adjust(self, column: int, ratio: float) -> None:
        """Divide what is known of a name's price: its shares are others now."""
        self.bars[CLOSE, column // LANES, 0, column % LANES] /= ratio

    def take(self, row: BarRow) -> None:
        """Let a bar close."""
        for place in self._followed:
            self._row.reshape(-1)[: self._columns] = row.fields.get(BARS[place], row.fields["close"])
            self.bars[place, :, 1] = self._row
        self.enter(row.session)

    def roll(self) -> None:
        """Let time go on: the bar is the one before the next."""
        closes = self.bars[CLOSE]
        np.copyto(closes[:, 0], closes[:, 1], where=~np.isnan(closes[:, 1]))

    def take_rows(self, block: BarBlock, at: int, stop: int) -> int:
        """Let bars of a block close, as many as it can, and return how many."""
        rows = min(stop, block.session_stop(at), at + self.span) - at
        for place in self._followed:
            lay(block.fields.get(BARS[place], block.fields["close"])[at : at + rows], self.bars[place], 1)
        self.enter(block.session(at))
        self.dated[2 : rows + 1] = self.dated[1]
        return rows

    def roll_rows(self, block: BarBlock, at: int, rows: int) -> None:
        """Let time go on by the rows of `take_rows`."""
        for place in self._followed:
            self.bars[place, :, 1] = self.bars[place, :, rows]
        self._row.reshape(-1)[: self._columns] = last_known(block.fields["close"][at : at + rows])
        np.copyto(self.bars[CLOSE, :, 0], self._row, where=~np.isnan(self._row))

    def snapshot(self) -> dict[str, Any]:
        session = None if self._session is None else self._session.isoformat()
        return {"closes": self.bars[CLOSE, :, :2].copy(), "dated": self.dated[:2].copy(), "session": session}

    def restore(self, tree: Mapping[str, Any]) -> None:
        """Go back to a snapshot of the same instruments."""
        # a few names were kept among 32 lanes once
        self.bars[CLOSE, :, :2], self.dated[:2] = tree["closes"][..., : self._row.shape[1]], tree["dated"]
        self._session = None if tree["session"] is None else date.fromisoformat(tree["session"])

    def enter(self, session: date) -> None:
        """Let the rules of a session hold."""
        if session != self._session:
            self._session = session
            self.dated[1] = self._rules_of.row(np.datetime64(session, "D"), 1.0, 0, 0)

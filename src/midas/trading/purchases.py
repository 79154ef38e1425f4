"""What was bought of each instrument and when, for as long as a venue may keep it from being sold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from midas.core.instrument import InstrumentId
from midas.core.order import Fill, Side
from midas.risk.locks import LONGEST, Purchase


class Purchases:
    """The purchases of the last weeks, by the market's time."""

    def __init__(self) -> None:
        self._of: defaultdict[InstrumentId, list[Purchase]] = defaultdict(list)

    def begin(self, fills: Iterable[Fill]) -> None:
        """Know what the journal has."""
        for fill in fills:
            self.executed(fill)

    def executed(self, fill: Fill) -> None:
        """Note an execution; one that takes a purchase back counts against it."""
        if fill.side is not Side.BUY:
            return
        known = self._of[fill.instrument]
        if known and known[0][0] < fill.stamp_utc - LONGEST:
            known[:] = [each for each in known if each[0] >= fill.stamp_utc - LONGEST]
        known.append((fill.stamp_utc, fill.quantity))

    def of(self, instrument: InstrumentId) -> Sequence[Purchase]:
        return self._of.get(instrument, ())

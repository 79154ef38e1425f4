"""What was bought of each instrument and when, for as long as a venue may keep it from being sold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.order import Fill, Side
from midas.risk.locks import LONGEST, Purchase, quarter


class Purchases:
    """The purchases of the last weeks, by the market's time."""

    def __init__(self) -> None:
        self._of: defaultdict[InstrumentId, dict[datetime, Decimal]] = defaultdict(dict)

    def begin(self, fills: Iterable[Fill]) -> None:
        """Know what the journal has."""
        for fill in fills:
            self.executed(fill)

    def executed(self, fill: Fill) -> None:
        """Note an execution; one that takes a purchase back counts against it."""
        if fill.side is not Side.BUY:
            return
        known, when = self._of[fill.instrument], quarter(fill.stamp_utc)
        if when not in known:
            # a purchase of many executions is asked about at every sale: what is kept grows with time, not with them
            for old in [each for each in known if each < when - LONGEST]:
                del known[old]
        known[when] = known.get(when, Decimal(0)) + fill.quantity

    def of(self, instrument: InstrumentId) -> Sequence[Purchase]:
        return list(self._of[instrument].items()) if instrument in self._of else ()

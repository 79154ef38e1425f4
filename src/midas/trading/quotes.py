"""The last price of each instrument, and whether the feed that tells them still lives."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from midas.core.clock import Clock
from midas.core.instrument import InstrumentId
from midas.marketdata.actions import ActionKind
from midas.marketdata.feed import BarRow, CorporateAction, FeedEvent, Tick
from midas.risk.snapshot import Quote

_DIGITS = 9


class Quotes:
    """What a feed told last. `stale_after_s` without a price, by a clock that never jumps, and it counts as dead.

    Heartbeats do not count: a connection that lives and tells no prices is the dangerous one. `timezones` of venues, by
    MIC, say which session a price is of; UTC where there is none.
    """

    def __init__(
        self, clock: Clock, stale_after_s: float | None = None, timezones: Mapping[str, str] | None = None
    ) -> None:
        self._clock = clock
        self._stale_after_s = stale_after_s
        self._zones = {mic: ZoneInfo(name) for mic, name in (timezones or {}).items()}
        self._quotes: dict[InstrumentId, Quote] = {}
        self._split_on: dict[InstrumentId, date] = {}
        self._restored: dict[InstrumentId, date] = {}
        self._told_s: float | None = None

    @property
    def stale(self) -> bool:
        """Whether no price came for too long; before the first one nothing is known yet, which counts as stale."""
        if self._stale_after_s is None:
            return False
        return self._told_s is None or self._clock.monotonic_s() - self._told_s > self._stale_after_s

    @property
    def session(self) -> date | None:
        """The trading day of the latest price; None before the first."""
        return max((self._session(*each) for each in self._quotes.items()), default=None)

    def of(self, instrument: InstrumentId) -> Quote | None:
        return self._quotes.get(instrument)

    def last(self, instrument: InstrumentId) -> Decimal | None:
        quote = self._quotes.get(instrument)
        return None if quote is None else quote.last

    def hear(self, event: FeedEvent, instruments: Sequence[InstrumentId]) -> None:
        """Take the prices of an event; arrays of a row are in the order of `instruments`."""
        if isinstance(event, BarRow):
            closes = event.fields["close"]
            for instrument, close in zip(instruments, closes.tolist(), strict=True):
                self._take(instrument, close, event.stamp_utc)
        elif isinstance(event, Tick):
            self._take(event.instrument, event.price, event.stamp_utc)
        elif isinstance(event, CorporateAction) and event.kind == ActionKind.SPLIT:
            self._split(event)

    def to_bytes(self) -> bytes:
        """Return the prices there are, for a process that begins after the last row was told."""
        kept = {
            str(name): [
                str(quote.last), quote.stamp_utc.isoformat(), None if quote.base is None else str(quote.base),
                *([self._split_on[name].isoformat()] if name in self._split_on else []),
            ]
            for name, quote in self._quotes.items()
        }  # fmt: skip
        return json.dumps(kept).encode()

    def restore(self, state: bytes) -> None:
        """Know prices that were kept, each as old as it is; whether the feed lives, only the feed can tell."""
        for named, (last, stamp, base, *split) in json.loads(state).items():
            name = InstrumentId.parse(named)
            self._quotes[name] = Quote(
                Decimal(last), datetime.fromisoformat(stamp), None if base is None else Decimal(base)
            )
            if split:
                self._split_on[name] = self._restored[name] = date.fromisoformat(split[0])

    def _split(self, action: CorporateAction) -> None:
        # the day's limits, and how far a price may be from the last one, go by what a share is worth now
        instrument, ratio = action.instrument, action.value
        before = self._quotes.get(instrument)
        if before is None or not math.isfinite(ratio) or ratio <= 0.0:
            return
        if action.session <= max(self._session(instrument, before), self._restored.get(instrument, date.min)):
            # told again, to somebody who needs all of the past: this price knows of it
            return
        self._split_on[instrument] = action.session
        shares = Decimal(repr(ratio))
        base = None if before.base is None else round(before.base / shares, _DIGITS)
        self._quotes[instrument] = Quote(round(before.last / shares, _DIGITS), before.stamp_utc, base)

    def _session(self, instrument: InstrumentId, quote: Quote) -> date:
        # a bar that closes at midnight is the last of the day before
        zone = self._zones.get(instrument.venue)
        return (quote.stamp_utc - timedelta(microseconds=1)).astimezone(zone or quote.stamp_utc.tzinfo).date()

    def _take(self, instrument: InstrumentId, price: float, stamp_utc: datetime) -> None:
        if not math.isfinite(price) or price <= 0.0:
            return
        self._told_s = self._clock.monotonic_s()
        before = self._quotes.get(instrument)
        if before is None or stamp_utc >= before.stamp_utc:
            # the shortest decimal that is this float: a price of 0.1 is 0.1
            self._quotes[instrument] = Quote(round(Decimal(repr(price)), _DIGITS), stamp_utc, _base(before, stamp_utc))


def _base(before: Quote | None, stamp_utc: datetime) -> Decimal | None:
    # the close of the session before is what the day's limits go by
    if before is None:
        return None
    return before.last if stamp_utc.date() > before.stamp_utc.date() else before.base

"""A run's orders in its style: what is sent now, and what is due at a later bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from midas.core.errors import DataBlocked, InvalidInput
from midas.core.instrument import Instrument, InstrumentId
from midas.core.order import OrderIntent, OrderKind, Side, TimeInForce
from midas.execution.asking import next_session
from midas.execution.deciding import Decision
from midas.execution.intent_json import intent_from_json, intent_to_json
from midas.execution.mandate import Mandate
from midas.execution.quantity import decimal_quantity
from midas.execution.rebalance import Wish
from midas.execution.styles import Slice, VolumeShare, limit_at_touch, twap, vwap
from midas.marketdata.feed import BarRow

FADES = 0.9
"""What a session's volumes still count for after the next one."""

PRICED = "priced"
"""Leg of an order that waits for a price a strategy named."""


def priced(intent: OrderIntent, wish: Wish) -> OrderIntent:
    """Return the order with the price its wish names, waiting until it is there; as it is where that names none."""
    if not wish.waits:
        return intent
    kind = OrderKind.STOP if wish.limit is None else OrderKind.LIMIT
    return replace(
        intent, kind=kind, time_in_force=TimeInForce.GTC, leg=PRICED, limit_price=wish.limit, stop_price=wish.stop
    )


class Plans:
    """Slices that wait for their bar, by instrument; a new decision for a name, or an exit of it, drops them.

    The volume profile is the market's turnover by the time of day at which its bars begin, recent sessions first.
    """

    def __init__(self, mandate: Mandate) -> None:
        self._mandate, self._ground, self._style = mandate, mandate.ground, mandate.style
        self._zone = ZoneInfo(mandate.ground.venue.calendar.timezone)
        self._bar = timedelta(seconds=mandate.ground.timeframe.seconds)
        self._of = {instrument.id: instrument for instrument in mandate.ground.instruments}
        self._ids = [instrument.id for instrument in mandate.ground.instruments]
        self._later: dict[InstrumentId, list[Slice]] = {}
        self._profile: dict[str, float] = {}
        self._session = ""

    @property
    def rest(self) -> bool:
        """Whether nothing is planned, and bars are not listened to."""
        return not self._later and self._style.kind != "vwap"

    def hear(self, row: BarRow) -> None:
        """Take in how much was traded when."""
        if self._style.kind != "vwap" or "volume" not in row.fields:
            return
        if row.session.isoformat() != self._session:
            self._session = row.session.isoformat()
            self._profile = {at: worth * FADES for at, worth in self._profile.items()}
        at = self._time_of_day(row.stamp_utc - self._bar)
        worth = float(np.nansum(row.fields["volume"] * row.fields["close"]))
        self._profile[at] = self._profile.get(at, 0.0) + worth

    def begin(self, row: BarRow, intent: OrderIntent) -> list[OrderIntent]:
        """Return what of an order is sent at the close of a row, and keep the rest."""
        if intent.leg == PRICED or (not self._style.sliced and self._style.kind != "touch"):
            return [intent]
        instrument = self._of[intent.instrument]
        if self._style.kind == "touch":
            return [self._at_touch(row, intent, instrument)]
        begins, ends = self._stretch(row)
        slices = self._cut(replace(intent, valid_until_utc=ends + self._bar), instrument, begins, ends, row)
        self._keep({**self._later, intent.instrument: [one for one in slices if one.due_utc > begins]})
        until = intent.valid_until_utc
        return [replace(one.intent, valid_until_utc=until) for one in slices if one.due_utc <= begins]

    def due(self, row: BarRow, decision: Decision) -> list[OrderIntent]:
        """Return what is to be sent at the close of a row beside a decision, which makes older plans void."""
        if not self._later:
            return []
        if decision.spoke:
            self.drop()
        for wish in decision.wishes:
            self.drop(self._ids[wish.column])
        found = [one for later in self._later.values() for one in later if one.due_utc <= row.stamp_utc]
        if found:
            self._keep({name: [one for one in later if one not in found] for name, later in self._later.items()})
        return [one.intent for one in found]

    def waiting(self, instrument: InstrumentId) -> bool:
        """Tell whether something is planned for a name."""
        return instrument in self._later

    def side(self, instrument: InstrumentId) -> Side | None:
        """Return which way what is planned for a name goes, None where nothing is."""
        later = self._later.get(instrument)
        return later[0].intent.side if later else None

    def drop(self, instrument: InstrumentId | None = None) -> None:
        """Forget what is planned, for a name or for all."""
        self._keep({} if instrument is None else {k: v for k, v in self._later.items() if k != instrument})

    def snapshot(self) -> dict[str, Any]:
        slices = [one for later in self._later.values() for one in later]
        planned = [[intent_to_json(one.intent), one.due_utc.isoformat()] for one in slices]
        return {"later": planned, "profile": dict(self._profile), "session": self._session}

    def restore(self, tree: Mapping[str, Any]) -> None:
        self._later = {}
        for values, due in tree["later"]:
            one = Slice(intent_from_json(values), datetime.fromisoformat(due))
            self._later.setdefault(one.intent.instrument, []).append(one)
        self._profile, self._session = dict(tree["profile"]), tree["session"]

    def _keep(self, later: Mapping[InstrumentId, list[Slice]]) -> None:
        self._later = {name: slices for name, slices in later.items() if slices}

    def _at_touch(self, row: BarRow, intent: OrderIntent, instrument: Instrument) -> OrderIntent:
        touch = intent.reference_price
        if touch is None:
            return intent
        if not self._ground.basis.is_raw:
            return replace(intent, kind=OrderKind.LIMIT, limit_price=touch)
        session = next_session(self._ground.venue, row.session) if row.closes else row.session
        return limit_at_touch(intent, touch, row.stamp_utc, self._ground.venue, instrument, session).intent

    def _cut(
        self, intent: OrderIntent, instrument: Instrument, begins: datetime, ends: datetime, row: BarRow
    ) -> tuple[Slice, ...]:
        lot = self._lot(instrument, row)
        shares = [VolumeShare(at, self._profile.get(self._time_of_day(at), 0.0)) for at in self._bars(begins, ends)]
        if self._style.kind == "vwap" and any(share.volume for share in shares):
            return vwap(intent, shares, lot)
        return twap(intent, begins, ends, min(len(shares), self._style.slices or len(shares)), lot)

    def _bars(self, begins: datetime, ends: datetime) -> Iterator[datetime]:
        while begins <= ends:
            yield begins
            begins += self._bar

    def _stretch(self, row: BarRow) -> tuple[datetime, datetime]:
        # from the next bar on, for as long as the style says, and not beyond the session
        session = next_session(self._ground.venue, row.session) if row.closes else row.session
        span = timedelta(seconds=self._style.seconds) - self._bar
        try:
            opens, closes = self._ground.venue.calendar.hours_utc(session)
        except (DataBlocked, InvalidInput):
            opens, closes = row.stamp_utc, row.stamp_utc + span + self._bar
        begins = max(row.stamp_utc, opens)
        return begins, max(begins, min(begins + span, closes - self._bar))

    def _lot(self, instrument: Instrument, row: BarRow) -> Decimal:
        if self._mandate.terms.fraction > 0.0:
            return decimal_quantity(self._mandate.terms.fraction)
        return self._ground.venue.lot(row.session, instrument.board, instrument.kind)

    def _time_of_day(self, at_utc: datetime) -> str:
        return f"{at_utc.astimezone(self._zone):%H:%M}"

"""How an order is brought to market: at the open, at the touch, or in slices over time or by volume. Pure plans."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from midas.core.errors import InvalidInput
from midas.core.instrument import Instrument
from midas.core.order import OrderIntent, OrderKind, Side
from midas.venues.venue import Venue

_FORM = re.compile(r"open|touch|(twap|vwap):([1-9]\d{0,2})([mh])(?:/([1-9]\d{0,2}))?")
_SECONDS = {"m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Style:
    """How a run's orders are brought to market.

    kind : "open" for the next open, "touch" for a limit at the last price, "twap" and "vwap" for slices over `seconds`.
    slices : at most so many; None for one a bar.
    """

    kind: str = "open"
    seconds: int = 0
    slices: int | None = None

    @property
    def sliced(self) -> bool:
        return self.seconds > 0


def read_style(text: str) -> Style:
    """Read `open`, `touch`, `twap:30m`, `twap:2h/8` or `vwap:30m`.

    Raises
    ------
    InvalidInput: anything else.
    """
    match = _FORM.fullmatch(text)
    if match is None or (match[1] == "vwap" and match[4]):
        raise InvalidInput(
            f"{text[:32]!r} is not a style.", hint="Use open, touch, twap:30m, twap:2h/8 or vwap:30m.", code="bad_style"
        )
    if match[1] is None:
        return Style(text)
    return Style(match[1], int(match[2]) * _SECONDS[match[3]], int(match[4]) if match[4] else None)


@dataclass(frozen=True, slots=True)
class Slice:
    """An order of a plan, and when it is to be sent."""

    intent: OrderIntent
    due_utc: datetime


@dataclass(frozen=True, slots=True)
class VolumeShare:
    """How much of a day's volume is traded from a moment on, until the next such moment; any unit, at least 0."""

    from_utc: datetime
    volume: float


def limit_at_touch(
    intent: OrderIntent, touch: Decimal, due_utc: datetime, venue: Venue, instrument: Instrument, session: date
) -> Slice:
    """Return the order as a limit at the best price of its own side, moved to the tick that is better for us.

    Raises
    ------
    InvalidInput: `touch` is no price, or the order is no longer good at `due_utc`.
    """
    _require_good(intent, due_utc)
    if not touch.is_finite() or touch <= 0:
        raise InvalidInput(f"{touch} is not a price.", hint="Wait for a quote.", code="bad_price")
    price = venue.round_to_tick(touch, session, instrument.board, instrument.kind, up=intent.side is Side.SELL)
    return Slice(replace(intent, kind=OrderKind.LIMIT, limit_price=price, stop_price=None), due_utc)


def twap(intent: OrderIntent, first_utc: datetime, last_utc: datetime, count: int, lot: Decimal) -> tuple[Slice, ...]:
    """Cut an order into up to `count` equal slices, due evenly from `first_utc` to `last_utc`, both included.

    Each is a whole number of lots, within one lot of its even share so far; what is no whole lot goes with the last.

    Raises
    ------
    InvalidInput: no slices, times that run backwards, no lot, or an order that is no longer good at the last.
    """
    if count < 1 or last_utc < first_utc:
        raise InvalidInput(
            f"There is no plan of {count} slices from {first_utc} to {last_utc}.",
            hint="Use at least one slice and times that go forward.",
            code="bad_slices",
        )
    step = (last_utc - first_utc) / max(1, count - 1)
    return _cut(intent, [(first_utc + step * place, Fraction(1)) for place in range(count)], lot)


def vwap(intent: OrderIntent, profile: Sequence[VolumeShare], lot: Decimal) -> tuple[Slice, ...]:
    """Cut an order into slices in proportion to a volume profile, each due when its part of the profile begins.

    Lots are kept as in `twap`; parts too small for a lot are made up for later.

    Raises
    ------
    InvalidInput: a profile without volume, out of order or with what is no volume; no lot; no longer good at the last.
    """
    times = [share.from_utc for share in profile]
    sound = all(math.isfinite(share.volume) and share.volume >= 0 for share in profile)
    if not sound or times != sorted(set(times)) or not any(share.volume for share in profile):
        raise InvalidInput(
            "The volume profile cannot be traded by.",
            hint="Give volumes of at least 0, not all 0, at times that go forward.",
            code="bad_profile",
        )
    return _cut(intent, [(share.from_utc, Fraction(share.volume)) for share in profile], lot)


def _cut(intent: OrderIntent, parts: Sequence[tuple[datetime, Fraction]], lot: Decimal) -> tuple[Slice, ...]:
    if not lot.is_finite() or lot <= 0:
        raise InvalidInput(f"{lot} is not a lot.", hint="Use a number above 0.", code="bad_lot")
    _require_good(intent, parts[-1][0])
    lots, whole = intent.quantity // lot, sum(weight for _, weight in parts)
    slices: list[Slice] = []
    planned, so_far = Decimal(0), Fraction(0)
    for place, (due_utc, weight) in enumerate(parts):
        so_far += weight
        last = so_far == whole
        until = intent.quantity if last else math.floor(Fraction(lots) * so_far / whole) * lot
        if until > planned:
            slices.append(Slice(_child(intent, until - planned, place), due_utc))
        planned = until
    return tuple(slices)


def _child(intent: OrderIntent, quantity: Decimal, place: int) -> OrderIntent:
    # The parent's place becomes part of the leg, so that two orders cut up never share a slice's key.
    return replace(intent, quantity=quantity, leg=f"{intent.leg}.{intent.sequence}", sequence=place)


def _require_good(intent: OrderIntent, due_utc: datetime) -> None:
    if due_utc >= intent.valid_until_utc:
        raise InvalidInput(
            f"The order is good until {intent.valid_until_utc}, and would be sent at {due_utc}.",
            hint="End the plan earlier.",
            code="plan_too_long",
        )

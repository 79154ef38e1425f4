"""What an order will cost as far as anyone knows before it trades."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from midas.core.instrument import Instrument
from midas.core.order import OrderIntent, Side
from midas.venues.venue import Venue


def share_price(order: OrderIntent, last: Decimal) -> Decimal:
    """Return what a share will cost or bring.

    A purchase never costs more than its limit, and no less than the price it is to begin at; what sells brings no less
    than its limit.
    """
    if order.limit_price is None:
        return last if order.stop_price is None else max(order.stop_price, last)
    return order.limit_price if order.side is Side.BUY else max(order.limit_price, last)


def costs_of(venue: Venue, instrument: Instrument, side: Side, quantity: Decimal, value: Decimal, day: date) -> Decimal:
    """Return fees and taxes of trading `value` on `day`, as the venue's tables have them."""
    fees = venue.commission(value, quantity, side, day)
    return fees + venue.tax(value, side, day, instrument.board, instrument.kind)

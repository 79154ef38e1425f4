"""Round trips of an account's ledger: from the first share bought to the last one sold, exact to the minor unit.

What `portfolio.trades` makes of a backtest, from bookings instead of arrays: what is traded is told in the same words
as what was tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from midas.core.instrument import InstrumentId
from midas.core.money import Money
from midas.core.order import Cause, Fill, Side
from midas.execution.executions import BUST
from midas.portfolio.booking import MoveKind

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking of an instrument: a fill, or what moved money or shares without one.

    amount : minor units paid in without a fill. quantity : signed change of what is held without a fill.
    """

    instrument: InstrumentId
    stamp_utc: datetime
    fill: Fill | None = None
    kind: MoveKind | None = None
    amount: int = 0
    quantity: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class BookedTrade:
    """A round trip; quantities and prices in the shares of the exit, or of now. Amounts in minor units.

    side : BUY for a position bought first, SELL for one sold short. exit_utc : None while open. opened, closed, held :
    shares taken on, given away again and left, none below 0. paid, got : price times quantity of the first two, in
    currency. income : dividends, fees for borrowing and cash for fractions. cause : the exit rule that closed it, None
    where an order did. executions : of both ways.
    """

    instrument: InstrumentId
    side: Side
    entry_utc: datetime
    exit_utc: datetime | None = None
    opened: Decimal = _ZERO
    closed: Decimal = _ZERO
    held: Decimal = _ZERO
    value_in: int = 0
    value_out: int = 0
    commission: int = 0
    tax: int = 0
    income: int = 0
    paid: Decimal = _ZERO
    got: Decimal = _ZERO
    cause: Cause | None = None
    executions: int = 0

    @property
    def entry_price(self) -> Decimal | None:
        """The average of what was opened; None where a split left none of it."""
        return self.paid / self.opened if self.opened else None

    @property
    def exit_price(self) -> Decimal | None:
        """The average of what was closed so far."""
        return self.got / self.closed if self.closed else None

    @property
    def sign(self) -> int:
        return 1 if self.side is Side.BUY else -1

    def pnl(self, left_worth: int = 0) -> int:
        """Return the gain net of costs, with income; `left_worth` is the value of what is held, minor units."""
        return self.sign * (self.value_out + left_worth - self.value_in) - self.commission - self.tax + self.income


def booked_trades(bookings: Iterable[Booked], currency: str) -> list[BookedTrade]:
    """Return the round trips of bookings in the order they were booked, in the order they began.

    An execution that was taken back never was. One that goes through zero closes a trade and opens the next with the
    rest of it.
    """
    trades: list[BookedTrade] = []
    current: dict[InstrumentId, int] = {}
    for booked in _standing(list(bookings)):
        parts = _parts(booked, trades[current[booked.instrument]] if booked.instrument in current else None)
        for part in parts:
            place = current.get(booked.instrument)
            if part.fill is not None and (place is None or not trades[place].held):
                place = current[booked.instrument] = len(trades)
                trades.append(BookedTrade(part.instrument, part.fill.side, part.stamp_utc))
            if place is not None:
                trades[place] = _after(trades[place], part, currency)
    return trades


def _standing(bookings: Sequence[Booked]) -> list[Booked]:
    busts = {each.fill.execution for each in bookings if each.fill is not None and each.fill.execution.startswith(BUST)}
    return [
        each
        for each in bookings
        if each.fill is None or (each.fill.execution not in busts and BUST + each.fill.execution not in busts)
    ]


def _parts(booked: Booked, trade: BookedTrade | None) -> tuple[Booked, ...]:
    fill = booked.fill
    if fill is None or trade is None or fill.side is trade.side or not trade.held or fill.quantity <= trade.held:
        return (booked,)
    first = Fraction(trade.held) / Fraction(fill.quantity)
    value, commission, tax = (round(amount * first) for amount in (fill.value, fill.commission, fill.tax))
    closing = replace(fill, quantity=trade.held, value=value, commission=commission, tax=tax)
    opening = replace(
        fill, quantity=fill.quantity - trade.held, value=fill.value - value, commission=fill.commission - commission,
        tax=fill.tax - tax,
    )  # fmt: skip
    return replace(booked, fill=closing), replace(booked, fill=opening)


def _after(trade: BookedTrade, booked: Booked, currency: str) -> BookedTrade:
    if booked.fill is not None:
        return _filled(trade, booked.fill)
    match booked.kind:
        case MoveKind.SPLIT:
            return _split(trade, booked)
        case MoveKind.DELISTED | MoveKind.SEIZED:
            got = trade.got + abs(Money(booked.amount, currency).amount)
            gone = replace(trade, value_out=trade.value_out + abs(booked.amount), closed=trade.closed + trade.held)
            return replace(gone, got=got, held=_ZERO, exit_utc=booked.stamp_utc)
        case _:
            return replace(trade, income=trade.income + booked.amount)


def _filled(trade: BookedTrade, fill: Fill) -> BookedTrade:
    commission, tax = trade.commission + fill.commission, trade.tax + fill.tax
    met = replace(trade, executions=trade.executions + 1, commission=commission, tax=tax)
    moved = fill.price * fill.quantity
    if fill.side is trade.side:
        opened, held = trade.opened + fill.quantity, trade.held + fill.quantity
        return replace(met, opened=opened, held=held, paid=trade.paid + moved, value_in=trade.value_in + fill.value)
    closed, left = trade.closed + fill.quantity, trade.held - fill.quantity
    sold = replace(met, closed=closed, held=left, got=trade.got + moved, value_out=trade.value_out + fill.value)
    return sold if left else replace(sold, exit_utc=fill.stamp_utc, cause=fill.cause)


def _split(trade: BookedTrade, booked: Booked) -> BookedTrade:
    if not trade.held:
        return trade
    after = trade.held + trade.sign * booked.quantity
    if not after:
        return replace(trade, held=after, exit_utc=booked.stamp_utc)
    ratio = after / trade.held
    return replace(trade, held=after, opened=trade.opened * ratio, closed=trade.closed * ratio)

"""What a row did to the paper broker's orders, as a broker tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from midas.core.instrument import InstrumentId
from midas.core.order import Cause, OrderKind, Origin, TimeInForce
from midas.execution.broker import BrokerOrder, BrokerState, Report, Ticket
from midas.execution.paper_orders import PaperOrders, protects
from midas.execution.paper_reports import Stamps, fill_of, moves, refused, wanted_of
from midas.execution.paper_resting import Resting, end_of, inside, place_of, reached
from midas.execution.paper_state import Working
from midas.execution.quantity import decimal_quantity
from midas.execution.stepping import SteppedAccount
from midas.portfolio.journal import Journal


def ended_early(
    orders: PaperOrders, account: SteppedAccount | None, number: str, state: BrokerState, reason: str = ""
) -> BrokerOrder:
    """Take an order out of the market, wherever it is, and tell its end."""
    column = orders[number].column
    if number in orders.queue:
        orders.queue.remove(number)
    elif number in orders.resting:
        orders.resting.remove(number)
    elif orders.at.get(column) == number:
        del orders.at[column]
        if account is not None:
            account.withdraw(column)
    elif orders.guarding.get(column) == number:
        del orders.guarding[column]
        if account is not None:
            account.release(column)
    return orders.end(number, state, reason)


class Outcome:
    """Tells what rows did, and ends orders. carries : what a dividend wanted to buy stays on order."""

    def __init__(self, orders: PaperOrders, ids: Sequence[InstrumentId], *, carries: bool, shorts: bool) -> None:
        self._orders, self._ids, self._carries, self._shorts = orders, ids, carries, shorts

    def reports(self, journal: Journal, stamps: Stamps, account: SteppedAccount, resting: Resting) -> list[Report]:
        """Return what a row did, in its order; orders that are over with it leave the market."""
        reports: list[Report] = list(moves(journal.events, self._ids, stamps, last=False))
        wanted = wanted_of(journal)
        for place in range(len(journal.fills)):
            reports += self._fill(journal, place, stamps, resting, wanted)
        exits = set(journal.fills.column[journal.fills.cause > 0].tolist())
        why = {**dict.fromkeys(exits, "exited"), **refused(journal.refusals)}
        reports += self._end_orders(why, account)
        reports += self._end_resting(resting, account)
        reports += self._end_protections(exits, account)
        return reports + list(moves(journal.events, self._ids, stamps, last=True))

    def _fill(
        self, journal: Journal, place: int, stamps: Stamps, resting: Resting, wanted: dict[int, float]
    ) -> list[Report]:
        column, cause = int(journal.fills.column[place]), int(journal.fills.cause[place])
        rested = -1 if cause else place_of(int(journal.fills.number[place]))
        number = (self._orders.guarding if cause else self._orders.at).get(column)
        if rested >= 0:
            number = self._orders.resting[rested]
        late = rested >= 0 and inside(resting[rested])
        fill = fill_of(journal.fills, place, number or f"B{stamps.row}-{place}", self._ids, stamps, inside=late)
        if number is not None:
            order = self._orders[number]
            order.filled += fill.quantity
            if cause or rested >= 0:
                return [fill]
            wanted[column] -= float(fill.quantity)
            left = decimal_quantity(wanted[column])
            return [replace(fill, left=left) if left else fill]
        # the broker's own order, told with its end
        origin = Origin.MARGIN_CALL if fill.cause is Cause.MARGIN_CALL else Origin.REINVESTMENT
        ticket = Ticket("", fill.instrument, fill.side, fill.quantity, OrderKind.MARKET, TimeInForce.NEXT)
        stamp = fill.stamp_utc
        order = Working(fill.number, ticket, column, stamp, stamp, BrokerState.FILLED, fill.quantity, origin=origin)
        return [self._orders.adopt(order), fill]

    def _end_orders(self, why: Mapping[int, str], account: SteppedAccount) -> list[Report]:
        orders, ended, left = self._orders, [], account.on_order
        for column in () if self._carries else left.keys() - orders.at.keys():
            account.withdraw(column)  # what a dividend wanted to buy and could not
        for column, number in list(orders.at.items()):
            order = orders[number]
            if column in left and order.ticket.time_in_force is not TimeInForce.NEXT:
                continue
            if column in left:
                account.withdraw(column)
            del orders.at[column]
            ended.append(orders.end(number, *_end_of(order, why.get(column, ""))))
        return list(ended)

    def _end_resting(self, resting: Resting, account: SteppedAccount) -> list[Report]:
        orders, held, ended = self._orders, account.quantities, []
        for number, row in zip(list(orders.resting), resting, strict=True):
            order = orders[number]
            order.reached = reached(order, row)
            over = end_of(order, row, float(held[order.column]), shorts=self._shorts)
            if over is not None:
                ended.append(ended_early(orders, account, number, *over))
        return list(ended)

    def _end_protections(self, left: set[int], account: SteppedAccount) -> list[Report]:
        orders, held, ended = self._orders, account.quantities, []
        for column, number in list(orders.guarding.items()):
            order = orders[number]
            done = column in left and order.filled >= order.ticket.quantity
            # one that has all it was given for is over, even where a position that grew is not closed yet
            if not done and protects(order, float(held[column])):
                continue
            del orders.guarding[column]
            state = BrokerState.FILLED if done else BrokerState.CANCELED
            ended.append(orders.end(number, state, "" if done else "position_closed"))
        return list(ended)


def _end_of(order: Working, why: str) -> tuple[BrokerState, str]:
    # A reverse split may have made an order smaller than it was: its end is then no complete fill of what was ordered.
    if order.filled >= order.ticket.quantity and why in ("", "exited"):
        return BrokerState.FILLED, ""
    if why:
        return BrokerState.EXPIRED, why
    return BrokerState.EXPIRED, "adjusted" if order.filled else ""

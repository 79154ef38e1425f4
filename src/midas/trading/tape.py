"""What a run saw, wanted and got: enough to live through it again."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from midas.core.errors import Refused, StorageCorrupt
from midas.core.order import ENDED, Fill, OrderIntent, OrderState
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import BarRow, CorporateAction
from midas.trading.journal import TapePart
from midas.trading.origin import BROKERS_OWN, origin_of
from midas.trading.recorder import LIMIT_BYTES, Recorded
from midas.trading.tape_head import TapeHead


@dataclass(frozen=True, slots=True)
class Tape:
    """A run's bars and corporate actions as it heard them, its orders, those the gate refused, ends and fills.

    ends : state and reason of orders that are over. late : orders with fills behind the end of the tape. unsound :
    those that are over and of which something else was booked than they say was filled. engines : those that recorded
    it, in their order. is_full : the limit was reached, and no more recorded.
    """

    head: TapeHead
    rows: Sequence[BarRow]
    actions: Sequence[CorporateAction] = ()
    orders: Mapping[str, OrderIntent] = field(default_factory=dict)
    denied: Sequence[OrderIntent] = ()
    ends: Mapping[str, tuple[OrderState, str]] = field(default_factory=dict)
    fills: Sequence[Fill] = ()
    late: frozenset[str] = frozenset()
    unsound: frozenset[str] = frozenset()
    engines: tuple[str, ...] = ()
    is_full: bool = False

    @classmethod
    def of(cls, parts: Sequence[TapePart], orders: Sequence[OrderRow], fills: Sequence[Fill]) -> Tape:
        """Put a tape together from its parts and what the journal has of the account.

        Raises
        ------
        Refused: nothing was recorded, code `no_tape`.
        StorageCorrupt: a part is missing, damaged, or of another version.
        """
        found = _unpacked(parts)
        if not found or found[0].head is None:
            raise Refused(
                "Nothing of this run was recorded yet.", hint="Look again once it met its first bar.", code="no_tape"
            )
        rows = [row for each in found for row in each.rows]
        if [row.row for row in rows] != list(range(len(rows))):
            raise _damaged("a row is missing")
        mine = {row.id: row for row in _of_run(orders, found[0].head.run)}
        tape = cls(
            found[0].head, rows, [one for each in found for one in each.actions],
            {order: row.intent for order, row in mine.items()}, [one for each in found for one in each.denied],
            {order: (row.state, row.reason) for order, row in mine.items() if row.state in ENDED},
            [fill for fill in fills if fill.order in mine], unsound=_unsound(mine.values(), fills),
            engines=tuple(dict.fromkeys(one.engine for one in found)),
            is_full=sum(len(part.data) for part in parts) >= LIMIT_BYTES,
        )  # fmt: skip
        return tape.until(None)

    def until(self, session: date | None) -> Tape:
        """Return the tape up to a session, inclusive; None leaves out no more than what comes behind its last bar."""
        rows = [row for row in self.rows if session is None or row.session <= session]
        if not rows:
            return replace(self, rows=rows, fills=[], orders={}, denied=[])
        last_utc, sessions = rows[-1].stamp_utc, {row.session for row in rows}
        return replace(
            self,
            rows=rows,
            actions=[one for one in self.actions if one.session <= max(sessions)],
            orders={order: intent for order, intent in self.orders.items() if intent.stamp_utc <= last_utc},
            denied=[intent for intent in self.denied if intent.stamp_utc <= last_utc],
            fills=[fill for fill in self.fills if fill.stamp_utc <= last_utc],
            late=frozenset(fill.order for fill in self.fills if fill.stamp_utc > last_utc),
        )

    @property
    def first(self) -> date | None:
        """The session of the run's first decision; None before it."""
        return None if len(self.rows) <= self.head.first else self.rows[self.head.first].session

    def column(self, instrument: str) -> int:
        """Return an instrument's place in the arrays of a row."""
        told = self.head.ground["instruments"]
        names = [f"{symbol}.{venue}" for symbol, venue in zip(told["symbol"], told["venue"], strict=True)]
        return names.index(instrument)

    def decided(self, intent: OrderIntent) -> int:
        """Return the row an order was decided on: the last one known at its stamp."""
        return bisect_right(self.rows, intent.stamp_utc, key=lambda row: row.stamp_utc) - 1


def _of_run(orders: Sequence[OrderRow], run: str) -> list[OrderRow]:
    # what the broker did by itself, it did for the run where that is alone on the account; several part it
    alone = not any(row.intent.run not in ("", run) for row in orders)
    return [
        row
        for row in orders
        if row.intent.run == run or (alone and not row.intent.run and origin_of(row.intent) in BROKERS_OWN)
    ]


def _unsound(orders: Iterable[OrderRow], fills: Sequence[Fill]) -> frozenset[str]:
    booked: defaultdict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        booked[fill.order] += fill.quantity
    return frozenset(row.id for row in orders if row.state in ENDED and row.filled != booked[row.id])


def _unpacked(parts: Sequence[TapePart]) -> list[Recorded]:
    if [part.n for part in parts] != list(range(len(parts))):
        raise _damaged("a part is missing")
    try:
        return [Recorded(part) for part in parts]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(str(error)) from error


def _damaged(why: str) -> StorageCorrupt:
    return StorageCorrupt(
        f"The tape of this run cannot be read: {why}.", hint="Restore the database from a backup.", code="tape_corrupt"
    )

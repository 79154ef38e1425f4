"""Orders as lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, select

from midas.core.errors import NotFound
from midas.core.order import ENDED
from midas.db.order_rows import order_of
from midas.db.sessions import ReadSession
from midas.db.trading_tables import CANCELS, ORDERS
from midas.execution.order_row import OrderRow


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order with its place in the list, when it was stored, and whether a cancel waits to be sent."""

    place: int
    row: OrderRow
    stored_utc: datetime
    cancel_waits: bool


def show(session: ReadSession, order: str) -> OrderRecord:
    """Return an order by our id.

    Raises
    ------
    NotFound: there is none.
    """
    found = session.first(_query().where(ORDERS.c.id == order))
    if found is None:
        raise NotFound(
            f"There is no order {order[:64]!r}.", hint="`midas order list` shows the ones there are.",
            code="unknown_order",
        )  # fmt: skip
    return _record(found)


def page(
    session: ReadSession, account: str | None, limit: int, after: int | None = None, *, active: bool = False
) -> Sequence[OrderRecord]:
    """Return orders, latest first, from the one after place `after`."""
    query = _query().order_by(ORDERS.c.place.desc()).limit(limit)
    if account is not None:
        query = query.where(ORDERS.c.account == account)
    if after is not None:
        query = query.where(ORDERS.c.place < after)
    if active:
        query = query.where(ORDERS.c.state.not_in([state.value for state in ENDED]))
    return [_record(row) for row in session.all(query)]


def _query() -> Select[*tuple[Any, ...]]:
    waits = func.coalesce(CANCELS.c.sent.is_(False), False).label("cancel_waits")
    return select(ORDERS, waits).outerjoin(CANCELS, CANCELS.c.order_id == ORDERS.c.id)


def _record(found: RowMapping) -> OrderRecord:
    return OrderRecord(found["place"], order_of(found), found["stored_utc"], bool(found["cancel_waits"]))

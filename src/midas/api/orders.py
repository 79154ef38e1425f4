"""`/api/v1/orders`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header

from midas.api.cursor import place
from midas.api.dependencies import Cursor, Here, Limit
from midas.api.pages import after, page
from midas.app import orders
from midas.wire.orders import Order, OrderRequest
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/orders", tags=["orders"])

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="New and random for each new order; the same again gives the same answer.",
    ),
]


@router.post("", status_code=201)
async def place_order(workspace: Here, request: OrderRequest, key: Key = None) -> Order:
    """Judge an order and store it for the trader to send; with `dry_run` store nothing."""
    return await orders.place(workspace, request, key)


@router.get("")
async def list_orders(
    workspace: Here, account: str | None = None, active: bool = False, limit: Limit = 50, cursor: Cursor = None
) -> Page[Order]:
    """List orders, latest first; with `active` those that have not ended."""
    part = await orders.page(workspace, account, active, limit, after("orders", cursor, (place,)))
    return page("orders", part)


@router.get("/{order}")
async def show_order(workspace: Here, order: str) -> Order:
    """Show an order."""
    return await orders.show(workspace, order)


@router.delete("/{order}", status_code=202)
async def cancel_order(workspace: Here, order: str) -> Order:
    """Ask for an order to be cancelled; one that ended stays as it is."""
    return await orders.cancel(workspace, order)

"""Orders by hand, and everyone's orders."""

from __future__ import annotations

import secrets
from decimal import Decimal
from urllib.parse import quote

from midas.client.asking import asking, decimal_text
from midas.client.link import Link
from midas.wire.orders import Order, OrderRequest

Amount = Decimal | float | str


class Orders:
    """`client.orders`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def place(
        self,
        account: str,
        instrument: str,
        side: str,
        quantity: Amount,
        *,
        kind: str | None = None,
        limit_price: Amount | None = None,
        stop_price: Amount | None = None,
        time_in_force: str = "day",
        reduce_only: bool = False,
        confirm_live: bool = False,
        dry_run: bool = False,
        key: str | None = None,
    ) -> Order:
        """Place an order; `kind` None goes by the prices given. The same `key` again never makes a second order.

        Raises
        ------
        InvalidInput, NotFound, Refused: the order cannot be, or the gate says no; `code` says why.
        """
        usual = "limit" if limit_price is not None else "stop" if stop_price is not None else "market"
        fields = {
            "account": account,
            "instrument": instrument,
            "side": side,
            "quantity": decimal_text(quantity),
            "kind": kind or usual,
            "limit_price": decimal_text(limit_price),
            "stop_price": decimal_text(stop_price),
            "time_in_force": time_in_force,
            "reduce_only": reduce_only,
            "confirm_live": confirm_live,
            "dry_run": dry_run,
        }
        headers = {"idempotency-key": key or secrets.token_hex(16)}
        return self._link.post(Order, "/api/v1/orders", asking(OrderRequest, fields), headers=headers)

    def list(self, account: str | None = None, *, active: bool = False, limit: int | None = 100) -> list[Order]:
        """Return orders, latest first; with `active` those that have not ended."""
        return self._link.all(Order, "/api/v1/orders", {"account": account, "active": active}, limit)

    def show(self, order: str) -> Order:
        return self._link.get(Order, _path(order))

    def cancel(self, order: str) -> Order:
        """Ask for an order to be cancelled; return how it stands."""
        self._link.delete(_path(order))
        return self.show(order)


def _path(order: str) -> str:
    return f"/api/v1/orders/{quote(order, safe='')}"

"""Accounts: paper money to trade with, and what the books say of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from midas.wire.shape import Answer, Question

MOST_LATENCY_MS = 3_600_000


class AccountRequest(Question):
    """A paper account to open; `capital` is paid in at once.

    `latency_ms` is how long an order takes to the market: it meets the first bar that opens after it arrived.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    capital: Decimal = Field(gt=0)
    latency_ms: int = Field(default=0, ge=0, le=MOST_LATENCY_MS)


class ResetRequest(Question):
    """How an account begins anew; without `capital` with what it had at first."""

    capital: Decimal | None = Field(default=None, gt=0)


class Account(Answer):
    """One generation of an account; a reset closes it and opens the next. Amounts are in its currency.

    `kill` is the strongest switch that is pulled for it: none, reduce_only, pause, cancel_all, flatten, halt.
    `latency_ms` is how long a paper account's orders take to the market. `trader` tells whether a process trades it
    now.
    """

    id: str
    name: str
    generation: int
    kind: str
    broker: str
    currency: str
    capital: Decimal
    latency_ms: int
    cash: Decimal
    positions: int
    active_orders: int
    kill: str
    trader: bool
    created_at: datetime
    closed_at: datetime | None

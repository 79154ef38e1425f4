"""What every question about the past says beside its strategy: on what, when, with how much, at which cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from midas.wire.shape import Question


class DealingOptions(Question):
    """How an account deals with orders, cash and shares; the defaults are the plain rules.

    `slippage` adds models to slippage_bps: bps=5, half_spread=1tick, sqrt=0.1, volume_share=0.1, joined by commas.
    `cash_rate` is a year's interest on cash, `delisting_recovery` the share of the last price paid for a name that is
    gone, `entry_limit` makes purchases limit orders from the decision's close (-0.01: 1 % below), `carry` keeps what
    the market left of a scheduled order on order. `allow_short` sells negative weights short in a margin account, at
    `borrow_bps` a year. `settlement` venue lets the proceeds of a sale buy only what the venue lets them before they
    settle. `fill_at` close fills orders in the closing auction of the bar after the decision.
    """

    slippage: str = Field(default="", max_length=200)
    carry: bool = False
    cash_rate: float = 0.0
    delisting_recovery: float = 1.0
    reinvest_dividends: bool = False
    entry_limit: float | None = None
    allow_short: bool = False
    borrow_bps: float = 50.0
    initial_margin: float = 0.5
    maintenance_margin: float = 0.3
    settlement: Literal["ignore", "venue"] = "ignore"
    fill_at: Literal["open", "close"] = "open"


class RunOptions(Question):
    """On what, when, with how much; null leaves the choice to the venue's tables or the data.

    Costs are in basis points. `timeframe` is a bar's length, such as 5m; null is a day, or that of a dataset named in
    `universe`. `account_currency` is that of the capital where it is not the market's: it is converted at the first
    decision's rate plus `conversion_bps`.
    """

    universe: str | None = Field(default=None, max_length=64)
    symbols: list[str] = Field(default=[], max_length=10_000)
    timeframe: str | None = Field(default=None, max_length=8)
    start: date | None = None
    end: date | None = None
    initial_capital: Decimal | None = None
    commission_bps: float | None = None
    slippage_bps: float = 0.0
    lots: Literal["whole", "fractional"] = "whole"
    account_currency: str | None = Field(default=None, max_length=3)
    conversion_bps: float = 10.0
    dealing: DealingOptions = DealingOptions()
    fresh: bool = False

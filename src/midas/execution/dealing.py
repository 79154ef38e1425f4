"""How an account deals, beyond capital, costs and lots."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Literal

from midas.core.errors import InvalidInput
from midas.execution.slippage import Slippage, read_slippage


@dataclass(frozen=True, slots=True)
class Dealing:
    """What an account does with orders, cash and shares; the defaults are the plain rules.

    slippage : models joined by commas, see `execution.slippage`, on top of `slippage_bps`. carry : what the volume
    cap, a halt or a lock left of a scheduled order is tried at the next opens until the strategy speaks again,
    instead of dropped. cash_rate : interest a year on the cash at each close, earned or, below 0, owed; 0.03 is 3
    %, days over 365. delisting_recovery : share of the last price paid out when a name is gone for good.
    reinvest_dividends : a dividend buys shares of its payer at the ex-date's open. entry_limit : purchases are
    limit orders at the close of the decision plus this fraction (-0.01: 1 % below), good for one bar; None buys at
    the market. allow_short : negative weights sell short, in a margin account: borrowing costs `borrow_bps` of the
    value a year, opening needs equity of `initial_margin` of all that is held, and below `maintenance_margin` at a
    close everything is closed at the next open; both are those of the United States' Regulation T and FINRA rule
    4210, simplified to one rate for both ways. settlement : "ignore" lets the proceeds of a sale buy at once, "venue"
    what the venue's dated rows let them before they settle; a margin account borrows meanwhile and ignores it. fill_at
    : "open" fills orders at the open of the bar after the decision, "close" in its closing auction, after the exits of
    that bar. Where the venue keeps what was bought for some sessions, it is kept whatever is asked here.
    """

    slippage: str = ""
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

    def __post_init__(self) -> None:
        read_slippage(self.slippage)
        _one_of("settlement", self.settlement, "ignore", "venue")
        _one_of("fill_at", self.fill_at, "open", "close")
        _require("cash rate", self.cash_rate, -1.0, 10.0, "e.g. 0.03 for 3 % a year")
        _require("delisting recovery", self.delisting_recovery, 0.0, 1.0, "a share of the last price from 0 to 1")
        _require("borrow fee", self.borrow_bps, 0.0, 50_000.0, "basis points a year, e.g. 50")
        _require("initial margin", self.initial_margin, 0.05, 1.0, "a share of the value held, e.g. 0.5")
        top = self.initial_margin
        _require("maintenance margin", self.maintenance_margin, 0.0, top, "a share up to the initial margin, e.g. 0.3")
        if self.entry_limit is not None:
            _require("entry limit", self.entry_limit, -0.99, 1.0, "e.g. -0.01 for 1 % below the close")

    @property
    def models(self) -> tuple[Slippage, ...]:
        return read_slippage(self.slippage)

    def to_json(self) -> dict[str, object]:
        """Return what differs from the plain rules, in plain values; 1 and 1.0 are told alike."""
        plain = {field.name: field.default for field in fields(self)}
        return {name: _told(value) for name, value in asdict(self).items() if value != plain[name]}


def _told(value: object) -> object:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _one_of(name: str, value: str, *words: str) -> None:
    if value not in words:
        raise InvalidInput(f"{name} cannot be {value!r}.", hint=f"Use {' or '.join(words)}.", code=f"bad_{name}")


def _require(name: str, value: float, low: float, high: float, expected: str) -> None:
    if math.isnan(value) or not low <= value <= high:
        raise InvalidInput(
            f"The {name} cannot be {value:g}.", hint=f"Use {expected}.", code=f"bad_{name.replace(' ', '_')}"
        )

"""What an account and a run may do at most; the owner sets it, the gate keeps it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from midas.core.errors import InvalidInput

MOST_S = 3_660 * 86_400.0
"""Seconds of the longest window a limit may look at: ten years."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an account or of one run; both must hold. None is no limit of that kind.

    run : "" for the account's, which count all its orders; a run's count only its own. Amounts are in the account's
    currency. collar : largest distance of a limit price, or of the price a market order was decided at, from the last
    one, as a fraction. position, gross : largest value of one name and of all, both ways, as fractions of equity.
    daily_loss, drawdown : fractions of the day's first and of the highest equity. orders_per_* : counted over what was
    stored. duplicate_window_s : the same instrument, side and quantity within it is an accident. repeats_per_minute :
    executions of one instrument and side within a minute, the runaway loop. quote_age_s, snapshot_age_s : older data
    counts as missing. cooldown_s : quiet after a loss that hit a limit.
    """

    run: str = ""
    max_quantity: Decimal | None = None
    max_notional: Decimal | None = None
    collar: float | None = 0.05
    position: float | None = None
    gross: float | None = None
    daily_loss: float | None = None
    drawdown: float | None = None
    orders_per_second: int | None = None
    orders_per_minute: int | None = None
    orders_per_day: int | None = None
    duplicate_window_s: float | None = 5.0
    repeats_per_minute: int | None = None
    quote_age_s: float | None = 60.0
    snapshot_age_s: float | None = 120.0
    cooldown_s: float | None = None
    restricted: frozenset[str] = frozenset()
    allow_short: bool = False

    def of_orders(self) -> Limits:
        """Return what of it an order is judged by whatever is held: size, price, pace, and what is forbidden."""
        return replace(
            self, position=None, gross=None, daily_loss=None, drawdown=None, cooldown_s=None, allow_short=True
        )  # fmt: skip

    def __post_init__(self) -> None:
        # A limit that is not a number would hold nothing back.
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float | int | Decimal) and not (math.isfinite(value) and value >= 0):
                raise InvalidInput(
                    f"The limit {field.name} cannot be {value}.", hint="Use a number of at least 0.", code="bad_limit"
                )
            if field.name.endswith("_s") and value is not None and value > MOST_S:
                # time does not reach so far back
                raise InvalidInput(
                    f"The limit {field.name} cannot be {value:g}.",
                    hint=f"Use at most {MOST_S:.0f} seconds, ten years.",
                    code="bad_limit",
                )

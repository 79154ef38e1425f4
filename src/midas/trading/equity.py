"""What an account is worth by the last prices, at its highest, and at the day's first moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.money import minor_digits
from midas.trading.holding import Books

Last = Callable[[InstrumentId], Decimal | None]


@dataclass(frozen=True, slots=True)
class Worth:
    """Equity now, at the day's first moment, and at its highest; `gross` is what is held is worth, both ways."""

    equity: Decimal
    gross: Decimal
    day: date | None = None
    day_equity: Decimal = Decimal(0)
    peak_equity: Decimal = Decimal(0)
    last_limit_loss_utc: datetime | None = None

    @property
    def day_loss(self) -> float:
        """What the day lost, as a fraction of its first equity; 0 where it gained."""
        return _fall(self.day_equity, self.equity)

    @property
    def drawdown(self) -> float:
        """How far below its highest it is, as a fraction."""
        return _fall(self.peak_equity, self.equity)

    def to_bytes(self) -> bytes:
        kept = {name: None if value is None else str(value) for name, value in asdict(self).items()}
        return json.dumps(kept).encode()

    @classmethod
    def from_bytes(cls, state: bytes) -> Worth:
        kept = json.loads(state)
        loss = kept["last_limit_loss_utc"]
        return cls(
            Decimal(kept["equity"]),
            Decimal(kept["gross"]),
            None if kept["day"] is None else date.fromisoformat(kept["day"]),
            Decimal(kept["day_equity"]),
            Decimal(kept["peak_equity"]),
            None if loss is None else datetime.fromisoformat(loss),
        )


def value(books: Books, last: Last) -> tuple[Decimal, Decimal]:
    """Return equity and gross value in currency; what has no price yet counts at what it cost."""
    digits = minor_digits(books.currency)
    net = Decimal(books.cash).scaleb(-digits)
    gross = Decimal(0)
    for instrument, quantity in books.quantities.items():
        price = last(instrument)
        cost = Decimal(books.costs.get(instrument, 0)).scaleb(-digits)
        worth = cost if price is None else quantity * price
        net += worth
        gross += abs(worth)
    return net, gross


def marked(before: Worth | None, equity: Decimal, gross: Decimal, day: date) -> Worth:
    """Return what an account is worth now; the first look of a day is what the day is measured from."""
    if before is None:
        return Worth(equity, gross, day, equity, equity)
    if before.day is None or day > before.day:
        # measured from where the day before ended: a gap at the open is a loss of this day
        before = replace(before, day=day, day_equity=before.equity)
    return replace(before, equity=equity, gross=gross, peak_equity=max(before.peak_equity, equity))


def _fall(high: Decimal, now: Decimal) -> float:
    return float((high - now) / high) if high > 0 and now < high else 0.0

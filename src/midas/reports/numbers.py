"""Numbers as a reader sees them.

Every shown number is first brought to a whole count of its last digit, so that the page's own script, which gets those
whole counts, writes exactly the same text.
"""

from __future__ import annotations

import math
from datetime import date

from midas.core.money import MINOR_DIGITS

MISSING = "–"


def money_digits(currency: str) -> int:
    """Return how many decimals amounts of `currency` are shown with; 2 for one that is not known."""
    return MINOR_DIGITS.get(currency, 2)


def last_digits(value: float | None, digits: int) -> int | None:
    """Return `value` rounded to `digits` decimals as a count of the last one; None where it is not a number."""
    if value is None or not math.isfinite(value):
        return None
    return int(f"{value:.{digits}f}".replace(".", ""))


def grouped(count: int | None, digits: int, *, signed: bool = False) -> str:
    """Return a count of last digits as text with thousands separated."""
    if count is None:
        return MISSING
    whole, rest = divmod(abs(count), 10**digits)
    sign = "-" if count < 0 else "+" if signed and count > 0 else ""
    return f"{sign}{whole:,}" + (f".{rest:0{digits}d}" if digits else "")


def number(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """Return `value` with thousands separated, `–` where there is none."""
    return grouped(last_digits(value, digits), digits, signed=signed)


def percent(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """Return a fraction as a percentage: 0.1234 is 12.34%."""
    shown = number(None if value is None else value * 100, digits, signed=signed)
    return shown if shown == MISSING else shown + "%"


def money(value: float | None, currency: str, *, signed: bool = False) -> str:
    """Return an amount with the decimals of its currency, without its name."""
    return number(value, money_digits(currency), signed=signed)


def day(value: date | None) -> str:
    """Return an ISO date, `–` where there is none."""
    return MISSING if value is None else value.isoformat()[:10]


def tone(value: float | None) -> str | None:
    """Return the class that colours a gain or a loss; the sign in the text says the same."""
    if value is None or not math.isfinite(value) or value == 0:
        return None
    return "gain" if value > 0 else "loss"

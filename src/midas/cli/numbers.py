"""Numbers as people read them; every one of them may be undefined."""

from __future__ import annotations

import math

from midas.core.money import MINOR_DIGITS

MISSING = "-"


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def number(value: float | None, digits: int = 2) -> str:
    """Return `value` with thousands separated: 1,234.50."""
    if value is None or _missing(value):
        return MISSING
    shown = f"{value:,.{digits}f}"
    return shown.removeprefix("-") if float(shown.replace(",", "")) == 0 else shown


def count(value: float | None) -> str:
    """Return a whole number with thousands separated."""
    return number(value, 0)


def percent(value: float | None, digits: int = 2) -> str:
    """Return a fraction as a percentage: 0.1234 is 12.34 %."""
    return MISSING if value is None or _missing(value) else f"{number(value * 100, digits)} %"


def money(value: float | None, currency: str) -> str:
    """Return an amount with its currency: 1,234.50 USD."""
    if value is None or _missing(value):
        return MISSING
    return f"{number(value, MINOR_DIGITS.get(currency, 2))} {currency}".rstrip()

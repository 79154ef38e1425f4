"""Between what kernels compute with and what orders and books are kept in."""

from __future__ import annotations

from decimal import Decimal

from midas.core.money import QUANTITY_DIGITS


def decimal_quantity(quantity: float) -> Decimal:
    """Return a kernel's quantity, exact: whole shares, or fractions to the last place that is kept."""
    if quantity.is_integer():
        return Decimal(int(quantity))
    return Decimal(f"{quantity:.{QUANTITY_DIGITS}f}").normalize()


def decimal_price(price: float) -> Decimal:
    """Return the shortest decimal that is this price; `float` of it is the same number again."""
    return Decimal(repr(float(price)))


def parts_of(quantity: float | Decimal) -> int:
    """Return how many of the smallest parts that are kept a quantity is."""
    if isinstance(quantity, Decimal):
        return int(quantity.scaleb(QUANTITY_DIGITS))
    return round(quantity * 1e9)


def of_parts(parts: int) -> Decimal:
    """Return the quantity of `parts_of`."""
    return Decimal(parts).scaleb(-QUANTITY_DIGITS)

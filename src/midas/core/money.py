"""Amounts of currency, kept exact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from midas.core.errors import InvalidInput

MINOR_DIGITS = {"KRW": 0, "JPY": 0, "USD": 2, "INR": 2, "CNY": 2, "EUR": 2, "GBP": 2, "HKD": 2}
MAX_AMOUNT = Decimal(10) ** 15
"""Largest amount an account may begin with; in minor units it and its growth fit 64-bit integers."""

QUANTITY_DIGITS = 9
"""Decimal places of a fractional quantity."""


def minor_digits(currency: str) -> int:
    """Return how many decimal places `currency` has.

    Raises
    ------
        InvalidInput: the currency is not known.
    """
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise InvalidInput(
            f"{currency!r} is not a known currency.", hint=f"Known: {', '.join(MINOR_DIGITS)}.", code="bad_currency"
        ) from None


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount, held as integer minor units (won, cents)."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Round `amount` half up to the currency's minor unit.

        Raises
        ------
            InvalidInput: not finite, beyond `MAX_AMOUNT`, or an unknown currency.
        """
        value = Decimal(amount)
        if not value.is_finite() or abs(value) > MAX_AMOUNT:
            raise InvalidInput(f"{amount} is not an amount.", hint=f"Use at most {MAX_AMOUNT:f}.", code="bad_amount")
        scaled = value.scaleb(minor_digits(currency))
        return cls(int(scaled.to_integral_value(ROUND_HALF_UP)), currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def __add__(self, other: Money) -> Money:
        self._require_same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._require_same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency}"

    def _require_same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise InvalidInput(f"Cannot mix {self.currency} and {other.currency}.", hint="Convert one first.")

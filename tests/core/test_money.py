"""Money is exact or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.core.errors import InvalidInput
from midas.core.money import Money

AMOUNTS = st.decimals(-(10**12), 10**12, places=2, allow_nan=False)


class TestOf:
    @pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e30", "-1e16"])
    def test_refuses(self, amount: str) -> None:
        with pytest.raises(InvalidInput):
            Money.of(Decimal(amount), "USD")

    def test_refuses_an_unknown_currency(self) -> None:
        with pytest.raises(InvalidInput, match="XXX"):
            Money.of(1, "XXX")

    @pytest.mark.parametrize(
        ("amount", "currency", "minor"),
        [("0.005", "USD", 1), ("0.0049", "USD", 0), ("0.5", "KRW", 1), ("-0.005", "USD", -1)],
    )
    def test_rounds_half_away_from_zero(self, amount: str, currency: str, minor: int) -> None:
        assert Money.of(Decimal(amount), currency).minor == minor

    @given(AMOUNTS)
    def test_cents_survive(self, amount: Decimal) -> None:
        assert Money.of(amount, "USD").amount == amount


class TestArithmetic:
    def test_currencies_never_mix(self) -> None:
        with pytest.raises(InvalidInput, match="mix"):
            Money.of(1, "USD") + Money.of(1, "KRW")

    @given(AMOUNTS, AMOUNTS)
    def test_sum_is_exact(self, left: Decimal, right: Decimal) -> None:
        assert (Money.of(left, "USD") + Money.of(right, "USD")).amount == left + right

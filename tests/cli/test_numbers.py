from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.cli.numbers import MISSING, count, money, number, percent


class TestUndefined:
    @pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
    def test_is_shown_as_missing(self, value: float | None) -> None:
        shown = {number(value), count(value), percent(value), money(value, "USD")}
        assert shown == {MISSING}


class TestPercent:
    def test_a_fraction_is_read_as_per_cent(self) -> None:
        assert percent(0.1234) == "12.34 %"

    def test_a_loss_keeps_its_sign(self) -> None:
        assert percent(-0.5) == "-50.00 %"

    def test_what_rounds_to_nothing_has_no_sign(self) -> None:
        assert percent(-0.0000001) == "0.00 %"


class TestMoney:
    def test_dollars_have_cents_and_thousands(self) -> None:
        assert money(1234567.891, "USD") == "1,234,567.89 USD"

    def test_won_have_no_fraction(self) -> None:
        assert money(100000000, "KRW") == "100,000,000 KRW"

    def test_an_unknown_currency_is_an_amount_alone(self) -> None:
        assert money(12.5, "") == "12.50"


@given(st.floats(-1e12, 1e12))
def test_a_shown_number_is_within_half_its_last_digit(value: float) -> None:
    assert abs(float(number(value, 2).replace(",", "")) - value) <= 0.005 + abs(value) * 1e-15

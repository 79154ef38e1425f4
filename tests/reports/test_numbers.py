from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.reports import numbers


class TestNumber:
    @given(st.floats(-1e12, 1e12), st.integers(0, 6))
    def test_equals_the_language_s_own_formatting(self, value, digits):
        expected = f"{value:,.{digits}f}"
        if not any(letter in "123456789" for letter in expected):
            expected = expected.removeprefix("-")
        assert numbers.number(value, digits) == expected

    @pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
    def test_what_is_no_number_is_a_dash(self, value):
        assert numbers.number(value) == numbers.percent(value) == numbers.money(value, "KRW") == "–"

    def test_signs(self):
        shown = [numbers.number(value, 1, signed=True) for value in (1.25, -1.25, 0.0, -0.01)]
        assert shown == ["+1.2", "-1.2", "0.0", "0.0"]


class TestMoney:
    def test_digits_of_the_currency(self):
        assert numbers.money(1234567.891, "KRW") == "1,234,568"
        assert numbers.money(1234567.891, "USD") == "1,234,567.89"
        assert numbers.money(1234567.891, "XXX") == "1,234,567.89"


class TestPercent:
    def test_of_a_fraction(self):
        assert numbers.percent(0.1234) == "12.34%"
        assert numbers.percent(-0.5, 0) == "-50%"
        assert numbers.percent(0.1234, 1, signed=True) == "+12.3%"


class TestTone:
    def test_says_gain_loss_or_nothing(self):
        assert [numbers.tone(value) for value in (0.1, -0.1, 0.0, None, float("nan"))] == [
            "gain",
            "loss",
            None,
            None,
            None,
        ]


def test_day():
    assert numbers.day(date(2024, 2, 29)) == "2024-02-29"
    assert numbers.day(None) == "–"

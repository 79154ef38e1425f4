"""Parameters: what they may be, how text becomes a value, and what is said when it cannot."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midas.core.errors import StrategyInvalid
from midas.strategies.param import LARGEST, Declared, ParamSpec, named, number_from_text, param, read_values

FAST = ParamSpec("fast", "int", 20, 2, 250)
LEVEL = ParamSpec("level", "float", 30.0, 0.0, 100.0)
SIDE = ParamSpec("side", "str", "long", choices=("long", "flat"))
FLAG = ParamSpec("flag", "bool", False)
FREE = ParamSpec("free", "float", 1.0)


class TestRead:
    @pytest.mark.parametrize(
        "value",
        [math.nan, math.inf, -math.inf, "nan", "inf", "-inf", "NaN", ".nan", ".inf", "Infinity", 10**400, "1e999"],
    )
    def test_not_finite_is_refused_with_the_range(self, value: object) -> None:
        for spec, text in ((FAST, "a whole number from 2 to 250"), (LEVEL, "a number from 0 to 100")):
            with pytest.raises(StrategyInvalid) as caught:
                spec.read(value, "sma_cross")
            assert f"Parameter '{spec.name}' of sma_cross cannot be" in caught.value.message
            assert text in caught.value.message
            assert caught.value.code == "bad_parameter"

    @pytest.mark.parametrize("value", [1, 251, "1", "251", -(10**30), 1e300])
    def test_outside_the_range_is_refused(self, value: object) -> None:
        with pytest.raises(StrategyInvalid, match="it must be a whole number from 2 to 250"):
            FAST.read(value, "sma_cross")

    @pytest.mark.parametrize("value", [2.5, "2.5", "ten", "", "0x10", "1_0", "١٢", True, None, [3], "3" * 5000, b"3"])
    def test_not_a_whole_number_is_refused(self, value: object) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            FAST.read(value, "sma_cross")
        assert "a whole number from 2 to 250" in caught.value.message
        assert len(str(caught.value)) < 250

    @pytest.mark.parametrize("value", [30, "30", " 30 ", "3e1", 30.0, "30.0", "+30", np.int64(30), np.float64(30)])
    def test_every_way_of_writing_a_whole_number(self, value: object) -> None:
        read = FAST.read(value, "sma_cross")
        assert (read, type(read)) == (30, int)

    def test_a_number_stays_a_float(self) -> None:
        read = LEVEL.read("30", "x")
        assert (read, type(read)) == (30.0, float)
        assert LEVEL.read(Fraction(1, 4), "x") == 0.25

    def test_there_is_one_zero(self) -> None:
        assert str(FREE.read("-0.0", "x")) == "0.0"

    def test_without_a_range_the_size_is_still_bounded(self) -> None:
        assert FREE.read(LARGEST, "x") == LARGEST
        with pytest.raises(StrategyInvalid) as caught:
            FREE.read(LARGEST * 2, "x")
        assert caught.value.hint == "Its size may be 1e+15 at most."

    def test_truth_is_no_number(self) -> None:
        for value in (True, False, "true"):
            with pytest.raises(StrategyInvalid, match="it must be a number"):
                FREE.read(value, "x")

    @pytest.mark.parametrize(("text", "value"), [("true", True), ("no", False), ("ON", True), (False, False)])
    def test_truth(self, text: object, value: bool) -> None:
        assert FLAG.read(text, "x") is value

    @pytest.mark.parametrize("value", [1, 0, "1", "maybe", None])
    def test_not_truth(self, value: object) -> None:
        with pytest.raises(StrategyInvalid, match="true or false"):
            FLAG.read(value, "x")

    def test_a_choice_is_suggested(self) -> None:
        assert SIDE.read("flat", "x") == "flat"
        with pytest.raises(StrategyInvalid) as caught:
            SIDE.read("lnog", "x")
        assert "one of long, flat" in caught.value.message
        assert "Did you mean 'long'?" in caught.value.hint

    @settings(deadline=None)
    @given(
        st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none(), st.lists(st.integers()), st.binary())
    )
    def test_anything_is_read_or_refused(self, value: object) -> None:
        for spec in (FAST, LEVEL, SIDE, FLAG, FREE):
            try:
                read = spec.read(value, "x")
            except StrategyInvalid:
                continue
            assert type(read).__name__ == spec.type
            json.dumps(read, allow_nan=False)
            if spec.low is not None:
                assert spec.low <= read <= spec.high  # type: ignore[operator]
            assert spec.read(str(read), "x") == read

    @settings(deadline=None)
    @given(st.integers(2, 250))
    def test_text_and_value_agree(self, value: int) -> None:
        assert FAST.read(str(value), "x") == FAST.read(value, "x") == FAST.read(float(value), "x") == value

    @settings(deadline=None)
    @given(st.floats(0, 100))
    def test_a_float_survives_its_text(self, value: float) -> None:
        assert LEVEL.read(repr(value), "x") == value


class TestExpected:
    @pytest.mark.parametrize(
        ("spec", "words"),
        [
            (FAST, "a whole number from 2 to 250"),
            (ParamSpec("a", "float", 1.0, low=0.5), "a number of at least 0.5"),
            (ParamSpec("a", "int", 1, high=9), "a whole number of at most 9"),
            (FREE, "a number"),
            (FLAG, "true or false"),
            (SIDE, "one of long, flat"),
        ],
    )
    def test_words(self, spec: ParamSpec, words: str) -> None:
        assert spec.expected() == words


class TestDeclaring:
    @pytest.mark.parametrize(
        ("declared", "fault"),
        [
            (lambda: param(5, 10, 20), "it must be a whole number from 10 to 20"),
            (lambda: param(5, 20, 10), "its range 20 to 10 is empty"),
            (lambda: param(5, 0, math.inf), "its range is not finite"),
            (lambda: param(5, True, 10), "its range is not made of numbers"),
            (lambda: param(math.nan), "it must be a number"),
            (lambda: param("long"), "text needs choices"),
            (lambda: param("long", choices=("flat",)), "it must be one of flat"),
            (lambda: param(True, 0, 1), "only a number without choices has a range"),
            (lambda: param(2.5, 2, 3, choices=(2.5,)), "only a number without choices has a range"),
        ],
    )
    def test_a_declaration_that_makes_no_sense(self, declared: object, fault: str) -> None:
        made = declared()  # type: ignore[operator]
        assert isinstance(made, Declared)
        with pytest.raises(StrategyInvalid, match=fault):
            named(made.spec, "x", "mine")

    def test_a_type_no_parameter_has(self) -> None:
        with pytest.raises(StrategyInvalid, match="cannot be None"):
            param(None)  # type: ignore[type-var]

    def test_numbers_to_choose_from(self) -> None:
        made = param(5, choices=(5, 10, 20))
        assert isinstance(made, Declared)
        spec = named(made.spec, "days", "mine")
        assert spec.read("10", "mine") == 10
        with pytest.raises(StrategyInvalid, match="one of 5, 10, 20"):
            spec.read("11", "mine")


class TestReadValues:
    def test_defaults_fill_what_is_not_given(self) -> None:
        assert read_values({"fast": FAST, "level": LEVEL}, {"level": "40"}, "x") == {"fast": 20, "level": 40.0}

    def test_a_misspelt_name_is_suggested(self) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            read_values({"fast": FAST, "level": LEVEL}, {"fsat": 10}, "sma_cross")
        assert caught.value.message == "sma_cross has no parameter 'fsat'."
        assert caught.value.hint == "Did you mean 'fast'?"
        assert caught.value.code == "unknown_parameter"

    def test_an_unlike_name_lists_what_there_is(self) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            read_values({"fast": FAST}, {"zzz": 10}, "sma_cross")
        assert caught.value.hint == "Known: fast."


class TestNumberFromText:
    @settings(deadline=None)
    @given(st.text(alphabet="0123456789+-.eEnaif_ x", max_size=12))
    def test_agrees_with_python_where_it_reads(self, text: str) -> None:
        number = number_from_text(text)
        if number is not None and math.isfinite(number):
            assert number == float(text)

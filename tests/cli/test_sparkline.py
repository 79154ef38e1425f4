from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.cli.sparkline import ASCII, BLOCKS, sparkline

CURVES = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300)


@given(CURVES, st.integers(1, 120))
def test_is_never_wider_than_asked(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) == min(width, len(values))


@given(CURVES)
def test_higher_values_never_look_lower(values: list[float]) -> None:
    heights = [BLOCKS.index(each) for each in sparkline(values, len(values))]
    order = sorted(range(len(values)), key=lambda at: values[at])
    assert all(heights[low] <= heights[high] for low, high in itertools.pairwise(order))


def test_the_last_cell_is_the_last_value() -> None:
    assert sparkline([5.0] * 99 + [9.0], 10)[-1] == "█"


def test_a_rise_climbs_from_bottom_to_top() -> None:
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8) == BLOCKS


@pytest.mark.parametrize("tiny", [2.2250738585072014e-308, 5e-324, 1.7e308])
def test_a_rise_of_any_size_is_seen(tiny: float) -> None:
    assert sparkline([-tiny, tiny], 2) == "▁█"


def test_a_flat_curve_stays_at_the_bottom() -> None:
    assert sparkline([3.0, 3.0, 3.0], 3) == "▁▁▁"


def test_gaps_are_left_out() -> None:
    assert sparkline([1.0, math.nan, 2.0], 3) == "▁█"


def test_nothing_to_draw_is_nothing() -> None:
    assert sparkline([math.nan], 10) == ""


def test_a_terminal_without_blocks_gets_characters_it_has() -> None:
    assert sparkline([1.0, 2.0], 2, ASCII).isascii()

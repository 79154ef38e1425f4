"""What people write as a grid: read exactly, and refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.backtest.grid import declared_axes, points, read_axes, require_bearable
from midas.core.errors import InvalidInput
from midas.strategies.library.rsi_reversion import RsiReversion
from midas.strategies.library.sma_cross import SmaCross


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("5:60:0", "its step is 0"),
        ("5:60:-1", "its step is -1"),
        ("60:5:1", "ends before it begins"),
        ("nan:5:1", "'nan' is not a number"),
        ("5:inf:1", "'inf' is not a number"),
        ("5:60:nan", "'nan' is not a number"),
        ("5:6:7:8", "two or three parts"),
        ("", "names no value"),
        ("5:x", "'x' is not a number"),
        ("5:10000000:1", "values and 1,000,000 are allowed"),
        ("5,nan", "it must be a whole number"),
        ("5:60:0.5", "it must be a whole number"),
        ("5,1000", "from 2 to 250"),
    ],
)
def test_refuses_nonsense(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read_axes({"fast": text}, SmaCross.param_specs, "sma_cross")


def test_refuses_a_parameter_there_is_not() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_axes({"fst": "5:60:1"}, SmaCross.param_specs, "sma_cross")
    assert "'fast'" in refusal.value.hint


def test_refuses_a_range_of_words() -> None:
    with pytest.raises(InvalidInput, match="only numbers have ranges"):
        read_axes({"every": "bar:change"}, SmaCross.param_specs, "sma_cross")


def test_refuses_more_than_a_million_points() -> None:
    grid = {"period": "2:250:1", "lower": "0:50:0.5", "upper": "50:100:0.5"}
    axes = read_axes(grid, RsiReversion.param_specs, "rsi_reversion")
    assert points(axes) == 249 * 101 * 101
    with pytest.raises(InvalidInput, match="2,540,049 points"):
        require_bearable(axes)


def test_refuses_more_parameters_than_anyone_can_tell_apart() -> None:
    (axis,) = read_axes({"fast": "5"}, SmaCross.param_specs, "sma_cross")
    require_bearable([axis] * 16)
    with pytest.raises(InvalidInput, match="17 parameters vary"):
        require_bearable([axis] * 17)


@given(st.integers(2, 250), st.integers(0, 240), st.integers(1, 60))
def test_a_range_is_what_python_means_by_it(low: int, length: int, step: int) -> None:
    high = min(250, low + length)
    (axis,) = read_axes({"fast": f"{low}:{high}:{step}"}, SmaCross.param_specs, "sma_cross")
    assert list(axis.values) == list(range(low, high + 1, step))


def test_decimal_steps_do_not_drift() -> None:
    (axis,) = read_axes({"lower": "0:1:0.1"}, RsiReversion.param_specs, "rsi_reversion")
    assert axis.values == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def test_values_one_by_one_come_once_in_their_order() -> None:
    slow, fast, every = read_axes(
        {"slow": "60,20,60", "fast": range(5, 8), "every": ["bar", "change"]}, SmaCross.param_specs, "sma_cross"
    )
    assert (slow.values, fast.values, every.values) == ((60, 20), (5, 6, 7), ("bar", "change"))


def test_unasked_it_is_the_declared_range() -> None:
    fast, slow = declared_axes(SmaCross.param_specs, {}, "sma_cross", fine=False)
    assert (fast.values[0], fast.values[-1], slow.values[0], slow.values[-1]) == (2, 250, 3, 500)
    assert points((fast, slow)) <= 1_000
    (slow,) = declared_axes(SmaCross.param_specs, {"fast": 5}, "sma_cross", fine=True)
    assert slow.values == tuple(range(3, 501))
    with pytest.raises(InvalidInput, match="nothing to vary"):
        declared_axes(SmaCross.param_specs, {"fast": 5, "slow": 9}, "sma_cross", fine=True)

"""Row by row, as live trading does it; the law that it equals the batch is in tests/laws."""

from __future__ import annotations

import numpy as np
import pytest
from tests.factors.markets import bars, panel_of, same, values

from midas.core.errors import DataBlocked, InvalidInput
from midas.factors.plan import compile_plan
from midas.factors.stepper import Stepper
from midas.factors.text import parse

PLAN = compile_plan(parse("hold(rsi(5) < 40, close > close.mean(7)).slot()"))


def test_a_late_first_row_keeps_windows_where_they_are() -> None:
    plan = compile_plan(parse("close.mean(7).rank()"))
    panel = panel_of(bars(40, 3))
    stepper = Stepper(plan, 3, first_row=11)
    stepped = np.array([stepper.step({"close": panel.matrix("close")[row]}) for row in range(11, 40)])
    assert same(stepped[6:], values("close.mean(7).rank()", panel)[17:])


def test_a_snapshot_is_a_copy() -> None:
    closes = panel_of(bars(60, 40, seed=4)).matrix("close")
    stepper = Stepper(PLAN, 40)
    for row in range(30):
        stepper.step({"close": closes[row]})
    snapshot = stepper.snapshot()
    first = np.array([stepper.step({"close": closes[row]}) for row in range(30, 60)])
    stepper.restore(snapshot)
    assert stepper.row == 30
    assert same(first, np.array([stepper.step({"close": closes[row]}) for row in range(30, 60)]))


def test_results_are_the_callers_own() -> None:
    stepper = Stepper(compile_plan(parse("close")), 2)
    first = stepper.step({"close": np.array([1.0, 2.0])})
    stepper.step({"close": np.array([3.0, 4.0])})
    assert first.tolist() == [1.0, 2.0]


def test_a_missing_field_blocks() -> None:
    with pytest.raises(DataBlocked, match="'close'"):
        Stepper(PLAN, 2).step({"open": np.zeros(2)})


def test_another_number_of_instruments_is_refused() -> None:
    with pytest.raises(InvalidInput, match="3 values for 2 instruments"):
        Stepper(PLAN, 2).step({"close": np.zeros(3)})


def test_a_snapshot_of_another_plan_is_refused() -> None:
    with pytest.raises(InvalidInput, match="another plan"):
        Stepper(PLAN, 2).restore(Stepper(compile_plan(parse("close.mean(9)")), 2).snapshot())

"""What people read about a plan, counted by hand."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from midas.factors.catalogue import OPERATORS
from midas.factors.explain import Explanation, explain
from midas.factors.operator import Kind
from midas.factors.plan import compile_plan
from midas.factors.text import parse
from midas.kernels.table import LOOPS
from midas.strategies.plans import plan_of
from midas.strategies.registry import build, library
from midas.strategies.schedule import Every, rows_apart


def explained(text: str, apart: int = 21) -> Explanation:
    return explain(compile_plan(parse(text)), apart)


class TestSteps:
    MOMENTUM = "(1 / close.std(60)).where(close.shift(21).change(126).top(20)).normalise()"

    def test_in_order_with_what_they_read(self) -> None:
        found = [(step.text, step.stage, step.rows) for step in explained(self.MOMENTUM).steps]
        assert found == [
            ("std(close, 60)", "over time", "every row"),
            ("1 / #1", "value by value", "speaking rows"),
            ("close 21 rows before / close 147 rows before", "value by value", "speaking rows"),
            ("#3 - 1", "value by value", "speaking rows"),
            ("with_bar(#4, close)", "value by value", "speaking rows"),
            ("top(#5, 20)", "across the market", "speaking rows"),
            ("where(#2, #6)", "value by value", "speaking rows"),
            ("with_bar(#7, close)", "value by value", "speaking rows"),
            ("normalise(#8, 1)", "across the market", "speaking rows"),
        ]

    def test_each_is_read_once(self) -> None:
        assert [step.readers for step in explained(self.MOMENTUM).steps] == [1] * 9

    @pytest.mark.parametrize("name", [info.name for info in library()])
    def test_of_everything_in_the_library(self, name: str) -> None:
        for every in Every:
            assert explain(plan_of(build(name, {"every": every.value})), rows_apart(every)).run > 0

    def test_a_crossing_is_one_step_where_every_row_is_asked_for(self) -> None:
        crossed = explained("close.cross_above(close.mean(3))", 1)
        assert [step.text.split("(")[0] for step in crossed.steps][-1] == "rise"
        assert crossed.steps[-1].warmup == 3

    def test_all_on_every_row_when_most_speak(self) -> None:
        assert {step.rows for step in explained(self.MOMENTUM, 1).steps} == {"every row"}
        assert {step.share for step in explained(self.MOMENTUM, 1).steps} == {1.0}

    def test_warm_up_of_each(self) -> None:
        found = {step.text: step.warmup for step in explained("returns.std(60) - close.mean(20).ema(9)", 1).steps}
        # ema(9): (1 - 0.2) ** k <= 1e-10 from k = 103.19 on
        assert found == {
            "shift(close, 1)": 1, "close / #1": 1, "#2 - 1": 1, "std(#3, 60)": 60,
            "mean(close, 20)": 19, "ema(#5, 9)": 19 + 104, "#4 - #6": 123,
        }  # fmt: skip
        ends = [step.endless for step in explained("close.ema(9).mean(5)", 1).steps]
        assert ends == [True, True]

    def test_what_is_read_more_than_once_is_shared(self) -> None:
        steps = explained("(close.mean(20) > open) & (close.mean(20) > high)", 1).steps
        assert (steps[0].text, steps[0].readers) == ("mean(close, 20)", 2)

    def test_memory(self) -> None:
        # a window of n keeps n rows and the prefix, a delay n rows, a wilder average its value and a count
        steps = {step.text: step.state_bytes for step in explained("close.mean(20).shift(3).wilder(5)", 1).steps}
        assert steps == {"mean(close, 20)": 21 * 8, "shift(#1, 3)": 3 * 8, "wilder(#2, 5)": 2 * 8}


class TestWhole:
    def test_a_cross_section_below_a_window_is_said_to_be_widened(self) -> None:
        found = explained("close.rank().mean(5).top(3)")
        assert found.widened == ("mean reads earlier rows of rank, which is therefore computed on every row",)
        assert [step.rows for step in found.steps if step.text.startswith("rank")] == ["every row"]
        assert explained("close.mean(5).rank().top(3)").widened == ()

    def test_states_that_begin_flat(self) -> None:
        assert explained("hold(close > open, close < open)", 1).begins == ("hold",)
        assert explained("close > open", 1).begins == ()

    def test_a_part_on_longer_bars(self) -> None:
        found = explained("close > weekly(close.mean(10))", 1)
        assert [(step.text, step.bars, step.share) for step in found.steps] == [
            ("mean(close, 10)", "week", 0.2),
            ("close > weekly(#1)", "day", 1.0),
        ]
        assert explained("close > monthly(close)", 1).steps[0].text == "close > monthly(close)"

    def test_cost_counts_rows(self) -> None:
        every, some = explained("close.rank()", 1), explained("close.rank()", 21)
        assert every.ns_per_bar == pytest.approx(21 * some.ns_per_bar)
        assert every.ns_per_bar == sum(step.ns for step in every.steps if step.ns)

    def test_one_loop_less_than_operators_when_one_changes_nothing(self) -> None:
        found = explained("close.mean(3) * 1", 1)
        assert (found.written, found.run) == (2, 1)


def test_every_loop_was_measured() -> None:
    measured = json.loads(files("midas.kernels").joinpath("costs.json").read_text(encoding="utf-8"))
    assert set(LOOPS) <= set(measured), "run scripts/measure_loops.py"
    assert all(fixed > 0 and for_each >= 0 for fixed, for_each in measured.values())


def test_every_operator_can_be_explained() -> None:
    for operator in OPERATORS.values():
        if operator.name in LOOPS and operator.kind is Kind.WINDOW and len(operator.inputs) == 1:
            n = max(5, int(operator.parameters[0].low))
            found = explain(compile_plan(parse(f"close.{operator.name}({n})")), 1)
            assert found.steps[-1].ns, operator.name


def test_how_often_a_strategy_speaks() -> None:
    assert [rows_apart(every) for every in (Every.CHANGE, Every.BAR, Every.ONCE)] == [1, 1, 1]
    assert 1 < rows_apart(Every.WEEK_END) < rows_apart(Every.MONTH_END) < rows_apart(Every.QUARTER_END) < 252

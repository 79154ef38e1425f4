from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies.panels import panel_of

from midas.backtest.hypothesis import configuration_of, hypothesis_of, universe_family
from midas.execution.dealing import Dealing
from midas.strategies.exits import StopLoss, TimeStop
from midas.strategies.registry import build
from midas.strategies.yaml_form import load_yaml

HERE = "XNAS 1d"


def yaml(targets: str, name: str = "mine", params: str = "{}", every: str = "bar"):
    return load_yaml(f"name: {name}\nparams: {params}\ntargets: {targets}\nevery: {every}\n", {})


class TestSameIdea:
    @given(st.integers(2, 100), st.integers(2, 100))
    def test_whatever_the_numbers_are(self, fast, slow):
        # equal windows are one node of the graph, different ones are two: the idea is one all the same
        one = yaml(f"(close.mean({fast}) > close.mean({slow})).slot()")
        assert hypothesis_of(one, HERE) == hypothesis_of(yaml("(close.mean(10) > close.mean(50)).slot()"), HERE)

    def test_parameters_of_the_library(self):
        ideas = {
            hypothesis_of(build("momentum", {"lookback": lookback, "skip": skip, "top": top}), HERE)
            for lookback, skip, top in [(126, 21, 20), (60, 21, 20), (126, 0, 20), (126, 21, 3)]
        }
        assert len(ideas) == 1

    def test_a_number_that_is_edited_in_the_file(self):
        first = yaml("(close > close.mean(10) * 1.02).slot()")
        assert hypothesis_of(first, HERE) == hypothesis_of(yaml("(close > close.mean(10) * 1.5).slot()"), HERE)
        named = yaml("(close > close.mean(n) * x).slot()", params="{n: 10, x: 1.02}")
        assert hypothesis_of(first, HERE) == hypothesis_of(named, HERE)

    def test_another_name_is_no_fresh_start(self):
        assert hypothesis_of(yaml("(close > 1).slot()", "one"), HERE) == hypothesis_of(
            yaml("(close > 1).slot()", "two"), HERE
        )

    def test_nor_is_another_schedule_or_stop(self):
        one = yaml("(close > 1).slot()")
        assert hypothesis_of(one, HERE) == hypothesis_of(yaml("(close > 1).slot()", every="week_end"), HERE)
        stops = [replace(one, exits=(StopLoss(size),)) for size in (0.1, 0.2)]
        assert len({hypothesis_of(each, HERE) for each in stops}) == 1


class TestAnotherIdea:
    @pytest.mark.parametrize(
        "other",
        ["(close.mean(10) < close.mean(50)).slot()", "(close.min(10) > close.mean(50)).slot()",
         "(open.mean(10) > close.mean(50)).slot()", "(close.mean(10) > close.mean(50)).normalise()",
         "(close.mean(50) > close).slot()"],
    )  # fmt: skip
    def test_another_graph(self, other):
        one = hypothesis_of(yaml("(close.mean(10) > close.mean(50)).slot()"), HERE)
        assert hypothesis_of(yaml(other), HERE) != one

    def test_another_market(self):
        one = yaml("(close > 1).slot()")
        assert hypothesis_of(one, HERE) != hypothesis_of(one, "XKRX 1d")

    def test_another_kind_of_exit(self):
        one = yaml("(close > 1).slot()")
        kinds = [(), (StopLoss(0.1),), (TimeStop(5),), (StopLoss(0.1), TimeStop(5))]
        assert len({hypothesis_of(replace(one, exits=exits), HERE) for exits in kinds}) == 4

    def test_a_family_is_a_venue_and_its_bars(self):
        panel = panel_of(np.ones((5, 2)))
        assert universe_family(panel) == universe_family(panel.select([1])) == "XKRX 1d"


class TestConfiguration:
    ONE = yaml("(close.mean(10) > close.mean(50)).slot()")

    def test_what_trading_costs_is_no_new_try(self):
        dear = Dealing(slippage="bps=5", cash_rate=0.01)
        assert configuration_of(self.ONE, ["A"], None, None, dear) == configuration_of(self.ONE, ["A"])

    def test_names_and_the_order_of_symbols_are_no_new_try(self):
        renamed = replace(self.ONE, name="another")
        assert configuration_of(self.ONE, ["A", "B"]) == configuration_of(renamed, ["B", "A"])

    @pytest.mark.parametrize(
        ("definition", "rest"),
        [
            (yaml("(close.mean(11) > close.mean(50)).slot()"), (["A"],)),
            (yaml("(close.mean(10) > close.mean(50)).slot()", every="week_end"), (["A"],)),
            (replace(ONE, exits=(StopLoss(0.1),)), (["A"],)),
            (ONE, (["B"],)),
            (ONE, (["A"], date(2020, 1, 1))),
            (ONE, (["A"], None, date(2020, 1, 1))),
            (ONE, (["A"], None, None, Dealing(entry_limit=-0.01))),
            (ONE, (["A"], None, None, Dealing(allow_short=True))),
            (ONE, (["A"], None, None, Dealing(fill_at="close"))),
            (ONE, (["A"], None, None, Dealing(settlement="venue"))),
        ],
    )
    def test_anything_else_is_one(self, definition, rest):
        assert configuration_of(definition, *rest) != configuration_of(self.ONE, ["A"])

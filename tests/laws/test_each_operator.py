"""Every law for every operator by itself: random graphs reach each of them too rarely."""

from __future__ import annotations

import numpy as np
import pytest
from tests.factors.markets import bars, panel_of
from tests.laws import laws
from tests.laws.graphs import CALLED

from midas.factors.node import Node, apply
from midas.factors.operator import Input, Kind, Operator, Parameter
from midas.factors.text import parse

RAW = bars(30, 20, seed=17, gaps=0.03)
PANEL = panel_of(RAW)


def _input(place: Input, at: int) -> Node:
    if place.flag:
        return parse("close > open" if at == 0 else "high > 1.02 * low")
    return parse(place.field or ("close" if at == 0 else "open"))


def _number(parameter: Parameter) -> float:
    if parameter.whole:
        return parameter.low + 3
    return min(parameter.high, max(parameter.low, 0.3)) if parameter.default is None else parameter.default


def alone(operator: Operator) -> Node:
    inputs = [_input(place, at) for at, place in enumerate(operator.inputs)]
    return apply(operator, *inputs, *(_number(parameter) for parameter in operator.parameters))


@pytest.mark.parametrize("operator", CALLED, ids=lambda operator: operator.name)
class TestEach:
    def test_sees_nothing_of_what_comes_later(self, operator: Operator) -> None:
        for row in (0, 22):
            laws.causal_by_truncation(alone(operator), RAW, row)
        laws.causal_by_poison(alone(operator), RAW, 18)

    def test_is_the_same_row_by_row(self, operator: Operator) -> None:
        laws.batch_is_row_by_row(alone(operator), PANEL, 13)

    def test_is_the_same_on_few_rows_and_from_a_late_start(self, operator: Operator) -> None:
        laws.some_rows_are_the_same_rows(alone(operator), PANEL, np.array([6, 19, 20, 29]))
        laws.late_start_is_the_same(alone(operator), PANEL, 25)

    def test_knows_no_neighbour(self, operator: Operator) -> None:
        if operator.kind is not Kind.CROSS_SECTION:
            laws.neighbours_do_not_matter(alone(operator), RAW, 5)

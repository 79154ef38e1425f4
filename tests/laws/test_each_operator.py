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
        return min(parameter.high, parameter.low + 3)
    return min(parameter.high, max(parameter.low, 0.3)) if parameter.default is None else parameter.default


def alone(operator: Operator) -> Node:
    inputs = [_input(place, at) for at, place in enumerate(operator.inputs)]
    return apply(operator, *inputs, *(_number(parameter) for parameter in operator.parameters))


# What is composed of others keeps what they keep; only how far back it reaches is its own.
OWN_LOOP = [operator for operator in CALLED if not operator.formula]


@pytest.mark.parametrize("operator", CALLED, ids=lambda operator: operator.name)
def test_is_the_same_from_a_late_start_and_when_cut_off(operator: Operator) -> None:
    node = alone(operator)
    laws.late_start_is_the_same(node, PANEL, 25)
    laws.causal_by_truncation(node, RAW, 22)


@pytest.mark.parametrize("operator", OWN_LOOP, ids=lambda operator: operator.name)
class TestOwnLoop:
    def test_sees_nothing_of_what_comes_later(self, operator: Operator) -> None:
        laws.causal_by_poison(alone(operator), RAW, 18)

    def test_is_the_same_row_by_row_and_on_few_rows(self, operator: Operator) -> None:
        laws.batch_is_row_by_row(alone(operator), PANEL, 13)
        laws.some_rows_are_the_same_rows(alone(operator), PANEL, np.array([6, 19, 20, 29]))

    def test_knows_no_neighbour(self, operator: Operator) -> None:
        if operator.kind is not Kind.CROSS_SECTION:
            laws.neighbours_do_not_matter(alone(operator), RAW, 5)

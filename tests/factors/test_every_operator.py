"""No operator is left without an oracle."""

from __future__ import annotations

from tests.factors import (
    test_candles,
    test_cycles,
    test_indicators,
    test_logic_oracles,
    test_oracles,
    test_periods,
    test_statistics_oracles,
)

from midas.factors.catalogue import OPERATORS
from midas.factors.lowering import walk
from midas.factors.operator import Kind
from midas.factors.text import parse

ORACLES = (
    *test_oracles.ORACLES,
    *test_statistics_oracles.ORACLES,
    *test_indicators.ORACLES,
    *test_logic_oracles.ORACLES,
    *test_periods.ORACLES,
    *test_candles.ORACLES,
    *test_cycles.ORACLES,
    "(close > open).first_in(volume)",
)


def test_no_operator_is_left_out() -> None:
    tested = {node.op for expression in ORACLES for node in walk(parse(expression))}
    fields = {name for name, operator in OPERATORS.items() if operator.kind is Kind.FIELD}
    assert set(OPERATORS) - tested - fields == set()

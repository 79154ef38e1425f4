"""The catalogue: what people read about each operator."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections import Counter

import pytest

from midas.factors import operators as operators_folder
from midas.factors.catalogue import FIELDS, OPERATORS, find, operators
from midas.factors.lowering import lowered, walk
from midas.factors.market import Market
from midas.factors.node import Node
from midas.factors.operator import Kind
from midas.kernels.table import LOOPS

INFOS = operators()


def test_at_least_a_hundred_operators() -> None:
    assert len([info for info in INFOS if info.kind != "field"]) >= 100


def test_those_that_the_strategies_of_the_library_and_the_guide_use() -> None:
    needed = "where shift change mean std sum min max ema rsi atr cross_above cross_below hold rank top bottom zscore"
    assert set(needed.split()) | {"normalise", "sma", "abs", "log"} <= set(OPERATORS) | {"sma"}
    assert find("sma") is OPERATORS["mean"]
    assert find("rma") is OPERATORS["wilder"]


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.name)
def test_every_entry_says_what_it_does_and_when_it_is_missing(info: object) -> None:
    assert info.summary.endswith(".")  # type: ignore[attr-defined]
    assert info.missing.endswith(".")  # type: ignore[attr-defined]
    assert info.unit  # type: ignore[attr-defined]
    assert info.signature.startswith(info.name)  # type: ignore[attr-defined]


def test_every_operator_has_a_loop_or_a_formula() -> None:
    for operator in OPERATORS.values():
        if operator.kind not in (Kind.FIELD, Kind.CONSTANT, Kind.CLOCK):
            assert bool(operator.formula) != (operator.name in LOOPS), operator.name


def test_kinds_match_loops() -> None:
    for name, operator in OPERATORS.items():
        if name in LOOPS:
            assert LOOPS[name].across == (operator.kind is Kind.CROSS_SECTION)
            remembers = operator.kind in (Kind.WINDOW, Kind.DELAY, Kind.RECURSIVE)
            assert (LOOPS[name].state(10) > 0) == remembers, name


def test_the_market_offers_every_field() -> None:
    market = Market()
    for name in FIELDS:
        assert isinstance(getattr(market, name), Node)
        assert getattr(market, name).op == name


def test_a_name_is_given_once() -> None:
    parts = [importlib.import_module(f"{operators_folder.__name__}.{name}") for name in part_names()]
    entries = [entry for part in parts for entry in getattr(part, "ENTRIES", ())]
    names = [name for entry in entries for name in (entry.name, *entry.aliases)]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert {entry.name for entry in entries} == set(OPERATORS)


def part_names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(operators_folder.__path__)]


def test_formulas_come_down_to_loops() -> None:
    market = Market()
    for node in (market.returns, market.atr(5), market.close.cross_above(3), market.zscore(5), market.close.rank()):
        assert all(
            step.op in LOOPS or step.operator.kind in (Kind.FIELD, Kind.CONSTANT) for step in walk(lowered(node))
        )


def test_reading_and_planning_need_no_compiler() -> None:
    modules = "catalogue, graph_json, market, node, plan, program, text"
    code = f"from midas.factors import {modules}; import sys; print({{'numba', 'polars', 'scipy'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

"""Folding: fewer loops, the same bits, and the graph as it was written."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factors.markets import bars, panel_of, same, values
from tests.laws.graphs import graphs

from midas.factors import lowering
from midas.factors.graph_json import canonical
from midas.factors.node import Node
from midas.factors.plan import compile_plan
from midas.factors.text import parse

PANEL = panel_of(bars(60, 40, seed=21, gaps=0.08))

SAME_PLAN = [
    ("close * 1", "close"),
    ("1 * close / 1 - 0", "close"),
    ("close ** 1", "close"),
    ("-(-close)", "close"),
    ("abs(-(close - open))", "abs(close - open)"),
    ("close.mean(1) + close.sum(1)", "close + close"),
    ("close.shift(2).shift(3)", "close.shift(5)"),
    ("close.max(3).max(4)", "close.max(6)"),
    ("~~(close > open)", "close > open"),
    ("open < close", "close > open"),
    ("open + close", "close + open"),
    ("(close > open) & (close > open)", "close > open"),
]


@pytest.mark.parametrize(("written", "short"), SAME_PLAN)
def test_is_planned_as_the_shorter(written: str, short: str) -> None:
    assert compile_plan(parse(written)).nodes == compile_plan(parse(short)).nodes
    assert same(values(written, PANEL), values(short, PANEL))


def test_what_is_written_in_another_order_is_computed_once() -> None:
    plan = compile_plan(parse("(close + open).mean(5) - (open + close).mean(5).shift(1)"))
    assert [node.op for node in plan.nodes].count("mean") == 1


def test_the_graph_stays_as_written() -> None:
    node = parse("close * 1 + 0 * open")
    compile_plan(node)
    assert canonical(node) == canonical(parse("close * 1 + 0 * open"))
    assert compile_plan(node).root == node


@pytest.mark.parametrize("text", ["(close * 2) * 3", "close + 0", "close - close", "where(close, close > open, close)"])
def test_what_could_change_a_bit_is_left(text: str) -> None:
    assert len(compile_plan(parse(text)).nodes) == len(set(lowering.walk(parse(text))))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(node=graphs(depth=5), repeat=st.booleans())
def test_the_same_bits(node: Node, repeat: bool) -> None:
    node = (node * 1).max(2).max(1).shift(1).shift(2) if repeat else node
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lowering, "folded", lambda node: node)
        plain = values(node, PANEL)
        longer = len(compile_plan(node).nodes)
    found = values(node, PANEL)
    assert same(found, plain)
    assert len(compile_plan(node).nodes) <= longer

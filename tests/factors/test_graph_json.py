"""The graph as JSON: one form for each graph, and nothing else is read."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from midas.core.errors import StrategyInvalid
from midas.factors.graph_json import canonical, from_json, to_json
from midas.factors.market import Market
from midas.factors.node import Node

m = Market()
MOMENTUM = m.close.shift(21).change(252).top(50).normalise()


class TestWrites:
    def test_minimal_and_shared(self) -> None:
        average = m.close.mean(20)
        assert to_json((m.close > average) & (average > 1.5)) == {
            "version": 1,
            "nodes": [
                ["close"],
                ["mean", [0], [20]],
                ["greater", [0, 1]],
                ["constant", [], [1.5]],
                ["greater", [1, 3]],
                ["both", [2, 4]],
            ],
        }

    def test_the_same_characters_however_it_was_written(self) -> None:
        once = canonical(MOMENTUM)
        assert once == (
            '{"nodes":[["close"],["shift",[0],[21]],["change",[1],[252]],["top",[2],[50]],["normalise",[3],[1]]],'
            '"version":1}'
        )
        assert canonical(m.close.shift(21.0).change(n=252).top(50).normalise(gross=1)) == once
        assert canonical(m.close * 2) == canonical(m.close * 2.0)

    def test_optional_inputs_are_told_apart(self) -> None:
        for node in (m.close.where(m.close > 1), m.close.where(m.close > 1, 0), m.close.where(m.close > 1, m.open)):
            assert from_json(to_json(node)) == node

    def test_floats_keep_every_bit(self) -> None:
        node = m.close * 0.1 + 1e-300 + 2.0**60 + (0.1 + 0.2)
        assert from_json(json.loads(canonical(node))) == node

    def test_more_than_500_nodes(self) -> None:
        node = m.close
        for k in range(500):
            node = node + k
        with pytest.raises(StrategyInvalid, match="500 nodes"):
            to_json(node)

    def test_a_chain_of_hundreds_is_no_problem(self) -> None:
        node: Node = m.close
        for _ in range(499):
            node = -node
        assert from_json(json.loads(canonical(node))) == node


def broken(change: dict[str, Any] | None = None, node: object = None, at: int = 1) -> object:
    data = copy.deepcopy(to_json(MOMENTUM)) | (change or {})
    if node is not None:
        data["nodes"][at] = node  # type: ignore[index]
    return data


class TestRefuses:
    @pytest.mark.parametrize(
        ("data", "match"),
        [
            (None, "version and nodes"),
            ([], "version and nodes"),
            ({"version": 1}, "version and nodes"),
            (broken({"extra": 1}), "version and nodes"),
            (broken({"version": 2}), "version 2"),
            (broken({"version": "1"}), "version '1'"),
            (broken({"version": True}), "version True"),
            (broken({"nodes": []}), "1 to 500"),
            (broken({"nodes": [["close"]] * 501}), "1 to 500"),
            (broken({"nodes": {}}), "1 to 500"),
            (broken(node="close"), "node 1"),
            (broken(node=[]), "node 1"),
            (broken(node=[1]), "node 1"),
            (broken(node=["shift", [0], [3], []]), "node 1"),
            (broken(node=["shift", 0, [3]]), "lists"),
            (broken(node=["shift", [0], 3]), "lists"),
            (broken(node=["shift", [1], [3]]), "earlier nodes"),
            (broken(node=["shift", [-1], [3]]), "earlier nodes"),
            (broken(node=["shift", [0.0], [3]]), "earlier nodes"),
            (broken(node=["shift", [False], [3]]), "earlier nodes"),
            (broken(node=["shift", [0], [-3]]), "shift: n is -3"),
            (broken(node=["shift", [0], ["3"]]), "must be a number"),
            (broken(node=["shift", [0], [float("nan")]]), "shift: n is nan"),
            (broken(node=["shift", [0]]), "another number"),
            (broken(node=["shift", [0, 0], [3]]), "another number"),
            (broken(node=["shifft", [0], [3]]), "shifft"),
            (broken(node=["sma", [0], [3]]), "sma"),
            (broken(node=["constant", [], []]), "one number"),
            (broken(node=["constant", [0], [1]]), "one number"),
            (broken(node=["constant", [], [float("inf")]]), "not a number"),
            (broken(node=["constant", [], [True]]), "nodes and numbers"),
            (broken(node=["__class__", [0]]), "__class__"),
        ],
    )
    def test_anything_else(self, data: object, match: str) -> None:
        with pytest.raises(StrategyInvalid, match=match):
            from_json(data)

    def test_units_are_checked_again(self) -> None:
        data = {"version": 1, "nodes": [["close"], ["raw_close"], ["add", [0, 1]]]}
        with pytest.raises(StrategyInvalid, match="do not mix"):
            from_json(data)

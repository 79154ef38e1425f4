"""The definition: identity, graph JSON both ways, and what may run."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.definition import Definition
from midas.strategies.exits import StopLoss
from midas.strategies.param import param
from midas.strategies.registry import build, library
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy
from midas.strategies.yaml_form import load_yaml


class Momentum(Strategy):
    """Long the strongest liquid names, sized by inverse volatility."""

    lookback: int = param(126, 20, 504)
    skip: int = param(21, 0, 63)
    top: int = param(20, 1, 200)
    every = Every.month_end
    exits = (StopLoss(0.15),)

    def targets(self, m: Market) -> Node:
        momentum = m.close.shift(self.skip).change(self.lookback)
        liquid = m.turnover.mean(20) > 1e9
        risk = m.returns.std(60)
        return (1 / risk).where(momentum.where(liquid).top(self.top)).normalise(gross=1.0)


FILE = """
name: momentum
params: {lookback: 126, skip: 21, top: 20}
let:
  momentum: close.shift(skip).change(lookback).where(turnover.mean(20) > 1e9)
targets: (1 / returns.std(60)).where(momentum.top(top)).normalise(gross=1.0)
every: month_end
exits: [{stop_loss: 0.15}]
"""

PRINT = """
import sys
from midas.strategies.registry import build, library
from midas.strategies.yaml_form import load_yaml
print(load_yaml(sys.argv[1]).canonical())
for info in library():
    print(build(info.name).canonical())
"""


class TestForms:
    def test_class_and_file_are_the_same_strategy(self) -> None:
        code, file = Momentum().definition(), load_yaml(FILE)
        assert code.graph_json() == file.graph_json()
        assert code.canonical() == file.canonical()
        assert code == file
        assert hash(code) == hash(file)
        assert (code.source, file.source) == ("class", "yaml")

    def test_and_with_another_parameter(self) -> None:
        assert Momentum(lookback=60).definition() == load_yaml(FILE, {"lookback": "60"})
        assert Momentum(lookback=60).definition() != Momentum().definition()


class TestCanonical:
    def test_is_the_same_in_every_process(self) -> None:
        outputs = set()
        for seed in ("0", "1", "4242"):
            run = subprocess.run(
                [sys.executable, "-c", PRINT, FILE],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
            outputs.add(run.stdout)
        here = [load_yaml(FILE).canonical(), *(build(info.name).canonical() for info in library())]
        assert outputs == {"\n".join(here) + "\n"}

    def test_is_plain_json(self) -> None:
        definition = Momentum().definition()
        assert json.loads(definition.canonical()) == definition.graph_json()

    def test_the_order_parameters_are_given_in_does_not_matter(self) -> None:
        a = load_yaml("name: a\nparams: {x: 1, y: 2}\ntargets: (close * x * y).normalise()")
        b = load_yaml("name: a\nparams: {y: 2, x: 1}\ntargets: (close * x * y).normalise()")
        assert a.canonical() == b.canonical()
        assert json.dumps(a.graph_json()) == json.dumps(b.graph_json())

    @pytest.mark.parametrize(
        "other",
        [
            FILE.replace("name: momentum", "name: other"),
            FILE.replace("top: 20", "top: 21"),
            FILE.replace("1e9", "2e9"),
            FILE.replace("month_end", "week_end"),
            FILE.replace("0.15", "0.2"),
            FILE.replace("stop_loss", "trailing_stop"),
            FILE.replace("exits:", "doc: x #"),
        ],
    )
    def test_whatever_differs_shows(self, other: str) -> None:
        assert other != FILE
        assert load_yaml(other).canonical() != load_yaml(FILE).canonical()

    def test_thirty_is_thirty_point_zero(self) -> None:
        whole = load_yaml("name: a\nparams: {n: 30}\ntargets: (close * n).normalise()\nexits: [{take_profit: 1}]")
        point = load_yaml("name: a\nparams: {n: 30.0}\ntargets: (close * n).normalise()\nexits: [{take_profit: 1.0}]")
        assert whole.canonical() == point.canonical()
        assert '"n":30}' in whole.canonical()

    def test_words_about_it_do_not(self) -> None:
        assert load_yaml(FILE + "doc: Some words.\n").canonical() == load_yaml(FILE).canonical()


class TestFromGraphJson:
    @pytest.mark.parametrize("name", [info.name for info in library()])
    def test_there_and_back(self, name: str) -> None:
        definition = build(name)
        again = Definition.from_graph_json(json.loads(definition.canonical()))
        assert again.canonical() == definition.canonical()
        assert (again.name, again.every, again.params) == (definition.name, definition.every, definition.params)
        assert again.targets == definition.targets
        assert again.source == "graph"

    def test_exits_come_back(self) -> None:
        assert Definition.from_graph_json(Momentum().definition().graph_json()).exits == (StopLoss(0.15),)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"format": 2}, "its format is not 1"),
            ({"format": True}, "its format is not 1"),
            ({"name": "No Name"}, "'No Name' cannot be a strategy's name"),
            ({"name": None}, "'None' cannot be a strategy's name"),
            ({"every": "never"}, "cannot speak every 'never'"),
            ({"exits": {}}, "its exits are not a list"),
            ({"exits": "stop_loss"}, "its exits are not a list"),
            ({"exits": [{"stop_loss": 3}]}, "Exit 'stop_loss' cannot be '3'"),
            ({"exits": [{"stop_loss": 0.1}] * 2}, "Exit 'stop_loss' is given twice"),
            ({"exits": [{"stop_loss": 0.1}] * 9}, "more than 8 exits"),
            ({"params": []}, "its params are not an object"),
            ({"params": {"a b": 1}}, "'a b' cannot be a parameter's name"),
            ({"params": {"every": "bar"}}, "'every' cannot be a parameter's name"),
            ({"params": {"n": None}}, "parameter 'n' is not a number"),
            ({"params": {"n": float("nan")}}, "cannot be nan"),
            ({"params": {"n": "x" * 65}}, "parameter 'n' is not a number"),
            ({"params": {f"n{i}": 1 for i in range(65)}}, "an object of at most 64"),
            ({"evry": "bar"}, "it has an unknown key 'evry'"),
            ({"targets": None}, ""),
            ({"targets": {"op": "eval"}}, ""),
            ({"targets": []}, ""),
        ],
    )
    def test_is_refused(self, change: dict[str, object], message: str) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            Definition.from_graph_json({**build("momentum").graph_json(), **change})
        assert message in caught.value.message

    @pytest.mark.parametrize("key", ["format", "name", "params", "targets", "every", "exits"])
    def test_a_missing_key_is_named(self, key: str) -> None:
        graph = build("momentum").graph_json()
        del graph[key]
        with pytest.raises(StrategyInvalid, match=f"it lacks {key}"):
            Definition.from_graph_json(graph)

    @pytest.mark.parametrize("value", [None, [], "momentum", 3, {1: 2}])
    def test_not_an_object(self, value: object) -> None:
        with pytest.raises(StrategyInvalid, match="This is not a strategy graph"):
            Definition.from_graph_json(value)

    @settings(deadline=None)
    @given(st.data())
    def test_a_graph_with_a_piece_changed_is_read_or_refused(self, data: st.DataObject) -> None:
        graph = copy.deepcopy(Momentum().definition().graph_json())
        holder, key = data.draw(st.sampled_from(list(places(graph))))
        leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
        holder[key] = data.draw(
            leaf | st.lists(leaf, max_size=2) | st.dictionaries(st.text(max_size=4), leaf, max_size=2)
        )  # type: ignore[index]
        try:
            definition = Definition.from_graph_json(graph)
        except StrategyInvalid:
            return
        assert Definition.from_graph_json(definition.graph_json()) == definition


def places(value: object) -> list[tuple[object, object]]:
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *places(value[key])]]  # type: ignore[index]


class TestDefinition:
    def test_params_tell_every_and_build_the_same_again(self) -> None:
        definition = build("momentum", {"top": 3, "every": "week_end"})
        assert definition.params["every"] == "week_end"
        assert definition.params_spec[-1].name == "every"
        assert build("momentum", definition.params) == definition

    def test_never_changes(self) -> None:
        definition = build("momentum")
        with pytest.raises(FrozenInstanceError):
            definition.name = "other"  # type: ignore[misc]
        with pytest.raises(TypeError):
            definition.params["top"] = 3  # type: ignore[index]

    def test_does_not_share_what_it_was_made_from(self) -> None:
        params = {"n": 3}
        definition = replace(build("buy_and_hold"), params=params)
        params["n"] = 4
        assert definition.params["n"] == 3

    def test_pickles(self) -> None:
        definition = Momentum(top=3).definition()
        again = pickle.loads(pickle.dumps(definition))
        assert again == definition
        assert (again.params_spec, again.source, again.doc) == (
            definition.params_spec,
            definition.source,
            definition.doc,
        )

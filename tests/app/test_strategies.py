from __future__ import annotations

import pytest
from tests.app.loop import now

from midas.app import resolving, strategies
from midas.core.errors import AlreadyExists, NotFound, Refused, StrategyInvalid
from midas.wire.strategies import StrategyCheckRequest, StrategyCreate, StrategyRef, StrategyUpdate

YAML = "name: {name}\nparams: {{days: 5}}\ntargets: close.change(days).top(3).normalise()\nevery: month_end\n"


@pytest.fixture
def stored(workspace):
    now(strategies.create(workspace, StrategyCreate(name="mine", yaml=YAML.format(name="first"))))
    now(strategies.update(workspace, "mine", StrategyUpdate(yaml=YAML.format(name="second"), version=1)))
    return workspace


def resolve(workspace, params=None, **ref):
    return now(resolving.resolve(workspace.database, StrategyRef(**ref), params or {}))


class TestRefusals:
    @pytest.mark.parametrize("name", ["momentun", "mine@9", "mine@0", "mine@x", "@1", "momentum@2"])
    def test_a_name_that_means_nothing(self, stored, name):
        with pytest.raises(NotFound):
            resolve(stored, name=name)

    def test_close_names_are_offered_from_library_and_store(self, stored):
        with pytest.raises(NotFound) as refusal:
            resolve(stored, name="momentun")
        assert "'momentum'" in refusal.value.hint
        with pytest.raises(NotFound) as refusal:
            resolve(stored, name="mien")
        assert "'mine'" in refusal.value.hint

    def test_parameters_of_a_graph(self, stored):
        graph = resolve(stored, name="momentum").definition.graph_json()
        with pytest.raises(StrategyInvalid) as refusal:
            resolve(stored, {"lookback": 5}, graph=graph)
        assert refusal.value.code == "fixed_parameters"

    @pytest.mark.parametrize("name", ["Mine", "a b", "../x", "", "x" * 65, "é", "mine@2"])
    def test_a_name_that_would_not_do_in_an_address(self, workspace, name):
        with pytest.raises((StrategyInvalid, ValueError)):
            now(strategies.create(workspace, StrategyCreate(name=name, yaml=YAML.format(name="a"))))

    def test_text_that_does_not_build_is_not_stored(self, workspace):
        with pytest.raises(StrategyInvalid):
            now(strategies.create(workspace, StrategyCreate(name="bad", yaml="name: bad\ntargets: clos\n")))
        with pytest.raises(NotFound):
            resolve(workspace, name="bad")

    def test_what_the_library_holds_is_not_ours_to_change(self, workspace):
        for change in (
            strategies.update(workspace, "momentum", StrategyUpdate(yaml=YAML.format(name="a"))),
            strategies.delete(workspace, "momentum"),
        ):
            with pytest.raises(Refused):
                now(change)
        with pytest.raises(AlreadyExists):
            now(strategies.create(workspace, StrategyCreate(name="momentum", yaml=YAML.format(name="a"))))


class TestResolve:
    def test_a_stored_strategy_goes_by_the_name_it_is_stored_under(self, stored):
        latest, first = resolve(stored, name="mine"), resolve(stored, name="mine@1")
        assert (latest.name, latest.version, first.version) == ("mine", 2, 1)
        assert latest.definition.name == "mine"
        assert latest.definition == first.definition, "only the name inside the text differed"

    def test_every_way_to_say_a_strategy_gives_the_same_graph(self, workspace):
        named = resolve(workspace, {"lookback": "60"}, name="momentum").definition
        assert resolve(workspace, graph=named.graph_json()).definition == named
        assert named.params["lookback"] == 60

    def test_parameters_reach_yaml(self, stored):
        assert resolve(stored, {"days": 7}, name="mine").definition.params["days"] == 7
        assert resolve(stored, {"days": "7"}, yaml=YAML.format(name="a")).definition.params["days"] == 7


class TestCheck:
    def check(self, workspace, params=None, **ref):
        request = StrategyCheckRequest(strategy=StrategyRef(**ref), params=params or {})
        return now(strategies.check(workspace, request))

    def test_what_is_wrong_becomes_a_message(self, workspace):
        told = self.check(workspace, {"lookbak": 5}, name="momentum")
        assert not told.ok
        assert "lookback" in told.messages[0]

    def test_python_in_yaml_is_a_message(self, workspace):
        told = self.check(workspace, yaml="name: x\ntargets: !!python/object/apply:os.system ['id']\n")
        assert not told.ok

    def test_what_it_reads_and_needs(self, workspace):
        told = self.check(workspace, yaml="name: x\ntargets: close.shift(1).change(5).where(volume > 0).top(3)\n")
        assert told.ok
        assert told.fields == ["close", "volume"]
        assert {"change", "shift", "top", "where"} <= set(told.operators)
        assert told.warm_up == 6, "a change over 5 rows, read one row late"
        assert [each.name for each in told.params] == ["every"]

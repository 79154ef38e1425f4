"""Limits are written down twice, for the gate and for the wire: the same names, kinds and defaults."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest

from midas.app.limits import limits_of_run
from midas.risk.limits import Limits
from midas.wire.risk import LimitValues, RunLimitValues

RULES = {field.name: field for field in fields(Limits) if field.name != "run"}
WIRED = LimitValues.model_fields


def default(name: str) -> object:
    kept = RULES[name].default
    return [] if kept is MISSING or kept == frozenset() else kept


class TestLimitValues:
    def test_has_every_limit_in_the_same_order_and_no_other(self) -> None:
        assert list(WIRED) == list(RULES)
        assert list(RunLimitValues.model_fields) == list(RULES)

    @pytest.mark.parametrize("name", RULES)
    def test_begins_as_the_gate_does(self, name: str) -> None:
        assert WIRED[name].default == default(name)

    @pytest.mark.parametrize("name", RULES)
    def test_is_of_the_same_kind(self, name: str) -> None:
        wanted = {"frozenset[str]": "list[str]"}.get(str(RULES[name].type), str(RULES[name].type))
        told = WIRED[name].annotation
        words = told.__name__ if isinstance(told, type) and not hasattr(told, "__args__") else str(told)
        assert words.replace("decimal.", "") == wanted

    def test_a_run_begins_with_no_limit_at_all(self) -> None:
        values = RunLimitValues().model_dump(mode="json")
        assert limits_of_run(values, "r1") == limits_of_run({}, "r1")
        left = {name: getattr(limits_of_run({}, "r1"), name) for name in RULES}
        assert left.pop("allow_short") is True
        assert left.pop("restricted") == frozenset()
        assert set(left.values()) == {None}

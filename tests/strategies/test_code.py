"""What code is known by: the same for the same code, another one when anything of it that can be seen differs."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from midas.core.errors import StrategyInvalid
from midas.strategies.definition import Definition
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.strategies.param import param
from midas.strategies.plans import plan_of

TEXT = '''
from midas.strategies.event import EventStrategy
from midas.strategies.param import param
LEVEL = 10.0
NAMES = {"b": [1, 2], "a": (3, 4)}
def above(price):
    return price > LEVEL
class Base(EventStrategy):
    def size(self):
        return 5
class Mine(Base):
    """Buys what is above a level."""
    fast: int = param(5, 2, 50)
    def on_bar(self, ctx, bar):
        # a remark
        if above(bar.close[0]) and NAMES and ctx.symbols[0] not in {"a", "bb", "ccc", "dddd"}:
            ctx.buy(self.size(), limit=min(price for price in (bar.close[0], LEVEL)))
'''


def made(text: str, **params: Any) -> Definition:
    """The strategy `Mine` of a module with this text."""
    module = ModuleType("mine")
    exec(compile(text, "mine.py", "exec"), module.__dict__)
    strategy: EventStrategy = module.Mine(**params)
    return strategy.definition()


def digest(text: str, **params: Any) -> str:
    code = made(text, **params).code
    assert code is not None
    return code.digest


class TestDigest:
    def test_is_the_same_for_the_same_code(self) -> None:
        assert digest(TEXT) == digest(TEXT)

    def test_is_the_same_in_another_process_whatever_its_hashes_are(self) -> None:
        script = f"text = {TEXT!r}\nfrom tests.strategies.test_code import digest\nprint(digest(text))"
        found = set()
        for seed in ("1", "2"):
            done = subprocess.run(
                [sys.executable, "-c", script], env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": seed},
                capture_output=True, text=True, timeout=60, check=True,
            )  # fmt: skip
            found.add(done.stdout.strip())
        assert found == {digest(TEXT)}

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("price > LEVEL", "price >= LEVEL"),
            ("LEVEL = 10.0", "LEVEL = 11.0"),
            ('"a": (3, 4)', '"a": (3, 5)'),
            ("return 5", "return 6"),
            ('"ccc"', '"ccd"'),
            ("ctx.buy(", "ctx.sell("),
            ("min(", "max("),
            ("limit=", "stop="),
            ("for price in (bar.close[0], LEVEL)", "for price in (bar.close[0], 0)"),
            ("param(5, 2, 50)", "param(6, 2, 50)"),
            ("class Mine(Base):", "class Mine(Base):\n    warmup = 7"),
        ],
    )
    def test_is_another_one_where_the_code_differs(self, before: str, after: str) -> None:
        assert before in TEXT
        assert digest(TEXT.replace(before, after)) != digest(TEXT)

    def test_is_the_same_where_only_remarks_and_lines_differ(self) -> None:
        assert digest("\n\n" + TEXT.replace("# a remark", "# another one")) == digest(TEXT)

    def test_knows_parameters_and_what_an_instance_begins_with(self) -> None:
        assert digest(TEXT, fast=6) != digest(TEXT)
        text = TEXT + "    def __init__(self):\n        super().__init__()\n        self.path = BEGIN\n"
        begins = ("[1.0]", "[2.0]", "__import__('numpy').arange(3)", "__import__('numpy').arange(4)")
        assert len({digest(f"BEGIN = {each}\n{text}") for each in begins}) == len(begins)

    def test_knows_what_is_wrapped_what_is_in_its_own_objects_and_the_classes_of_other_modules_it_comes_from(
        self,
    ) -> None:
        text = f"""
import functools
class Settings:
    def __init__(self):
        self.size = 5
OWN = Settings()
{TEXT.replace("def above", "@functools.lru_cache" + chr(10) + "def above").replace("return 5", "return OWN.size")}
"""
        assert (
            len({digest(each) for each in (text, text.replace("= 5", "= 6"), text.replace("> LEVEL", "< LEVEL"))}) == 3
        )

        def of(size: int) -> str:
            base = ModuleType("other")
            exec(compile(TEXT.replace("return 5", f"return {size}"), "other.py", "exec"), base.__dict__)
            code = type("Heir", (base.Mine,), {"__module__": "mine"})().definition().code
            assert code is not None
            return code.digest

        assert of(5) == of(5) != of(6)

    def test_knows_what_a_class_made_in_a_function_closes_over(self) -> None:
        def of(level: float) -> str:
            class Inner(EventStrategy):
                def on_bar(self, ctx: Context, bar: EventBar) -> None:
                    if bar.close[0] > level:
                        ctx.buy(1)

            code = Inner().definition().code
            assert code is not None
            return code.digest

        assert of(1.0) == of(1.0) != of(2.0)


class Plain(EventStrategy):
    """Does nothing."""

    fast: int = param(20, 2, 50)

    @property
    def warmup(self) -> int:  # type: ignore[override]  # a class variable in plain cases
        return 2 * self.fast

    def on_bar(self, ctx: Context, bar: EventBar) -> None: ...


class TestDefinition:
    def test_tells_what_it_is(self) -> None:
        found = Plain(fast=7).definition()
        assert (found.name, dict(found.params), found.doc) == ("plain", {"fast": 7, "every": "bar"}, "Does nothing.")
        assert plan_of(found).warmup == 14
        assert found.code is not None
        assert "class Plain(EventStrategy)" in found.code.text

    def test_its_graph_says_code_and_no_targets_and_is_refused_as_a_graph(self) -> None:
        graph = Plain().definition().graph_json()
        assert "targets" not in graph
        with pytest.raises(StrategyInvalid, match="'plain' is code") as caught:
            Definition.from_graph_json(graph)
        assert caught.value.code == "code_strategy"

    @pytest.mark.parametrize("value", [1, 51, "many", np.nan])
    def test_parameters_are_checked(self, value: object) -> None:
        with pytest.raises(StrategyInvalid, match="a whole number from 2 to 50"):
            Plain(fast=value)

    def test_unknown_parameters_are_refused(self) -> None:
        with pytest.raises(StrategyInvalid, match="has no parameter 'slow'"):
            Plain(slow=1)

    @pytest.mark.parametrize("name", ["state", "on_bar", "params", "warmup"])
    def test_parameters_cannot_take_the_words_of_the_class(self, name: str) -> None:
        with pytest.raises(StrategyInvalid, match="The word is taken"):
            type("Odd", (EventStrategy,), {name: param(1, 0, 2)})

    @pytest.mark.parametrize("warmup", [-1, 1.5, True])
    def test_a_warm_up_is_a_number_of_bars(self, warmup: object) -> None:
        kind = type("Odd", (Plain,), {"warmup": warmup})
        with pytest.raises(StrategyInvalid, match="warmup of odd"):
            kind().definition()

    def test_an_init_that_leaves_out_ours_is_named(self) -> None:
        kind = type("Odd", (Plain,), {"__init__": lambda self: None, "warmup": 0})
        with pytest.raises(StrategyInvalid, match=r"super\(\).__init__"):
            kind().definition()


def test_source_that_cannot_be_read_is_left_out() -> None:
    code = made(TEXT).code
    assert code is not None
    assert code.text == ""

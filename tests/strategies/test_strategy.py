"""The class form."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import ClassVar

import pytest

from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.exits import StopLoss
from midas.strategies.param import param
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class Breakout(Strategy):
    """Own what closes at its highest.

    And more words.
    """

    window: int = param(20, 2, 250, doc="Sessions.")
    level: float = param(1, 0.5, 2)
    side: str = param("long", choices=("long", "flat"))
    loud: bool = param(False)
    labels: ClassVar[tuple[str, ...]] = ("a",)

    def targets(self, m: Market) -> Node:
        return (m.close >= m.close.max(self.window) * self.level).normalise()


class Faster(Breakout):
    """With a shorter window."""

    window = 5
    every = Every.week_end


class HTMLRank2Test(Strategy):
    def targets(self, m: Market) -> Node:
        return m.close.rank()


class TestInstance:
    def test_defaults_and_what_differs(self) -> None:
        assert Breakout().params == {"window": 20, "level": 1.0, "side": "long", "loud": False, "every": "change"}
        made = Breakout(window=60, side="flat", every=Every.month_end)
        assert (made.window, made.side, made.every) == (60, "flat", Every.MONTH_END)
        assert made.level == 1.0
        assert isinstance(made.level, float)

    def test_text_is_read(self) -> None:
        assert Breakout(window="60", level="1.5", loud="yes", every="bar") == Breakout(
            window=60, level=1.5, loud=True, every=Every.BAR
        )

    @pytest.mark.parametrize(
        ("values", "message", "hint"),
        [
            ({"widow": 3}, "breakout has no parameter 'widow'.", "Did you mean 'window'?"),
            (
                {"window": 1},
                "Parameter 'window' of breakout cannot be 1: it must be a whole number from 2 to 250.",
                "20",
            ),
            (
                {"level": float("nan")},
                "Parameter 'level' of breakout cannot be nan: it must be a number from 0.5 to 2.",
                "",
            ),
            ({"side": "short"}, "Parameter 'side' of breakout cannot be 'short': it must be one of long, flat.", ""),
            ({"every": "monthly"}, "Parameter 'every' of breakout cannot be 'monthly': it must be one of", "month_end"),
            ({"exits": ()}, "breakout has no parameter 'exits'.", ""),
            ({"self": 1}, "breakout has no parameter 'self'.", ""),
        ],
    )
    def test_a_wrong_parameter_is_refused(self, values: dict[str, object], message: str, hint: str) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            Breakout(**values)
        assert caught.value.message.startswith(message)
        assert hint in caught.value.hint

    def test_never_changes(self) -> None:
        made = Breakout()
        with pytest.raises(FrozenInstanceError):
            made.window = 3  # type: ignore[misc]
        with pytest.raises(FrozenInstanceError):
            made.other = 3
        with pytest.raises(FrozenInstanceError):
            del made.window

    def test_equality_hash_repr_and_pickle(self) -> None:
        assert Breakout() == Breakout(window=20)
        assert len({Breakout(), Breakout(window=20), Breakout(window=21)}) == 2
        assert Breakout(window=5) != Faster()
        assert repr(Faster()) == "Faster(window=5, level=1.0, side='long', loud=False, every='week_end')"
        assert pickle.loads(pickle.dumps(Breakout(window=7))) == Breakout(window=7)


class TestClass:
    def test_the_class_shows_defaults(self) -> None:
        assert Breakout.window == 20
        assert Breakout.every is Every.CHANGE
        assert Faster.every is Every.WEEK_END

    def test_a_subclass_gives_other_defaults_in_the_same_range(self) -> None:
        assert Faster().params["window"] == 5
        assert (Faster.param_specs["window"].low, Faster.param_specs["window"].high) == (2, 250)
        assert Breakout().params["window"] == 20
        with pytest.raises(StrategyInvalid, match="cannot be 900"):
            type("Wrong", (Breakout,), {"window": 900})

    def test_specs_in_order_with_every_last(self) -> None:
        assert list(Faster.param_specs) == ["window", "level", "side", "loud", "every"]
        assert Breakout.param_specs["window"].doc == "Sessions."
        assert Breakout.param_specs["level"].type == "float"

    def test_name_is_the_class_in_snake_case(self) -> None:
        assert (Breakout.name, Faster.name, HTMLRank2Test.name) == ("breakout", "faster", "html_rank2_test")
        assert type("Any", (Breakout,), {"name": "my-own"}).name == "my-own"
        with pytest.raises(StrategyInvalid, match="'모멘텀' cannot be a strategy's name"):
            type("모멘텀", (Breakout,), {})

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"window": 3, "__annotations__": {"window": "int"}}, "window looks like a parameter"),
            ({"__annotations__": {"window": int}}, "window looks like a parameter"),
            ({"targets": param(3, 1, 5)}, "cannot have a parameter 'targets'"),
            ({"params": param(3, 1, 5)}, "cannot have a parameter 'params'"),
            ({"_x": param(3, 1, 5)}, "cannot have a parameter '_x'"),
            ({"x": param(2.5, 1, 5), "__annotations__": {"x": "int"}}, "annotated int but its default is 2.5"),
            ({"x": param(9, 1, 5)}, "Parameter 'x' of mine cannot be 9"),
            ({"every": "sometimes"}, "Parameter 'every' of mine cannot be 'sometimes'"),
            ({"exits": [StopLoss(0.1)]}, "The exits of mine are not a tuple of exits"),
            ({"exits": (0.1,)}, "The exits of mine are not a tuple of exits"),
            ({"exits": (StopLoss(0.1), StopLoss(0.2))}, "Exit 'stop_loss' is given twice"),
        ],
    )
    def test_a_class_that_makes_no_sense_is_refused(self, body: dict[str, object], message: str) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            type("Mine", (Strategy,), body)
        assert message in caught.value.message


class TestDefinition:
    def test_says_all_there_is(self) -> None:
        definition = Faster(level=1.5).definition()
        m = Market()
        assert definition.name == "faster"
        assert definition.params["level"] == 1.5
        assert definition.targets == (m.close >= m.close.max(5) * 1.5).normalise()
        assert definition.every is Every.WEEK_END
        assert definition.exits == ()
        assert definition.source == "class"
        assert definition.doc == "With a shorter window."
        assert Breakout().definition().doc == "Own what closes at its highest.\n\nAnd more words."
        assert HTMLRank2Test().definition().doc == ""

    @pytest.mark.parametrize("answer", [None, 3, True, "close"])
    def test_targets_must_be_a_node(self, answer: object) -> None:
        made = type("Mine", (Strategy,), {"targets": lambda self, m: answer})()
        with pytest.raises(StrategyInvalid, match="targets of 'mine' returned"):
            made.definition()

    def test_targets_must_be_said(self) -> None:
        with pytest.raises(StrategyInvalid, match="does not say what to hold"):
            type("Mine", (Strategy,), {})().definition()

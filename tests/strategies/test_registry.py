"""The library by name, and the file to begin from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from midas.core.errors import NotFound, StrategyInvalid
from midas.strategies.registry import build, library, names
from midas.strategies.schedule import Every
from midas.strategies.template import template
from midas.strategies.yaml_form import load_yaml

NAMES = tuple(info.name for info in library())
FIRST = ("buy_and_hold", "momentum", "rsi_reversion", "sma_cross")
"""Those whose parameters others rely on."""


class TestLibrary:
    def test_names_and_schedules(self) -> None:
        assert len(NAMES) >= 15
        assert list(NAMES) == sorted(set(NAMES))
        assert {info.name: info.every for info in library() if info.name in FIRST} == {
            "buy_and_hold": Every.ONCE,
            "momentum": Every.MONTH_END,
            "rsi_reversion": Every.CHANGE,
            "sma_cross": Every.CHANGE,
        }

    def test_ranges_and_defaults(self) -> None:
        ranges = {
            (info.name, spec.name): (spec.low, spec.default, spec.high)
            for info in library()
            for spec in info.params_spec
            if spec.name != "every" and info.name in FIRST
        }
        assert ranges == {
            ("momentum", "lookback"): (1, 126, 504),
            ("momentum", "skip"): (0, 21, 63),
            ("momentum", "top"): (1, 20, 500),
            ("rsi_reversion", "period"): (2, 14, 250),
            ("rsi_reversion", "lower"): (0.0, 30.0, 100.0),
            ("rsi_reversion", "upper"): (0.0, 70.0, 100.0),
            ("sma_cross", "fast"): (2, 20, 250),
            ("sma_cross", "slow"): (3, 60, 500),
        }

    def test_each_says_its_rule_its_source_and_its_needs(self) -> None:
        for info in library():
            assert info.summary.endswith(".")
            for part in ("Rule: ", "Source: ", "Needs: ", "arm-up"):
                assert part in info.doc, (info.name, part)
            assert all(spec.doc for spec in info.params_spec)

    def test_each_has_its_place_in_the_page_of_results(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text(encoding="utf-8")
        for info in library():
            assert f"| `{info.name}` |" in page
            assert info.doc in page, f"{info.name} changed: run scripts/strategy_results.py"

    def test_listing_it_loads_nothing_heavy(self) -> None:
        code = (
            "import sys\nfrom midas.strategies.registry import build, library, names\n"
            "[build(info.name) for info in library()]\n"
            "print([name for name in ('numba', 'polars', 'sqlalchemy', 'fastapi', 'pandas') if name in sys.modules])"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert run.stdout.strip() == "[]"


class TestBuild:
    def test_is_of_the_library(self) -> None:
        for name in NAMES:
            definition = build(name)
            assert (definition.name, definition.source) == (name, "library")
            assert definition.doc

    def test_an_unknown_name_is_suggested(self) -> None:
        with pytest.raises(NotFound) as caught:
            build("momentun")
        assert caught.value.message == "There is no strategy 'momentun'."
        assert caught.value.hint == "Did you mean 'momentum'?"
        assert caught.value.code == "unknown_strategy"

    def test_an_unlike_name_lists_the_library(self) -> None:
        with pytest.raises(NotFound) as caught:
            build("x" * 200)
        known = sorted([*NAMES, "by_hand"])
        assert caught.value.hint == f"Known: {', '.join(known[:12])} and {len(known) - 12} more."
        assert len(str(caught.value)) < 300

    @pytest.mark.parametrize(
        ("name", "param", "value", "expected"),
        [
            ("momentum", "lookback", "505", "a whole number from 1 to 504"),
            ("momentum", "skip", -1, "a whole number from 0 to 63"),
            ("momentum", "top", "nan", "a whole number from 1 to 500"),
            ("sma_cross", "fast", float("inf"), "a whole number from 2 to 250"),
            ("rsi_reversion", "lower", "thirty", "a number from 0 to 100"),
        ],
    )
    def test_a_wrong_value_is_refused(self, name: str, param: str, value: object, expected: str) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            build(name, {param: value})
        assert caught.value.message == f"Parameter {param!r} of {name} cannot be {value!r}: it must be {expected}."
        assert caught.value.hint.startswith("The default is ")

    @pytest.mark.parametrize(
        ("name", "overrides", "message"),
        [
            ("momentum", {"loookback": 3}, "momentum has no parameter 'loookback'."),
            ("buy_and_hold", {"top": 3}, "buy_and_hold has no parameter 'top'."),
            ("sma_cross", {"fast": 60}, "'fast' of sma_cross is 60 and 'slow' is 60: fast must be below slow."),
            ("rsi_reversion", {"lower": 80}, "'lower' of rsi_reversion is 80 and 'upper' is 70: lower must be below"),
        ],
    )
    def test_wrong_parameters_are_refused(self, name: str, overrides: dict[str, object], message: str) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            build(name, overrides)
        assert message in caught.value.message
        assert caught.value.hint

    def test_every_is_a_parameter_of_all(self) -> None:
        for name in NAMES:
            assert build(name, {"every": "quarter_end"}).every is Every.QUARTER_END


class TestTemplate:
    @pytest.mark.parametrize("like", names())
    def test_builds_under_its_new_name(self, like: str) -> None:
        definition = load_yaml(template("my-own", like))
        assert definition.name == "my-own"
        assert definition.targets == build(like).targets
        assert definition.doc == build(like).doc.partition("\n")[0]

    def test_is_commented_and_starts_as_momentum(self) -> None:
        text = template("my_own")
        assert text.count("\n#") >= 4
        assert load_yaml(text).targets == build("momentum").targets

    def test_a_name_that_cannot_be(self) -> None:
        with pytest.raises(StrategyInvalid, match="cannot be a strategy's name"):
            template("../mine")

    def test_like_what_is_not_there(self) -> None:
        with pytest.raises(NotFound, match="There is no strategy 'sma'"):
            template("mine", "sma")

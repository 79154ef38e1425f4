"""The file form: what it builds and what is said when it cannot."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.strategies.definition import Definition
from midas.strategies.exits import StopLoss, TimeStop
from midas.strategies.registry import build, library
from midas.strategies.schedule import Every
from midas.strategies.template import template
from midas.strategies.yaml_form import load_yaml

M = Market()
LIBRARY = tuple(info.name for info in library())


def refused(text: str, **overrides: object) -> StrategyInvalid:
    with pytest.raises(StrategyInvalid) as caught:
        load_yaml(text, overrides)
    assert len(str(caught.value)) < 500
    return caught.value


class TestShape:
    """The refusals that come from the file's shape."""

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("targets: close", "The strategy has no 'name'.", "It needs at least `name` and `targets`."),
            ("name: a", "The strategy has no 'targets'.", "It needs at least `name` and `targets`."),
            ("name: a\ntarget: close", "Line 2: A strategy has no key 'target'.", "Did you mean 'targets'?"),
            ("name: Big Name\ntargets: close", "Line 1: 'Big Name' cannot be a strategy's name.", "a-z, 0-9"),
            ("name: [a]\ntargets: close", "Line 1: 'name' must be text, not a list.", ""),
            ("name:\ntargets: close", "Line 1: 'name' must be text, not nothing.", ""),
            ("name: a\ntargets:\n", "Line 2: 'targets' must be text, not nothing.", ""),
            ("name: a\ntargets: {x: y}", "Line 2: 'targets' must be text, not a table of keys.", "Quote it"),
            (
                "name: a\ntargets: close\nevery: monthend",
                "Line 3: A strategy cannot speak every 'monthend'.",
                "month_end",
            ),
            ("name: a\ntargets: close\nevery: [bar]", "Line 3: 'every' must be text, not a list.", ""),
            ("name: a\ntargets: close\nparams: 3", "Line 3: 'params' must be a table of names, not '3'.", ""),
            ("name: a\ntargets: close\nlet: [x]", "Line 3: 'let' must be a table of names, not a list.", ""),
            (
                "name: a\ndoc: x\ndescription: y\ntargets: close",
                "Line 2: 'doc' and 'description' say the same.",
                "Keep",
            ),
        ],
    )
    def test_is_refused(self, text: str, message: str, hint: str) -> None:
        error = refused(text)
        assert error.message == message
        assert hint in error.hint

    def test_python_in_it(self) -> None:
        error = refused("name: a\nparams: {n: !!python/object/apply:os.system ['true']}\ntargets: close\n")
        assert error.message.startswith("Line 2: The YAML tag '!!python/object/apply:os.system' is not allowed")
        error = refused("name: a\ntargets: __import__('os').system('true')\n")
        assert error.message.startswith("Line 2: ")
        error = refused("name: a\ntargets: close.__class__.__mro__\n")
        assert error.message.startswith("Line 2: ")


class TestParams:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ("{n: ten}", "Line 2: Parameter 'n' must be a number, not 'ten'."),
            ("{n: '10'}", "Line 2: Parameter 'n' must be a number, not '10'."),
            ("{n: true}", "Line 2: Parameter 'n' must be a number, not 'true'."),
            ("{n: [1]}", "Line 2: Parameter 'n' must be a number, not a list."),
            ("{n: }", "Line 2: Parameter 'n' must be a number, not nothing."),
            ("{n: .nan}", "Line 2: Parameter 'n' of a cannot be nan: it must be a number."),
            ("{n: .inf}", "Line 2: Parameter 'n' of a cannot be inf: it must be a number."),
            ("{n: {low: 1, high: 3}}", "Line 2: Parameter 'n' has no default."),
            ("{n: {default: 5, low: 1, high: 3}}", "Line 2: Parameter 'n' of a cannot be 5: it must be a whole number"),
            ("{n: {default: 5, low: 9, high: 3}}", "Line 2: Parameter 'n' of a is declared wrongly: its range 9 to 3"),
            ("{n: {default: 5, hihg: 3}}", "Line 2: Parameter 'n' has no key 'hihg'."),
            ("{n: {default: x}}", "Line 2: Parameter 'n.default' must be a number, not 'x'."),
            ("{close: 5}", "Line 2: 'close' (a market field) cannot be a parameter's name."),
            ("{every: 5}", "Line 2: 'every' cannot be a parameter's name."),
            ("{a b: 5}", "Line 2: 'a b' cannot be a parameter's name."),
            ("{lambda: 5}", "Line 2: 'lambda' cannot be a parameter's name."),
            ("{_x: 5}", "Line 2: '_x' cannot be a parameter's name."),
        ],
    )
    def test_is_refused(self, params: str, message: str) -> None:
        assert refused(f"name: a\nparams: {params}\ntargets: close\n").message.startswith(message)

    def test_a_whole_default_and_range_make_a_whole_number(self) -> None:
        text = "name: a\nparams: {n: 5, x: 5.0, r: {default: 30, low: 0.5, high: 99}}\ntargets: close.mean(n) * x * r"
        kinds = {spec.name: (spec.type, spec.low, spec.high) for spec in load_yaml(text).params_spec}
        assert kinds["n"] == ("int", None, None)
        assert kinds["x"] == ("float", None, None)
        assert kinds["r"] == ("float", 0.5, 99)

    def test_numbers_read_as_in_yaml_1_2(self) -> None:
        definition = load_yaml("name: a\nparams: {n: 010, x: 1e9}\ntargets: (turnover.mean(n) > x).normalise()")
        assert definition.params["n"] == 10
        assert definition.params["x"] == 1e9

    def test_overrides(self) -> None:
        text = template("mine", "momentum")
        definition = load_yaml(text, {"top": "5", "every": "week_end"})
        assert definition.params == {"lookback": 126, "skip": 21, "top": 5, "every": "week_end"}
        assert definition.every is Every.WEEK_END
        assert definition.targets == M.close.shift(21).change(126).top(5).normalise()

    @pytest.mark.parametrize(
        ("overrides", "message", "hint"),
        [
            ({"tpo": "5"}, "momentum has no parameter 'tpo'.", "Did you mean 'top'?"),
            (
                {"top": "nan"},
                "Parameter 'top' of momentum cannot be 'nan': it must be a whole number from 1 to 500.",
                "",
            ),
            (
                {"top": "501"},
                "Parameter 'top' of momentum cannot be '501': it must be a whole number from 1 to 500.",
                "",
            ),
            (
                {"every": "month"},
                "Parameter 'every' of momentum cannot be 'month': it must be one of change, ",
                "month_end",
            ),
        ],
    )
    def test_a_wrong_override_is_refused(self, overrides: dict[str, object], message: str, hint: str) -> None:
        error = refused(template("momentum"), **overrides)
        assert error.message.startswith(message)
        assert hint in error.hint


class TestExpressions:
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ("targets: clsoe.mean(3)", "Line 2: Unknown name: 'clsoe' at column 1."),
            ("targets: close.maen(3)", "Line 2: Unknown operator: "),
            ("targets: close.shift(-1)", "Line 2: "),
            ("targets: '3'", "Line 2: '3' is only a number."),
            ("targets: true", "Line 2: Unknown name: 'true'"),
            ("let: {x: close.mean(}\ntargets: close", "Line 2: "),
            ("let:\n  x: close\n  y: z\ntargets: close", "Line 4: Unknown name: 'z'"),
            ("let:\n  y: x\n  x: close\ntargets: close", "Line 3: Unknown name: 'x'"),
            (
                "let:\n  close: open\ntargets: close",
                "Line 3: 'close' cannot be named under 'let': it is a market field.",
            ),
            ("let:\n  a-b: close\ntargets: close", "Line 3: 'a-b' cannot be named under 'let': it is not a word"),
            (
                "params: {n: 3}\nlet:\n  n: close\ntargets: n",
                "Line 4: 'n' cannot be named under 'let': it is a parameter",
            ),
            ("let:\n  x: [1]\ntargets: close", "Line 3: 'let.x' must be text, not a list."),
            (f"targets: {'(' * 300}close{')' * 300}", "Line 2: The expression is nested deeper than 50 levels."),
            (f"targets: close{' + 1' * 300}", "Line 2: The expression is nested deeper than 50 levels."),
            (f"targets: close{' ' * 1000}{'+ close' * 150}", "Line 2: The expression has 2,055 characters"),
        ],
    )
    def test_is_refused(self, body: str, message: str) -> None:
        assert refused(f"name: a\n{body}\n").message.startswith(message)

    def test_entries_use_those_above_and_may_be_numbers(self) -> None:
        text = "name: a\nlet:\n  n: 2 * 5\n  base: close.mean(n)\n  far: close / base\ntargets: far.top(n).normalise()"
        assert load_yaml(text).targets == (M.close / M.close.mean(10)).top(10).normalise()

    def test_an_entry_may_share_its_name_with_an_operator(self) -> None:
        # Else a file would stop loading on the day its word becomes an operator.
        text = (
            "name: a\nlet:\n  macd: close.ema(5)\n  rank: macd.rank()\ntargets: (rank > macd.macd().rank()).normalise()"
        )
        assert load_yaml(text).targets == (M.close.ema(5).rank() > M.close.ema(5).macd().rank()).normalise()

    def test_a_parameter_may_share_its_name_with_an_operator(self) -> None:
        text = "name: a\nparams: {top: 3}\ntargets: close.top(top).normalise()"
        assert load_yaml(text).targets == M.close.top(3).normalise()

    def test_an_expression_may_run_over_lines(self) -> None:
        text = "name: a\ntargets: >\n  close.shift(21)\n  .change(126)\n  .top(20).normalise()\n"
        assert load_yaml(text).targets == M.close.shift(21).change(126).top(20).normalise()

    def test_doubling_sixty_times_is_quick(self) -> None:
        lets = "\n".join(f"  x{i + 1}: x{i} + x{i}" for i in range(60))
        started = time.perf_counter()
        definition = load_yaml(f"name: a\nlet:\n  x0: close\n{lets}\ntargets: x60.normalise()\n")
        assert len(definition.canonical()) < 20_000
        assert Definition.from_graph_json(definition.graph_json()) == definition
        assert time.perf_counter() - started < 30.0  # else it takes for ever


class TestExits:
    def test_are_read(self) -> None:
        text = "name: a\ntargets: close.normalise()\nexits: [{stop_loss: 0.15}, {time_stop: 20}]\n"
        assert load_yaml(text).exits == (StopLoss(0.15), TimeStop(20))

    @pytest.mark.parametrize(
        ("exits", "message"),
        [
            ("{stop_loss: 0.1}", "Line 3: 'exits' must be a list of at most 8, not a table of keys."),
            ("[stop_loss]", "Line 3: An exit is one policy with one number."),
            ("[{stop_lose: 0.1}]", "Line 3: There is no exit 'stop_lose'."),
            ("[{stop_loss: 15}]", "Line 3: Exit 'stop_loss' cannot be '15'."),
            ("[{stop_loss: [1]}]", "Line 3: Exit 'stop_loss' cannot be 'a list'."),
            ("[{stop_loss: 0.1}, {stop_loss: 0.2}]", "Line 3: Exit 'stop_loss' is given twice."),
        ],
    )
    def test_is_refused(self, exits: str, message: str) -> None:
        assert refused(f"name: a\ntargets: close.normalise()\nexits: {exits}\n").message == message


class TestDefinition:
    def test_carries_where_it_comes_from(self) -> None:
        definition = load_yaml("name: a\ndescription: Some words.\ntargets: close.normalise()")
        assert (definition.source, definition.doc, definition.every) == ("yaml", "Some words.", Every.CHANGE)

    @pytest.mark.parametrize("name", LIBRARY)
    def test_every_library_strategy_has_the_same_graph_as_a_file(self, name: str) -> None:
        file, code = load_yaml(template(name, name)), build(name)
        assert file.graph_json() == code.graph_json()
        assert file.canonical() == code.canonical()
        assert {spec.name: spec for spec in file.params_spec} == {spec.name: spec for spec in code.params_spec}

    @pytest.mark.parametrize(
        ("name", "overrides"),
        [
            ("buy_and_hold", {"every": "month_end"}),
            ("momentum", {"lookback": "60", "skip": "0", "top": "3", "every": "week_end"}),
            ("rsi_reversion", {"period": "7", "lower": "20", "upper": "65.5"}),
            ("sma_cross", {"fast": "5", "slow": "34", "every": "bar"}),
        ],
    )
    def test_and_with_other_parameters(self, name: str, overrides: dict[str, object]) -> None:
        assert load_yaml(template(name, name), overrides).canonical() == build(name, overrides).canonical()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**20)
    | st.floats()
    | st.sampled_from(["close", "close.mean(n)", "x.top(3)", "month_end", "stop_loss", "open > x", "1/0", "~close", ""])
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["n", "x", "default", "low", "high", "stop_loss", "doc"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def dumped(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {dumped(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(dumped, value)) + "]"
        case None:
            return "null"
        case _:
            return str(value)


class TestFuzz:
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.dictionaries(st.sampled_from(["name", "params", "let", "targets", "every", "exits", "doc", "x"]), VALUES),
        st.dictionaries(st.sampled_from(["n", "x", "every", "?"]), st.text(max_size=6) | st.floats(), max_size=2),
        st.booleans(),
    )
    def test_nothing_but_strategy_invalid_escapes(
        self, document: dict[str, object], overrides: dict[str, object], sound: bool
    ) -> None:
        if sound:
            document = {**document, "name": "a", "targets": "close.normalise()"}
        text = "\n".join(f"{key}: {dumped(value)}" for key, value in document.items())
        try:
            definition = load_yaml(text, overrides)
        except StrategyInvalid:
            return
        assert Definition.from_graph_json(definition.graph_json()) == definition

    @settings(deadline=None)
    @given(st.sampled_from(LIBRARY), st.data())
    def test_a_template_with_a_piece_changed(self, name: str, data: st.DataObject) -> None:
        text = template("mine", name)
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(len(text), start + 12)))
        piece = data.draw(
            st.text(max_size=6) | st.sampled_from(["\n", ": ", "{", "- ", "*", "&a ", "!!int ", "(", "#"])
        )
        try:
            load_yaml(text[:start] + piece + text[stop:])
        except StrategyInvalid:
            return

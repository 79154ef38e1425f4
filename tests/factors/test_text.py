"""The text form: what it reads, what it refuses, and that nothing gets around it."""

from __future__ import annotations

import ast
import keyword

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from midas.core.errors import StrategyInvalid
from midas.factors.catalogue import FIELDS, OPERATORS, callable_names
from midas.factors.market import Market
from midas.factors.node import Node
from midas.factors.text import parse, parse_value

m = Market()
often = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


class TestReads:
    @pytest.mark.parametrize(
        ("text", "node"),
        [
            ("close", m.close),
            ("close.shift(5).mean(20)", m.close.shift(5).mean(20)),
            ("mean(shift(close, 5), 20)", m.close.shift(5).mean(20)),
            ("sma(10)", m.close.mean(10)),
            ("rsi()", m.close.rsi(14)),
            ("atr(n=7)", m.atr(7)),
            ("2 * close - open / 3 + high ** 2", 2 * m.close - m.open / 3 + m.high**2),
            ("-close + +open", -m.close + m.open),
            (
                "close > open and not close < low or high >= 1",
                ((m.close > m.open) & ~(m.close < m.low)) | (m.high >= 1),
            ),
            ("(close > open) & (high == low)", (m.close > m.open) & m.high.equal(m.low)),
            ("close != open", m.close.not_equal(m.open)),
            ("close.where(close > 5)", m.close.where(m.close > 5)),
            ("close.where(close > 5, other=0)", m.close.where(m.close > 5, 0)),
            ("top(returns, n=5).normalise(gross=0.5)", m.returns.top(5).normalise(0.5)),
            ("hold(entry=close > 1, exit=close < 1)", m.hold(entry=m.close > 1, exit=m.close < 1)),
            (" \n close\n .mean(\n 3 ) ", m.close.mean(3)),
            ("close.mean(2 * (3 + 7) - 40 / 2 ** 3)", m.close.mean(15)),
            ("close.mean(9 // 2)", m.close.mean(4)),
            ("close * 1e3 + .5 + 5.", m.close * 1000 + 0.5 + 5),
        ],
    )
    def test_expression(self, text: str, node: Node) -> None:
        assert parse(text) == node

    def test_names_stand_for_numbers_and_earlier_results(self) -> None:
        names = {"lookback": 20, "top": 3, "calm": m.returns.std(60)}
        assert parse("calm.mean(lookback).top(top)", names) == m.returns.std(60).mean(20).top(3)

    def test_a_value_may_be_a_number(self) -> None:
        assert parse_value("2 * n", {"n": 21}) == 42
        assert isinstance(parse_value("42 / 2"), int)

    def test_equal_texts_are_one_node(self) -> None:
        assert len({parse("close.mean(3)"), parse("sma( 3 )"), parse("mean(close,n=3)")}) == 1


class TestRefuses:
    @pytest.mark.parametrize(
        ("text", "piece", "column"),
        [
            ("close.shift(-1)", "n is -1", 7),
            ("close + closs", "closs", 9),
            ("close.mena(3)", "mena", 7),
            ("close.mean", "mean", 7),
            ("mean", "mean", 1),
            ("close.__class__", "__class__", 7),
            ("close._op", "_op", 7),
            ("close['a']", "['", 6),
            ("close[0]", "[0", 6),
            ("'close'", "'close", 1),
            ("lambda: close", ":", 7),
            ("f(close)", "f", 1),
            ("[close]", "[close", 1),
            ("{close}", "{close", 1),
            ("(close, open)", "(close, open)", 1),
            ("close if close > 1 else open", "close if", 1),
            ("(x := close)", ":", 4),
            ("f'{close}'", "'", 2),
            ("close % 2", "%", 7),
            ("close @ open", "@", 7),
            ("close // 2", "close // 2", 1),
            ("close << 2", "close << 2", 1),
            ("close ^ open", "^", 7),
            ("close; open", ";", 6),
            ("close # comment", "#", 7),
            ("close is open", "close is open", 1),
            ("close in open", "close in open", 1),
            ("1 < close < 2", "1 < close < 2", 1),
            ("mean(*close)", "*close", 6),
            ("mean(**close)", "mean(**close)", 1),
            ("mean(close, n=1, n=2)", "mean(close, n=1, n=2)", 1),
            ("mean(close, operator=2)", "no argument 'operator'", 1),
            ("close.mean(n for n in open)", "n for n in open", 11),
            ("await close", "await close", 1),
            ("True", "True", 1),
            ("close + None", "None", 9),
            ("0x10 + close", "0x10", 1),
            ("1_000 + close", "1_000", 1),
            ("2j * close", "2j", 1),
            ("1e999 * close", "1e999", 1),
            ("close * (1 / 0)", "1 / 0", 10),
            ("9 ** 9 ** 9 ** 9 * close", "9 ** 9 ** 9", 6),
            ("close + (", "(", 9),
            ("close close", "close", 7),
            ("종가", "종가", 1),
            ("close\x00", r"\x00", 6),
            ("5", "'5' is only a number", None),
            ("2 > 1", "2 > 1", 1),
            ("2 & 1", "2 & 1", 1),
            ("", "", None),
            ("   ", "", None),
            ("close & open", "flag", 1),
            ("close + raw_close", "do not mix", 1),
            ("close.mean(2.5)", "2.5", 7),
            ("close.mean(5001)", "5001", 7),
            ("close.mean(0)", "n is 0", 7),
            ("close.mean(open)", "must be a number", 7),
            ("close.mean()", "needs n", 7),
            ("close.mean(1, 2)", "3 arguments", 7),
            ("close.mean(1, n=2)", "given twice", 7),
            ("close.mean(m=2)", "no argument 'm'", 7),
            ("(5).mean(3)", "called on a plain number", None),
            ("shift(5, 1)", "only numbers", 1),
            ("beta(close, 3, 20)", "other must be a field or an operator", 1),
            ("9 // 0 * close", "9 // 0", 1),
            ("constant(5)", "constant", 1),
        ],
    )
    def test_naming_the_piece_and_the_column(self, text: str, piece: str, column: int | None) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            parse(text)
        assert piece in caught.value.message
        if column is not None:
            assert caught.value.message.rstrip(".").endswith(f"at column {column}")

    def test_a_misspelt_name_is_corrected(self) -> None:
        with pytest.raises(StrategyInvalid, match="Did you mean 'lookback'"):
            parse("close.shift(lookbak)", {"lookback": 3})
        with pytest.raises(StrategyInvalid, match="'close'"):
            parse("clse + 1")
        with pytest.raises(StrategyInvalid, match="'normalise'"):
            parse("close.normalize()")

    def test_a_name_may_not_hide_a_field(self) -> None:
        with pytest.raises(StrategyInvalid, match="'close' is a market field"):
            parse("close", {"close": 5})

    def test_too_long(self) -> None:
        with pytest.raises(StrategyInvalid, match="2,001 characters"):
            parse("close" + " " * 1996)

    @pytest.mark.parametrize(
        "text",
        [
            "(" * 300 + "close" + ")" * 300,
            "-" * 300 + "close",
            "close" + ".abs()" * 300,
            "close" + " + 1" * 300,
            "abs(" * 300 + "close" + ")" * 300,
            "not " * 300 + "(close > 1)",
            "close" + " ** 2" * 300,
            "(" * 900 + "close",
        ],
    )
    def test_too_deep(self, text: str) -> None:
        with pytest.raises(StrategyInvalid, match=r"nested deeper than 50"):
            parse(text)


words = st.sampled_from(
    [
        *FIELDS, *callable_names(), *keyword.kwlist, *keyword.softkwlist, "eval", "exec", "__import__", "os", "system",
        "__class__", "__subclasses__", "__globals__", "self", "n", "gross", "x", "_", "open", "print", "lookback",
    ]
)  # fmt: skip
pieces = st.one_of(
    words,
    st.sampled_from([*"+-*/().,<>=&|~!@%^:;[]{}'\"\\#$?`_ \n\t\r", "**", ":=", "->", "==", "<=", "!=", "..."]),
    st.sampled_from(
        [
            "n=",
            "self=",
            "operator=",
            "tree=",
            "name=",
            "0",
            "1",
            "5",
            "2.5",
            "1e3",
            "1e999",
            "0x1",
            "1_0",
            "2j",
            "007",
            "-1",
            "5000",
            "5001",
        ]
    ),
    st.sampled_from(["f'", 'f"{', "b'", '"""', "r'", "lambda x:", " for x in ", "\u202e", "é", "\ud800", "０", "ⅷ"]),
)


class TestNothingGetsAround:
    @often
    @given(text=st.lists(pieces, max_size=25).map("".join))
    def test_joined_pieces(self, text: str) -> None:
        self.only_the_language(text)

    @often
    @given(text=st.lists(pieces, max_size=12).map(" ".join), inner=words)
    def test_spaced_pieces_around_a_call(self, text: str, inner: str) -> None:
        self.only_the_language(f"close.{inner}({text})")

    @often
    @given(text=st.text(max_size=80))
    def test_any_text(self, text: str) -> None:
        self.only_the_language(text)

    @often
    @given(tree=st.from_regex(r"[a-z_.()\[\]{}'\"+*<>=:, 0-9]{1,40}", fullmatch=True))
    def test_near_python(self, tree: str) -> None:
        self.only_the_language(tree)

    @staticmethod
    def only_the_language(text: str) -> None:
        try:
            node = parse(text, {"lookback": 5})
        except StrategyInvalid:
            return
        assert isinstance(node, Node)
        allowed = (
            ast.Expression, ast.Name, ast.Load, ast.Constant, ast.Call, ast.Attribute, ast.keyword, ast.BinOp,
            ast.UnaryOp, ast.BoolOp, ast.Compare, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
        )  # fmt: skip
        for step in ast.walk(ast.parse(" ".join(text.split()), mode="eval")):
            assert isinstance(step, allowed)
            if isinstance(step, ast.Attribute):
                assert step.attr in callable_names()
            if isinstance(step, ast.Name):
                assert step.id in {*FIELDS, *callable_names(), "lookback"}
            if isinstance(step, ast.Constant):
                assert type(step.value) in (int, float)


class TestWhiteList:
    """A grammar of everything Python can write as an expression: only the listed forms pass."""

    leaves = st.sampled_from(["close", "open", "lookback", "5", "2.5", "'s'", "None", "True", "...", "b'x'", "1j"])
    forms = st.sampled_from(
        [
            "({0}) + ({1})", "({0}) % ({1})", "({0}) // ({1})", "({0}) @ ({1})", "({0}) << ({1})", "({0}) ^ ({1})",
            "({0}) and ({1})", "not ({0})", "~({0})", "({0}) < ({1})", "({0}) < ({1}) < ({0})", "({0}) in ({1})",
            "({0}) is ({1})", "({0}) if ({1}) else ({0})", "lambda: ({0})", "[({0})]", "{{({0})}}", "{{({0}): ({1})}}",
            "[x for x in ({0})]", "({0})[({1})]", "({0}).shift(3)", "({0}).real", "f'{{({0})}}'", "(x := ({0}))",
            "({0})(({1}))", "mean(({0}), 5)", "mean(*({0}))", "mean(**({0}))", "print(({0}))", "({0}), ({1})",
            "(yield ({0}))", "await ({0})", "close.mean(({0}))", "({0}).where(({1}) > 1)",
        ]
    )  # fmt: skip
    REFUSED = (
        ast.IfExp, ast.Lambda, ast.List, ast.Set, ast.Dict, ast.ListComp, ast.Subscript, ast.JoinedStr, ast.NamedExpr,
        ast.Starred, ast.Tuple, ast.Yield, ast.Await, ast.GeneratorExp, ast.Mod, ast.FloorDiv, ast.MatMult, ast.LShift,
        ast.BitXor, ast.In, ast.Is,
    )  # fmt: skip

    @often
    @given(data=st.data())
    def test_generated(self, data: st.DataObject) -> None:
        text = data.draw(self.leaves)
        for _ in range(data.draw(st.integers(1, 4))):
            text = data.draw(self.forms).format(text, data.draw(self.leaves))
        try:
            tree = ast.parse(text, mode="eval")
        except SyntaxError:  # an f-string in an f-string
            assume(False)
        bad = any(isinstance(step, self.REFUSED) for step in ast.walk(tree))
        bad |= any(isinstance(s, ast.Constant) and type(s.value) not in (int, float) for s in ast.walk(tree))
        bad |= any(isinstance(s, ast.Compare) and len(s.ops) > 1 for s in ast.walk(tree))
        bad |= any(isinstance(s, ast.Name) and s.id in ("print", "x") for s in ast.walk(tree))
        bad |= any(isinstance(s, ast.Attribute) and s.attr == "real" for s in ast.walk(tree))
        try:
            node = parse(text, {"lookback": 5})
        except StrategyInvalid:
            return
        assert not bad, text
        assert node.op in OPERATORS

"""The text form: Python's own grammar against a white list. Nothing is ever evaluated."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import cast

from midas.core.errors import StrategyInvalid, did_you_mean
from midas.factors.catalogue import FIELDS, OPERATORS, callable_names, find
from midas.factors.lexer import DEEPEST_TEXT, check_characters, refusal, too_deep
from midas.factors.node import Node, apply, field

Value = Node | float | int

_ARITHMETIC: Mapping[type[ast.operator], str] = MappingProxyType(
    {
        ast.Add: "add",
        ast.Sub: "subtract",
        ast.Mult: "multiply",
        ast.Div: "divide",
        ast.FloorDiv: "divide_whole",  # of plain numbers only
        ast.Pow: "power",
        ast.BitAnd: "both",
        ast.BitOr: "either",
    }
)
_FOLD: Mapping[str, Callable[[float, float], float]] = MappingProxyType(
    {
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "divide": operator.truediv,
        "divide_whole": operator.floordiv,
        "power": math.pow,
    }
)
_COMPARISON: Mapping[type[ast.cmpop], str] = MappingProxyType(
    {
        ast.Gt: "greater",
        ast.GtE: "greater_equal",
        ast.Lt: "less",
        ast.LtE: "less_equal",
        ast.Eq: "equal",
        ast.NotEq: "not_equal",
    }
)


def parse(text: str, names: Mapping[str, Value] | None = None) -> Node:
    """Read an expression into a graph.

    The language has market fields, `names` (parameters and earlier results), numbers, + - * / ** (// between plain
    numbers), comparisons, and/or/not (the same as & | ~), and every operator as `name(x, …)` or `x.name(…)`.

    Raises
    ------
    StrategyInvalid: anything else, with the piece of text and its column.
    """
    value = parse_value(text, names)
    if not isinstance(value, Node):
        raise StrategyInvalid(
            f"{_short(text)!r} is only a number.", hint="An expression needs a market field.", code="bad_expression"
        )
    return value


def parse_value(text: str, names: Mapping[str, Value] | None = None) -> Value:
    """Read an expression that may also be a plain number, as `parse` does."""
    for name in names or {}:
        if name in FIELDS:
            raise StrategyInvalid(
                f"{name!r} is a market field and cannot name something else.", hint="Choose another name.", code="name"
            )
    return _read(text, _tree(text), {} if names is None else names)


def read_formula(text: str, names: Mapping[str, Value]) -> Value:
    """Read an expression whose names may hide market fields, as the catalogue's formulas do."""
    return _read(text, _formula_tree(text), names)


def _tree(text: str) -> ast.expr:
    check_characters(text)
    if not text.strip():
        raise StrategyInvalid("The expression is empty.", hint="Write e.g. close.mean(20).", code="bad_expression")
    try:
        return ast.parse(_one_line(text), mode="eval").body
    except SyntaxError as error:
        column = max(0, min(_lead(text) + (error.offset or 1) - 1, len(text) - 1))
        raise refusal(text, column, len(text), "This does not read as an expression:") from None
    except (ValueError, RecursionError, MemoryError):
        raise too_deep() from None


_formula_tree = cache(_tree)  # the catalogue has a few formulas, each read for every graph that uses it


# Line breaks inside an expression mean nothing here, and one line keeps columns true.
def _one_line(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ").replace("\t", " ").strip()


def _lead(text: str) -> int:
    return len(text) - len(text.lstrip())


def _read(text: str, tree: ast.expr, names: Mapping[str, Value]) -> Value:
    return _Reader(text, _lead(text), names).read(tree, 1)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


class _Reader:
    def __init__(self, text: str, lead: int, names: Mapping[str, Value]) -> None:
        self._text = text
        self._lead = lead
        self._names = names
        self._readers = cast(
            "Mapping[type[ast.expr], Callable[[ast.expr, int], Value]]",
            {
                ast.Constant: self._constant,
                ast.Name: self._name,
                ast.BinOp: self._binary,
                ast.UnaryOp: self._unary,
                ast.Compare: self._compare,
                ast.BoolOp: self._logic,
                ast.Call: self._call,
            },
        )

    def read(self, tree: ast.expr, depth: int) -> Value:
        if depth > DEEPEST_TEXT:
            raise too_deep()
        reader = self._readers.get(type(tree))
        if reader is None:
            hint = "Use .where(condition) or .where(condition, other)." if isinstance(tree, ast.IfExp) else ""
            hint = "Operators are called: add ()." if isinstance(tree, ast.Attribute) else hint
            raise self._refuse(tree, "Not part of the language:", hint)
        return reader(tree, depth)

    def _refuse(self, tree: ast.expr, what: str, hint: str = "") -> StrategyInvalid:
        start, stop = self._span(tree)
        return refusal(self._text, start, stop, what, hint)

    def _span(self, tree: ast.expr) -> tuple[int, int]:
        start = tree.col_offset
        # Of a chain a.b(…).c(…) only the last link is at fault.
        function = tree.func if isinstance(tree, ast.Call) else tree
        if isinstance(function, ast.Attribute):
            start = self._text.index(".", self._lead + (function.value.end_col_offset or 0)) + 1 - self._lead
        return self._lead + start, self._lead + (tree.end_col_offset or start + 1)

    def _constant(self, tree: ast.Constant, _: int) -> Value:
        if type(tree.value) not in (int, float):
            raise self._refuse(tree, "Not part of the language:")
        return self._finite(tree, lambda: float(cast("float", tree.value)))

    def _name(self, tree: ast.Name, _: int) -> Value:
        if tree.id in self._names:
            return self._names[tree.id]
        if tree.id in FIELDS:
            return field(tree.id)
        if known := find(tree.id):
            raise self._refuse(tree, "An operator must be called:", f"Use {known.signature}.")
        raise self._refuse(tree, "Unknown name:", did_you_mean(tree.id, [*self._names, *FIELDS]))

    def _binary(self, tree: ast.BinOp, depth: int) -> Value:
        name = _ARITHMETIC.get(type(tree.op))
        if name is None:
            raise self._refuse(tree, "Not part of the language:")
        left, right = self.read(tree.left, depth + 1), self.read(tree.right, depth + 1)
        if isinstance(left, Node) or isinstance(right, Node):
            if name not in OPERATORS:
                raise self._refuse(tree, "Not part of the language:", "Only plain numbers are divided whole.")
            return self._apply(tree, name, left, right)
        if name not in _FOLD:
            raise self._refuse(tree, "Two plain numbers are joined:", "& and | join flags.")
        return self._finite(tree, lambda: _FOLD[name](float(left), float(right)))

    def _unary(self, tree: ast.UnaryOp, depth: int) -> Value:
        value = self.read(tree.operand, depth + 1)
        if isinstance(tree.op, ast.Invert | ast.Not):
            return self._apply(tree, "negation", value)
        if not isinstance(value, Node):
            return -value if isinstance(tree.op, ast.USub) else value
        return self._apply(tree, "negate", value) if isinstance(tree.op, ast.USub) else value

    def _compare(self, tree: ast.Compare, depth: int) -> Value:
        if len(tree.ops) > 1:
            raise self._refuse(tree, "Comparisons do not chain:", "Write (a < b) & (b < c).")
        name = _COMPARISON.get(type(tree.ops[0]))
        if name is None:
            raise self._refuse(tree, "Not part of the language:")
        left, right = self.read(tree.left, depth + 1), self.read(tree.comparators[0], depth + 1)
        if not isinstance(left, Node) and not isinstance(right, Node):
            raise self._refuse(tree, "Two plain numbers are compared:", "One side needs a market field.")
        return self._apply(tree, name, left, right)

    def _logic(self, tree: ast.BoolOp, depth: int) -> Value:
        name = "both" if isinstance(tree.op, ast.And) else "either"
        values = [self.read(value, depth + 1) for value in tree.values]
        result = values[0]
        for value in values[1:]:
            result = self._apply(tree, name, result, value)
        return result

    def _call(self, tree: ast.Call, depth: int) -> Value:
        receiver: list[Value] = []
        if isinstance(tree.func, ast.Attribute):
            name = tree.func.attr
            receiver = [self.read(tree.func.value, depth + 1)]
        elif isinstance(tree.func, ast.Name):
            name = tree.func.id
        else:
            raise self._refuse(tree, "Only operators can be called:")
        called = find(name)
        if called is None or not called.inputs:
            raise self._refuse(tree.func, "Unknown operator:", did_you_mean(name, callable_names()))
        if receiver and not isinstance(receiver[0], Node):
            raise self._refuse(tree, "An operator is called on a plain number:")
        for given in tree.args:
            if isinstance(given, ast.Starred):
                raise self._refuse(given, "Not part of the language:")
        if len({keyword.arg for keyword in tree.keywords} - {None}) < len(tree.keywords):
            raise self._refuse(tree, "Arguments are named once each:")
        values = [self.read(given, depth + 1) for given in tree.args]
        named = {str(keyword.arg): self.read(keyword.value, depth + 1) for keyword in tree.keywords}
        return self._apply(tree, called.name, *receiver, *values, **named)

    def _apply(self, tree: ast.expr, name: str, /, *given: Value, **named: Value) -> Node:
        try:
            return apply(OPERATORS[name], *given, **named)
        except StrategyInvalid as error:
            raise self._located(tree, error) from None

    def _located(self, tree: ast.expr, error: StrategyInvalid) -> StrategyInvalid:
        start, stop = self._span(tree)
        return refusal(self._text, start, stop, error.message.rstrip(".") + " in", error.hint, error.code)

    def _finite(self, tree: ast.expr, compute: Callable[[], float]) -> float | int:
        try:
            value = compute()
        except (ZeroDivisionError, OverflowError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise self._refuse(tree, "This is not a finite number:")
        return int(value) if value.is_integer() and abs(value) < 1e15 else value

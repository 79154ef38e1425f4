"""Value by value: arithmetic, comparison, logic, choice."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from midas.factors.operator import Input, Kind, Operator, Parameter
from midas.factors.unit import (
    Unit,
    choice,
    chosen,
    comparison,
    flag,
    kept,
    like,
    measured,
    number,
    product,
    ratio,
    relative,
)

X = Input("x")
OTHER = Input("other")
_BOTH_FLAGS = (Input("x", flag=True), Input("other", flag=True))


def _pointwise(
    name: str,
    summary: str,
    unit: Callable[[Sequence[Unit]], Unit],
    inputs: tuple[Input, ...] = (X,),
    parameters: tuple[Parameter, ...] = (),
    **rest: str,
) -> Operator:
    return Operator(name, Kind.POINTWISE, summary, unit, inputs, parameters, **rest)  # type: ignore[arg-type]  # texts only


ENTRIES = (
    Operator(
        "constant",
        Kind.CONSTANT,
        "The same number everywhere.",
        number,
        parameters=(Parameter("value", -math.inf, math.inf, whole=False),),
        missing="Never NaN.",
    ),
    _pointwise("add", "x + other.", like, (X, OTHER), symbol="+"),
    _pointwise("subtract", "x - other.", like, (X, OTHER), symbol="-"),
    _pointwise("multiply", "x * other.", product, (X, OTHER), symbol="*"),
    _pointwise(
        "divide",
        "x / other.",
        ratio,
        (X, OTHER),
        symbol="/",
        missing="NaN where an input is NaN or other is 0.",
    ),
    _pointwise(
        "power",
        "x to the power of other.",
        number,
        (X, OTHER),
        symbol="**",
        missing="NaN where an input is NaN, x is 0 and other below 0, or the result is not a real number.",
    ),
    _pointwise("negate", "-x.", measured, symbol="neg"),
    _pointwise("abs", "Size of x without its sign.", measured),
    _pointwise("sign", "-1, 0 or 1.", number),
    _pointwise("log", "Natural logarithm.", number, missing="NaN where x is NaN or not above 0."),
    _pointwise("exp", "e to the power of x.", number, missing="NaN where x is NaN or the result is not finite."),
    _pointwise("sqrt", "Square root.", number, missing="NaN where x is NaN or below 0."),
    _pointwise(
        "clip",
        "x, moved to the nearer bound where it lies outside.",
        measured,
        parameters=(Parameter("low", -1e300, 1e300, whole=False), Parameter("high", -1e300, 1e300, whole=False)),
    ),
    _pointwise("min2", "The smaller of two.", choice, (X, OTHER)),
    _pointwise("max2", "The larger of two.", choice, (X, OTHER)),
    _pointwise(
        "compare",
        "1 where x lies above other, -1 where it lies below, 0 where they are the same but for rounding: within a part"
        " in 10^12.",
        relative,
        (X, OTHER),
    ),
    _pointwise("greater", "1 where x > other, else 0.", comparison, (X, OTHER), symbol=">"),
    _pointwise("greater_equal", "1 where x >= other, else 0.", comparison, (X, OTHER), symbol=">="),
    _pointwise("less", "1 where x < other, else 0.", comparison, (X, OTHER), symbol="<"),
    _pointwise("less_equal", "1 where x <= other, else 0.", comparison, (X, OTHER), symbol="<="),
    _pointwise("equal", "1 where x and other are the same number, else 0.", comparison, (X, OTHER), symbol="=="),
    _pointwise("not_equal", "1 where x and other differ, else 0.", comparison, (X, OTHER), symbol="!="),
    _pointwise(
        "both",
        "1 where both flags are 1.",
        flag,
        _BOTH_FLAGS,
        symbol="&",
        missing="0 where either is 0, else NaN where either is NaN.",
    ),
    _pointwise(
        "either",
        "1 where at least one flag is 1.",
        flag,
        _BOTH_FLAGS,
        symbol="|",
        missing="1 where either is 1, else NaN where either is NaN.",
    ),
    _pointwise("negation", "1 where the flag is 0, 0 where it is 1.", flag, (_BOTH_FLAGS[0],), symbol="~"),
    _pointwise(
        "where",
        "x where the condition holds, else other (NaN when there is none).",
        chosen,
        (X, Input("condition", flag=True), Input("other", optional=True)),
        missing="NaN where the condition is NaN or the value chosen is.",
    ),
    _pointwise(
        "fill", "x, or other where x is NaN.", choice, (X, OTHER), missing="NaN where both are NaN. Never looks ahead."
    ),
    _pointwise("is_missing", "1 where x is NaN, else 0.", flag, missing="Never NaN."),
    _pointwise(
        "with_bar",
        "x where the name has a bar on the row, else NaN.",
        kept,
        (X, Input("close", field="close")),
        missing="NaN where x is NaN or there is no close.",
    ),
    _pointwise(
        "true_range",
        "The bar's range, stretched to the close of the row before.",
        like,
        (Input("high", field="high"), Input("low", field="low"), Input("close", field="close")),
        formula="max2(high, close.shift(1)) - min2(low, close.shift(1))",
        source="Wilder, New Concepts in Technical Trading Systems (1978)",
        missing="NaN where the bar has no range or the row before has no close.",
    ),
)

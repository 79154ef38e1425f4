"""Functions of a number that textbooks have names for."""

from __future__ import annotations

from functools import partial

from midas.factors.operator import Input, Kind, Operator
from midas.factors.operators.bar import composed
from midas.factors.unit import number

X = Input("x")
_FINITE = "NaN where x is NaN or the result is not a finite number."
_formula = partial(composed, Kind.POINTWISE, missing=_FINITE)


def _loop(name: str, summary: str) -> Operator:
    return Operator(name, Kind.POINTWISE, summary, number, (X,), missing=_FINITE)


ENTRIES = (
    _loop("floor", "The largest whole number not above x."),
    _loop("sin", "Sine of an angle in radians."),
    _loop("cos", "Cosine of an angle in radians."),
    _loop("arctan", "The angle in radians whose tangent is x."),
    _formula("tan", "Tangent of an angle in radians.", "sin(x) / cos(x)", number, (X,)),
    _formula(
        "arcsin",
        "The angle in radians whose sine is x.",
        "arctan(x / sqrt(1 - x * x)).where(abs(x) != 1, sign(x) * 1.5707963267948966)",
        number,
        (X,),
    ),
    _formula("arccos", "The angle in radians whose cosine is x.", "1.5707963267948966 - arcsin(x)", number, (X,)),
    _formula("sinh", "Hyperbolic sine.", "(exp(x) - exp(-x)) / 2", number, (X,)),
    _formula("cosh", "Hyperbolic cosine.", "(exp(x) + exp(-x)) / 2", number, (X,)),
    _formula(
        "tanh", "Hyperbolic tangent, -1 to 1.", "sign(x) * (1 - 2 / (exp(2 * min2(abs(x), 300)) + 1))", number, (X,)
    ),
    _formula("log10", "Logarithm to the base of 10.", "log(x) / 2.302585092994046", number, (X,)),
    _formula("ceil", "The smallest whole number not below x.", "-floor(-x)", number, (X,)),
)

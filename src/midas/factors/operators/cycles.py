"""Cycles in prices, as Ehlers finds them, and averages that go by them."""

from __future__ import annotations

from functools import partial

from midas.factors.operator import LONGEST_WINDOW, Input, Kind, Operator, Parameter
from midas.factors.operators.bar import X, composed
from midas.factors.unit import flag, like, measured, number

_EHLERS = "Ehlers, Rocket Science for Traders (2001)"
_MAMA = "Ehlers, MESA Adaptive Moving Averages (2001)"
_SKIPS = "NaN on a row where x is NaN; the state is kept and goes on from there."
_SETTLED = 250
"""Rows after which what was before the first weighs less than 1e-10: 0.8 to the 104th, through two averages."""
_LENGTH = Input("length", varies=True)
_LAST = "NaN where the length, or a value among those it asks for, is NaN."
_FIFTY = Parameter("n", 1, LONGEST_WINDOW, default=50)
_averaged = partial(composed, Kind.RECURSIVE)
_cycled = partial(composed, Kind.RECURSIVE, missing=_SKIPS)

_PERIOD, _IN_PHASE, _QUADRATURE = (f"hilbert(decay_linear(x, 4), {part})" for part in range(3))
_SMOOTH = "decay_linear(x, 4)"
_ROWS = f"({_PERIOD} + 0.5)"
_REAL, _IMAGINARY = (f"{part}_of_last({_SMOOTH}, {_ROWS})" for part in ("sine", "cosine"))
_DEGREES = "57.29577951308232"
_ANGLE = (
    f"(arctan({_REAL} / {_IMAGINARY}) * {_DEGREES}).where(abs({_IMAGINARY}) > 0, 90 * sign({_REAL}))"
    f" + 90 + 360 / {_PERIOD} + 180 * ({_IMAGINARY} < 0)"
)
_PHASE = "cycle_phase(x)"
_MEAN = f"mean_of_last(x, {_ROWS})"

_SINE, _LEAD = "cycle_sine(x)", "cycle_lead_sine(x)"
_CROSSED = (
    f"((({_SINE} > {_LEAD}) & ({_SINE}.shift(1) <= {_LEAD}.shift(1)))"
    f" | (({_SINE} < {_LEAD}) & ({_SINE}.shift(1) >= {_LEAD}.shift(1))))"
)
_STEP, _TURNING = f"({_PHASE} - {_PHASE}.shift(1))", "(360 / cycle_period(x))"
_AT_CYCLE_SPEED = f"(({_STEP} > 0.67 * {_TURNING}) & ({_STEP} < 1.5 * {_TURNING}))"
_AWAY = f"(abs(({_SMOOTH} - cycle_trendline(x)) / cycle_trendline(x)) >= 0.015)"
# A cycle is at work for half its length after the sines crossed, and while the phase turns as fast as it says.
_TRENDING = f"(~(since({_CROSSED}) + 1 < 0.5 * cycle_period(x)) & ~{_AT_CYCLE_SPEED} & ~{_CROSSED}) | {_AWAY}"

# How far the phase went back since the row before, at least a degree; the faster, the more a new price weighs.
_ANGLE_OF = f"(arctan({_QUADRATURE} / {_IN_PHASE}) * {_DEGREES}).where({_IN_PHASE} != 0, 0)"
_TURN = f"max2(({_ANGLE_OF}).shift(1) - ({_ANGLE_OF}), 1)"
_WEIGHT = f"max2(fast / {_TURN}, slow).where({_TURN} > 1, fast)"
_LIMITS = (
    Parameter("fast", 0.01, 0.99, whole=False, default=0.5),
    Parameter("slow", 0.01, 0.99, whole=False, default=0.05),
)


def _of_last(name: str, what: str, source: str = "") -> Operator:
    return Operator(
        name,
        Kind.WINDOW,
        f"{what} of as many last values as `length` says, a whole number from 1 to n (rounded down).",
        measured if name.startswith("mean") else number,
        (X, _LENGTH),
        (_FIFTY,),
        lambda arguments: int(arguments[0]) - 1,
        missing=_LAST,
        source=source,
    )


ENTRIES = (
    Operator(
        "hilbert",
        Kind.RECURSIVE,
        "The dominant cycle of x by a Hilbert transform: part 0 its period in rows, 1 in phase, 2 in quadrature.",
        number,
        (X,),
        (Parameter("part", 0, 2, default=0),),
        lambda _: _SETTLED,
        endless=True,
        missing=_SKIPS,
        source=_EHLERS,
    ),
    _of_last("mean_of_last", "Mean", "as TA-Lib MAVP"),
    _of_last("sine_of_last", "Sum, by the sine of one turn over them,"),
    _of_last("cosine_of_last", "Sum, by the cosine of one turn over them,"),
    _cycled(
        "cycle_period",
        "Rows of the dominant cycle, 6 to 50, smoothed.",
        _PERIOD,
        number,
        (X,),
        source=f"{_EHLERS}; as TA-Lib HT_DCPERIOD",
    ),
    _cycled(
        "cycle_in_phase",
        "The part of x that is in phase with its dominant cycle.",
        _IN_PHASE,
        number,
        (X,),
        source=f"{_EHLERS}; as TA-Lib HT_PHASOR",
    ),
    _cycled(
        "cycle_quadrature",
        "The part of x a quarter of its dominant cycle ahead.",
        _QUADRATURE,
        number,
        (X,),
        source=f"{_EHLERS}; as TA-Lib HT_PHASOR",
    ),
    _cycled(
        "cycle_phase",
        "Where in its dominant cycle x is, in degrees, -45 to 315.",
        f"({_ANGLE}) - 360 * (({_ANGLE}) > 315)",
        number,
        (X,),
        source=f"{_EHLERS}; as TA-Lib HT_DCPHASE",
    ),
    _cycled(
        "cycle_sine",
        "Sine of the phase of the dominant cycle.",
        f"sin({_PHASE} / {_DEGREES})",
        number,
        (X,),
        source=f"{_EHLERS}; as TA-Lib HT_SINE",
    ),
    _cycled(
        "cycle_lead_sine",
        "Sine of the phase of the dominant cycle an eighth of it ahead.",
        f"sin(({_PHASE} + 45) / {_DEGREES})",
        number,
        (X,),
        source=f"{_EHLERS}; as TA-Lib HT_SINE",
    ),
    _averaged(
        "cycle_trendline",
        "Mean over the dominant cycle, which is what is left without it, smoothed over four rows.",
        f"decay_linear({_MEAN}, 4)",
        like,
        (X,),
        source=f"{_EHLERS}; as TA-Lib HT_TRENDLINE",
    ),
    _cycled(
        "cycle_trending",
        "1 where x follows a trend rather than its cycle, else 0.",
        _TRENDING,
        flag,
        (X,),
        source=f"{_EHLERS}; as TA-Lib HT_TRENDMODE",
    ),
    _averaged(
        "mama",
        "Average that follows faster the faster the phase turns.",
        f"adaptive_mean(x, {_WEIGHT}, slow)",
        like,
        (X,),
        *_LIMITS,
        source=f"{_MAMA}; as TA-Lib MAMA",
    ),
    _averaged(
        "fama",
        "Average of `mama` at half its speed.",
        f"adaptive_mean(mama(x, fast, slow), ({_WEIGHT}) / 2, slow / 2)",
        like,
        (X,),
        *_LIMITS,
        source=f"{_MAMA}; as TA-Lib MAMA",
    ),
)

"""Direction and strength of a trend, and the stops that trail it."""

from __future__ import annotations

from functools import partial

from midas.factors.operator import LONGEST_WINDOW, Input, Kind, Operator, Parameter, window
from midas.factors.operators.bar import BAR, HIGH, LOW, RANGE, X, composed, rows, times
from midas.factors.unit import like, relative

_windowed = partial(composed, Kind.WINDOW)
_averaged = partial(composed, Kind.RECURSIVE)

_N = window(default=14)
_WILDER = "Wilder, New Concepts in Technical Trading Systems (1978)"
_RISE, _FALL = "high.diff(1)", "(low.shift(1) - low)"
_BY_HOSODA = "Hosoda's Ichimoku Kinko Hyo, without its shift: the value known on the row"
_BY_BOTES = "Botes and Siepman (2010); as TA-Lib VORTEX"
_MIDDLE = "(high.max({0}) + low.min({0})) / 2"
_MINUS, _PLUS = "minus_di(high, low, close, n)", "plus_di(high, low, close, n)"

_UP, _DOWN = "1 - high.argmax(n + 1) / n", "1 - low.argmin(n + 1) / n"
_AROON = Parameter("n", 1, LONGEST_WINDOW - 1, default=14)
_BY_CHANDE = "Chande (1995); of equal extremes the latest counts, as TA-Lib AROON"

DIRECTION = (
    _windowed(
        "plus_dm",
        "How much the high rose on the row before's, where that is more than the low fell; else 0.",
        f"max2({_RISE}, 0).where({_RISE} > {_FALL}, 0)",
        like,
        RANGE,
        source=f"{_WILDER}; as TA-Lib PLUS_DM of one row",
    ),
    _windowed(
        "minus_dm",
        "How much the low fell from the row before's, where that is more than the high rose; else 0.",
        f"max2({_FALL}, 0).where({_FALL} > {_RISE}, 0)",
        like,
        RANGE,
        source=f"{_WILDER}; as TA-Lib MINUS_DM of one row",
    ),
    _averaged(
        "plus_di",
        "Wilder's average of `plus_dm` in percent of that of the true range.",
        "100 * plus_dm(high, low).wilder(n) / true_range(high, low, close).wilder(n)",
        relative,
        BAR,
        _N,
        source=f"{_WILDER}; as TA-Lib PLUS_DI",
    ),
    _averaged(
        "minus_di",
        "Wilder's average of `minus_dm` in percent of that of the true range.",
        "100 * minus_dm(high, low).wilder(n) / true_range(high, low, close).wilder(n)",
        relative,
        BAR,
        _N,
        source=f"{_WILDER}; as TA-Lib MINUS_DI",
    ),
    _averaged(
        "dx",
        "Distance of `plus_di` and `minus_di` over their sum, in percent: how directed the moves are.",
        f"100 * abs({_PLUS} - {_MINUS}) / ({_PLUS} + {_MINUS})",
        relative,
        BAR,
        _N,
        source=f"{_WILDER}; as TA-Lib DX",
    ),
    _averaged(
        "adx",
        "Average directional index: Wilder's average of `dx`, the strength of a trend up or down.",
        "dx(high, low, close, n).wilder(n)",
        relative,
        BAR,
        _N,
        source=f"{_WILDER}; as TA-Lib ADX",
    ),
    _averaged(
        "adxr",
        "Mean of `adx` and its value n - 1 rows ago.",
        "(adx(high, low, close, n) + adx(high, low, close, n).shift(n - 1)) / 2",
        relative,
        BAR,
        _N,
        source=f"{_WILDER}; as TA-Lib ADXR",
    ),
    _windowed(
        "aroon_up",
        "How recent the highest high of the last n + 1 rows is: 100 on the row itself, 0 n rows ago.",
        f"100 * ({_UP})",
        relative,
        (HIGH,),
        _AROON,
        source=_BY_CHANDE,
    ),
    _windowed(
        "aroon_down",
        "How recent the lowest low of the last n + 1 rows is: 100 on the row itself, 0 n rows ago.",
        f"100 * ({_DOWN})",
        relative,
        (LOW,),
        _AROON,
        source=_BY_CHANDE,
    ),
    _windowed(
        "aroon_oscillator",
        "`aroon_up` less `aroon_down`.",
        f"100 * ({_UP} - ({_DOWN}))",
        relative,
        RANGE,
        _AROON,
        source=_BY_CHANDE,
    ),
    _windowed(
        "vortex_plus",
        "Way from the last low up to the high, over n rows, over the true range's sum.",
        "abs(high - low.shift(1)).sum(n) / true_range(high, low, close).sum(n)",
        relative,
        BAR,
        _N,
        source=_BY_BOTES,
    ),
    _windowed(
        "vortex_minus",
        "Way from the last high down to the low, over n rows, over the true range's sum.",
        "abs(low - high.shift(1)).sum(n) / true_range(high, low, close).sum(n)",
        relative,
        BAR,
        _N,
        source=_BY_BOTES,
    ),
    _averaged(
        "mass_index",
        "Exponential average of high less low over its own average, summed: a bulge tells of a turn.",
        "((high - low).ema(n) / (high - low).ema(n).ema(n)).sum(span)",
        relative,
        RANGE,
        window(default=9),
        rows("span", 25),
        source="Dorsey (1992); as TA-Lib MASSI",
    ),
    _windowed(
        "vertical_horizontal",
        "Range of the last n values over the sum of the moves between them: near 1 in a trend.",
        "(x.max(n) - x.min(n)) / abs(x.diff(1)).sum(n)",
        relative,
        (X,),
        window(default=28),
        source="White (1991); as TA-Lib VHF",
    ),
)

ICHIMOKU = (
    _windowed(
        "ichimoku_conversion",
        "Middle between the highest high and the lowest low of a short window.",
        _MIDDLE.format("n"),
        like,
        RANGE,
        window(default=9),
        source=_BY_HOSODA,
    ),
    _windowed(
        "ichimoku_base",
        "Middle between the highest high and the lowest low of a middle window.",
        _MIDDLE.format("n"),
        like,
        RANGE,
        window(default=26),
        source=_BY_HOSODA,
    ),
    _windowed(
        "ichimoku_span_a",
        "Mean of conversion and base line. Charts draw it 26 rows later: .shift(26) is what they show on the row.",
        f"({_MIDDLE.format('conversion')} + {_MIDDLE.format('base')}) / 2",
        like,
        RANGE,
        rows("conversion", 9),
        rows("base", 26),
        source=_BY_HOSODA,
    ),
    _windowed(
        "ichimoku_span_b",
        "Middle between the highest high and the lowest low of a long window. Charts draw it 26 rows later.",
        _MIDDLE.format("n"),
        like,
        RANGE,
        window(default=52),
        source=_BY_HOSODA,
    ),
)

STOPS = (
    Operator(
        "sar",
        Kind.RECURSIVE,
        "Parabolic stop and reverse: a stop that speeds up by `step` with each new extreme, to `limit` at most.",
        like,
        RANGE,
        (
            Parameter("step", 0.0, 10.0, whole=False, default=0.02),
            Parameter("limit", 0.0, 10.0, whole=False, default=0.2),
        ),
        lambda _: 1,
        endless=True,
        missing="NaN on the first row and on rows without high and low, which are passed over. The first direction is "
        "that of the first two rows; its trace is gone after the first turns, but no row is named for that.",
        source=f"{_WILDER}; as TA-Lib SAR",
    ),
    Operator(
        "sar_extended",
        Kind.RECURSIVE,
        "`sar` with numbers of its own for each side, below 0 while it trails a fall. It begins at `start`, falling"
        " where that is below 0, and as `sar` where it is 0; where it turns it is moved on by the share `offset`.",
        like,
        RANGE,
        (
            Parameter("start", -1e12, 1e12, whole=False, default=0.0),
            Parameter("offset", 0.0, 10.0, whole=False, default=0.0),
            *(
                Parameter(f"{name}_{side}", 0.0, 10.0, whole=False, default=default)
                for side in ("up", "down")
                for name, default in (("first", 0.02), ("step", 0.02), ("limit", 0.2))
            ),
        ),
        lambda _: 1,
        endless=True,
        missing="NaN on the first row and on rows without high and low, which are passed over.",
        source=f"{_WILDER}; as TA-Lib SAREXT",
    ),
    Operator(
        "trailing_band",
        Kind.RECURSIVE,
        "A stop `width` from `middle` that only moves towards x, until x closes beyond it; then it changes sides.",
        like,
        (Input("middle"), Input("width"), X),
        endless=True,
        missing="NaN on a row where an input is NaN, which is passed over. It begins above x.",
        source="Seban's Supertrend, for any middle and width",
    ),
    _averaged(
        "supertrend",
        "Trailing stop a multiple of the average true range from the median price; below the close in a rise.",
        "trailing_band(median_price(high, low), multiple * atr(high, low, close, n), close)",
        like,
        BAR,
        window(default=10),
        times("multiple", 3.0),
        source="Seban's Supertrend; as TA-Lib SUPERTREND",
    ),
)

ENTRIES = (*DIRECTION, *ICHIMOKU, *STOPS)

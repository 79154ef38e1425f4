"""Candle patterns of one bar, seen against those before it."""

from __future__ import annotations

from midas.factors.operators.candle import bearish, bullish, two_sided
from midas.factors.operators.candle_parts import (
    bare_above,
    bare_below,
    black,
    body,
    bottom,
    coloured,
    either,
    every,
    gap_down,
    gap_up,
    high,
    is_doji,
    is_long,
    is_short,
    low,
    lower,
    near,
    tenth,
    top,
    upper,
    usual_shadow,
    white,
)

_LONG_BELOW, _LONG_ABOVE = f"({lower(0)} > {body(0)})", f"({upper(0)} > {body(0)})"
_MIDDLE = "((high + low) / 2)"

ENTRIES = (
    two_sided(
        "belt_hold",
        "a long body that opens on its own extreme",
        coloured(
            every(is_long(0), either(every(white(0), bare_below(0)), every(black(0), bare_above(0)))),
        ),
        "CDLBELTHOLD",
    ),
    two_sided(
        "closing_marubozu",
        "a long body that closes on its own extreme",
        coloured(every(is_long(0), either(every(white(0), bare_above(0)), every(black(0), bare_below(0))))),
        "CDLCLOSINGMARUBOZU",
    ),
    two_sided(
        "marubozu",
        "a long body without shadows",
        coloured(every(is_long(0), bare_above(0), bare_below(0))),
        "CDLMARUBOZU",
    ),
    two_sided(
        "long_line",
        "a long body with short shadows",
        coloured(every(is_long(0), f"({upper(0)} < {usual_shadow(0)})", f"({lower(0)} < {usual_shadow(0)})")),
        "CDLLONGLINE",
    ),
    two_sided(
        "short_line",
        "a short body with short shadows",
        coloured(every(is_short(0), f"({upper(0)} < {usual_shadow(0)})", f"({lower(0)} < {usual_shadow(0)})")),
        "CDLSHORTLINE",
    ),
    two_sided(
        "spinning_top",
        "a short body between longer shadows",
        coloured(every(is_short(0), _LONG_ABOVE, _LONG_BELOW)),
        "CDLSPINNINGTOP",
    ),
    two_sided(
        "high_wave",
        "a short body between shadows more than twice as long",
        coloured(every(is_short(0), f"({upper(0)} > 2 * {body(0)})", f"({lower(0)} > 2 * {body(0)})")),
        "CDLHIGHWAVE",
    ),
    bullish(
        "dragonfly_doji",
        "a doji whose shadow lies below",
        every(is_doji(0), bare_above(0), f"({lower(0)} > {tenth(0)})"),
        "CDLDRAGONFLYDOJI",
    ),
    bullish(
        "gravestone_doji",
        "a doji whose shadow lies above (TA-Lib counts it as a sign up)",
        every(is_doji(0), bare_below(0), f"({upper(0)} > {tenth(0)})"),
        "CDLGRAVESTONEDOJI",
    ),
    bullish(
        "long_legged_doji",
        "a doji with a shadow longer than its body",
        every(is_doji(0), either(_LONG_BELOW, _LONG_ABOVE)),
        "CDLLONGLEGGEDDOJI",
    ),
    bullish(
        "rickshaw_man",
        "a doji with two shadows longer than its body, near the middle of the bar",
        every(
            is_doji(0),
            _LONG_BELOW,
            _LONG_ABOVE,
            f"({bottom(0)} <= {_MIDDLE} + {near(0)})",
            f"({top(0)} >= {_MIDDLE} - {near(0)})",
        ),
        "CDLRICKSHAWMAN",
    ),
    bullish(
        "takuri",
        "a doji with a very long shadow below and none above",
        every(is_doji(0), bare_above(0), f"({lower(0)} > 2 * {body(0)})"),
        "CDLTAKURI",
    ),
    bullish(
        "hammer",
        "a short body over a long shadow, near the low before or below it",
        every(is_short(0), _LONG_BELOW, bare_above(0), f"({bottom(0)} <= {low(1)} + {near(1)})"),
        "CDLHAMMER",
    ),
    bearish(
        "hanging_man",
        "a short body over a long shadow, near the high before or above it",
        every(is_short(0), _LONG_BELOW, bare_above(0), f"({bottom(0)} >= {high(1)} - {near(1)})"),
        "CDLHANGINGMAN",
    ),
    bullish(
        "inverted_hammer",
        "a short body under a long shadow, below the body before",
        every(is_short(0), _LONG_ABOVE, bare_below(0), gap_down(0, 1)),
        "CDLINVERTEDHAMMER",
    ),
    bearish(
        "shooting_star",
        "a short body under a long shadow, above the body before",
        every(is_short(0), _LONG_ABOVE, bare_below(0), gap_up(0, 1)),
        "CDLSHOOTINGSTAR",
    ),
)

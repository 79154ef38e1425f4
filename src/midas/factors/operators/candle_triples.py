"""Candle patterns of three bars that turn a trend."""

from __future__ import annotations

from midas.factors.operators.candle import bearish, bullish, mirrored, penetration
from midas.factors.operators.candle_parts import (
    bare_above,
    bare_below,
    black,
    body,
    bottom,
    closed,
    every,
    gap_down,
    gap_up,
    high,
    is_doji,
    is_long,
    is_not_long,
    is_short,
    island_down,
    island_up,
    low,
    lower,
    opened,
    same,
    tenth,
    top,
    white,
    within,
)

_FALLS_BACK = f"({closed(0)} < {closed(2)} - {body(2)} * penetration)"
_RISES_BACK = f"({closed(0)} > {closed(2)} + {body(2)} * penetration)"
_EVENING = (is_long(2), white(2), gap_up(1, 2), is_long(0), black(0), _FALLS_BACK)
_MORNING = (is_long(2), black(2), gap_down(1, 2), is_long(0), white(0), _RISES_BACK)
_BABY = (is_long(2), is_doji(1), is_long(0))
_HELD = (is_long(2), is_not_long(1), f"({top(1)} < {top(2)})", f"({bottom(1)} > {bottom(2)})")
_SMALL_BY_FIRST = every(*(f"({body(back)} <= {tenth(2)})" for back in range(3)))

ENTRIES = (
    mirrored(
        "abandoned_baby",
        "a doji that stands alone between two gaps, between bodies of both colours",
        every(*_BABY, black(2), white(0), _RISES_BACK, island_down(1, 2), island_up(0, 1)),
        every(*_BABY, white(2), black(0), _FALLS_BACK, island_up(1, 2), island_down(0, 1)),
        "CDLABANDONEDBABY",
        penetration(0.3),
    ),
    bearish(
        "evening_star",
        "a short body above a long white one, then a black one deep into it",
        every(*_EVENING, is_not_long(1)),
        "CDLEVENINGSTAR",
        penetration(0.3),
    ),
    bearish(
        "evening_doji_star",
        "a doji above a long white body, then a black one deep into it",
        every(*_EVENING, is_doji(1)),
        "CDLEVENINGDOJISTAR",
        penetration(0.3),
    ),
    bullish(
        "morning_star",
        "a short body below a long black one, then a white one deep into it",
        every(*_MORNING, is_not_long(1)),
        "CDLMORNINGSTAR",
        penetration(0.3),
    ),
    bullish(
        "morning_doji_star",
        "a doji below a long black body, then a white one deep into it",
        every(*_MORNING, is_doji(1)),
        "CDLMORNINGDOJISTAR",
        penetration(0.3),
    ),
    bearish(
        "two_crows",
        "a black body above a long white one, then another that opens within it and closes within the first",
        every(
            white(2),
            is_long(2),
            black(1),
            gap_up(1, 2),
            black(0),
            f"({opened(0)} < {opened(1)})",
            f"({opened(0)} > {closed(1)})",
            f"({closed(0)} > {opened(2)})",
            f"({closed(0)} < {closed(2)})",
        ),
        "CDL2CROWS",
    ),
    bearish(
        "upside_gap_two_crows",
        "a black body above a long white one, then a larger black one around it that leaves the gap open",
        every(
            white(2),
            is_long(2),
            black(1),
            is_not_long(1),
            gap_up(1, 2),
            black(0),
            f"({opened(0)} > {opened(1)})",
            f"({closed(0)} < {closed(1)})",
            f"({closed(0)} > {closed(2)})",
        ),
        "CDLUPSIDEGAP2CROWS",
    ),
    mirrored(
        "three_inside",
        "a body within a long one, then a close beyond the long one",
        every(*_HELD, black(2), white(0), f"({closed(0)} > {opened(2)})"),
        every(*_HELD, white(2), black(0), f"({closed(0)} < {opened(2)})"),
        "CDL3INSIDE",
    ),
    mirrored(
        "three_outside",
        "a body around that of the other colour before it, then a close further on",
        every(
            white(1),
            black(2),
            f"({closed(1)} > {opened(2)})",
            f"({opened(1)} < {closed(2)})",
            f"({closed(0)} > {closed(1)})",
        ),
        every(
            black(1),
            white(2),
            f"({opened(1)} > {closed(2)})",
            f"({closed(1)} < {opened(2)})",
            f"({closed(0)} < {closed(1)})",
        ),
        "CDL3OUTSIDE",
    ),
    bullish(
        "three_stars_in_the_south",
        "three black bars, each with less of a shadow and a higher low",
        every(
            *(black(back) for back in range(3)),
            is_long(2),
            f"({lower(2)} > {body(2)})",
            f"({body(1)} < {body(2)})",
            f"({opened(1)} > {closed(2)})",
            f"({opened(1)} <= {high(2)})",
            f"({low(1)} < {closed(2)})",
            f"({low(1)} >= {low(2)})",
            f"({lower(1)} > {tenth(1)})",
            is_short(0),
            bare_below(0),
            bare_above(0),
            f"({low(0)} > {low(1)})",
            f"({high(0)} < {high(1)})",
        ),
        "CDL3STARSINSOUTH",
    ),
    bullish(
        "stick_sandwich",
        "a white bar above the close of the black one before, then a black one back to that close",
        every(black(2), white(1), black(0), f"({low(1)} > {closed(2)})", within(closed(0), closed(2), same(2))),
        "CDLSTICKSANDWICH",
    ),
    mirrored(
        "tri_star",
        "three doji, the middle one beyond the first and the last back again",
        every(_SMALL_BY_FIRST, gap_down(1, 2), f"({bottom(0)} > {bottom(1)})"),
        every(_SMALL_BY_FIRST, gap_up(1, 2), f"({top(0)} < {top(1)})"),
        "CDLTRISTAR",
    ),
    bullish(
        "unique_three_river",
        "a black body within a long black one to a new low, then a short white one above that low",
        every(
            is_long(2),
            black(2),
            black(1),
            f"({closed(1)} > {closed(2)})",
            f"({opened(1)} <= {opened(2)})",
            f"({low(1)} < {low(2)})",
            is_short(0),
            white(0),
            f"({opened(0)} > {low(1)})",
        ),
        "CDLUNIQUE3RIVER",
    ),
)

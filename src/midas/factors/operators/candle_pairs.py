"""Candle patterns of two bars."""

from __future__ import annotations

from midas.factors.operators.candle import bearish, bullish, mirrored, penetration, two_sided
from midas.factors.operators.candle_parts import (
    bare_above,
    bare_below,
    black,
    body,
    bottom,
    closed,
    coloured,
    either,
    every,
    gap_down,
    gap_up,
    high,
    is_doji,
    is_long,
    is_not_long,
    island_down,
    island_up,
    low,
    opened,
    same,
    top,
    white,
    within,
)

_TURNED = either(every(white(0), black(1)), every(black(0), white(1)))
_INSIDE = every(f"({top(0)} <= {top(1)})", f"({bottom(0)} >= {bottom(1)})")
_BARE = tuple(bare(back) for bare in (bare_above, bare_below) for back in (0, 1))
_KICKED = every(is_long(1), is_long(0), *_BARE)
_KICK_UP, _KICK_DOWN = (
    every(_KICKED, black(1), white(0), island_up(0, 1)),
    every(_KICKED, white(1), black(0), island_down(0, 1)),
)
_AFTER_FALL = (black(1), is_long(1), white(0))
_AT_LOW = f"({opened(0)} < {low(1)})"

ENTRIES = (
    two_sided(
        "counterattack",
        "a long body against a long body, to the same close",
        coloured(every(_TURNED, is_long(1), is_long(0), within(closed(0), closed(1), same(1)))),
        "CDLCOUNTERATTACK",
    ),
    bearish(
        "dark_cloud_cover",
        "a black body that opens above a long white bar and closes deep in its body",
        every(
            white(1),
            is_long(1),
            black(0),
            f"({opened(0)} > {high(1)})",
            f"({closed(0)} > {opened(1)})",
            f"({closed(0)} < {closed(1)} - {body(1)} * penetration)",
        ),
        "CDLDARKCLOUDCOVER",
        penetration(0.5),
    ),
    mirrored(
        "doji_star",
        "a doji beyond a long body",
        every(is_long(1), is_doji(0), black(1), gap_down(0, 1)),
        every(is_long(1), is_doji(0), white(1), gap_up(0, 1)),
        "CDLDOJISTAR",
    ),
    mirrored(
        "harami",
        "a short body within a long one",
        every(is_long(1), is_not_long(0), _INSIDE, black(1)),
        every(is_long(1), is_not_long(0), _INSIDE, white(1)),
        "CDLHARAMI",
    ),
    mirrored(
        "harami_cross",
        "a doji within a long body",
        every(is_long(1), is_doji(0), _INSIDE, black(1)),
        every(is_long(1), is_doji(0), _INSIDE, white(1)),
        "CDLHARAMICROSS",
    ),
    bullish(
        "homing_pigeon",
        "a short black body within a long black one",
        every(
            black(1),
            black(0),
            is_long(1),
            is_not_long(0),
            f"({opened(0)} < {opened(1)})",
            f"({closed(0)} > {closed(1)})",
        ),
        "CDLHOMINGPIGEON",
    ),
    bearish(
        "in_neck",
        "a white body from below a long black bar up to just above its close",
        every(*_AFTER_FALL, _AT_LOW, f"({closed(0)} <= {closed(1)} + {same(1)})", f"({closed(0)} >= {closed(1)})"),
        "CDLINNECK",
    ),
    bearish(
        "on_neck",
        "a white body from below a long black bar up to its low",
        every(*_AFTER_FALL, _AT_LOW, within(closed(0), low(1), same(1))),
        "CDLONNECK",
    ),
    bearish(
        "thrusting",
        "a white body from below a long black bar up into its body, but not beyond the middle",
        every(
            *_AFTER_FALL,
            _AT_LOW,
            f"({closed(0)} > {closed(1)} + {same(1)})",
            f"({closed(0)} <= {closed(1)} + {body(1)} * 0.5)",
        ),
        "CDLTHRUSTING",
    ),
    bullish(
        "piercing",
        "a long white body from below a long black bar up beyond the middle of its body",
        every(
            *_AFTER_FALL,
            is_long(0),
            _AT_LOW,
            f"({closed(0)} < {opened(1)})",
            f"({closed(0)} > {closed(1)} + {body(1)} * 0.5)",
        ),
        "CDLPIERCING",
    ),
    mirrored(
        "kicking", "a long bare body beyond a long bare one of the other colour", _KICK_UP, _KICK_DOWN, "CDLKICKING"
    ),
    two_sided(
        "kicking_by_length",
        "`kicking` by the colour of the longer body",
        f"kicking(open, high, low, close) * (2 * ({body(0)} > {body(1)}) - 1)",
        "CDLKICKINGBYLENGTH",
    ),
    bullish(
        "matching_low",
        "two black bodies with the same close",
        every(black(1), black(0), within(closed(0), closed(1), same(1))),
        "CDLMATCHINGLOW",
    ),
    two_sided(
        "separating_lines",
        "a long body from where the one before, of the other colour, opened",
        coloured(
            every(
                _TURNED,
                within(opened(0), opened(1), same(1)),
                is_long(0),
                either(every(white(0), bare_below(0)), every(black(0), bare_above(0))),
            )
        ),
        "CDLSEPARATINGLINES",
    ),
)

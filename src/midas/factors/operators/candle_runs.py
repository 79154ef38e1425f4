"""Candle patterns of three bars that go on one way, or are about to stop."""

from __future__ import annotations

from midas.factors.operators.candle import bearish, bullish, mirrored, two_sided
from midas.factors.operators.candle_parts import (
    bare_above,
    bare_below,
    black,
    body,
    bottom,
    closed,
    either,
    every,
    far,
    gap_down,
    gap_up,
    high,
    is_long,
    is_short,
    near,
    opened,
    same,
    top,
    up_or_down,
    upper,
    usual_shadow,
    white,
    within,
)

_WHITE = tuple(white(back) for back in range(3))
_BLACK = tuple(black(back) for back in range(3))
_HIGHER = (f"({closed(0)} > {closed(1)})", f"({closed(1)} > {closed(2)})")
_LOWER = (f"({closed(0)} < {closed(1)})", f"({closed(1)} < {closed(2)})")
_ABOUT_AS_LARGE = f"(abs({body(1)} - {body(0)}) < {near(1)})"
_AS_LARGE_AS_NEAR = within(body(0), body(1), near(1))


def _opens_within(later: int, earlier: int) -> str:
    return every(f"({opened(later)} > {opened(earlier)})", f"({opened(later)} <= {closed(earlier)} + {near(earlier)})")


_WEAKER = either(
    every(f"({body(1)} < {body(2)} - {far(2)})", f"({body(0)} < {body(1)} + {near(1)})"),
    f"({body(0)} < {body(1)} - {far(1)})",
    every(
        f"({body(0)} < {body(1)})",
        f"({body(1)} < {body(2)})",
        either(f"({upper(0)} > {usual_shadow(0)})", f"({upper(1)} > {usual_shadow(1)})"),
    ),
    every(f"({body(0)} < {body(1)})", f"({upper(0)} > {body(0)})"),
)
_BACK_INTO_BOTH = (
    f"({opened(0)} < {top(1)})",
    f"({opened(0)} > {bottom(1)})",
    f"({closed(0)} < {top(2)})",
    f"({closed(0)} > {bottom(2)})",
)

ENTRIES = (
    bearish(
        "three_black_crows",
        "three black bodies without a shadow below, each opening within the one before, after a white bar",
        every(
            white(3),
            *_BLACK,
            *(bare_below(back) for back in range(3)),
            f"({opened(1)} < {opened(2)})",
            f"({opened(1)} > {closed(2)})",
            f"({opened(0)} < {opened(1)})",
            f"({opened(0)} > {closed(1)})",
            f"({high(3)} > {closed(2)})",
            *_LOWER,
        ),
        "CDL3BLACKCROWS",
    ),
    bearish(
        "identical_three_crows",
        "three black bodies without a shadow below, each opening at the close before",
        every(
            *_BLACK,
            *(bare_below(back) for back in range(3)),
            *_LOWER,
            within(opened(1), closed(2), same(2)),
            within(opened(0), closed(1), same(1)),
        ),
        "CDLIDENTICAL3CROWS",
    ),
    bullish(
        "three_white_soldiers",
        "three white bodies without a shadow above, each opening within the one before and not far smaller",
        every(
            *_WHITE,
            *(bare_above(back) for back in range(3)),
            *_HIGHER,
            _opens_within(1, 2),
            _opens_within(0, 1),
            f"({body(1)} > {body(2)} - {far(2)})",
            f"({body(0)} > {body(1)} - {far(1)})",
            is_long(0),
        ),
        "CDL3WHITESOLDIERS",
    ),
    bearish(
        "advance_block",
        "three white bodies, each opening within the one before, that grow weaker",
        every(
            *_WHITE,
            *_HIGHER,
            _opens_within(1, 2),
            _opens_within(0, 1),
            is_long(2),
            f"({upper(2)} < {usual_shadow(2)})",
            _WEAKER,
        ),
        "CDLADVANCEBLOCK",
    ),
    bearish(
        "stalled_pattern",
        "two long white bodies, then a short one on the shoulder of the second",
        every(
            *_WHITE,
            *_HIGHER,
            is_long(2),
            is_long(1),
            bare_above(1),
            _opens_within(1, 2),
            is_short(0),
            f"({opened(0)} >= {closed(1)} - {body(0)} - {near(1)})",
        ),
        "CDLSTALLEDPATTERN",
    ),
    two_sided(
        "gap_side_by_side_white",
        "two white bodies of one size beyond a gap, side by side",
        up_or_down(
            *(
                every(
                    gap(1, 2), gap(0, 2), white(1), white(0), _AS_LARGE_AS_NEAR, within(opened(0), opened(1), same(1))
                )
                for gap in (gap_up, gap_down)
            )
        ),
        "CDLGAPSIDESIDEWHITE",
    ),
    mirrored(
        "tasuki_gap",
        "a body beyond a gap, then one of about that size back into the gap that leaves it open",
        every(
            gap_up(1, 2),
            white(1),
            black(0),
            f"({opened(0)} < {closed(1)})",
            f"({opened(0)} > {opened(1)})",
            f"({closed(0)} < {opened(1)})",
            f"({closed(0)} > {top(2)})",
            _ABOUT_AS_LARGE,
        ),
        every(
            gap_down(1, 2),
            black(1),
            white(0),
            f"({opened(0)} < {opened(1)})",
            f"({opened(0)} > {closed(1)})",
            f"({closed(0)} > {opened(1)})",
            f"({closed(0)} < {bottom(2)})",
            _ABOUT_AS_LARGE,
        ),
        "CDLTASUKIGAP",
    ),
    mirrored(
        "gap_three_methods",
        "two bodies of one colour with a gap between, then one of the other that closes it",
        every(white(2), white(1), black(0), *_BACK_INTO_BOTH, gap_up(1, 2)),
        every(black(2), black(1), white(0), *_BACK_INTO_BOTH, gap_down(1, 2)),
        "CDLXSIDEGAP3METHODS",
    ),
)

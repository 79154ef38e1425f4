"""Candle patterns of four bars and more, and those that wait for their confirmation."""

from __future__ import annotations

from midas.factors.operators.candle import bullish, mirrored, penetration, two_sided
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
    is_long,
    is_short,
    low,
    near,
    opened,
    tenth,
    top,
    up_or_down,
    upper,
    white,
)

_REACH = f"({closed(4)} - {body(4)} * penetration)"
_THREE_SHORT = tuple(is_short(back) for back in (3, 2, 1))


def _open_in_body(later: int, earlier: int) -> str:
    room = near(earlier)
    return every(f"({opened(later)} >= {bottom(earlier)} - {room})", f"({opened(later)} <= {top(earlier)} + {room})")


_STRUCK = (_open_in_body(2, 3), _open_in_body(1, 2))


def _in_range(back: int) -> str:
    return every(f"({bottom(back)} < {high(4)})", f"({top(back)} > {low(4)})")


_METHODS = (is_long(4), *_THREE_SHORT, is_long(0), *(_in_range(back) for back in (3, 2, 1)))

# Hikkake: a bar within the one before, then one that leaves it, which is expected to be wrong. Once the price has
# closed beyond the inner bar on the other side, within three bars, it is confirmed.
_INNER = every(f"({high(1)} < {high(2)})", f"({low(1)} > {low(2)})")
_DOWNWARD = every(f"({high(0)} < {high(1)})", f"({low(0)} < {low(1)})")
_UPWARD = every(f"({high(0)} > {high(1)})", f"({low(0)} > {low(1)})")
_TWICE_INNER = every(f"({high(2)} < {high(3)})", f"({low(2)} > {low(3)})", _INNER)


def _confirmed(name: str) -> str:
    # 1 and -1 on the row of the pattern, 2 and -2 on that of its confirmation
    setup = f"{name}(open, high, low, close)"
    parts = [setup]
    for waited in (1, 2, 3):
        was = f"{setup}.shift({waited})"
        quiet = [f"({setup} == 0)", *(f"({setup}.shift({back}) == 0)" for back in range(1, waited))]
        ceiling, floor = high(waited + 1), low(waited + 1)
        # a pattern that was confirmed on an earlier row is over
        rises = every(
            f"({was} == 1)", *quiet, *(f"({closed(back)} <= {ceiling})" for back in range(1, waited)),
            f"(close > {ceiling})",
        )  # fmt: skip
        falls = every(
            f"({was} == -1)", *quiet, *(f"({closed(back)} >= {floor})" for back in range(1, waited)),
            f"(close < {floor})",
        )  # fmt: skip
        parts.append(f"2 * ({up_or_down(rises, falls)})")
    return " + ".join(f"({part})" for part in parts)


ENTRIES = (
    mirrored(
        "three_line_strike",
        "three bodies that go one way, then one of the other colour that takes it all back",
        every(
            white(3),
            white(2),
            white(1),
            black(0),
            *_STRUCK,
            f"({closed(1)} > {closed(2)})",
            f"({closed(2)} > {closed(3)})",
            f"({opened(0)} > {closed(1)})",
            f"({closed(0)} < {opened(3)})",
        ),
        every(
            black(3),
            black(2),
            black(1),
            white(0),
            *_STRUCK,
            f"({closed(1)} < {closed(2)})",
            f"({closed(2)} < {closed(3)})",
            f"({opened(0)} < {closed(1)})",
            f"({closed(0)} > {opened(3)})",
        ),
        "CDL3LINESTRIKE",
    ),
    mirrored(
        "breakaway",
        "a long body, a gap, three bars on, then a close back in the gap",
        every(
            is_long(4),
            black(4),
            black(3),
            black(1),
            white(0),
            gap_down(3, 4),
            f"({high(2)} < {high(3)})",
            f"({low(2)} < {low(3)})",
            f"({high(1)} < {high(2)})",
            f"({low(1)} < {low(2)})",
            f"({closed(0)} > {opened(3)})",
            f"({closed(0)} < {closed(4)})",
        ),
        every(
            is_long(4),
            white(4),
            white(3),
            white(1),
            black(0),
            gap_up(3, 4),
            f"({high(2)} > {high(3)})",
            f"({low(2)} > {low(3)})",
            f"({high(1)} > {high(2)})",
            f"({low(1)} > {low(2)})",
            f"({closed(0)} < {opened(3)})",
            f"({closed(0)} > {closed(4)})",
        ),
        "CDLBREAKAWAY",
    ),
    bullish(
        "concealing_baby_swallow",
        "two bare black bodies, a black one beyond a gap that reaches back, and one around it all",
        every(
            *(black(back) for back in range(4)),
            bare_below(3),
            bare_above(3),
            bare_below(2),
            bare_above(2),
            gap_down(1, 2),
            f"({upper(1)} > {tenth(1)})",
            f"({high(1)} > {closed(2)})",
            f"({high(0)} > {high(1)})",
            f"({low(0)} < {low(1)})",
        ),
        "CDLCONCEALBABYSWALL",
    ),
    bullish(
        "ladder_bottom",
        "three black bodies down, one with a shadow above, then a white one beyond it",
        every(
            *(black(back) for back in (4, 3, 2, 1)),
            f"({opened(4)} > {opened(3)})",
            f"({opened(3)} > {opened(2)})",
            f"({closed(4)} > {closed(3)})",
            f"({closed(3)} > {closed(2)})",
            f"({upper(1)} > {tenth(1)})",
            white(0),
            f"({opened(0)} > {opened(1)})",
            f"({closed(0)} > {high(1)})",
        ),
        "CDLLADDERBOTTOM",
    ),
    bullish(
        "mat_hold",
        "a long white body, three short ones that fall back little, then a close beyond them",
        every(
            is_long(4),
            *_THREE_SHORT,
            white(4),
            black(3),
            white(0),
            gap_up(3, 4),
            f"({bottom(2)} < {closed(4)})",
            f"({bottom(1)} < {closed(4)})",
            f"({bottom(2)} > {_REACH})",
            f"({bottom(1)} > {_REACH})",
            f"({top(2)} < {opened(3)})",
            f"({top(1)} < {top(2)})",
            f"({opened(0)} > {closed(1)})",
            f"({closed(0)} > {high(3)})",
            f"({closed(0)} > {high(2)})",
            f"({closed(0)} > {high(1)})",
        ),
        "CDLMATHOLD",
        penetration(0.5),
    ),
    mirrored(
        "three_methods",
        "a long body, three short ones against it within its range, then a long one further on",
        every(
            *_METHODS,
            white(4),
            *(black(back) for back in (3, 2, 1)),
            white(0),
            f"({closed(2)} < {closed(3)})",
            f"({closed(1)} < {closed(2)})",
            f"({opened(0)} > {closed(1)})",
            f"({closed(0)} > {closed(4)})",
        ),
        every(
            *_METHODS,
            black(4),
            *(white(back) for back in (3, 2, 1)),
            black(0),
            f"({closed(2)} > {closed(3)})",
            f"({closed(1)} > {closed(2)})",
            f"({opened(0)} < {closed(1)})",
            f"({closed(0)} < {closed(4)})",
        ),
        "CDLRISEFALL3METHODS",
    ),
    mirrored(
        "hikkake_setup",
        "a bar that leaves an inner bar, which is expected to turn",
        every(_INNER, _DOWNWARD),
        every(_INNER, _UPWARD),
        "CDLHIKKAKE",
    ),
    mirrored(
        "hikkake_modified_setup",
        "a bar that leaves two inner bars, the first of which closed near its end",
        every(_TWICE_INNER, _DOWNWARD, f"({closed(2)} <= {low(2)} + {near(2)})"),
        every(_TWICE_INNER, _UPWARD, f"({closed(2)} >= {high(2)} - {near(2)})"),
        "CDLHIKKAKEMOD",
    ),
    two_sided(
        "hikkake",
        "a `hikkake_setup`, 2 and -2 where it is confirmed within three bars,",
        _confirmed("hikkake_setup"),
        "CDLHIKKAKE",
    ),
    two_sided(
        "hikkake_modified",
        "a `hikkake_modified_setup`, 2 and -2 where it is confirmed within three bars,",
        _confirmed("hikkake_modified_setup"),
        "CDLHIKKAKEMOD",
    ),
)

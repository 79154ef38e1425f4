"""The words candle patterns are told in: bodies, shadows, gaps, and what counts as long, short, near or equal.

Bars are counted back from the row itself: 0 is the row, 1 the one before. What is long or short is measured by the
bars before the one in question, ten of them for bodies and five for distances, as TA-Lib's default settings have it.
"""
# ruff: noqa: D103  the words say what they mean

from __future__ import annotations


def at(expression: str, back: int) -> str:
    """Return the expression as it was `back` rows ago."""
    plain = expression if expression.isalpha() else f"({expression})"
    return plain if back == 0 else f"{plain}.shift({back})"


def opened(back: int) -> str:
    return at("open", back)


def closed(back: int) -> str:
    return at("close", back)


def high(back: int) -> str:
    return at("high", back)


def low(back: int) -> str:
    return at("low", back)


_BODY, _RANGE = "abs(close - open)", "high - low"
_UPPER, _LOWER = "high - max2(close, open)", "min2(close, open) - low"
_TOP, _BOTTOM = "max2(open, close)", "min2(open, close)"


def body(back: int) -> str:
    return at(_BODY, back)


def upper(back: int) -> str:
    """Return the shadow above the body."""
    return at(_UPPER, back)


def lower(back: int) -> str:
    """Return the shadow below the body."""
    return at(_LOWER, back)


def top(back: int) -> str:
    return at(_TOP, back)


def bottom(back: int) -> str:
    return at(_BOTTOM, back)


def white(back: int) -> str:
    """Return whether the bar closed no lower than it opened."""
    return f"({closed(back)} >= {opened(back)})"


def black(back: int) -> str:
    return f"({closed(back)} < {opened(back)})"


def _usual(expression: str, rows: int, back: int) -> str:
    # the mean of the rows before the bar in question
    return at(f"({expression}).mean({rows})", back + 1)


def usual_body(back: int) -> str:
    return _usual(_BODY, 10, back)


def usual_shadow(back: int) -> str:
    return f"({_usual(f'({_UPPER}) + ({_LOWER})', 10, back)} / 2)"


def tenth(back: int) -> str:
    """Return a tenth of the usual range: the most a doji's body or a very short shadow has."""
    return f"(0.1 * {_usual(_RANGE, 10, back)})"


def near(back: int) -> str:
    return f"(0.2 * {_usual(_RANGE, 5, back)})"


def far(back: int) -> str:
    return f"(0.6 * {_usual(_RANGE, 5, back)})"


def same(back: int) -> str:
    """Return how far prices may be apart that count as equal."""
    return f"(0.05 * {_usual(_RANGE, 5, back)})"


def is_long(back: int) -> str:
    return f"({body(back)} > {usual_body(back)})"


def is_short(back: int) -> str:
    return f"({body(back)} < {usual_body(back)})"


def is_not_long(back: int) -> str:
    return f"({body(back)} <= {usual_body(back)})"


def is_doji(back: int) -> str:
    return f"({body(back)} <= {tenth(back)})"


def bare_above(back: int) -> str:
    """Return whether the upper shadow is very short."""
    return f"({upper(back)} < {tenth(back)})"


def bare_below(back: int) -> str:
    return f"({lower(back)} < {tenth(back)})"


def gap_up(later: int, earlier: int) -> str:
    """Return whether the later body lies above the earlier one."""
    return f"({bottom(later)} > {top(earlier)})"


def gap_down(later: int, earlier: int) -> str:
    return f"({top(later)} < {bottom(earlier)})"


def island_up(later: int, earlier: int) -> str:
    """Return whether the later bar, shadows included, lies above the earlier one."""
    return f"({low(later)} > {high(earlier)})"


def island_down(later: int, earlier: int) -> str:
    return f"({high(later)} < {low(earlier)})"


def within(value: str, middle: str, room: str) -> str:
    return f"(({value} <= {middle} + {room}) & ({value} >= {middle} - {room}))"


def every(*conditions: str) -> str:
    return "(" + " & ".join(conditions) + ")"


def either(*conditions: str) -> str:
    return "(" + " | ".join(conditions) + ")"


def up_or_down(up: str, down: str) -> str:
    """Return 1 where `up` holds, -1 where `down` does, else 0."""
    return f"(1 * {up}) - (1 * {down})"


def coloured(condition: str, back: int = 0) -> str:
    """Return the colour of a bar, 1 for white and -1 for black, where the condition holds, else 0."""
    return up_or_down(every(condition, white(back)), every(condition, black(back)))

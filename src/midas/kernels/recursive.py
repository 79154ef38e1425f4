"""Steps that carry a state from row to row; a state begins as NaN."""
# ruff: noqa: D103  the catalogue of operators documents them

from __future__ import annotations

import math

from midas.kernels.compiled import step
from midas.kernels.loop import recursive

NAN = math.nan


@step
def _averaged(x: float, value: float, seen: float, n: float, alpha: float) -> tuple[float, float]:
    # The first n values are summed up, then their mean is the start.
    seen = seen if seen == seen else 0.0
    value = value if value == value else 0.0
    seeding = seen < n
    following = value + x if seeding else value + alpha * (x - value)
    seen = seen + 1.0 if seeding else seen
    following = following / n if (seeding and seen == n) else following
    return following, seen


@recursive(inputs=1, states=2, params=1)
def ema(x: float, value: float, seen: float, n: float) -> tuple[float, float, float]:
    following, count = _averaged(x, value, seen, n, 2.0 / (n + 1.0))
    known = x == x
    value = following if known else value
    seen = count if known else seen
    return (value if (known and seen == n) else NAN), value, seen


@recursive(inputs=1, states=2, params=1)
def wilder(x: float, value: float, seen: float, n: float) -> tuple[float, float, float]:
    following, count = _averaged(x, value, seen, n, 1.0 / n)
    known = x == x
    value = following if known else value
    seen = count if known else seen
    return (value if (known and seen == n) else NAN), value, seen


@recursive(inputs=1, states=4, params=1)
def rsi(
    x: float, last: float, gain: float, loss: float, seen: float, n: float
) -> tuple[float, float, float, float, float]:
    move = x - last
    moved = move == move
    up, count = _averaged(move if move > 0.0 else 0.0, gain, seen, n, 1.0 / n)
    down, _ = _averaged(-move if move < 0.0 else 0.0, loss, seen, n, 1.0 / n)
    gain = up if moved else gain
    loss = down if moved else loss
    seen = count if moved else seen
    total = gain + loss
    value = 100.0 * (gain / total) if total > 0.0 else 50.0
    return (value if (moved and seen == n) else NAN), (x if x == x else last), gain, loss, seen


@recursive(inputs=2, states=1, params=1, reads_row=True)
def hold(entry: float, leave: float, state: float, row: int, first: float) -> tuple[float, float]:
    known = entry == entry and leave == leave and row >= first
    following = 0.0 if leave == 1.0 else (1.0 if (entry == 1.0 or state == 1.0) else 0.0)
    state = following if known else state
    return state, state


@recursive(inputs=1, states=1)
def since(flag: float, rows: float) -> tuple[float, float]:
    rows = 0.0 if flag == 1.0 else rows + 1.0
    return rows, rows


LOOPS = (ema, wilder, rsi, hold, since)

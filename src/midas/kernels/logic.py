"""Steps that remember flags; a state begins as NaN."""
# ruff: noqa: D103  the catalogue of operators documents them

from __future__ import annotations

import math

from midas.kernels.loop import recursive

NAN = math.nan


@recursive(inputs=1, states=1, params=1, reads_row=True)
def toggle(flag: float, state: float, row: int, first: float) -> tuple[float, float]:
    known = flag == flag and row >= first
    before = 1.0 if state == 1.0 else 0.0
    state = (1.0 - before if flag == 1.0 else before) if known else state
    return state, state


@recursive(inputs=1, states=1, params=2, reads_row=True)
def cooldown(flag: float, rest: float, row: int, n: float, first: float) -> tuple[float, float]:
    # The state is how many rows must still pass.
    rest = (rest - 1.0 if rest > 0.0 else 0.0) if row >= first else NAN
    let = flag == 1.0 and rest == 0.0
    value = (1.0 if let else 0.0) if flag == flag and row >= first else NAN
    return value, (n + 1.0 if let else rest)


@recursive(inputs=1, states=1)
def streak(flag: float, rows: float) -> tuple[float, float]:
    rows = (rows + 1.0 if rows == rows else 1.0) if flag == 1.0 else 0.0
    return (rows if flag == flag else NAN), rows


@recursive(inputs=1, states=1)
def rise(x: float, before: float) -> tuple[float, float]:
    above = (1.0 if x > 0.0 else 0.0) if x == x else NAN
    under = (1.0 if before <= 0.0 else 0.0) if before == before else NAN
    return (0.0 if (above == 0.0 or under == 0.0) else above + under - 1.0), x


@recursive(inputs=1, states=1)
def fall(x: float, before: float) -> tuple[float, float]:
    under = (1.0 if x < 0.0 else 0.0) if x == x else NAN
    above = (1.0 if before >= 0.0 else 0.0) if before == before else NAN
    return (0.0 if (above == 0.0 or under == 0.0) else above + under - 1.0), x


@recursive(inputs=2, states=1)
def value_when(x: float, flag: float, value: float) -> tuple[float, float]:
    value = x if flag == 1.0 else value
    return value, value


@recursive(inputs=2, states=2)
def highest_since(x: float, flag: float, best: float, begun: float) -> tuple[float, float, float]:
    begun = 1.0 if flag == 1.0 else begun
    before = NAN if flag == 1.0 else best
    best = x if (x > before or before != before) else before
    best = best if begun == 1.0 else NAN
    return best, best, begun


@recursive(inputs=2, states=2)
def first_in(flag: float, period: float, last: float, done: float) -> tuple[float, float, float]:
    done = done if (period == last and done == done) else 0.0
    value = (1.0 if (flag == 1.0 and done == 0.0) else 0.0) if flag == flag else NAN
    return value, period, (1.0 if flag == 1.0 else done)


LOOPS = (toggle, cooldown, streak, rise, fall, value_when, highest_since, first_in)

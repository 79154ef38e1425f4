"""Loops over the last n values themselves, for what no merging of runs can tell.

The values lie in a ring indexed by absolute row. A scan reads them from the oldest to the newest, so its result depends
on the window alone; a sorted window holds them by size, which depends on nothing else either.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import cast

from midas.kernels.loop import Loop, Step, taken, time_head

_FOR_LANES = "for i in range(LANES):"


def scan(name: str, fold: Step, out: Step, inputs: int = 1) -> Loop:
    """Make the loop of a total over the last n values, each seen beside a reference.

    `fold(total, value, reference)` adds one value of the first input, the oldest first; the total begins as 0. The
    reference is this row's value of the last input. `out(n, total)` is the result. Takes n steps a row.
    """
    head, take = ("; ".join(lines) for lines in taken(inputs))
    folded = f"total[i] = fold(total[i], old[i], v{inputs - 1}[i])"
    source = f"""{time_head(name)}
    {head}
    store = carray(state, (n + 1, LANES))
    total = store[n]
    at = row % n
    for r in range(rows):
        {take}
        newest = store[at]
        {_FOR_LANES}
            newest[i] = v0[i]
            total[i] = 0.0
        for place in range(at + 1, n):
            old = store[place]
            {_FOR_LANES}
                {folded}
        for place in range(at + 1):
            old = store[place]
            {_FOR_LANES}
                {folded}
        {_FOR_LANES}
            w[i] = out_of(n, total[i])
        at = at + 1 if at + 1 < n else 0
"""
    steps = (("fold", fold), ("out_of", out))
    return Loop(name, source, cast("tuple[tuple[str, FunctionType], ...]", steps), width=1, per_row=1)


def order_statistic(name: str, swap: Callable[..., tuple[float, float]], out: Step) -> Loop:
    """Make the loop of a quantile of the last n values, the operator's second number.

    The window is kept sorted: on each row one pass over its places takes out the oldest value and puts in the newest,
    for all lanes alike. `swap(here, above, oldest, newest, below)` returns what comes to a place, and the value that
    stays at it once the oldest is out; `below` is that of the place before. `out(missing, low, high, part)` lies `part`
    of the way between the two values around the quantile. Takes n steps a row.

    State: the ring; the sorted values, infinity for each that is NaN; how many are NaN; three rows of scratch.
    """
    head, take = ("; ".join(lines) for lines in taken(1))
    source = f"""{time_head(name)}
    {head}
    store = carray(state, (2 * n + 4, LANES))
    missing = store[2 * n]; oldest = store[2 * n + 1]; newest = store[2 * n + 2]; below = store[2 * n + 3]
    middle = carray(params, (2,))[1] * (n - 1)
    part = middle - int(middle)
    lower = store[n + int(middle)]
    upper = store[n + min(int(middle) + 1, n - 1)]
    at = row % n
    for r in range(rows):
        {take}
        if missing[0] != missing[0]:
            for place in range(n, 2 * n):
                here = store[place]
                {_FOR_LANES}
                    here[i] = inf
            {_FOR_LANES}
                missing[i] = float(n)
        kept = store[at]
        {_FOR_LANES}
            missing[i] += (0.0 if v0[i] == v0[i] else 1.0) - (0.0 if kept[i] == kept[i] else 1.0)
            oldest[i] = kept[i] if kept[i] == kept[i] else inf
            newest[i] = v0[i] + 0.0 if v0[i] == v0[i] else inf
            below[i] = -inf
            kept[i] = v0[i]
        for place in range(n, 2 * n - 1):
            here = store[place]
            above = store[place + 1]
            {_FOR_LANES}
                here[i], below[i] = swap(here[i], above[i], oldest[i], newest[i], below[i])
        last = store[2 * n - 1]
        {_FOR_LANES}
            last[i] = newest[i] if newest[i] > below[i] else below[i]
            w[i] = out_of(missing[i], lower[i], upper[i], part)
        at = at + 1 if at + 1 < n else 0
"""
    steps = (("swap", swap), ("out_of", out))
    return Loop(name, source, cast("tuple[tuple[str, FunctionType], ...]", steps), width=4, per_row=2)

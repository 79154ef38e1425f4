"""A value kept until its row comes."""

from __future__ import annotations

from types import FunctionType
from typing import cast

from midas.kernels.loop import Loop, time_head


def _kept(x: float) -> float:
    return x


# State: a ring of the last n rows, indexed by absolute row.
_SOURCE = f"""{time_head("shift")}    y = carray(out, (rows, LANES))
    x = carray(a, (rows, LANES))
    ring = carray(state, (n, LANES))
    stride = 0 if constants & 1 else 1
    at = row % n
    for r in range(rows):
        v = x[r * stride]
        w = y[r]
        kept = ring[at]
        for i in range(LANES):
            w[i] = kept[i]
            kept[i] = step(v[i])
        at = at + 1 if at + 1 < n else 0
"""

shift = Loop("shift", _SOURCE, (("step", cast("FunctionType", _kept)),), per_row=1)

LOOPS = (shift,)

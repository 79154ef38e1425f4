"""Ehlers' Hilbert transform of prices, and sums over as many values as a row asks for."""

from __future__ import annotations

import math
from types import FunctionType
from typing import cast

from midas.kernels.loop import Loop, Step, taken, time_head

STATES = 27


def _filtered(now: float, two: float, four: float, six: float, adjust: float) -> float:
    return (0.0962 * now + 0.5769 * two - 0.5769 * four - 0.0962 * six) * adjust


def _period(re: float, im: float, last: float) -> float:
    # What the angle between two rows says, held within half and twice as much as before, and 6 to 50 rows.
    found = 2.0 * math.pi / math.atan(im / re) if (im != 0.0 and re != 0.0) else last
    found = min(max(min(found, 1.5 * last), 0.67 * last), 50.0)
    return 0.2 * max(found, 6.0) + 0.8 * last


# State: delay lines of the price (0-5), of what is left without its trend (6-14) and of its quadrature (15-20), the
# newest first; then both phasors, the two parts of their product, the period and the smoothed one.
_HILBERT = f"""{time_head("hilbert")}
    {{head}}
    line = carray(state, ({STATES}, LANES))
    part = carray(params, (1,))[0]
    for r in range(rows):
        {{take}}
        for i in range(LANES):
            w[i] = nan
            if v0[i] == v0[i]:
                if line[26, i] != line[26, i]:
                    for k in range({STATES}):
                        line[k, i] = 0.0
                adjust = 0.075 * line[25, i] + 0.54
                left = filtered(v0[i], line[1, i], line[3, i], line[5, i], adjust)
                quadrature = filtered(left, line[7, i], line[9, i], line[11, i], adjust)
                phase = line[8, i]
                ahead = filtered(phase, line[10, i], line[12, i], line[14, i], adjust)
                beyond = filtered(quadrature, line[16, i], line[18, i], line[20, i], adjust)
                imaginary = 0.2 * (quadrature + ahead) + 0.8 * line[22, i]
                real = 0.2 * (phase - beyond) + 0.8 * line[21, i]
                line[23, i] = 0.2 * (real * line[21, i] + imaginary * line[22, i]) + 0.8 * line[23, i]
                line[24, i] = 0.2 * (real * line[22, i] - imaginary * line[21, i]) + 0.8 * line[24, i]
                line[21, i] = real
                line[22, i] = imaginary
                line[25, i] = period(line[23, i], line[24, i], line[25, i])
                line[26, i] = 0.33 * line[25, i] + 0.67 * line[26, i]
                for k in range(5, 0, -1):
                    line[k, i] = line[k - 1, i]
                    line[15 + k, i] = line[14 + k, i]
                for k in range(14, 6, -1):
                    line[k, i] = line[k - 1, i]
                line[0, i] = v0[i]
                line[6, i] = left
                line[15, i] = quadrature
                w[i] = line[26, i] if part == 0.0 else (phase if part == 1.0 else quadrature)
"""


def recent(name: str, fold: Step, out: Step) -> Loop:
    """Make the loop of a total over as many of the last n values as the second input says, at least one.

    `fold(total, value, age, length)` adds the value of `age` rows ago to a total that begins as 0, the newest first;
    `out(total, length)` is the result. Takes n steps a row.

    State: a ring of the values, indexed by absolute row.
    """
    head, take = ("; ".join(lines) for lines in taken(2))
    source = f"""{time_head(name)}
    {head}
    ring = carray(state, (n, LANES))
    at = row % n
    for r in range(rows):
        {take}
        newest = ring[at]
        for i in range(LANES):
            newest[i] = v0[i]
            w[i] = nan
            if v1[i] == v1[i]:
                length = min(max(int(v1[i]), 1), n)
                total = 0.0
                for age in range(length):
                    total = fold(total, ring[(at - age) % n, i], age, length)
                w[i] = out_of(total, length)
        at = at + 1 if at + 1 < n else 0
"""
    return Loop(name, source, (("fold", cast("FunctionType", fold)), ("out_of", cast("FunctionType", out))), per_row=1)


def _add(total: float, value: float, _age: int, _length: int) -> float:
    return total + value


def _share(total: float, length: int) -> float:
    return total / length


def _by_sine(total: float, value: float, age: int, length: int) -> float:
    return total + math.sin(2.0 * math.pi * age / length) * value


def _by_cosine(total: float, value: float, age: int, length: int) -> float:
    return total + math.cos(2.0 * math.pi * age / length) * value


def _whole(total: float, _length: int) -> float:
    return total


def _hilbert() -> Loop:
    head, take = ("; ".join(lines) for lines in taken(1))
    steps = (("filtered", cast("FunctionType", _filtered)), ("period", cast("FunctionType", _period)))
    return Loop("hilbert", _HILBERT.format(head=head, take=take), steps, width=STATES)


LOOPS = (
    _hilbert(),
    recent("mean_of_last", _add, _share),
    recent("sine_of_last", _by_sine, _whole),
    recent("cosine_of_last", _by_cosine, _whole),
)

"""The loop of every operator that is not composed of others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from midas.kernels import (
    crosssection,
    cycles,
    delay,
    groups,
    indicators,
    logic,
    pointwise,
    recursive,
    smoothing,
    statistics,
    windows,
)
from midas.kernels.loop import Loop

LOOPS: Mapping[str, Loop] = MappingProxyType(
    {
        loop.name: loop
        for loop in chain(
            pointwise.LOOPS,
            windows.LOOPS,
            statistics.LOOPS,
            recursive.LOOPS,
            smoothing.LOOPS,
            indicators.LOOPS,
            cycles.LOOPS,
            delay.LOOPS,
            logic.LOOPS,
            crosssection.LOOPS,
            groups.LOOPS,
        )
    }
    | {"abs": pointwise.absolute}
)

"""The checkers checked: operators that look ahead, forget or count wrongly must turn the laws red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.factors.markets import Matrix, bars, panel_of
from tests.laws import laws

from midas.factors import rooms
from midas.factors.node import Node
from midas.factors.operator import EVERY_ROW
from midas.factors.text import parse
from midas.kernels.loop import Loop
from midas.kernels.table import LOOPS

RAW = bars(40, 5, seed=3, gaps=0.05)


def _kept(x: float) -> float:
    return x


HEAD = """
def planted_loop(out, a, b, c, state, params, n, constants, row, rows, lanes):
    y = carray(out, (rows, 32))
    x = carray(a, (rows, 32))
    kept = carray(state, (n + 2, 32))
"""

NEXT_ROW = """
    for r in range(rows):
        for i in range(32):
            y[r, i] = step(x[min(r + 1, rows - 1), i])
"""

WHOLE_SAMPLE_MEAN = """
    for i in range(32):
        total = 0.0
        for r in range(rows):
            total += x[r, i] if x[r, i] == x[r, i] else 0.0
        for r in range(rows):
            y[r, i] = step(x[r, i] - total / rows)
"""

FILLED_FROM_BEHIND = """
    for i in range(32):
        later = nan
        for back in range(rows):
            r = rows - 1 - back
            later = x[r, i] if x[r, i] == x[r, i] else later
            y[r, i] = step(later)
"""

FORGETFUL = """
    for r in range(rows):
        for i in range(32):
            y[r, i] = step(x[r - 1, i] if r > 0 else nan)
"""

RUNNING_SUM = """
    for r in range(rows):
        for i in range(32):
            before = kept[0, i] if kept[0, i] == kept[0, i] else 0.0
            kept[0, i] = before + (x[r, i] if x[r, i] == x[r, i] else 0.0)
            y[r, i] = step(kept[0, i])
"""


@pytest.fixture
def planted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop("planted", HEAD + request.param, (("step", _kept),), per_row=1, width=2)
    monkeypatch.setattr(rooms, "LOOPS", {**LOOPS, "last": loop})


NODE = parse("close.last(3) * 2")


def on_every_row(law: Callable[[Node, dict[str, Matrix], int], None]) -> None:
    # A leak may show only where a bar is missing, so one row is not enough.
    for row in range(RAW["close"].shape[0]):
        law(NODE, RAW, row)


AHEAD = pytest.mark.parametrize("planted", [NEXT_ROW, WHOLE_SAMPLE_MEAN, FILLED_FROM_BEHIND], indirect=True)


@AHEAD
@pytest.mark.usefixtures("planted")
class TestLookAhead:
    def test_truncation_is_red(self) -> None:
        with pytest.raises(AssertionError):
            on_every_row(laws.causal_by_truncation)

    def test_poison_is_red(self) -> None:
        with pytest.raises(AssertionError):
            on_every_row(laws.causal_by_poison)

    def test_row_by_row_is_red(self) -> None:
        with pytest.raises(AssertionError):
            laws.batch_is_row_by_row(NODE, panel_of(RAW), 10)


@pytest.mark.parametrize("planted", [FORGETFUL], indirect=True)
@pytest.mark.usefixtures("planted")
def test_an_operator_that_keeps_no_state_is_red_row_by_row() -> None:
    with pytest.raises(AssertionError):
        laws.batch_is_row_by_row(NODE, panel_of(RAW), 10)


@pytest.mark.parametrize("planted", [RUNNING_SUM], indirect=True)
@pytest.mark.usefixtures("planted")
def test_a_memory_longer_than_declared_is_red_on_a_late_start() -> None:
    laws.batch_is_row_by_row(NODE, panel_of(RAW), 10)
    with pytest.raises(AssertionError):
        laws.late_start_is_the_same(NODE, panel_of(RAW), 20)


def test_a_cross_section_that_reads_the_next_row_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = LOOPS["demean"]
    leaky = replace(honest, source=honest.source.replace("v = x[tile, r]", "v = x[tile, min(r + 1, rows - 1)]"))
    assert leaky.source != honest.source
    monkeypatch.setattr(rooms, "LOOPS", {**LOOPS, "demean": leaky})
    with pytest.raises(AssertionError):
        laws.causal_by_poison(parse("close.demean()"), RAW, 20)


def test_a_neighbour_that_leaks_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    leak = HEAD + "    for r in range(rows):\n        for i in range(32):\n            y[r, i] = step(x[r, 0])\n"
    monkeypatch.setattr(rooms, "LOOPS", {**LOOPS, "last": Loop("planted", leak, (("step", _kept),), per_row=3)})
    with pytest.raises(AssertionError):
        laws.neighbours_do_not_matter(NODE, RAW, 5)


def test_the_clean_operator_is_green() -> None:
    on_every_row(laws.causal_by_truncation)
    on_every_row(laws.causal_by_poison)
    laws.batch_is_row_by_row(NODE, panel_of(RAW), 10)
    laws.late_start_is_the_same(NODE, panel_of(RAW), 20)
    laws.neighbours_do_not_matter(NODE, RAW, 5)
    laws.some_rows_are_the_same_rows(NODE, panel_of(RAW), np.array([3, 30]))
    assert EVERY_ROW > 10**6

"""Compiled before anyone waits: all of it, in the types it is then called with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from tests.factors.markets import bars, panel_of, values

from midas.factors.periods import calendar_of
from midas.factors.plan import compile_plan
from midas.factors.stepper import Stepper
from midas.factors.text import parse
from midas.kernels import drive, longer
from midas.kernels.table import LOOPS
from midas.kernels.warm import SIGNATURES, compile_all


def test_tells_how_far_it_is() -> None:
    told: list[tuple[int, int, str]] = []
    count = compile_all(lambda done, of, name: told.append((done, of, name)))
    assert count == len(LOOPS) + len(SIGNATURES)
    assert [done for done, _, _ in told] == list(range(count + 1))
    assert {of for _, of, _ in told} == {count}
    assert told[-1][2] == ""


def test_nothing_is_compiled_again_for_other_types() -> None:
    compile_all()
    panel = panel_of(bars(30, 40))
    for tiles in panel.fields.values():
        tiles.flags.writeable = False
    values("close.mean(3).rank().mean(2)", panel)
    values("close.mean(3).rank()", panel, np.array([5, 9]), threads=1)
    values("weekly(close.mean(2))", panel)
    values("weekly(close.mean(2))", panel_of(bars(30, 40)))
    weekly = compile_plan(parse("weekly(close.mean(2))"))
    weeks = Stepper(weekly, 3, sessions=panel.sessions, calendar=calendar_of(panel))
    for _ in range(9):
        weeks.step({"close": np.ones(3)})
    Stepper(compile_plan(parse("close.mean(3)")), 3).step({"close": np.ones(3, np.float32)})
    for kernel in (drive.run_tiles, drive.run_rows, longer.fold):
        assert len(kernel.signatures) == 1  # type: ignore[attr-defined]


FIRST = """
from midas.kernels import lane_account, warm
[place] = [k for k, (kernel, _) in enumerate(warm.SIGNATURES) if kernel is lane_account.lay_steps]
warm._compile(place)
"""

THEN = """
import numpy as np
from midas.kernels.lane_account import lay_steps
lay_steps(np.zeros(0, np.int64), 0, 0, np.zeros((0, 0, 0)))
print(sum(lay_steps.stats.cache_hits.values()), sum(lay_steps.stats.cache_misses.values()))
"""


def test_a_later_process_finds_what_was_compiled_ahead(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    told = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for code in (FIRST, THEN)
    ]
    assert told == ["", "1 0\n"]

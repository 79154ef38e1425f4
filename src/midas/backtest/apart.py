"""Many strategies on many instruments, each alone with an account of its own, all at once.

What the strategies share is computed once. A thread takes 32 instruments through all strategies, so that their prices
are still in cache when the accounts trade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.backtest.lanes import THREADS, Lanes, are_plain, in_threads
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.factors.alone import BEGUN, stand_alone
from midas.factors.engine import Engine
from midas.factors.node import Node
from midas.factors.plan import compile_plan, plan_lowered
from midas.factors.program import build
from midas.kernels.lane_account import OUT, lay_steps
from midas.kernels.lanes import LANES
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.schedule import Every, speaking_rows

Values = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Apart:
    """Measures (instrument, strategy, `KEPT`), and which pairs are left to the ordinary way."""

    values: Values
    left: NDArray[np.bool_]


def run_apart(
    definitions: Sequence[Definition], base: BacktestSpec, setting: Setting, firsts: Rows, able: NDArray[np.bool_]
) -> Apart:
    """Answer `base` for strategies on each instrument of a panel.

    firsts : the row on which all begin on an instrument, every warm-up behind it. able : which pairs are asked for.

    Raises
    ------
    StrategyInvalid: a strategy's graph is too large.
    """
    panel = setting.panel
    asked, stop = panel.row_range(base.start, base.end)
    sums = np.full((len(definitions), panel.columns, len(OUT)), np.nan)
    begun = np.where(able.any(axis=1), np.minimum(firsts, stop - 1), stop - 1)
    if stop > asked and able.any():
        for every, roots in _alike(definitions, setting).items():
            _run(every, roots, setting, begun, stop, sums)
    lanes = Lanes(setting, Every.BAR, np.tile(begun, len(definitions)), np.arange(sums.shape[0] * sums.shape[1]), stop)
    measures = lanes.measures(sums.reshape(-1, len(OUT))).reshape(*sums.shape[:2], -1).transpose(1, 0, 2)
    return Apart(measures, ~able | np.isnan(measures[:, :, 0]))


# The graphs that stand alone, by when they speak and by their strategy's place.
def _alike(definitions: Sequence[Definition], setting: Setting) -> dict[Every, dict[int, Node]]:
    found: dict[Every, dict[int, Node]] = {}
    for place, definition in enumerate(definitions):
        if not are_plain(setting, definition.exits):
            continue
        whole = compile_plan(definition.targets)
        root = None if whole.clocks else stand_alone(whole.results[0])
        if root is not None:
            found.setdefault(definition.every, {})[place] = root
    return found


def _run(every: Every, roots: dict[int, Node], setting: Setting, begun: Rows, stop: int, sums: Values) -> None:
    panel = setting.panel
    speaks = speaking_rows(every, setting.market.calendar, panel, int(begun.min()), stop)
    tiles = -(-panel.columns // LANES)
    workers = [_Worker(every, roots, setting, speaks, stop) for _ in range(min(THREADS, tiles))]
    in_threads(lambda thread, tile: workers[thread].run(tile, begun, sums), tiles, len(workers))


class _Worker:
    # A thread's own room: 32 instruments' fields, what every strategy wants of them, and the engine in between.
    def __init__(self, every: Every, roots: dict[int, Node], setting: Setting, speaks: Rows, stop: int) -> None:
        plan = plan_lowered([*roots.values()])
        self._every, self._places, self._setting, self._speaks, self._stop = every, [*roots], setting, speaks, stop
        self._fields = {name: np.full((1, stop, LANES), np.nan) for name in plan.fields}
        self._weights = np.full((len(roots), len(speaks), LANES), np.nan)
        if not len(speaks):
            return
        self._begin = max(0, int(speaks[0]) - plan.lookback)
        self._engine = Engine(
            build(plan, every_row=3 * len(speaks) > stop - self._begin), self._fields, LANES, speaks, lowest=0,
            span=stop, state_from=0, threads=1, resumable=False,
        )  # fmt: skip

    def run(self, tile: int, begun: Rows, sums: Values) -> None:
        panel = self._setting.panel
        columns = np.arange(tile * LANES, min((tile + 1) * LANES, panel.columns))
        firsts = begun[columns]
        for name, room in self._fields.items():
            if name != BEGUN:
                tiles = panel.tiles(name)
                room[0, self._begin :] = tiles[tile, self._begin : self._stop]
        if BEGUN in self._fields:
            lay_steps(firsts, 0, len(firsts), self._fields[BEGUN])
        if len(self._speaks):
            self._engine.run(self._begin, int(self._speaks[-1]) + 1, self._weights)
        lanes = Lanes(self._setting, self._every, firsts, columns, self._stop)
        for place, weights in zip(self._places, self._weights, strict=True):
            lanes.run(weights, self._speaks, 0, len(columns), sums[place, columns[0] : columns[-1] + 1])


def first_bars(panel: Panel) -> Rows:
    """Return each instrument's first row with a close, the number of rows where there is none."""
    there = ~np.isnan(panel.tiles("raw_close"))
    first = np.where(there.any(axis=1), there.argmax(axis=1), panel.rows)
    rows: Rows = first.reshape(-1)[: panel.columns].astype(np.int64)
    return rows

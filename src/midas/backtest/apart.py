"""One strategy on many instruments, each alone with an account of its own, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.backtest.lanes import THREADS, Lanes, are_plain, sums_of
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.factors.alone import BEGUN, stand_alone
from midas.factors.evaluate import evaluate_fields
from midas.factors.plan import Plan, compile_plan, plan_lowered
from midas.kernels.lanes import LANES
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.schedule import speaking_rows

Values = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Apart:
    """Measures (instrument, `KEPT`), and which instruments are left to the ordinary way."""

    values: Values
    left: NDArray[np.bool_]


def run_apart(definition: Definition, base: BacktestSpec, setting: Setting, listed: Rows) -> Apart | None:
    """Answer `base` for a strategy on each instrument of a panel; None where it takes the ordinary way.

    `listed` is each instrument's first row with a close (see `first_bars`).

    Raises
    ------
    StrategyInvalid: the strategy's graph is too large.
    """
    panel = setting.panel
    if not are_plain(setting, definition.exits):
        return None
    whole = compile_plan(definition.targets)
    root = None if whole.clocks else stand_alone(whole.results[0])
    asked, stop = panel.row_range(base.start, base.end)
    if root is None or stop <= asked:
        return None
    plan, warmup = plan_lowered([root]), whole.warmup
    firsts = np.maximum(asked, listed + warmup)
    too_short = (listed >= stop) | ((firsts >= stop - 1) & (firsts > asked))
    firsts = np.where(too_short, stop - 1, firsts)
    speaks = speaking_rows(definition.every, setting.market.calendar, panel.sessions, int(firsts.min()), stop)
    lanes = Lanes(setting, definition.every, firsts, np.arange(panel.columns), stop)
    weights = _weights(plan, panel, firsts, speaks)
    values = lanes.measures(sums_of(lanes, weights, speaks))
    return Apart(values, too_short | np.isnan(values[:, 0]))


def first_bars(panel: Panel) -> Rows:
    """Return each instrument's first row with a close, the number of rows where there is none."""
    there = ~np.isnan(panel.tiles("raw_close"))
    first = np.where(there.any(axis=1), there.argmax(axis=1), panel.rows)
    rows: Rows = first.reshape(-1)[: panel.columns].astype(np.int64)
    return rows


def begun_tiles(firsts: Rows, rows: int) -> Values:
    """Return (tile, time, lane): 1 from each account's first row on, else 0."""
    tiles = -(-len(firsts) // LANES)
    padded = np.full(tiles * LANES, rows)
    padded[: len(firsts)] = firsts
    begun: Values = (np.arange(rows)[None, :, None] >= padded.reshape(tiles, 1, LANES)).astype(np.float64)
    return begun


def _weights(plan: Plan, panel: Panel, firsts: Rows, speaks: Rows) -> Values:
    fields = {name: panel.tiles(name) for name in plan.fields if name != BEGUN}
    if BEGUN in plan.fields:
        fields[BEGUN] = begun_tiles(firsts, panel.rows)
    weights: Values = evaluate_fields(plan, fields, panel.columns, 0, speaks, THREADS, int(firsts.min()))[0]
    return weights

"""A plan over a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import InvalidInput
from midas.factors.engine import Engine
from midas.factors.periods import longer_bars, periods_in, rows_a_day
from midas.factors.plan import Clock, Plan, plan_for_days
from midas.factors.program import build, leaf_name
from midas.kernels.lanes import LANES
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import to_tiles

SPAN = 256
SPAN_TILES = 96 * SPAN
"""A time stage hands over to a stage across the market after so many rows times tiles, but no fewer than SPAN rows."""


def evaluate(
    plan: Plan,
    panel: Panel,
    first_row: int,
    stop_row: int,
    rows: NDArray[np.int64],
    threads: int = 2,
    state_from: int | None = None,
) -> NDArray[np.float64]:
    """Return the graph's values on `rows`, (row, instrument) float64, NaN where there is none.

    Reads rows first_row..stop_row only, as if nothing had been before; `rows` are among them, ascending. State
    operators (`hold`) begin flat at `state_from` (default: first_row).

    Raises
    ------
    InvalidInput: rows out of range or out of order.
    DataBlocked: the panel lacks a field.
    """
    first: NDArray[np.float64] = evaluate_all(plan, panel, first_row, stop_row, rows, threads, state_from)[0]
    return first


def evaluate_all(
    plan: Plan,
    panel: Panel,
    first_row: int,
    stop_row: int,
    rows: NDArray[np.int64],
    threads: int = 2,
    state_from: int | None = None,
) -> NDArray[np.float64]:
    """Return the values of every graph of a plan, (graph, row, instrument); otherwise as `evaluate`."""
    wanted = np.asarray(rows, np.int64)
    if not 0 <= first_row <= stop_row <= panel.rows:
        raise InvalidInput(f"Rows {first_row} to {stop_row} are not in a panel of {panel.rows} rows.")
    if len(wanted) and (wanted[0] < first_row or wanted[-1] >= stop_row or (np.diff(wanted) <= 0).any()):
        raise InvalidInput(f"The rows asked for must ascend and lie between {first_row} and {stop_row}.")
    fields = {name: panel.tiles(name) for name in plan.fields}
    state_from = first_row if state_from is None else state_from
    if plan.clocks and len(wanted):
        plan = plan_for_days(plan, rows_a_day(panel))
        begin = _begin(plan, first_row, int(wanted[0]), state_from)
        for clock in plan.clocks:
            fields[leaf_name(clock.leaf)] = _held(clock, panel, begin, int(wanted[-1]) + 1, threads)
    return evaluate_fields(plan, fields, panel.columns, first_row, wanted, threads, state_from)


def evaluate_fields(
    plan: Plan,
    fields: Mapping[str, NDArray[np.float64]],
    columns: int,
    first_row: int,
    wanted: NDArray[np.int64],
    threads: int,
    state_from: int,
) -> NDArray[np.float64]:
    """Return the values of every graph of a plan, (graph, row, column), on the leaves it reads, (tile, time, lane)."""
    result = np.empty((len(plan.results), len(wanted), columns))
    if not result.size:
        return result
    begin, stop = _begin(plan, first_row, int(wanted[0]), state_from), int(wanted[-1]) + 1
    program = build(plan, every_row=3 * len(wanted) > stop - begin)
    engine = Engine(
        program,
        fields,
        columns,
        wanted,
        lowest=first_row,
        span=_span(len(program.stages), stop - begin, columns),
        state_from=state_from,
        threads=threads,
        resumable=False,
    )
    engine.run(begin, stop, result)
    return result


# What a part with its own clock says on rows begin..stop, as tiles over all rows.
def _held(clock: Clock, panel: Panel, begin: int, stop: int, threads: int) -> NDArray[np.float64]:
    of = periods_in(panel, clock.period)
    lowest, completed = int(of.bar[begin]), of.completed[begin:stop]
    bars = {name: longer_bars(name, panel.tiles(name), of, begin, stop) for name in clock.plan.fields}
    begins = np.unique(of.bar[:stop], return_index=True)[1]
    longer = replace(panel, sessions=panel.sessions[begins], fields=bars, stamps=None)
    wanted = np.arange(lowest, completed[-1] + 1)
    found = evaluate_all(clock.plan, longer, lowest, longer.rows, wanted, threads)[0]
    lanes = panel.tiles("raw_close").shape[2]
    tiles = to_tiles(np.concatenate([np.full((1, panel.columns), np.nan), found]), lanes)
    held = np.empty((tiles.shape[0], stop, lanes))
    held[:, begin:] = tiles[:, np.maximum(completed - lowest + 1, 0)]
    return held


# Rows too old to change a bit of the first row asked for are not read; a state needs all since it began.
def _begin(plan: Plan, first_row: int, wanted: int, state_from: int) -> int:
    oldest = min(wanted, state_from) if any(node.operator.begins for node in plan.nodes) else wanted
    return max(first_row, oldest - plan.lookback)


def _span(stages: int, rows: int, columns: int) -> int:
    return max(1, rows if stages <= 1 else min(rows, max(SPAN, SPAN_TILES * LANES // columns)))

"""What must hold for every graph; each law raises AssertionError."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tests.factors.markets import Matrix, bars, panel_of, same, values

from midas.factors.evaluate import evaluate
from midas.factors.node import Node
from midas.factors.periods import calendar_of
from midas.factors.plan import Plan, compile_plan
from midas.factors.stepper import Stepper
from midas.marketdata.panel import Panel


def causal_by_truncation(node: Node, raw: dict[str, Matrix], row: int) -> None:
    full = values(node, panel_of(raw))
    cut = values(node, panel_of({name: matrix[: row + 1] for name, matrix in raw.items()}))
    assert same(full[: row + 1], cut), f"{node} changes before row {row} when later rows are cut off"


def causal_by_poison(node: Node, raw: dict[str, Matrix], row: int) -> None:
    rng = np.random.default_rng(row)
    full = values(node, panel_of(raw))
    for garbage in (np.nan, -1e9, 1e300, rng.normal(size=raw["close"][row + 1 :].shape)):
        poisoned = {name: matrix.copy() for name, matrix in raw.items()}
        for matrix in poisoned.values():
            matrix[row + 1 :] = garbage
        assert same(full[: row + 1], values(node, panel_of(poisoned))[: row + 1]), f"{node} reads after row {row}"


def stepper_of(plan: Plan, panel: Panel) -> Stepper:
    return Stepper(plan, panel.columns, sessions=panel.sessions, calendar=calendar_of(panel))


def batch_is_row_by_row(node: Node, panel: Panel, cut: int) -> None:
    batch = values(node, panel)
    plan = compile_plan(node)
    fields = {name: panel.matrix(name) for name in plan.fields}
    stepper = stepper_of(plan, panel)
    for row in range(panel.rows):
        if row == cut:
            snapshot, stepper = stepper.snapshot(), stepper_of(plan, panel)
            stepper.restore(snapshot)
        stepped = stepper.step({name: matrix[row] for name, matrix in fields.items()})
        assert same(batch[row : row + 1], stepped[None]), f"{node} differs live on row {row}"


def some_rows_are_the_same_rows(node: Node, panel: Panel, rows: NDArray[np.int64]) -> None:
    assert same(values(node, panel)[rows], values(node, panel, rows)), f"{node} differs when few rows are asked for"


def late_start_is_the_same(node: Node, panel: Panel, row: int) -> None:
    plan = compile_plan(node)
    rows = np.arange(row, panel.rows)
    early = evaluate(plan, panel, 0, panel.rows, np.arange(panel.rows), state_from=row)[row:]
    late = evaluate(plan, panel, max(0, row - plan.lookback), panel.rows, rows, state_from=row)
    assert same(early, late), f"{node} differs when read from {plan.lookback} rows before"


def neighbours_do_not_matter(node: Node, raw: dict[str, Matrix], seed: int) -> None:
    """For graphs without a cross-section: order and tile of the instruments change nothing."""
    full = values(node, panel_of(raw))
    others = bars(*raw["close"].shape, seed=seed, gaps=0.1)
    order = np.random.default_rng(seed).permutation(2 * full.shape[1])
    mixed = {name: np.concatenate([matrix, others[name]], axis=1)[:, order] for name, matrix in raw.items()}
    assert same(full, values(node, panel_of(mixed))[:, np.argsort(order)][:, : full.shape[1]])


def absent_names_do_not_matter(node: Node, raw: dict[str, Matrix], more: int) -> None:
    """Names that never have a bar change nothing for the others (but `slot`, which counts them)."""
    columns = raw["close"].shape[1]
    padded = {name: np.pad(matrix, ((0, 0), (0, more)), constant_values=np.nan) for name, matrix in raw.items()}
    assert same(values(node, panel_of(raw)), values(node, panel_of(padded))[:, :columns])

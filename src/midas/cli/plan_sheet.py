"""What is computed for a strategy, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from midas.cli.numbers import count
from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.wire.strategies import PlanStep, StrategyPlan

_COLUMNS = (
    Column("#", right=True, keep=True),
    Column("computes", keep=True),
    "where",
    "on",
    Column("read by", right=True, spare=2),
    Column("warm-up", right=True),
    Column("bytes", right=True, spare=1),
    Column("ns", right=True),
)


def show_plan(out: Printer, plan: StrategyPlan) -> None:
    """Print a plan: what it is as a whole, its steps, and what is worth knowing about them."""
    out.facts(
        [
            ("strategy", plan.name),
            ("speaks", plan.every if plan.rows_apart == 1 else f"{plan.every}, about every {plan.rows_apart} bars"),
            ("reads", ", ".join(plan.fields)),
            ("steps", f"{len(plan.steps)}, for {plan.written} operators as written; stages: {plan.stages}"),
            ("warm-up", f"{count(plan.warm_up)} bars" + (", and all before them" if plan.endless else "")),
            ("memory", f"{count(plan.state_bytes)} bytes an instrument" + _kept(plan)),
            ("cost", f"{plan.ns_per_bar:.1f} ns a bar on one core: as many ms for 1,000 names and 1,000 bars"),
        ]
    )
    out.line()
    out.table(_COLUMNS, [_row(step) for step in plan.steps])
    notes = [*plan.widened, *plan.path]
    if notes:
        out.line()
    for note in notes:
        out.line(note)


def _kept(plan: StrategyPlan) -> str:
    return f", and {plan.kept_bytes} for each bar handed from stage to stage" if plan.kept_bytes else ""


def _row(step: PlanStep) -> tuple[str, ...]:
    rows = step.rows if step.bars == "day" else f"every {step.bars}"
    warm_up = count(step.warm_up) + (" …" if step.endless else "")
    cost = "?" if step.ns is None else f"{step.ns:.1f}"
    return str(step.number), step.text, step.stage, rows, str(step.readers), warm_up, count(step.state_bytes), cost

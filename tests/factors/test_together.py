"""Graphs that run together: the same bits as each alone, and what they share is computed once."""

from __future__ import annotations

import numpy as np
import pytest
from tests.factors.markets import bars, panel_of

from midas.factors.evaluate import evaluate, evaluate_all
from midas.factors.plan import compile_plan, plan_together
from midas.factors.text import parse

TEXTS = (
    "close.mean(3) > close.mean(7)",
    "close.mean(3) > close.mean(12)",
    "close.mean(3)",
    "close",
    "close.mean(3).rank().mean(2)",
    "close.shift(4).change(5).top(4).normalise()",
    "hold(entry=close.cross_above(close.mean(7)), exit=close.cross_below(close.mean(7))).slot()",
)


@pytest.mark.parametrize("rows", [range(20, 200), range(30, 200, 21)])
@pytest.mark.parametrize("columns", [1, 40])
def test_each_result_is_the_one_it_has_alone(rows: range, columns: int) -> None:
    panel, wanted = panel_of(bars(200, columns)), np.array(rows)
    plans = [compile_plan(parse(text)) for text in TEXTS]
    together = evaluate_all(plan_together(plans), panel, 0, 200, wanted, state_from=20)
    for plan, values in zip(plans, together, strict=True):
        alone = evaluate(plan, panel, 0, 200, wanted, state_from=20)
        assert alone.tobytes() == np.ascontiguousarray(values).tobytes()


def test_what_is_shared_is_there_once() -> None:
    plans = [compile_plan(parse(text)) for text in TEXTS[:3]]
    shared = plan_together(plans)
    assert sum(node.op == "mean" for node in shared.nodes) == 3
    assert shared.results == tuple(plan.results[0] for plan in plans)
    assert (shared.warmup, shared.lookback) == (11, 11)

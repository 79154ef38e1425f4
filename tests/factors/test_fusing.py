"""What runs as one step gives the bits of the operations it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from tests.factors.markets import bars, panel_of

from midas.factors.engine import Engine
from midas.factors.fusing import fused
from midas.factors.lowering import walk
from midas.factors.plan import compile_plan
from midas.factors.program import build
from midas.factors.text import parse

PANEL = panel_of(bars(300, 40, seed=3, gaps=0.05))


def ops(text: str) -> set[str]:
    return {node.op for root in fused(compile_plan(parse(text)).results) for node in walk(root)}


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("cross_above(close.mean(3), close.mean(8))", "rise"),
        ("cross_below(close.mean(3), close.mean(8))", "fall"),
        ("hold(cross_above(close, open), cross_below(close, open))", "rise"),
        ("cross_above(close.ema(5), 100)", "rise"),
    ],
)
def test_the_same_bits(text: str, one: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> np.ndarray:
        plan = compile_plan(parse(text))
        fields = {name: PANEL.tiles(name) for name in plan.fields}
        wanted, out = np.arange(PANEL.rows), np.empty((1, PANEL.rows, PANEL.columns))
        engine = Engine(
            build(plan, every_row=True), fields, PANEL.columns, wanted, lowest=0, span=PANEL.rows, state_from=0,
            threads=1, resumable=False,
        )  # fmt: skip
        engine.run(0, PANEL.rows, out)
        return out

    assert one in ops(text)
    together = found()
    monkeypatch.setattr("midas.factors.program.fused", lambda roots: roots)
    apart = found()
    assert np.array_equal(together.view(np.int64), apart.view(np.int64))
    assert (together == 1.0).sum() > 30


@pytest.mark.parametrize(
    "text",
    [
        "(close > open) & (close <= open).shift(2)",
        "(close > open) & (open <= close).shift(1)",
        "(close > open) & (close <= open).shift(1)",
        "(compare(close, open) > 1) & (compare(close, open) <= 1).shift(1)",
        "(compare(close, open) > 0) & (compare(close, high) <= 0).shift(1)",
        "(compare(close, open) > 0) | (compare(close, open) <= 0).shift(1)",
    ],
)
def test_what_is_no_crossing_of_zero_stays(text: str) -> None:
    assert ops(text).isdisjoint({"rise", "fall"})

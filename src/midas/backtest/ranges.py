"""Average true ranges, for exits that go by them."""

from __future__ import annotations

import numpy as np

from midas.backtest.window import Window
from midas.factors.evaluate import evaluate
from midas.factors.plan import Plan
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Matrix


def ranges(plans: dict[int, Plan], panel: Panel, rows: Window) -> dict[int, Matrix]:
    """Return (row from `rows.first` on, instrument) for each plan, NaN where there is none."""
    wanted = np.arange(rows.first, rows.stop)
    begin = {n: max(0, rows.first - plan.lookback) for n, plan in plans.items()}
    return {n: evaluate(plan, panel, begin[n], rows.stop, wanted) for n, plan in plans.items()}

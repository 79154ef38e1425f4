"""A strategy that reads rows after the one it decides on.

The same laws hold for every operator in `tests/laws`; here they hold for whole runs, from data to fills.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.execution.markets import AMERICA, FIELDS, panel_of, random_market

from midas.backtest.run import run
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel
from midas.portfolio.journal import Fills
from midas.strategies.registry import build

ROWS, CUT = 120, 90
STRATEGIES = {
    "sma_cross": {"fast": 3, "slow": 9}, "rsi_reversion": {"period": 3}, "donchian_breakout": {},
    "momentum": {"lookback": 10, "skip": 2, "top": 2, "every": "week_end"}, "bollinger_reversion": {},
}  # fmt: skip


def market() -> Panel:
    return random_market(8, 5, ROWS, AMERICA).panel


def cut(panel: Panel) -> Panel:
    raw = {name: panel.matrix(f"raw_{name}")[:CUT] for name in FIELDS}
    return _like(panel, raw, CUT)


def poisoned(panel: Panel) -> Panel:
    raw = {name: panel.matrix(f"raw_{name}").copy() for name in FIELDS}
    draw = np.random.default_rng(1)
    middle = draw.integers(200, 10_000, (ROWS - CUT, panel.columns)) / 100
    middle[draw.random(middle.shape) < 0.2] = np.nan
    for name, values in raw.items():
        values[CUT:] = middle + {"high": 1.0, "low": -1.0, "volume": 1e6}.get(name, 0.0)
    return _like(panel, raw, ROWS)


def _like(panel: Panel, raw: dict[str, np.ndarray], rows: int) -> Panel:
    actions, kept = panel.actions, panel.actions.row < CUT
    known = Actions(actions.row[kept], actions.instrument[kept], actions.kind[kept], actions.value[kept])
    return panel_of(raw, actions=known, sessions=panel.sessions[:rows])


def until(fills: Fills, row: int) -> np.ndarray:
    before = fills.row < row
    return np.stack([fills.row, fills.column, fills.side, fills.quantity, fills.price])[:, before]


class TestT1FutureRows:
    @pytest.mark.parametrize("name", STRATEGIES)
    @pytest.mark.parametrize("other", [cut, poisoned])
    def test_t01_fills_up_to_a_day_know_nothing_of_the_days_after(
        self, name: str, other: Callable[[Panel], Panel]
    ) -> None:
        definition = build(name, STRATEGIES[name])
        whole = run(definition, market(), commission_bps=0).simulation
        part = run(definition, other(market()), commission_bps=0).simulation
        assert (whole.journal.fills.row < CUT).any()
        np.testing.assert_array_equal(until(whole.journal.fills, CUT), until(part.journal.fills, CUT))
        np.testing.assert_array_equal(whole.equity[: CUT - whole.first], part.equity[: CUT - part.first])

"""Accounts side by side are the ordinary account of each: same money to the cent, same measures to rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.execution.markets import panel_of as priced
from tests.factors.markets import bars

from midas.backtest.apart import first_bars, run_apart
from midas.backtest.lanes import KEPT
from midas.backtest.period import NEVER, first_row
from midas.backtest.run import run_spec
from midas.backtest.setting import Setting
from midas.backtest.spec import spec_of
from midas.core.errors import InvalidInput
from midas.marketdata.actions import ActionKind, Actions
from midas.strategies.plans import plan_of
from midas.strategies.registry import build

COUNTED = ("total_return", "trades", "win_rate", "fees", "time_in_market")
"""Made of whole cents and whole numbers: nothing may differ."""

QUICK = [
    build("sma_cross", {"fast": 3, "slow": 9}),
    build("rsi_reversion", {"period": 3, "lower": 45, "upper": 55}),
    build("bollinger_reversion", {"period": 5}),
    build("momentum", {"lookback": 15, "skip": 2, "every": "week_end"}),
    build("buy_and_hold"),
    build("sma_cross", {"fast": 2, "slow": 5, "every": "bar"}),
]


def actions(draw: np.random.Generator, rows: int, columns: int) -> Actions:
    table = sorted({(int(draw.integers(5, rows)), int(draw.integers(columns))) for _ in range(6 * columns)})
    kinds = draw.integers(0, 2, len(table))
    ratios = draw.choice([0.1, 0.5, 1.5, 2.0, 3.0], len(table))
    values = np.where(kinds == ActionKind.SPLIT, ratios, draw.uniform(0.1, 3.0, len(table)).round(2))
    return Actions(
        np.array([row for row, _ in table]), np.array([column for _, column in table]), kinds.astype(np.int8), values
    )


def market(seed: int, venue: str = "XNAS", columns: int = 35, rows: int = 260, acting: bool = False) -> Any:
    raw = bars(rows, columns, seed=seed, gaps=0.04)
    scale, digits, currency = (200.0, 0, "KRW") if venue == "XKRX" else (1.0, 2, "USD")
    made = {name: np.round(raw[name] * scale, digits) for name in ("open", "high", "low", "close")}
    made["high"] = np.fmax(made["high"], np.fmax(made["open"], made["close"]))
    made["low"] = np.fmin(made["low"], np.fmin(made["open"], made["close"]))
    made["volume"] = np.round(raw["volume"] / 200)  # little enough for the cap to bind
    happened = actions(np.random.default_rng(seed), rows, columns) if acting else None
    return priced(made, venue=venue, currency=currency, actions=happened, start="2021-01-04")


def compare(panel: Any, options: dict[str, Any], names: Sequence[int]) -> int:
    traded = 0
    for definition in QUICK:
        base = spec_of(definition, panel, **options)
        setting = Setting.of(panel, base.terms(panel.currency))
        asked, stop = panel.row_range(base.start, base.end)
        warmup = plan_of(definition).warmup
        firsts = np.array([first_row(warmup, int(each), asked, stop) for each in first_bars(panel)])
        able = firsts < NEVER
        found = run_apart([definition], base, setting, firsts, able[:, None])
        values, left = found.values[:, 0], found.left[:, 0]
        for column in names:
            one = panel.select([column])
            try:
                alone = run_spec(spec_of(definition, one, **options), one)
            except InvalidInput:
                assert left[column], (definition.name, column)
                continue
            assert not left[column]
            for key, value in zip(KEPT, values[column], strict=True):
                found = alone.summary[key]
                expected = np.nan if found is None else found
                loose = {} if key in COUNTED else {"rel": 1e-9, "abs": 1e-12}
                assert value == pytest.approx(expected, nan_ok=True, **(loose or {"rel": 0, "abs": 0})), (
                    definition.name, column, key,
                )  # fmt: skip
            traded += len(alone.fills())
    return traded


@pytest.mark.parametrize(
    ("panel", "options"),
    [
        (market(1), {}),
        (market(2), {"commission_bps": 12.5, "slippage_bps": 8.0, "initial_capital": 1_500}),
        (market(3), {"lots": "fractional", "volume_cap": 0.01}),
        (market(4, acting=True), {}),
        (market(5, venue="XKRX"), {"initial_capital": 30_000_000}),
        (market(6, venue="XKRX", acting=True), {"volume_cap": 0.002}),
        (market(7), {"start": np.datetime64("2021-06-01").item(), "end": np.datetime64("2021-09-15").item()}),
    ],
)
def test_each_is_the_ordinary_account(panel: Any, options: dict[str, Any]) -> None:
    assert compare(panel, options, [0, 1, 2, 17, 31, 32, 34]) > 300

"""Backtests of strategies that are code."""

from __future__ import annotations

from typing import Any

import numpy as np

from midas.backtest.result import Result
from midas.backtest.spec import spec_of
from midas.marketdata.panel import Panel
from midas.strategies.event import EventStrategy
from midas.trading.coded import run_code

ROWS = 18
FLAT = {name: np.full((ROWS, 2), 10.0) for name in ("open", "high", "low", "close")} | {
    "volume": np.full((ROWS, 2), 1e6)
}
"""Bars of two names that cost 10 and trade a million."""


def ran(strategy: EventStrategy, panel: Panel, **options: Any) -> Result:
    return run_code(strategy, spec_of(strategy, panel, **options), panel)

"""Every rule of the library that reads more than closes, or an average that remembers, against plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.strategies import slow_library as slow
from tests.strategies.panels import as_array, as_lists, panel_of

from midas.factors.evaluate import evaluate
from midas.factors.plan import compile_plan
from midas.strategies.registry import build

Matrix = NDArray[np.float64]


def market(seed: int, rows: int = 160, columns: int = 33, gaps: float = 0.02) -> dict[str, Matrix]:
    """Continuous prices, so that nothing ties; some names late, some with gaps."""
    random = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(random.normal(0, 0.03, (rows, columns)), axis=0))
    high, low = (close * np.exp(sign * random.exponential(0.01, close.shape)) for sign in (1, -1))
    volume = random.integers(1, 10_000, close.shape).astype(np.float64)
    absent = random.random(close.shape) < gaps
    absent |= np.arange(rows)[:, None] < random.integers(0, rows // 2, columns) * (random.random(columns) < 0.2)
    fields = {"close": close, "high": high, "low": low, "volume": volume}
    return {name: np.where(absent, np.nan, values) for name, values in fields.items()}


def targets(name: str, fields: dict[str, Matrix], start: int, **params: object) -> Matrix:
    panel = panel_of(**fields)
    plan = compile_plan(build(name, params).targets)
    return evaluate(plan, panel, 0, panel.rows, np.arange(start, panel.rows), threads=1, state_from=start)


CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("ema_cross", {"fast": 3, "slow": 9}, lambda m, at: slow.ema_cross(m, at, 3, 9)),
    ("macd_cross", {"fast": 3, "slow": 9, "signal": 4}, lambda m, at: slow.macd_cross(m, at, 3, 9, 4)),
    (
        "bollinger_reversion",
        {"period": 8, "width": 1.1},
        lambda m, at: slow.bollinger_reversion(m, at, 8, 1.1),
    ),
    (
        "zscore_reversion",
        {"period": 8, "lower": -1.2, "upper": 0.3},
        lambda m, at: slow.zscore_reversion(m, at, 8, -1.2, 0.3),
    ),
    ("donchian_breakout", {"entry": 6, "exit": 4}, lambda m, at: slow.donchian_breakout(m, at, 6, 4)),
    (
        "keltner_breakout",
        {"period": 7, "range_period": 5, "width": 0.8},
        lambda m, at: slow.keltner_breakout(m, at, 7, 5, 0.8),
    ),
    (
        "stochastic_reversion",
        {"period": 7, "smooth": 2, "lower": 30, "upper": 70},
        lambda m, at: slow.stochastic_reversion(m, at, 7, 2, 30.0, 70.0),
    ),
    ("obv_trend", {"period": 6}, lambda m, at: slow.obv_trend(m, at, 6)),
    (
        "pairs",
        {"period": 9, "entry": 1.3, "exit": 0.2},
        lambda m, at: slow.pairs(m, at, 9, 1.3, 0.2, 0.0),
    ),
    (
        "pairs",
        {"period": 9, "entry": 1.3, "exit": 0.2, "short": 0.7},
        lambda m, at: slow.pairs(m, at, 9, 1.3, 0.2, 0.7),
    ),
    ("time_series_momentum", {"lookback": 10}, lambda m, _: slow.time_series_momentum(m, 10)),
    (
        "dual_momentum",
        {"lookback": 10, "top": 4, "hurdle": 0.05},
        lambda m, _: slow.dual_momentum(m, 10, 4, 0.05),
    ),
    ("low_volatility", {"lookback": 9, "bottom": 5}, lambda m, _: slow.low_volatility(m, 9, 5)),
    (
        "value_momentum",
        {"lookback": 12, "skip": 3, "value": 30, "top": 6},
        lambda m, _: slow.value_momentum(m, 12, 3, 30, 6),
    ),
]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("name", "params", "expected"), CASES, ids=[f"{c[0]}-{len(c[1])}" for c in CASES])
def test_targets(name: str, params: dict[str, Any], expected: Any, seed: int) -> None:
    fields = market(seed)
    start = [0, 40, 90][seed - 1]
    actual = targets(name, fields, start, **params)
    lists = {field: as_lists(values) for field, values in fields.items()}
    np.testing.assert_allclose(actual, as_array(expected(lists, start)[start:]), rtol=1e-12, atol=1e-15)
    assert len(np.unique(actual[np.isfinite(actual)])) >= 2


@pytest.mark.parametrize(("name", "params"), [case[:2] for case in CASES], ids=[f"{c[0]}-{len(c[1])}" for c in CASES])
def test_no_rule_reads_ahead(name: str, params: dict[str, Any]) -> None:
    fields = market(5)
    random = np.random.default_rng(6)
    poisoned = {field: np.vstack([values[:100], random.random((60, 33)) * 1e6]) for field, values in fields.items()}
    whole = targets(name, fields, 0, **params)
    np.testing.assert_array_equal(targets(name, poisoned, 0, **params)[:100], whole[:100])
    np.testing.assert_array_equal(targets(name, {f: v[:100] for f, v in fields.items()}, 0, **params), whole[:100])


@pytest.mark.parametrize(
    ("name", "warmup"),
    [
        # A crossing also needs the row before; a channel of the rows before is one row older.
        ("bollinger_reversion", 20),
        ("donchian_breakout", 20),
        ("stochastic_reversion", 16),
        ("obv_trend", 21),
        ("zscore_reversion", 19),
        ("pairs", 118),
        ("time_series_momentum", 252),
        ("dual_momentum", 252),
        ("low_volatility", 252),
        ("value_momentum", 1260),
    ],
)
def test_warm_up_follows_from_the_rule(name: str, warmup: int) -> None:
    assert compile_plan(build(name).targets).warmup == warmup

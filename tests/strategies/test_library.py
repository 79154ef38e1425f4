"""The library's targets against loops in plain Python, on prices full of ties and gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.strategies import slow_targets as slow
from tests.strategies.panels import as_array, as_lists, panel_of

from midas.factors.evaluate import evaluate
from midas.factors.plan import compile_plan
from midas.strategies.registry import build
from midas.strategies.template import template
from midas.strategies.yaml_form import load_yaml

Closes = NDArray[np.float64]


@st.composite
def closes(draw: st.DrawFn) -> Closes:
    """Whole prices from a small range, so that averages and returns tie; some names late, some with gaps."""
    rows, columns = draw(st.integers(1, 90)), draw(st.sampled_from([1, 2, 5, 31, 32, 33, 70]))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = random.integers(-2, 3, (rows, columns)) * (random.random((rows, columns)) < draw(st.sampled_from([0.3, 1])))
    prices = np.maximum(20 + np.cumsum(steps, axis=0), 1).astype(np.float64)
    prices[random.random((rows, columns)) < draw(st.sampled_from([0.0, 0.02, 0.3]))] = np.nan
    listed = random.integers(0, max(1, rows // 2), columns) * (random.random(columns) < 0.3)
    prices[np.arange(rows)[:, None] < listed] = np.nan
    return prices


def targets(name: str, prices: Closes, start: int = 0, rows: list[int] | None = None, **params: object) -> Closes:
    """The library's class and its file must agree; their answer on the rows from `start`."""
    definition = build(name, params)
    assert load_yaml(template(name, name), params).targets == definition.targets
    wanted = np.array(range(start, len(prices)) if rows is None else rows, dtype=np.int64)
    plan = compile_plan(definition.targets)
    return evaluate(plan, panel_of(prices), 0, len(prices), wanted, threads=1, state_from=start)


def same(actual: Closes, expected: list[list[float | None]]) -> None:
    np.testing.assert_allclose(actual, as_array(expected).reshape(actual.shape), rtol=1e-15, atol=0)


@settings(max_examples=60, deadline=None)
@given(prices=closes())
def test_buy_and_hold(prices: Closes) -> None:
    same(targets("buy_and_hold", prices), slow.buy_and_hold(as_lists(prices)))


@settings(max_examples=60, deadline=None)
@given(prices=closes(), lookback=st.integers(1, 30), skip=st.integers(0, 10), top=st.integers(1, 40), data=st.data())
def test_momentum(prices: Closes, lookback: int, skip: int, top: int, data: st.DataObject) -> None:
    every = list(range(len(prices)))
    rows = sorted(data.draw(st.just(every) | st.sets(st.sampled_from(every), min_size=1)))
    expected = slow.momentum(as_lists(prices), lookback, skip, top, rows)
    same(targets("momentum", prices, rows=rows, lookback=lookback, skip=skip, top=top), [expected[row] for row in rows])


@settings(max_examples=60, deadline=None)
@given(prices=closes(), fast=st.integers(2, 12), more=st.integers(1, 20), data=st.data())
def test_sma_cross(prices: Closes, fast: int, more: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(prices) - 1))
    expected = slow.sma_cross(as_lists(prices), fast, fast + more, start)
    same(targets("sma_cross", prices, start, fast=fast, slow=fast + more), expected[start:])


@settings(max_examples=60, deadline=None)
@given(prices=closes(), period=st.integers(2, 12), width=st.sampled_from([0.7, 13.7, 29.3]), data=st.data())
def test_rsi_reversion(prices: Closes, period: int, width: float, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(prices) - 1))
    # Levels no ratio of small whole numbers falls on, so that rounding decides nothing.
    lower, upper = 50.000123 - width, 50.000123 + width
    expected = slow.rsi_reversion(as_lists(prices), period, lower, upper, start)
    same(targets("rsi_reversion", prices, start, period=period, lower=lower, upper=upper), expected[start:])


@pytest.mark.parametrize(
    ("name", "params", "warmup"),
    [
        ("buy_and_hold", {}, 0),
        ("momentum", {"lookback": 126, "skip": 21}, 147),
        ("momentum", {"lookback": 1, "skip": 0}, 1),
        # Closes 0..59 fill the slow average on row 59; a crossing also needs the row before.
        ("sma_cross", {"fast": 20, "slow": 60}, 60),
        # One row for the first move, then ceil(ln 1e-10 / ln(13/14)) = 311 rows.
        ("rsi_reversion", {"period": 14}, 312),
    ],
)
def test_warm_up_follows_from_the_rule(name: str, params: dict[str, object], warmup: int) -> None:
    assert compile_plan(build(name, params).targets).warmup == warmup


def test_no_rule_reads_ahead() -> None:
    random = np.random.default_rng(7)
    prices = np.maximum(20 + np.cumsum(random.integers(-2, 3, (80, 40)), axis=0), 1).astype(np.float64)
    poisoned = prices.copy()
    poisoned[50:] = random.random((30, 40)) * 1e9
    for name, params in (
        ("buy_and_hold", {}),
        ("momentum", {"lookback": 20, "skip": 5, "top": 3}),
        ("sma_cross", {"fast": 3, "slow": 9}),
        ("rsi_reversion", {"period": 5}),
    ):
        whole = targets(name, prices, **params)
        np.testing.assert_array_equal(targets(name, poisoned, **params)[:50], whole[:50])
        np.testing.assert_array_equal(targets(name, prices[:50], **params), whole[:50])
        assert np.nanmax(whole) > 0

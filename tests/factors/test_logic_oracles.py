"""Flags and their memory, groups and weights: against plain Python, pandas and scipy, on a market with gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from tests.factors.markets import Matrix, bars, panel_of, values

from midas.factors.lowering import walk
from midas.factors.text import parse

Frame = pd.DataFrame

RAW = bars(200, 37, seed=12, gaps=0.02)
PANEL = panel_of(RAW)
CLOSE, OPEN, HIGH, LOW = (Frame(RAW[name]) for name in ("close", "open", "high", "low"))
RETURNS = CLOSE / CLOSE.shift(1) - 1
UP = (CLOSE > OPEN).astype(float).where(CLOSE.notna() & OPEN.notna())
WIDE = (HIGH > LOW * 1.03).astype(float).where(HIGH.notna())
SIGN = np.sign(CLOSE.diff())
BAND = np.sign(HIGH - 1.02 * LOW) + 2 * np.sign(OPEN - 100)


def by_column(function: Callable[..., Iterable[float]], *frames: Frame) -> Matrix:
    """Run a function over each column's values from the first row to the last."""
    columns = [list(function(*(frame[column].to_list() for frame in frames))) for column in frames[0]]
    return np.array(columns, float).T


def by_row(function: Callable[..., list[float]], *frames: Frame, weights: bool = False) -> Matrix:
    """Run a function over each row's values of the names with a close and all of them; 0 for others if `weights`."""
    result = np.full(CLOSE.shape, np.nan)
    for row in range(len(CLOSE)):
        parts = [frame.to_numpy()[row] for frame in frames]
        there = CLOSE.notna().to_numpy()[row] & np.logical_and.reduce([~np.isnan(part) for part in parts])
        if there.any():
            result[row] = 0.0 if weights else np.nan
            result[row, there] = function(*(part[there] for part in parts))
    return result


def turned(numbers: list[float]) -> Iterable[float]:
    for row, now in enumerate(numbers):
        before = numbers[row - 1] if row else np.nan
        said_no = now <= 0.0 or before > 0.0
        yield 0.0 if said_no else np.nan if np.isnan(now) or np.isnan(before) else 1.0


def toggled(flags: list[float]) -> Iterable[float]:
    state = np.nan
    for flag in flags:
        if flag == 1.0:
            state = 0.0 if state == 1.0 else 1.0
        elif flag == 0.0 and np.isnan(state):
            state = 0.0
        yield state


def latched(flags: list[float]) -> Iterable[float]:
    for row, flag in enumerate(flags):
        known = [value for value in flags[: row + 1] if value in (0.0, 1.0)]
        assert flag != 2.0
        yield max(known) if known else np.nan


def rested(flags: list[float], n: int) -> Iterable[float]:
    let: list[int] = []
    for row, flag in enumerate(flags):
        passes = flag == 1.0 and all(row - before > n for before in let)
        let += [row] if passes else []
        yield float(passes) if flag == flag else np.nan


def streaks(flags: list[float]) -> Iterable[float]:
    for row, flag in enumerate(flags):
        broken = [k for k in range(row + 1) if flags[k] != 1.0]
        yield row - max(broken, default=-1) if flag == flag else np.nan


def whens(x: list[float], flags: list[float]) -> Iterable[float]:
    for row in range(len(x)):
        rows = [k for k in range(row + 1) if flags[k] == 1.0]
        yield x[rows[-1]] if rows else np.nan


def since(x: list[float], flags: list[float], best: Callable[[list[float]], float]) -> Iterable[float]:
    for row in range(len(x)):
        rows = [k for k in range(row + 1) if flags[k] == 1.0]
        found = [value for value in x[rows[-1] : row + 1] if value == value] if rows else []
        yield best(found) if found else np.nan


def firsts(flags: list[float], periods: list[float]) -> Iterable[float]:
    begin = 0
    for row, flag in enumerate(flags):
        begin = row if periods[row] != periods[row - 1] else begin
        yield float(flag == 1.0 and 1.0 not in flags[begin:row]) if flag == flag else np.nan


def bucketed(x: Matrix, n: int) -> list[float]:
    # Of equals the first ranks higher, so places are counted from the back.
    places = scipy.stats.rankdata(x[::-1], method="ordinal")[::-1]
    return [1 + (int(place) - 1) * n // len(x) for place in places]


def two_sided(x: Matrix, gross: float) -> list[float]:
    up, down = x[x > 0].sum(), -x[x < 0].sum()
    return [value / (up if value > 0 else down) * gross / 2 if value else 0.0 for value in x]


# Sizes grow together until one reaches the limit: the level where they add up is found by bisection.
def capped(x: Matrix, limit: float) -> list[float]:
    size, gross = np.abs(x), np.abs(x).sum()
    if (size > 0).sum() * limit <= gross:
        return list(np.sign(x) * limit)
    low, high = 0.0, limit / size[size > 0].min() + 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(size * middle, limit).sum() < gross else (low, middle)
    return list(np.sign(x) * np.minimum(size * high, limit))


def in_groups(function: Callable[[pd.Series], pd.Series]) -> Callable[[Matrix, Matrix], list[float]]:
    return lambda x, group: list(pd.Series(x).groupby(group).transform(function))


def left_over(x: Matrix, other: Matrix) -> list[float]:
    slope, intercept = np.polyfit(other - 100, x, 1) if len(x) > 1 else (np.nan, np.nan)
    return list(x - intercept - slope * (other - 100))


STAMP = Frame(np.repeat(np.arange(200.0)[:, None] // 7, 37, axis=1))

ORACLES: dict[str, Callable[[], Matrix]] = {
    "any(close > open, 4)": lambda: UP.rolling(4).max().to_numpy(),
    "(close > open).all(3)": lambda: UP.rolling(3).min().to_numpy(),
    "latch(high > low * 1.03)": lambda: by_column(latched, WIDE),
    "rise(close - open)": lambda: by_column(turned, CLOSE - OPEN),
    "fall(close - open)": lambda: by_column(turned, OPEN - CLOSE),
    "fall(sign(close - close.shift(1)))": lambda: by_column(turned, -SIGN),
    "toggle(close > open)": lambda: by_column(toggled, UP),
    "cooldown(close > open, 3)": lambda: by_column(lambda x: rested(x, 3), UP),
    "streak(close > open)": lambda: by_column(streaks, UP),
    "value_when(close, high > low * 1.03)": lambda: by_column(whens, CLOSE, WIDE),
    "highest_since(high, close > open)": lambda: by_column(lambda x, f: since(x, f, max), HIGH, UP),
    "lowest_since(low, high > low * 1.03)": lambda: by_column(lambda x, f: since(x, f, min), LOW, WIDE),
    "bucket(returns, 7)": lambda: by_row(lambda x: bucketed(x, 7), RETURNS),
    "bucket(sign(close.diff(1)), 5)": lambda: by_row(lambda x: bucketed(x, 5), SIGN),
    "long_short(returns, 2)": lambda: by_row(lambda x: two_sided(x, 2.0), RETURNS, weights=True),
    "cap(normalise(close.change(1)), 0.05)": lambda: by_row(
        lambda x: capped(x / np.abs(x).sum(), 0.05), RETURNS, weights=True
    ),
    "cap(returns, 0.015)": lambda: by_row(lambda x: capped(x, 0.015), RETURNS, weights=True),
    "group_demean(returns, sign(high - 1.02 * low) + 2 * sign(open - 100))": lambda: by_row(
        in_groups(lambda x: x - x.mean()), RETURNS, BAND
    ),
    "group_standardise(returns, sign(high - 1.02 * low) + 2 * sign(open - 100))": lambda: by_row(
        in_groups(lambda x: (x - x.mean()) / x.std()), RETURNS, BAND
    ),
    "group_rank(returns, sign(high - 1.02 * low) + 2 * sign(open - 100))": lambda: by_row(
        in_groups(lambda x: (len(x) + 1 - x.rank(method="first", ascending=False)) / len(x)), RETURNS, BAND
    ),
    "regress_out(returns, open.shift(1))": lambda: by_row(left_over, RETURNS, OPEN.shift(1)),
}


@pytest.mark.parametrize("expression", ORACLES)
def test_operator(expression: str) -> None:
    expected = ORACLES[expression]()
    assert np.isfinite(expected).sum() > expected.size / 4
    np.testing.assert_allclose(values(expression, PANEL), expected, rtol=1e-9, atol=1e-9)


def test_first_in_a_period() -> None:
    raw = RAW | {"turnover": STAMP.to_numpy()}
    expected = by_column(firsts, UP, STAMP)
    assert 0 < np.nansum(expected) < np.nansum(UP)
    np.testing.assert_array_equal(values("first_in(close > open, turnover)", panel_of(raw)), expected)


class TestWeights:
    def test_a_cap_keeps_the_sum_of_sizes_while_there_is_room(self) -> None:
        found = values("cap(normalise(returns), 0.06)", PANEL)
        room = np.isfinite(RETURNS.to_numpy()) & (RETURNS.to_numpy() != 0)
        enough = room.sum(axis=1) * 0.06 > 1
        assert enough.any()
        np.testing.assert_allclose(np.abs(found[enough]).sum(axis=1), 1.0, rtol=1e-12)
        assert np.nanmax(np.abs(found)) <= 0.06

    def test_one_group_is_the_whole_row(self) -> None:
        whole = values("rank(returns)", PANEL)
        np.testing.assert_array_equal(values("group_rank(returns, close * 0)", PANEL), whole)

    def test_every_name_its_own_group_leaves_nothing(self) -> None:
        found = values("neutralise(returns, close)", PANEL)
        assert set(found[np.isfinite(found)]) == {0.0}


def test_operators_are_those_of_their_files() -> None:
    from midas.factors.operators import groups, logic

    tested = {node.op for expression in ORACLES for node in walk(parse(expression))} | {"first_in"}
    assert {entry.name for entry in (*logic.ENTRIES, *groups.ENTRIES)} <= tested

"""Whether a rule reads what comes after the row it answers for."""

from __future__ import annotations

import numpy as np

from midas.backtest.bias.disturbed import poisoned, rebased, until
from midas.backtest.bias.finding import BiasFinding, Verdict
from midas.backtest.bias.rule import Rule
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Matrix

CUTS = 12
"""Rows at which the future is taken away, and as many at which it is replaced."""

_LEVEL_SHARE = 0.002
"""Weights that may differ on other price levels: a comparison may fall on a tie."""

_CLAIRVOYANT = 0.25
_ENOUGH = 250


def repeatable(rule: Rule, panel: Panel, base: Matrix) -> BiasFinding:
    """Tell whether the same question has the same answer."""
    if _same(rule(panel), base):
        return BiasFinding("repeat", Verdict.FINE, "Asked twice, it answers the same.")
    return BiasFinding(
        "repeat",
        Verdict.LEAK,
        "Asked twice about the same data it gives two answers: by chance, or from memory.",
    )


def truncation(rule: Rule, panel: Panel, base: Matrix, seed: int) -> BiasFinding:
    """Tell whether a rule answers the same when the data end earlier."""
    for row in _cuts(panel, seed):
        found = _difference(rule(until(panel, row)), base[:row])
        if found is not None:
            return _leak("truncation", f"With the data cut after {_day(panel, row - 1)}", panel, found)
    return BiasFinding("truncation", Verdict.FINE, f"Cut at {CUTS} places, no weight before the cut changed.")


def poison(rule: Rule, panel: Panel, base: Matrix, seed: int) -> BiasFinding:
    """Tell whether a rule answers the same when what follows is invented."""
    for place, row in enumerate(_cuts(panel, seed + 1)):
        found = _difference(rule(poisoned(panel, row, seed + place))[:row], base[:row])
        if found is not None:
            return _leak("poison", f"With invented data after {_day(panel, row - 1)}", panel, found)
    return BiasFinding("poison", Verdict.FINE, f"With invented data after {CUTS} rows, no weight up to them changed.")


def reads_data(rule: Rule, panel: Panel, base: Matrix, seed: int) -> BiasFinding:
    """Tell whether a rule that trades reads the data it is given at all."""
    if _trades(base) and _same(rule(poisoned(panel, 0, seed, absent=0.2)), base):
        return BiasFinding(
            "source",
            Verdict.LEAK,
            "Its weights vary, and not one changed when all data were invented: it reads something else, e.g. a file "
            "or an earlier answer.",
        )
    return BiasFinding("source", Verdict.FINE, "It answers from the data it is given.")


def level(rule: Rule, panel: Panel, base: Matrix, seed: int) -> BiasFinding:
    """Tell whether weights depend on the level of adjusted prices, which later splits restate."""
    other = rule(rebased(panel, seed))
    differing = float((~_equal(other, base)).mean()) if base.size else 0.0
    if differing <= _LEVEL_SHARE:
        return BiasFinding("level", Verdict.FINE, "Its weights do not depend on the level of adjusted prices.")
    return BiasFinding(
        "level",
        Verdict.LEAK,
        f"{differing:.0%} of its weights change when prices are restated as by a later split: adjusted levels are not "
        "what was quoted then. Use ratios, or raw prices of a raw dataset.",
    )


def clairvoyance(panel: Panel, base: Matrix) -> BiasFinding:
    """Tell whether weights agree with the next bar more than any honest rule's do."""
    closes = panel.matrix("close")
    following = closes[1:] / closes[:-1] - 1.0
    weights = base[:-1]
    known = np.isfinite(weights) & np.isfinite(following)
    agreement = _agreement(np.where(known, weights, np.nan), np.where(known, following, np.nan))
    if agreement is None or agreement < _CLAIRVOYANT:
        shown = "too few rows to tell" if agreement is None else f"a correlation of {agreement:.2f}"
        return BiasFinding(
            "clairvoyance", Verdict.FINE, f"Weights agree with the next return no more than usual: {shown}."
        )
    return BiasFinding(
        "clairvoyance",
        Verdict.LEAK,
        f"Weights and the next return go together with a correlation of {agreement:.2f}; honest rules stay below 0.1. "
        "The data may be shifted or hold what was known only later.",
    )


def _cuts(panel: Panel, seed: int) -> list[int]:
    # The second half, where warm-ups are over; the last row but one is always among them.
    random = np.random.default_rng(seed)
    rows = np.arange(max(1, panel.rows // 2), panel.rows)
    chosen = random.choice(rows, min(CUTS, len(rows)), replace=False) if len(rows) else rows
    return sorted({*chosen.tolist(), max(1, panel.rows - 1)})


def _equal(one: Matrix, two: Matrix) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    same: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = np.isclose(one, two, rtol=1e-9, atol=1e-12, equal_nan=True)
    return same


def _same(one: Matrix, two: Matrix) -> bool:
    return bool(_equal(one, two).all())


def _difference(found: Matrix, base: Matrix) -> tuple[int, int, float, float] | None:
    differs = np.argwhere(~_equal(found, base))
    if not len(differs):
        return None
    row, column = (int(place) for place in differs[0])
    return row, column, float(base[row, column]), float(found[row, column])


def _leak(check: str, done: str, panel: Panel, found: tuple[int, int, float, float]) -> BiasFinding:
    row, column, before, after = found
    name = panel.instruments[column].id
    return BiasFinding(
        check,
        Verdict.LEAK,
        f"{done} the weight of {name} on {_day(panel, row)} is {after:g}, not {before:g}: it was made with later data.",
    )


def _day(panel: Panel, row: int) -> str:
    return str(panel.times[row])


def _trades(base: Matrix) -> bool:
    known = base[np.isfinite(base).any(axis=1)]
    return len(known) > 1 and bool((np.nan_to_num(known[1:]) != np.nan_to_num(known[:-1])).any())


def _agreement(weights: Matrix, returns: Matrix) -> float | None:
    # Within a row where there are several names, else over time.
    axis = 1 if weights.shape[1] > 1 else 0
    spoken = np.isfinite(weights).sum(axis=axis) > 1
    if axis == 1:
        weights, returns = weights[spoken], returns[spoken]
    if np.isfinite(weights).sum() < _ENOUGH:
        return None
    one = (weights - np.nanmean(weights, axis=axis, keepdims=True)).ravel()
    two = (returns - np.nanmean(returns, axis=axis, keepdims=True)).ravel()
    known = np.isfinite(one) & np.isfinite(two)
    spread = float(np.std(one[known]) * np.std(two[known]))
    return None if spread == 0.0 else float(np.mean(one[known] * two[known]) / spread)

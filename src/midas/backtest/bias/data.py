"""Whether the data themselves hold what was known only later."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from midas.backtest.bias.disturbed import PRICES
from midas.backtest.bias.finding import BiasFinding, Verdict
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Matrix

_COPIES = 0.9
_REPEATS = 0.05
_OUTSIDE = 0.01
_ENOUGH = 30


def tomorrow(panel: Panel) -> BiasFinding:
    """Tell whether a price of one bar is a price of the next."""
    fields = {name: panel.matrix(f"raw_{name}") for name in PRICES if f"raw_{name}" in panel.fields}
    for early, late in permutations(fields, 2):
        now, following, meanwhile = fields[early][:-1], fields[late][1:], fields[late][:-1]
        moved = np.isfinite(now) & np.isfinite(following) & (following != meanwhile)
        if moved.sum() >= _ENOUGH and (now == following)[moved].mean() >= _COPIES:
            return BiasFinding(
                "shifted",
                Verdict.LEAK,
                f"The {early} of nearly every bar is the {late} of the bar after it: the data are shifted by a row.",
            )
    return BiasFinding("shifted", Verdict.FINE, "No price of a bar repeats one of the bar after it.")


def stale(panel: Panel) -> BiasFinding:
    """Tell whether bars were filled in by repeating the last one."""
    names = [name for name in (*(f"raw_{price}" for price in PRICES), "raw_volume") if name in panel.fields]
    if len(names) < len(PRICES):
        return BiasFinding("stale", Verdict.FINE, "The data have too few fields to tell a repeated bar.")
    fields = [panel.matrix(name) for name in names]
    present = np.logical_and.reduce([np.isfinite(field[1:]) & np.isfinite(field[:-1]) for field in fields])
    if "raw_volume" in names:
        present &= fields[-1][1:] > 0
    same = np.logical_and.reduce([field[1:] == field[:-1] for field in fields])
    share = float(same[present].mean()) if present.any() else 0.0
    if share <= _REPEATS:
        return BiasFinding("stale", Verdict.FINE, "Bars are not repeated.")
    return BiasFinding(
        "stale",
        Verdict.WARNING,
        f"{share:.0%} of the bars repeat the one before in every field: gaps were filled in, and prices nobody could "
        "trade at look like a market.",
    )


def mixed(panel: Panel) -> BiasFinding:
    """Tell whether one field of the bars is on another basis than the rest, e.g. an adjusted close over raw opens."""
    needed = ("raw_high", "raw_low", "raw_close", "raw_open")
    if any(name not in panel.fields for name in needed):
        return BiasFinding("mixed", Verdict.FINE, "The data have no range to compare closes with.")
    high, low, close, opened = (panel.matrix(name) for name in needed)
    known = np.isfinite(high) & np.isfinite(low) & np.isfinite(close) & np.isfinite(opened)
    outside = _beyond(close, low, high) | _beyond(opened, low, high)
    share = float(outside[known].mean()) if known.any() else 0.0
    if share <= _OUTSIDE:
        return BiasFinding("mixed", Verdict.FINE, "Opens and closes lie within their bars.")
    return BiasFinding(
        "mixed",
        Verdict.LEAK,
        f"{share:.0%} of the bars have an open or a close outside their range: adjusted and raw prices are mixed.",
    )


def _beyond(price: Matrix, low: Matrix, high: Matrix) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    beyond: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (price > high * 1.005) | (price < low * 0.995)
    return beyond

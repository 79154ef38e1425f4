"""What holds for every fill the suite ever simulates, whichever test made it; from the rules, on plain arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from midas.kernels import account, fill, world

SAMPLED = 200
MOST_ENTRIES = 3_000


def assert_lawful(arguments: tuple[Any, ...], run: Any) -> None:
    """Check a call of the matching kernel and what it returned."""
    opens, highs, lows, closes, volumes, happenings, class_of, dated, ladders, _, _, terms, _, _ = arguments[-1]
    fills = run.journal[run.journal[:, 0] == account.FILL]
    amounts = run.amounts[run.journal[:, 0] == account.FILL]
    if len(fills) == 0:
        return
    row, column, price, quantity = fills[:, 1], fills[:, 2], amounts[:, 1], amounts[:, 0]
    at = (column // world.LANES, row, column % world.LANES)
    assert (row > fills[:, 4]).all(), "a fill on the bar of its decision"
    assert not np.isnan(closes[at]).any(), "a fill without a bar"
    assert not np.isnan(opens[at]).any(), "a fill in a halt"
    assert (quantity > 0).all(), "a fill of nothing"
    if terms[fill.HAS_RANGE]:
        assert ((lows[at] <= price) & (price <= highs[at])).all(), "a fill outside its bar"
    if terms[fill.HAS_VOLUME]:
        _within_volume(row, column, quantity, volumes, terms)
    _on_grid(row, column, price, (opens[at], highs[at], lows[at]), class_of, dated, ladders)
    _within_limits(row, column, price, closes, happenings, class_of, dated, ladders)
    if terms[fill.SHORTS]:
        return
    if len(run.journal) <= MOST_ENTRIES:
        _covered(run.journal, run.amounts, dated[:, world.SESSION], dated[:, world.SELLABLE])
    if terms[fill.CASH_RATE] >= 0.0:
        assert (run.cash >= 0).all(), "cash that is not there was spent"


def _within_volume(row: Any, column: Any, quantity: Any, volumes: Any, terms: Any) -> None:
    key, place = np.unique(np.stack((row, column)), axis=1, return_inverse=True)
    taken = np.zeros(key.shape[1])
    np.add.at(taken, place.ravel(), quantity)
    traded = volumes[key[1] // world.LANES, key[0], key[1] % world.LANES]
    slack = 1e-6 if terms[fill.FRACTION] == 0 else 1e-8
    assert (taken <= terms[fill.SHARE_OF_VOLUME] * traded * (1 + 1e-12) + slack).all(), "more than the bar's share"


def _on_grid(row: Any, column: Any, price: Any, bar: Any, class_of: Any, dated: Any, ladders: Any) -> None:
    ladder = ladders[dated[row, world.PER_DAY + world.PER_CLASS * class_of[column] + world.LADDER].astype(int)]
    steps = np.sum(price[:, None] * (1 + 1e-15) >= ladder[:, :, 0], axis=1)
    tick = np.where(steps > 0, ladder[np.arange(len(row)), np.maximum(steps - 1, 0), 1], math.nan)
    count = price / tick
    off = np.isfinite(tick) & (np.abs(count - np.round(count)) > 1e-6)
    # data that is off the grid itself: a price held inside its bar may sit on the bar's edge
    for edge in bar:
        off &= price != edge
    assert not off.any(), "a fill off the tick"


def _within_limits(
    row: Any, column: Any, price: Any, closes: Any, happenings: Any, class_of: Any, dated: Any, ladders: Any
) -> None:
    limits = dated[row, world.PER_DAY + world.PER_CLASS * class_of[column] + world.LIMIT]
    rows, names, _, ratios = happenings[np.isin(happenings[:, 2], (0.0, 3.0))].T
    for place in np.flatnonzero(~np.isnan(limits))[:SAMPLED]:
        until = int(dated[row[place], world.BASE]) + 1
        before = closes[column[place] // world.LANES, :until, column[place] % world.LANES]
        known = np.flatnonzero(~np.isnan(before))
        if len(known) == 0:
            continue
        base = before[known[-1]]
        for value in ratios[(names == column[place]) & (known[-1] < rows) & (rows <= row[place])]:
            base /= value
        # the exact band is narrower still: its ends go inwards onto the grid
        assert abs(price[place] - base) <= base * limits[place] * (1 + 1e-9), "a fill beyond the price limit"


def _covered(journal: Any, amounts: Any, session: Any, sellable: Any) -> None:
    held: dict[int, float] = {}
    bought: dict[int, list[tuple[int, int, float]]] = {}  # row, session from which it may be sold, quantity
    for (kind, row, column, side, *_), (first, second) in zip(journal.tolist(), amounts.tolist(), strict=True):
        lots = bought.setdefault(column, [])
        if kind == account.SPLIT:
            held[column] = first
            lots[:] = [(when, until, size * second - 1.0) for when, until, size in lots]  # less a share cut off
        elif kind == account.DELISTED:
            held[column] = 0.0
        elif kind == account.FILL and side > 0:
            lots.append((row, sellable[row], first))
            held[column] = held.get(column, 0.0) + first
        elif kind == account.FILL:
            lots[:] = [lot for lot in lots if lot[0] == row or lot[1] > session[row]]
            kept = sum(size for _, _, size in lots)
            assert first <= held.get(column, 0.0) - kept + 1e-6, "shares sold that were not held, or not sellable yet"
            held[column] = held.get(column, 0.0) - first

"""Orders of strides and their fills as the columns of a backtest's journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.execution.dealt import COMMISSION, SHORT, TAX, VALUE, Dealt

Integers = NDArray[np.int64]


def fills_of(parts: Sequence[Dealt]) -> list[NDArray[Any]]:
    """Return the fields of `portfolio.journal.Fills`, in their order."""
    first = np.repeat([part.first for part in parts], [len(part) for part in parts])
    orders, fills = np.concatenate([part.orders for part in parts]), np.concatenate([part.fills for part in parts])
    amounts, sides = np.concatenate([part.amounts for part in parts]), np.concatenate([part.sides for part in parts])
    decided = first + orders[:, 0]
    return [
        first + fills[:, 0], orders[:, 1], sides, decided, _places(decided), amounts[:, 0], amounts[:, 1],
        fills[:, VALUE], fills[:, COMMISSION], fills[:, TAX], np.zeros(len(fills), np.int64),
    ]  # fmt: skip


def rests_of(part: Dealt) -> Iterator[tuple[int, int, int, int, int, float]]:
    """Yield what the cash did not last for: row, column, side, row of the decision, place in it, quantity."""
    short = np.flatnonzero(part.fills[:, SHORT])
    if not len(short):
        return
    places, sides = _places(part.orders[:, 0])[short].tolist(), part.sides[short].tolist()
    wanted, filled = part.wanted[short, 0].tolist(), part.amounts[short, 0].tolist()
    rows = (part.first + part.fills[short, 0]).tolist()
    decided, columns = (part.first + part.orders[short, 0]).tolist(), part.orders[short, 1].tolist()
    for k, size in enumerate(wanted):
        yield rows[k], columns[k], sides[k], decided[k], places[k], round(abs(size) - filled[k], 9)


def _places(decided: Integers) -> Integers:
    # place of each order among those decided on the same row
    begins = np.flatnonzero(np.append(True, decided[1:] != decided[:-1]))
    return np.arange(len(decided)) - np.repeat(begins, np.diff(np.append(begins, len(decided))))

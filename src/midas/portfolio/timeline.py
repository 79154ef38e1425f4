"""Fills and corporate actions as one sequence, in the order they happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from midas.kernels.account import FILL
from midas.portfolio.journal import EventKind, Journal, Reals, Rows


@dataclass(frozen=True, slots=True)
class Timeline:
    """Entries ascending by row, a row's corporate actions before its fills.

    kind : 0 for a fill, else an `EventKind`. side : 0 for events. value : minor units, of a fill or paid in.
    commission, tax : minor units. quantity : traded, held after a split, or paid for. price : of a fill, or a split's
    ratio. cause : of a fill, see `Fills`.
    """

    kind: Rows
    row: Rows
    column: Rows
    side: Rows
    value: Rows
    commission: Rows
    tax: Rows
    quantity: Reals
    price: Reals
    cause: Rows

    def __len__(self) -> int:
        return len(self.row)


def timeline(journal: Journal) -> Timeline:
    """Merge what changed holdings or cash."""
    fills, events = journal.fills, journal.events
    if len(events) == 0:
        kind = np.full(len(fills), FILL)
        return Timeline(
            kind, fills.row, fills.column, fills.side, fills.value, fills.commission, fills.tax, fills.quantity,
            fills.price, fills.cause,
        )  # fmt: skip
    order = np.argsort(
        np.concatenate((2 * events.row + 2 * (events.kind >= EventKind.SEIZED), 2 * fills.row + 1)), kind="stable"
    )
    none = np.zeros(len(events), np.int64)

    def merged(of_events: Rows, of_fills: Rows) -> Rows:
        return np.concatenate((of_events, of_fills))[order]

    return Timeline(
        merged(events.kind, np.full(len(fills), FILL)),
        merged(events.row, fills.row),
        merged(events.column, fills.column),
        merged(none, fills.side),
        merged(events.amount, fills.value),
        merged(none, fills.commission),
        merged(none, fills.tax),
        np.concatenate((events.quantity, fills.quantity))[order],
        np.concatenate((events.ratio, fills.price))[order],
        merged(none, fills.cause),
    )

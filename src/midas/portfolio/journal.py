"""What happened to an account, as columns: fills, refused orders, corporate actions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from midas.core.order import Cause, Reject

K = TypeVar("K")
Rows = NDArray[np.int64]
Reals = NDArray[np.float64]

REASONS = tuple(Reject)
"""Reason k of a refusal is `REASONS[k - 1]`."""


CAUSES = tuple(Cause)
"""Cause k of a fill or a refusal is `CAUSES[k - 1]`; 0 is a target."""


class EventKind(IntEnum):
    """What happened to the account without an order."""

    SPLIT = 1
    DIVIDEND = 2
    CASH_IN_LIEU = 3
    DELISTED = 4
    INTEREST = 5
    BORROW_FEE = 6
    SEIZED = 7
    WRITTEN_OFF = 8


@dataclass(frozen=True, slots=True)
class Fills:
    """Executions in the order they happened, one entry each.

    row, column : session and instrument on the panel. side : 1 bought, -1 sold. decided, number : row of the decision
    and place among its orders. quantity, price : in shares and currency. value, commission, tax : minor units. cause :
    0 where it followed a target, else it indexes `CAUSES` from 1.
    """

    row: Rows
    column: Rows
    side: Rows
    decided: Rows
    number: Rows
    quantity: Reals
    price: Reals
    value: Rows
    commission: Rows
    tax: Rows
    cause: Rows

    def __len__(self) -> int:
        return len(self.row)

    def exits(self) -> dict[Cause, int]:
        """Return how often each cause closed something, in the order of `Cause`, causes that did not left out."""
        return _counted(CAUSES, self.cause)


@dataclass(frozen=True, slots=True)
class Refusals:
    """Orders, or rests of orders, that were dropped.

    `number` is -1 where a wish never became an order; its quantity is then NaN. `reason` indexes `REASONS` from
    1, `cause` is that of `Fills`.
    """

    row: Rows
    column: Rows
    side: Rows
    decided: Rows
    number: Rows
    reason: Rows
    quantity: Reals
    cause: Rows

    def __len__(self) -> int:
        return len(self.row)

    def counts(self) -> dict[Reject, int]:
        """Return how often each reason came up, in the order of `Reject`, reasons that did not left out."""
        return _counted(REASONS, self.reason)


@dataclass(frozen=True, slots=True)
class Events:
    """Corporate actions that met a holding, and interest; before the open of their row, so before its fills.

    SEIZED and WRITTEN_OFF end a ruined account at a close, after its fills. column : -1 for what is of no name.
    amount : minor units paid in, 0 for a split. quantity : what is held after a split, what was paid for else.
    ratio : new shares for an old one, NaN for payments.
    """

    row: Rows
    column: Rows
    kind: Rows
    amount: Rows
    quantity: Reals
    ratio: Reals

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True)
class Journal:
    """Everything that changed an account's holdings or cash, and what was refused."""

    fills: Fills
    refusals: Refusals
    events: Events


def _counted(kinds: tuple[K, ...], numbers: Rows) -> dict[K, int]:
    found = np.bincount(numbers, minlength=len(kinds) + 1)[1:]
    return {kind: int(count) for kind, count in zip(kinds, found, strict=True) if count}

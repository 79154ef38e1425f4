"""Corporate actions and the factors they make."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from midas.marketdata.tiles import Matrix


class ActionKind(IntEnum):
    """What happened on the ex-date, before the open."""

    SPLIT = 0
    CASH_DIVIDEND = 1
    RIGHTS = 3
    """2 is a delisting, which no data states."""


@dataclass(frozen=True, slots=True)
class Actions:
    """Corporate actions of a panel, one entry each, ascending by (row, instrument, kind).

    `row` is the ex-date's row, `instrument` the column, `kind` an `ActionKind`. `value` is new shares per old share
    for a split, currency per share held at the previous close for a dividend, and the price before over the theoretical
    ex-rights price for rights: (1 + n) P / (P + n S) for n new shares per old one at S on a last close of P.
    """

    row: NDArray[np.int64]
    instrument: NDArray[np.int64]
    kind: NDArray[np.int8]
    value: NDArray[np.float64]

    @classmethod
    def none(cls) -> Actions:
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int8), np.empty(0))

    def __len__(self) -> int:
        return len(self.row)


def forward_factors(raw_close: Matrix, actions: Actions) -> tuple[Matrix, Matrix]:
    """Return (price factor, share factor), both (time, instrument) and 1 until the first action.

    A raw price times the price factor is a total-return price; a raw volume divided by the share factor is comparable
    over time. Factors grow forward in time, so a value at row t depends on nothing after t: levels differ from a
    vendor's back-adjusted series by one constant per instrument, ratios do not. A dividend of d on a previous close c
    multiplies the price factor by c / (c - d) (the CRSP total-return convention), rights by their own value.
    """
    price = np.ones_like(raw_close)
    shares = np.ones_like(raw_close)
    if len(actions) == 0:
        return price, shares
    splits = actions.kind == ActionKind.SPLIT
    ratios = np.where(splits, actions.value, 1.0)
    np.multiply.at(shares, (actions.row, actions.instrument), ratios)
    previous = _previous_close(raw_close, actions)
    with np.errstate(invalid="ignore"):
        paid = (actions.kind == ActionKind.CASH_DIVIDEND) & (previous > actions.value)
    rights = actions.kind == ActionKind.RIGHTS
    np.multiply.at(price, (actions.row, actions.instrument), np.where(rights, actions.value, ratios))
    kept = np.divide(previous, previous - actions.value, out=np.ones(len(actions)), where=paid)
    np.multiply.at(price, (actions.row, actions.instrument), kept)
    np.cumprod(price, axis=0, out=price)
    np.cumprod(shares, axis=0, out=shares)
    return price, shares


def _previous_close(raw_close: Matrix, actions: Actions) -> NDArray[np.float64]:
    touched, place = np.unique(actions.instrument, return_inverse=True)
    closes = raw_close[:, touched]
    rows = np.where(np.isnan(closes), -1, np.arange(len(closes))[:, None])
    last_known = np.maximum.accumulate(rows, axis=0)
    row = np.where(actions.row > 0, last_known[actions.row - 1, place], -1)
    return np.where(row >= 0, closes[row, place], np.nan)

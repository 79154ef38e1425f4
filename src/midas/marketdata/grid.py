"""A venue's ticks and limits for whole columns of prices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.core.instrument import Instrument, InstrumentId
from midas.venues.arrays import rule_arrays
from midas.venues.rules import RuleArrays
from midas.venues.venue import Venue

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

_KINDS = ("stock", "etf")


def price_limits(venue: Venue, days: Days) -> Floats:
    """Return for each day the widest price limit of the venue as a fraction.

    NaN where there is none, and where the shares of the venue's usual board have none: what is wider is no fault then.
    """
    sessions, place = np.unique(days, return_inverse=True)
    limits = _rules(venue, sessions).limit
    usual = venue.tables.limit.of(venue.default_board, "stock")
    unlimited = np.isnan([np.nan if usual.at(day) is None else 1.0 for day in sessions.tolist()])
    widest = np.where(unlimited, np.nan, np.fmax.reduce(limits, axis=0))
    found: Floats = widest[place]
    return found


def largest_ticks(venue: Venue, days: Days, prices: Floats) -> Floats:
    """Return for each price the widest tick any board and kind of instrument has there; NaN where there is no grid."""
    ticks = _ticks(venue, days, prices)
    largest: Floats = np.fmax.reduce(ticks, axis=0)
    return largest


def off_grid(venue: Venue, days: Days, prices: Floats) -> NDArray[np.bool_]:
    """Tell prices that lie on the grid of no board and no kind of instrument; False where there is no grid."""
    ticks = _ticks(venue, days, prices)
    with np.errstate(invalid="ignore"):
        steps = prices / ticks
        on = np.isnan(ticks) | (np.abs(steps - np.round(steps)) < 1e-6 * np.maximum(1.0, np.abs(steps)))
    off: NDArray[np.bool_] = ~np.any(on, axis=0)
    return off


def _ticks(venue: Venue, days: Days, prices: Floats) -> Floats:
    # (class, price)
    sessions, place = np.unique(days, return_inverse=True)
    rules = _rules(venue, sessions)
    ticks = np.full((len(rules.ladder_of), len(prices)), np.nan)
    for row, ladders in enumerate(rules.ladder_of[:, place]):
        for ladder in np.unique(ladders[ladders >= 0]):
            here = ladders == ladder
            step = np.searchsorted(rules.ladder_floor[ladder], prices[here], "right") - 1
            ticks[row, here] = rules.ladder_tick[ladder][np.maximum(step, 0)]
    return ticks


def _rules(venue: Venue, sessions: Days) -> RuleArrays:
    boards = venue.boards or ("",)
    classes = [
        Instrument(InstrumentId("ANY", venue.mic), board=board, kind=kind) for board in boards for kind in _KINDS
    ]
    return rule_arrays(venue, classes, sessions)

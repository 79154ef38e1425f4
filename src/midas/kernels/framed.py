"""The arrays a frame points at, one function for each."""

from __future__ import annotations

from typing import Any, cast

import numba
import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import COUNTS, RESTING_FIELDS, STATES, WIDTH
from midas.kernels.compiled import step
from midas.kernels.exit_rules import RULES
from midas.kernels.fill import TERMS
from midas.kernels.frame import (
    ACTIONS,
    COLUMNS,
    DATED_WIDTH,
    LADDERS,
    LANES,
    MARKED,
    RANGE_COLUMNS,
    RANGE_ROWS,
    RESTED,
    RESTING,
    ROOM,
    ROWS,
    SPOKEN,
    STEPS,
    TILES,
    Frame,
)
from midas.kernels.pointers import doubles, integers

_carray = cast("Any", numba).carray


@step
def opens_in(frame: Frame) -> NDArray[np.float64]:
    """Return opens (tile, row, lane)."""
    return _carray(doubles(frame[0]), (frame[TILES], frame[ROWS], frame[LANES]))  # type: ignore[no-any-return]


@step
def highs_in(frame: Frame) -> NDArray[np.float64]:
    """Return highs (tile, row, lane)."""
    return _carray(doubles(frame[1]), (frame[TILES], frame[ROWS], frame[LANES]))  # type: ignore[no-any-return]


@step
def lows_in(frame: Frame) -> NDArray[np.float64]:
    """Return lows (tile, row, lane)."""
    return _carray(doubles(frame[2]), (frame[TILES], frame[ROWS], frame[LANES]))  # type: ignore[no-any-return]


@step
def closes_in(frame: Frame) -> NDArray[np.float64]:
    """Return closes (tile, row, lane)."""
    return _carray(doubles(frame[3]), (frame[TILES], frame[ROWS], frame[LANES]))  # type: ignore[no-any-return]


@step
def volumes_in(frame: Frame) -> NDArray[np.float64]:
    """Return volumes (tile, row, lane)."""
    return _carray(doubles(frame[4]), (frame[TILES], frame[ROWS], frame[LANES]))  # type: ignore[no-any-return]


@step
def happenings_in(frame: Frame) -> NDArray[np.float64]:
    """Return corporate actions, see `world.Happenings`."""
    return _carray(doubles(frame[5]), (frame[ACTIONS], 4))  # type: ignore[no-any-return]


@step
def class_of_in(frame: Frame) -> NDArray[np.int64]:
    """Return the rule class of each instrument."""
    return _carray(integers(frame[6]), (frame[COLUMNS],))  # type: ignore[no-any-return]


@step
def dated_in(frame: Frame) -> NDArray[np.float64]:
    """Return the rules of each day, see `world.Dated`."""
    return _carray(doubles(frame[7]), (frame[ROWS], frame[DATED_WIDTH]))  # type: ignore[no-any-return]


@step
def ladders_in(frame: Frame) -> NDArray[np.float64]:
    """Return tick ladders (ladder, step, 2)."""
    return _carray(doubles(frame[8]), (frame[LADDERS], frame[STEPS], 2))  # type: ignore[no-any-return]


@step
def rules_in(frame: Frame) -> NDArray[np.float64]:
    """Return what closes positions, see `exiting.Rules`."""
    return _carray(doubles(frame[9]), (RULES,))  # type: ignore[no-any-return]


@step
def ranges_in(frame: Frame) -> NDArray[np.float64]:
    """Return average true ranges, see `exiting.Ranges`."""
    return _carray(doubles(frame[10]), (3, frame[RANGE_ROWS], frame[RANGE_COLUMNS]))  # type: ignore[no-any-return]


@step
def terms_in(frame: Frame) -> NDArray[np.float64]:
    """Return how the account trades, see `fill.Terms`."""
    return _carray(doubles(frame[11]), (TERMS,))  # type: ignore[no-any-return]


@step
def speaks_in(frame: Frame) -> NDArray[np.int64]:
    """Return the rows on which weights are heard."""
    return _carray(integers(frame[12]), (frame[SPOKEN],))  # type: ignore[no-any-return]


@step
def weights_in(frame: Frame) -> NDArray[np.float64]:
    """Return target weights (speaking row, instrument)."""
    return _carray(doubles(frame[13]), (max(1, frame[SPOKEN]), frame[COLUMNS]))  # type: ignore[no-any-return]


@step
def state_in(frame: Frame) -> NDArray[np.float64]:
    """Return what is known of each instrument, see `account.State`."""
    return _carray(doubles(frame[14]), (STATES, frame[COLUMNS]))  # type: ignore[no-any-return]


@step
def lists_in(frame: Frame) -> NDArray[np.int64]:
    """Return columns held and on order, see `account.Lists`."""
    return _carray(integers(frame[15]), (5, frame[COLUMNS]))  # type: ignore[no-any-return]


@step
def counts_in(frame: Frame) -> NDArray[np.int64]:
    """Return cash and lengths, see `account.Counts`."""
    return _carray(integers(frame[16]), (COUNTS,))  # type: ignore[no-any-return]


@step
def bars_in(frame: Frame) -> NDArray[np.float64]:
    """Return room for the bars of the orders, (5, order)."""
    return _carray(doubles(frame[17]), (5, frame[COLUMNS]))  # type: ignore[no-any-return]


@step
def journal_in(frame: Frame) -> NDArray[np.int64]:
    """Return entries, see `account.Journal`."""
    return _carray(integers(frame[18]), (frame[ROOM], WIDTH))  # type: ignore[no-any-return]


@step
def amounts_in(frame: Frame) -> NDArray[np.float64]:
    """Return amounts beside the entries, see `account.Amounts`."""
    return _carray(doubles(frame[19]), (frame[ROOM], 2))  # type: ignore[no-any-return]


@step
def equity_in(frame: Frame) -> NDArray[np.int64]:
    """Return equity at each close in minor units."""
    return _carray(integers(frame[20]), (frame[MARKED],))  # type: ignore[no-any-return]


@step
def cash_in(frame: Frame) -> NDArray[np.int64]:
    """Return cash at each close in minor units."""
    return _carray(integers(frame[21]), (frame[MARKED],))  # type: ignore[no-any-return]


@step
def gross_in(frame: Frame) -> NDArray[np.int64]:
    """Return the value carried at each close in minor units."""
    return _carray(integers(frame[22]), (frame[MARKED],))  # type: ignore[no-any-return]


@step
def resting_in(frame: Frame) -> NDArray[np.float64]:
    """Return the orders that wait for their price, see `resting.Resting`."""
    return _carray(doubles(frame[RESTING]), (frame[RESTED], RESTING_FIELDS))  # type: ignore[no-any-return]

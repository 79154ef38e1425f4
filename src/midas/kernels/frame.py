"""Everything the matching loop reads and writes, behind one array of addresses.

Numba takes microseconds to accept a few dozen arrays, too long for a call that meets one bar, and steps that hand them
on to each other spend more on that than on their work. A frame is made once and is good for as long as the arrays in it
live; where an account stands is kept in it too, so a later call goes on. `framed` reads it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import CASH, COUNTS, ENTRIES, STATES, WIDTH, Account
from midas.kernels.world import World

Frame = NDArray[np.int64]

ARRAYS = 23
"""Addresses from 0 on: first those of a world, then those of an account."""

ROWS = ARRAYS
TILES = ARRAYS + 1
COLUMNS = ARRAYS + 2
ACTIONS = ARRAYS + 3
DATED_WIDTH = ARRAYS + 4
LADDERS = ARRAYS + 5
STEPS = ARRAYS + 6
RANGE_ROWS = ARRAYS + 7
RANGE_COLUMNS = ARRAYS + 8
SPOKEN = ARRAYS + 9
"""Rows of weights."""
ROOM = ARRAYS + 10
"""Entries the journal has room for."""
MARKED = ARRAYS + 11
"""Rows that equity and cash have room for, from `FIRST` on."""
FIRST = ARRAYS + 12
"""First row of the account: nothing happens before its open."""
NEXT = ARRAYS + 13
"""Row to be met next."""
MET = ARRAYS + 14
"""Corporate actions up to the last row met."""
TURN = ARRAYS + 15
"""Rows of weights heard."""
BY_CHANGE = ARRAYS + 16
PAUSES = ARRAYS + 17
"""1 where the account stops after a row that left an entry in the journal."""
NEEDED = ARRAYS + 18
"""Room in the journal that the next row asks for."""
CALLED = ARRAYS + 19
"""Not 0 where a margin account may give no order at the last close."""
ENDED = ARRAYS + 20
"""RUINED or OVERFLOW where the account goes no further, else 0."""
LANES = ARRAYS + 21
RESTING = ARRAYS + 22
"""Address of the orders that wait for their price, see `resting`."""
RESTED = ARRAYS + 23
"""How many there are."""
WORDS = ARRAYS + 24

DONE, PAUSED, FULL, RUINED, OVERFLOW = range(5)
"""Why an account stopped; see `matching.proceed`."""


def account_of(columns: int, rows: int, capital: int, entries: int = 64) -> Account:
    """Return an account that holds nothing but its capital, with room for so many rows and entries."""
    counts = np.zeros(COUNTS, np.int64)
    counts[CASH] = capital
    return Account(
        np.zeros((STATES, columns)),
        np.zeros((5, columns), np.int64),
        counts,
        np.empty((5, columns)),
        np.empty((entries, WIDTH), np.int64),
        np.empty((entries, 2)),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
    )


def frame_of(world: World, account: Account, first: int, by_change: bool) -> Frame:
    """Return the frame of an account that has met no row; both must outlive it."""
    frame = np.zeros(WORDS, np.int64)
    tiles, rows, lanes = world.closes.shape
    for place, array in enumerate((*world, *account)):
        frame[place] = _address_of(array)
    frame[[TILES, ROWS, LANES, COLUMNS]] = tiles, rows, lanes, account.state.shape[1]
    frame[[ACTIONS, DATED_WIDTH]] = len(world.happenings), world.dated.shape[1]
    frame[[LADDERS, STEPS]] = world.ladders.shape[:2]
    frame[[RANGE_ROWS, RANGE_COLUMNS]] = world.ranges.shape[1:]
    frame[[SPOKEN, ROOM, MARKED]] = len(world.speaks), len(account.journal), len(account.equity)
    frame[[FIRST, NEXT, BY_CHANGE]] = first, first, by_change
    return frame


def with_room(frame: Frame, account: Account) -> Account:
    """Return the account with a journal twice as long as its next row needs, and point the frame at it."""
    used, room = account.counts[ENTRIES], 2 * int(frame[NEEDED])
    journal, amounts = np.empty((room, WIDTH), np.int64), np.empty((room, 2))
    journal[:used], amounts[:used] = account.journal[:used], account.amounts[:used]
    roomy = account._replace(journal=journal, amounts=amounts)
    for place, array in enumerate(roomy, ARRAYS - len(roomy)):
        frame[place] = _address_of(array)
    frame[ROOM] = room
    return roomy


def rest(frame: Frame, resting: NDArray[np.float64]) -> None:
    """Let these orders wait for their price on the rows that are met next; they must outlive that."""
    frame[[RESTING, RESTED]] = _address_of(resting), len(resting)


def _address_of(array: NDArray[Any]) -> int:
    # An address tells nothing of layout and type, so they are looked at here.
    if not array.flags.c_contiguous or array.dtype not in (np.float64, np.int64):
        raise TypeError("a frame holds C-contiguous arrays of float64 and int64")
    return int(array.__array_interface__["data"][0])

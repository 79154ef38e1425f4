"""The kill switch's levels, each stopping all that those before it stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class KillLevel(IntEnum):
    """How much is stopped.

    REDUCE_ONLY: nothing that opens or adds. PAUSE: no new order at all. CANCEL_ALL: and every open order is
    cancelled. FLATTEN: and every position is closed, which alone may still be ordered. HALT: nothing is sent, not even
    that, and the trader stops.
    """

    NONE = 0
    REDUCE_ONLY = 1
    PAUSE = 2
    CANCEL_ALL = 3
    FLATTEN = 4
    HALT = 5


@dataclass(frozen=True, slots=True)
class Kill:
    """A switch that was pulled: for one account, or for all where `account` is ""."""

    level: KillLevel
    account: str
    who: str
    why: str
    pulled_utc: datetime


def strongest(*levels: KillLevel) -> KillLevel:
    """Return the level that holds when several switches are pulled: any one stops."""
    return max(levels, default=KillLevel.NONE)


def blocks(level: KillLevel, *, reduces: bool, flattens: bool) -> bool:
    """Tell whether a switch stops an order that reduces a position, or is part of closing everything, or is neither."""
    if level is KillLevel.REDUCE_ONLY:
        return not reduces
    if level is KillLevel.FLATTEN:
        return not (reduces and flattens)
    return level is not KillLevel.NONE


def blocks_cancel(level: KillLevel) -> bool:
    """Tell whether a switch stops even a cancel."""
    return level is KillLevel.HALT

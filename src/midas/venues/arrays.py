"""A venue's rules as arrays for the matching kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from midas.core.instrument import Instrument
from midas.venues.calendar import Days
from midas.venues.dated import Dated
from midas.venues.ladder import Ladder
from midas.venues.rules import RuleArrays
from midas.venues.settlement import UNSETTLED_BUYS
from midas.venues.tables import Scoped
from midas.venues.venue import Venue

T = TypeVar("T")
Floats = NDArray[np.float64]

_EPOCH = date(1970, 1, 1).toordinal()


def rule_arrays(venue: Venue, instruments: Sequence[Instrument], sessions: Days) -> RuleArrays:
    """Return the rules of `venue` for some instruments and ascending sessions; float twins of the venue's own methods.

    Instruments of other MICs are treated by this venue's rules. Sessions outside the venue's calendar get the first or
    last rules there are.

    Raises
    ------
    InvalidInput: an instrument's board or kind is unknown here.
    """
    of = [(_board(venue, item), item.kind) for item in instruments]
    classes = sorted(set(of))
    number = {key: index for index, key in enumerate(classes)}
    ladders: dict[Ladder, int] = {}
    tables, costs = venue.tables, venue.tables.costs

    def ladder_row(ladder: Ladder | None) -> float:
        return -1 if ladder is None else ladders.setdefault(ladder, len(ladders))

    def table(of: Scoped[T], as_float: Callable[[T], float]) -> Floats:
        rows = [_along(of.of(*key), sessions, as_float) for key in classes]
        return np.array(rows, np.float64).reshape(len(classes), len(sessions))

    ladder_of = table(tables.tick, ladder_row).astype(np.int64)
    floors, ticks = _ladder_arrays(tuple(ladders))
    return RuleArrays(
        class_of=np.array([number[key] for key in of], np.int64),
        ladder_of=ladder_of,
        ladder_floor=floors,
        ladder_tick=ticks,
        limit=table(tables.limit, _or_nan),
        lot=table(tables.lot, float),
        buy_rate=_along(costs.buy_rate, sessions, float),
        sell_rate=_along(costs.sell_rate, sessions, float),
        sell_per_share=_along(costs.sell_per_share, sessions, lambda pair: float(pair[0])),
        sell_per_share_cap=_along(costs.sell_per_share, sessions, lambda pair: _or_inf(pair[1])),
        buy_tax=table(tables.buy_tax, float),
        sell_tax=table(tables.sell_tax, float),
        sell_lock=_along(tables.sell_lock, sessions, float).astype(np.int64),
        settles=tables.settlement.dates_of(sessions),
        unsettled_buys=_along(tables.settlement.unsettled_buys, sessions, _place_of_buys).astype(np.int64),
        tax_truncates=tables.tax_truncates,
    )


def _board(venue: Venue, item: Instrument) -> str:
    return venue.board(item.board) if item.board else venue.usual_board(item.id.symbol)


def _along(dated: Dated[T], sessions: Days, as_float: Callable[[T], float]) -> Floats:
    # Sessions ascend: a few starts are looked up among them, not each of them among the starts; numpy is slow at making
    # days of Python's dates, and quick with integers.
    values = [as_float(value) for value in dated.values]
    if not dated.starts:
        return np.full(len(sessions), values[0])
    starts = np.array([start.toordinal() - _EPOCH for start in dated.starts])
    bounds = [0, *np.searchsorted(sessions.astype("datetime64[D]", copy=False).view(np.int64), starts).tolist()]
    return np.repeat(values, [end - begin for begin, end in pairwise([*bounds, len(sessions)])])


def _ladder_arrays(ladders: Sequence[Ladder]) -> tuple[Floats, Floats]:
    steps = max((len(ladder.floors) for ladder in ladders), default=0)
    floors = np.full((len(ladders), steps), np.inf)
    ticks = np.full((len(ladders), steps), np.inf)
    for row, ladder in enumerate(ladders):
        floors[row, : len(ladder.floors)] = [float(floor) for floor in ladder.floors]
        ticks[row, : len(ladder.ticks)] = [float(tick) for tick in ladder.ticks]
    return floors, ticks


def _place_of_buys(word: str) -> float:
    return UNSETTLED_BUYS.index(word)


def _or_nan(value: Decimal | None) -> float:
    return np.nan if value is None else float(value)


def _or_inf(value: Decimal | None) -> float:
    return np.inf if value is None else float(value)

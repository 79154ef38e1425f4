"""A run's twin: the backtest it should have been, on what the run saw; and the trades of both, told alike."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from midas.backtest.run import run_spec
from midas.core.order import Fill, OrderKind, OrderState, Side
from midas.execution.simulation import Simulation
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.delisting import DELISTING
from midas.marketdata.feed import CorporateAction
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel, build_fields
from midas.trading.tape import Tape

EXIT = "exit"
"""Side of the key of what closed a position by itself."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What makes two trades the same one: instrument, row of the decision, of exits of the trade, and side or EXIT."""

    instrument: str
    row: int
    side: str


@dataclass(frozen=True, slots=True)
class Trade:
    """An order's executions in one: row of the first, quantity, average price, and minor units of value and costs.

    fills : how many they are, each of a value rounded to the minor unit.
    """

    row: int
    side: Side
    quantity: float
    price: float
    value: int
    costs: int
    fills: int

    @property
    def sign(self) -> int:
        return -1 if self.side is Side.BUY else 1

    @property
    def money(self) -> int:
        """What it brought, below 0 what it took, in minor units."""
        return self.sign * self.value - self.costs


Trades = dict[Key, Trade]


@dataclass(frozen=True, slots=True)
class Piece:
    """One execution."""

    row: int
    side: Side
    quantity: float
    price: float
    value: int
    costs: int


def twin_of(tape: Tape, start: date) -> tuple[Panel, Simulation]:
    """Run the backtest of a tape from the session `start` on.

    Raises
    ------
    InvalidInput, StrategyInvalid: this version would not run it.
    """
    panel = panel_of(tape, tape.head.market())
    return panel, run_spec(replace(tape.head.question(), start=start, end=None), panel).simulation


def panel_of(tape: Tape, ground: Ground) -> Panel:
    """Return what a tape saw as a panel; rows before the first seen do not exist."""
    raw = {name: np.array([row.fields[name] for row in tape.rows]) for name in ground.fields}
    sessions = np.array([row.session for row in tape.rows], "datetime64[D]")
    stamps = None
    if ground.timeframe.is_intraday:
        stamps = np.array([row.stamp_utc.replace(tzinfo=None) for row in tape.rows], "datetime64[s]")
    column = {instrument.id: place for place, instrument in enumerate(ground.instruments)}
    known = [one for one in tape.actions if one.instrument in column]
    acted = sorted(
        (_first_row(sessions, one), column[one.instrument], one.kind, one.value)
        for one in known
        if one.kind in tuple(ActionKind)
    )
    gone = sorted((_first_row(sessions, one), column[one.instrument]) for one in known if one.kind == DELISTING)
    parts = list(zip(*(one for one in acted if one[0] < len(sessions)), strict=True)) or [(), (), (), ()]
    kinds = (np.int64, np.int64, np.int8, np.float64)
    actions = Actions(*(np.array(part, kind) for part, kind in zip(parts, kinds, strict=True)))
    return Panel(
        ground.dataset, f"tape-{tape.head.run}", ground.venue.mic, ground.timeframe, ground.basis, ground.currency,
        ground.instruments, sessions, build_fields(raw, actions), actions, stamps,
        np.array(gone, np.int64).reshape(-1, 2),
    )  # fmt: skip


def trades_of_run(tape: Tape) -> Trades:
    """Return the trades of a run, as they were booked."""
    pieces: defaultdict[Key, list[Piece]] = defaultdict(list)
    for fill in tape.fills:
        piece = _piece(tape, fill)
        pieces[_key(tape, fill, piece.row)].append(piece)
    return {key: trade for key, found in pieces.items() if (trade := _together(found)) is not None}


def trades_of_twin(twin: Simulation, panel: Panel) -> Trades:
    """Return the trades of a twin."""
    fills, names = twin.journal.fills, [str(instrument.id) for instrument in panel.instruments]
    pieces: defaultdict[Key, list[Piece]] = defaultdict(list)
    columns = (
        fills.row, fills.column, fills.side, fills.decided, fills.quantity, fills.price, fills.value,
        fills.commission, fills.tax, fills.cause,
    )  # fmt: skip
    for row, column, way, decided, quantity, price, value, commission, tax, cause in zip(
        *(part.tolist() for part in columns), strict=True
    ):
        side = Side.BUY if way > 0 else Side.SELL
        key = Key(names[column], row, EXIT) if cause else Key(names[column], decided, side.value)
        pieces[key].append(Piece(row, side, quantity, price, value, commission + tax))
    return {key: trade for key, found in pieces.items() if (trade := _together(found)) is not None}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of orders beyond their trades.

    by_run : what the run wanted, with whether that may still trade or did so behind the end of the tape. dropped : what
    the twin wanted and met no market. unguarded : names whose exits were refused to the run. unsound : names of whose
    orders something else was booked than they say was filled: nothing explains what differs there.
    """

    by_run: Mapping[Key, bool]
    dropped: frozenset[Key]
    unguarded: frozenset[str]
    unsound: frozenset[str]


def wanted(tape: Tape, twin: Simulation, panel: Panel) -> Wanted:
    """Return what a run and its twin wanted, whatever came of it."""
    by_run: dict[Key, bool] = {}
    unguarded = set()
    for order, intent in tape.orders.items():
        key = Key(str(intent.instrument), tape.decided(intent), intent.side.value)
        by_run[key] = by_run.get(key, False) or order not in tape.ends or order in tape.late
        if tape.ends.get(order, (None, ""))[0] is OrderState.REJECTED and intent.kind is OrderKind.PROTECTION:
            unguarded.add(key.instrument)
    for intent in tape.denied:
        by_run.setdefault(Key(str(intent.instrument), tape.decided(intent), intent.side.value), False)
        if intent.kind is OrderKind.PROTECTION:
            unguarded.add(str(intent.instrument))
    refused, names = twin.journal.refusals, [str(instrument.id) for instrument in panel.instruments]
    parts = (refused.column, refused.side, refused.decided)
    dropped = {
        Key(names[column], decided, (Side.BUY if side > 0 else Side.SELL).value)
        for column, side, decided in zip(*(part.tolist() for part in parts), strict=True)
    }
    unsound = frozenset(str(tape.orders[order].instrument) for order in tape.unsound if order in tape.orders)
    return Wanted(by_run, frozenset(dropped), frozenset(unguarded), unsound)


def _key(tape: Tape, fill: Fill, row: int) -> Key:
    intent = tape.orders.get(fill.order)
    if _exits(tape, fill):
        return Key(str(fill.instrument), row, EXIT)
    decided = row - 1 if intent is None else tape.decided(intent)
    return Key(str(fill.instrument), decided, fill.side.value)


def _exits(tape: Tape, fill: Fill) -> bool:
    intent = tape.orders.get(fill.order)
    return fill.cause is not None or (intent is not None and intent.kind is OrderKind.PROTECTION)


def _piece(tape: Tape, fill: Fill) -> Piece:
    # bars are half open: what traded at the moment one closed is of the next. A paper broker tells what happened inside
    # a bar, exits and orders at a price of their own, at the close of it
    intent = tape.orders.get(fill.order)
    priced = intent is not None and intent.kind is not OrderKind.MARKET
    inside = _exits(tape, fill) or priced
    row = (bisect_left if inside else bisect_right)(tape.rows, fill.stamp_utc, key=lambda one: one.stamp_utc)
    if intent is not None and priced and not _exits(tape, fill):
        row = max(row, tape.decided(intent) + 1)
    quantity, price = float(fill.quantity), float(fill.price)
    return Piece(min(row, len(tape.rows) - 1), fill.side, quantity, price, fill.value, fill.commission + fill.tax)


def _together(found: Sequence[Piece]) -> Trade | None:
    quantity = sum(one.quantity for one in found)
    value, costs = sum(one.value for one in found), sum(one.costs for one in found)
    worth = sum(one.quantity * one.price for one in found)
    if not (quantity or value or costs):
        return None  # taken back
    price = worth / quantity if quantity else 0.0
    return Trade(found[0].row, found[0].side, quantity, price, value, costs, len(found))


def _first_row(sessions: np.ndarray[tuple[int], np.dtype[np.datetime64]], action: CorporateAction) -> int:
    return int(np.searchsorted(sessions, np.datetime64(action.session)))

"""What happened in a rehearsal as the columns of an account, told as a backtest's own journal tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from math import floor, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from midas.core.instrument import InstrumentId
from midas.core.order import Fill, OrderIntent, OrderKind, OrderState, Reject, Side
from midas.execution.broker import CashMove
from midas.execution.dealt import Dealt
from midas.execution.event_context import RefusedOrder
from midas.execution.loop_events import Denied, Ended, Filled, Moved, Submit, Withdraw
from midas.execution.striding import Strode
from midas.kernels.price_rules import NEAR_LOT, ULPS
from midas.marketdata.actions import ActionKind
from midas.marketdata.delisting import DELISTING
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.ground import Ground
from midas.portfolio.journal import CAUSES, REASONS, EventKind, Events, Fills, Journal, Refusals
from midas.risk.verdict import Denial
from midas.trading.stride_columns import fills_of, rests_of

NO_ORDER = -1
"""Number of what has no order of ours behind it."""

_WORDS = {
    Denial.MISSING_DATA: Reject.NO_BAR,  # no price was ever known
    Denial.OFF_LOT: Reject.BELOW_LOT,
}
_OVER = {"exited": Reject.POSITION_CLOSED, "": Reject.ADJUSTED}
_REALS = frozenset({"quantity", "price", "ratio"})
_ENDED = (EventKind.SEIZED, EventKind.WRITTEN_OFF)


class _Filled(NamedTuple):
    row: int
    column: int
    side: int
    decided: int
    number: int
    quantity: float
    price: float
    value: int
    commission: int
    tax: int
    cause: int


class _Refused(NamedTuple):
    row: int
    column: int
    side: int
    decided: int
    number: int
    reason: int
    quantity: float
    cause: int


class _Happened(NamedTuple):
    row: int
    column: int
    kind: int
    amount: int
    quantity: float
    ratio: float


class _Split(NamedTuple):
    row: int
    column: int
    before: float
    fraction: float


class Chronicle:
    """Told, in order, what `Rehearsal` tells its watch, and what it did in strides.

    share : the smallest quantity that can be held.
    """

    def __init__(self, ground: Ground, share: float = 1.0) -> None:
        self._share = share
        self._column = {instrument.id: column for column, instrument in enumerate(ground.instruments)}
        self._row, self._passed = -1, False
        self._orders: dict[str, tuple[int, OrderIntent]] = {}
        self._left: dict[str, float] = {}
        self._withdrawn: set[str] = set()
        self._behind = -1, 0
        self._brokers: tuple[int, list[str]] = (-1, [])
        self._holds: defaultdict[int, float] = defaultdict(float)
        self._late: list[Dealt] = []
        self._ratios: defaultdict[InstrumentId, list[float]] = defaultdict(list)
        self._split: _Split | None = None
        self._changed: set[InstrumentId] = set()
        self._fills: list[_Filled | Dealt] = []
        self._refusals: list[_Refused] = []
        self._events: list[_Happened] = []

    def note(self, what: object) -> None:
        """Take in what happened."""
        match what:
            case BarRow():
                if self._passed:
                    self._forget()
                self._row, self._passed = what.row, True
            case CorporateAction():
                self._act(what)
            case Submit() if what.intent.kind is not OrderKind.PROTECTION:  # that stands for a position, not a wish
                self._orders[what.id] = self._row, what.intent
                self._left[what.id] = float(what.intent.quantity)
                self._behind = self._row, what.intent.sequence + 1
            case Withdraw():
                self._withdrawn.add(what.order)
            case Denied() if what.intent.kind is not OrderKind.PROTECTION:
                self._deny(what)
            case Filled():
                self._fill(what.fill)
            case Ended():
                self._end(what)
            case Moved():
                self._move(what.move)

    def stride(self, strode: Strode) -> None:
        """Take in a stride, as if what was said and heard of it had been noted."""
        dealt = strode.dealt
        if len(dealt):
            self._forget()
            last, behind = dealt.first + int(dealt.fills[-1, 0]), dealt.orders[-1, 0]
            self._row, self._passed = last, True
            self._behind = dealt.first + int(behind), int((dealt.orders[:, 0] == behind).sum())
            self._fills.append(dealt)
            self._refusals += [_Refused(*rest[:5], _reason(Reject.NO_CASH), rest[5], 0) for rest in rests_of(dealt)]
            self._late.append(dealt)
        if strode.asks:
            if self._passed:
                self._forget()
            self._row, self._passed = dealt.first + strode.rows - 1, True

    @property
    def waiting(self) -> int:
        """How many orders did not end."""
        return len(self._left)

    @property
    def ruined(self) -> int:
        """The row at whose close the account's equity was gone, -1 for none."""
        return next((event.row for event in self._events if event.kind in _ENDED), -1)

    def journal(self, refused: Sequence[RefusedOrder] = ()) -> Journal:
        """Return all of it; `refused` are orders that never became one, told where they belong."""
        never = [
            _Refused(
                one.row, one.column, one.side, one.row, NO_ORDER, _reason(one.reason),
                one.quantity if np.isfinite(one.quantity) else nan, 0,
            )
            for one in refused
        ]  # fmt: skip
        refusals = sorted([*self._refusals, *never], key=lambda one: one.row)
        return Journal(
            _fills(self._fills),
            Refusals(*_columns(refusals, _Refused._fields)),
            Events(*_columns(self._events, _Happened._fields)),
        )

    def _act(self, action: CorporateAction) -> None:
        # those of a row are told before it, and what they moved after it
        if self._passed:
            self._forget()
        if action.kind in (ActionKind.SPLIT, ActionKind.RIGHTS, DELISTING):
            self._changed.add(action.instrument)
        if action.kind == ActionKind.SPLIT:
            self._ratios[action.instrument].append(action.value)
            self._resize(action.instrument, action.value)

    def _resize(self, instrument: InstrumentId, ratio: float) -> None:
        # those that wait for a price are cancelled instead
        for order, left in self._left.items():
            intent = self._orders[order][1]
            if intent.instrument == instrument and intent.kind is OrderKind.MARKET:
                count = left * ratio / self._share
                self._left[order] = round(floor(count + NEAR_LOT + count * ULPS) * self._share, 9)

    def _forget(self) -> None:
        self._ratios.clear()
        self._changed.clear()
        self._passed = False

    @property
    def _held(self) -> defaultdict[int, float]:
        late, self._late = self._late, []
        for dealt in late:
            moves = (dealt.sides * dealt.amounts[:, 0]).tolist()
            for column, move in zip(dealt.orders[:, 1].tolist(), moves, strict=True):
                self._holds[column] = round(self._holds[column] + move, 9)
        return self._holds

    def _fill(self, fill: Fill) -> None:
        column, side = self._column[fill.instrument], _sign(fill.side)
        if fill.cause is None and fill.order in self._orders:
            decided, intent = self._orders[fill.order]
            number = intent.sequence
        else:
            decided, number = self._row - 1, self._own_number(fill.order)
        quantity = float(fill.quantity)
        if fill.order in self._left:
            self._left[fill.order] = round(self._left[fill.order] - quantity, 9)
        self._held[column] = round(self._held[column] + side * quantity, 9)
        cause = 0 if fill.cause is None else CAUSES.index(fill.cause) + 1
        self._fills.append(
            _Filled(
                self._row, column, side, decided, number, quantity, float(fill.price), fill.value, fill.commission,
                fill.tax, cause,
            )
        )  # fmt: skip

    def _own_number(self, order: str) -> int:
        # what the broker does by itself comes behind the orders of the same close
        row, behind = self._behind
        if self._brokers[0] != self._row:
            self._brokers = self._row, []
        known = self._brokers[1]
        if order not in known:
            known.append(order)
        return known.index(order) + (behind if row == self._row - 1 else 0)

    def _end(self, told: Ended) -> None:
        left = self._left.pop(told.order, None)
        if left is None or told.state is OrderState.FILLED or told.order in self._withdrawn:
            return
        if left <= 0.0 and told.reason != Reject.BELOW_LOT:
            return  # a reverse split made less of it, and all of that was filled
        decided, intent = self._orders[told.order]
        reason = _OVER.get(told.reason) or _word(told.reason)
        if told.state is OrderState.CANCELED and not told.reason and intent.instrument not in self._changed:
            reason = Reject.POSITION_CLOSED
        self._refuse(intent, decided, intent.sequence, left, reason)

    def _deny(self, told: Denied) -> None:
        code = told.verdict.code
        reason = _WORDS.get(code) or _word(code.value)
        self._refuse(told.intent, self._row, told.intent.sequence, float(told.intent.quantity), reason)

    def _refuse(self, intent: OrderIntent, decided: int, number: int, quantity: float, reason: Reject) -> None:
        column, side = self._column[intent.instrument], _sign(intent.side)
        self._refusals.append(_Refused(self._row, column, side, decided, number, _reason(reason), quantity, 0))

    def _move(self, move: CashMove) -> None:
        kind = EventKind[move.kind.upper()]
        column = -1 if move.instrument is None else self._column[move.instrument]
        quantity, ratio, split = self._held[column], nan, self._split
        if split is not None and (split.row, split.column) != (self._row, column):
            split = None
        if kind is EventKind.SPLIT and move.instrument is not None:
            before, quantity, ratio = quantity, float(move.quantity or 0), self._ratios[move.instrument].pop(0)
            fraction, first = max(0.0, abs(before) * ratio - abs(quantity)), before if split is None else split.before
            self._split = _Split(self._row, column, first, fraction)
        elif kind is EventKind.BORROW_FEE:
            quantity = -quantity
        elif split is not None and kind in (EventKind.CASH_IN_LIEU, EventKind.DIVIDEND):
            # fractions of the new shares are paid for, and dividends on what was held the day before
            quantity = split.fraction if kind is EventKind.CASH_IN_LIEU else split.before
        self._events.append(_Happened(self._row, column, kind, move.amount, quantity, ratio))
        if move.quantity is not None:
            self._held[column] = float(move.quantity)


def _fills(entries: Iterable[_Filled | Dealt]) -> Fills:
    parts = [_columns((), _Filled._fields)]
    for _, group in groupby(entries, key=lambda one: isinstance(one, Dealt)):
        some = list(group)
        strides = [one for one in some if isinstance(one, Dealt)]
        singly = [one for one in some if not isinstance(one, Dealt)]
        parts.append(fills_of(strides) if strides else _columns(singly, _Filled._fields))
    return Fills(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _columns(entries: Sequence[tuple[float, ...]], fields: Sequence[str]) -> list[NDArray[Any]]:
    parts = list(zip(*entries, strict=True)) if entries else [()] * len(fields)
    return [
        np.array(part, np.float64 if name in _REALS else np.int64) for part, name in zip(parts, fields, strict=True)
    ]


def _word(word: str) -> Reject:
    return Reject(word) if word in set(Reject) else Reject.DENIED


def _reason(reason: Reject) -> int:
    return REASONS.index(reason) + 1


def _sign(side: Side) -> int:
    return 1 if side is Side.BUY else -1

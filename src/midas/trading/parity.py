"""Where a run and its twin part ways, trade by trade and money by money."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from midas.core.errors import Refused
from midas.core.money import minor_digits
from midas.marketdata.actions import ActionKind
from midas.trading.tape import Tape
from midas.trading.twin import EXIT, Key, Trade, Trades, Wanted, trades_of_run, trades_of_twin, twin_of, wanted

_NOTHING = 1e-6
"""Shares: what adding up fractions leaves."""

_ROUNDINGS = 4
"""Parts of a difference that are rounded to the minor unit each."""


class Bucket(StrEnum):
    """Why a trade brought other money than its twin.

    SIGNAL: only one of the two wanted it. TIMING: it traded on another bar, or not yet, and so at another price.
    PRICE: at another price than the bar gave its twin. SIZE: another quantity, with the costs of it. COST: other
    commission or tax for the same quantity. REJECTED: both wanted it, and to one it was refused, or it met no market.
    UNEXPLAINED: nothing on the tape asked for it, the money booked is not quantity times price, or of an order of that
    name something else was booked than it says was filled. What only one of the two trades because they hold another
    quantity since an earlier difference in the name is put where that one is.
    """

    SIGNAL = "signal"
    TIMING = "timing"
    PRICE = "price"
    SIZE = "size"
    COST = "cost"
    REJECTED = "rejected"
    UNEXPLAINED = "unexplained"


Parts = Mapping[Bucket, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A trade and its twin, one of them None where it did not happen, and minor units in each bucket.

    session : of the decision, of an exit that of the trade. side : buy, sell or exit.
    """

    instrument: str
    session: date
    side: str
    lived: Trade | None
    tested: Trade | None
    parts: Parts

    @property
    def total(self) -> int:
        return sum(self.parts.values())


@dataclass(frozen=True, slots=True)
class Parity:
    """The trades of a run and of its twin through a session, and those that differ, as they came.

    lived, tested : money that came in by the trades of each, in minor units; they differ by the sum of `totals`.
    """

    through: date
    trades: int
    lived: int
    tested: int
    differences: Sequence[Difference]
    totals: Parts

    @property
    def total(self) -> int:
        return sum(self.totals.values())

    @property
    def unexplained(self) -> int:
        """Minor units that nothing accounts for, whichever way they went."""
        return sum(abs(one.parts.get(Bucket.UNEXPLAINED, 0)) for one in self.differences)


def parity(tape: Tape) -> Parity:
    """Run a tape's twin and compare trade by trade.

    Raises
    ------
    Refused: the run has not met a bar it may decide on, code `no_tape`.
    InvalidInput, StrategyInvalid: this version would not run its backtest.
    """
    if tape.first is None:
        raise Refused("The run met no bar it may decide on yet.", hint="Look again later.", code="no_tape")
    panel, twin = twin_of(tape, tape.first)
    lived, tested = trades_of_run(tape), trades_of_twin(twin, panel)
    asked = wanted(tape, twin, panel)
    pairs = sorted(_pairs(lived, tested, asked), key=lambda pair: (pair.key.row, pair.key.instrument, pair.key.side))
    apart = _Apart(tape)
    found = [one for pair in pairs if (one := _difference(tape, pair, asked, apart)) is not None]
    totals: Counter[Bucket] = Counter()
    for one in found:
        totals.update(one.parts)
    return Parity(
        tape.rows[-1].session, len(pairs), sum(one.money for one in lived.values()),
        sum(one.money for one in tested.values()), found, {each: totals[each] for each in Bucket if each in totals},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pair:
    # `key` is the twin's, where there is one.
    key: Key
    lived: Trade | None
    tested: Trade | None


def _pairs(lived: Trades, tested: Trades, asked: Wanted) -> list[_Pair]:
    # the same key on both sides, then the same trade on another row, then what is left alone
    pairs = [_Pair(key, lived[key], tested[key]) for key in lived.keys() & tested.keys()]
    mine = _by_name(lived.keys() - tested.keys())
    for name, others in _by_name(tested.keys() - lived.keys()).items():
        left = mine.get(name, [])
        for other in others:
            same = next((key for key in left if key.side == EXIT or _is_late(key, other, tested, asked)), None)
            if same is not None:
                left.remove(same)
            pairs.append(_Pair(other, None if same is None else lived[same], tested[other]))
    return pairs + [_Pair(key, lived[key], None) for left in mine.values() for key in left]


def _by_name(keys: Iterable[Key]) -> dict[tuple[str, str], list[Key]]:
    found: defaultdict[tuple[str, str], list[Key]] = defaultdict(list)
    for key in sorted(keys):
        found[key.instrument, key.side].append(key)
    return dict(found)


def _is_late(key: Key, other: Key, tested: Trades, asked: Wanted) -> bool:
    # it was tried on the twin's row and done later, before the twin went the other way
    if key.row <= other.row or other not in asked.by_run:
        return False
    return not any(
        one.instrument == key.instrument and one.side != key.side and other.row < one.row < key.row for one in tested
    )


class _Apart:
    # By how much more the run holds of a name than its twin does, and what that began with.
    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._more: defaultdict[str, float] = defaultdict(float)
        self._since: dict[str, tuple[Bucket, int]] = {}

    def since(self, instrument: str) -> Bucket | None:
        return self._since[instrument][0] if instrument in self._since else None

    def hear(self, pair: _Pair, parts: Parts) -> None:
        name, row = pair.key.instrument, pair.key.row
        if name in self._since:
            why, known = self._since[name]
            self._more[name] *= _split(self._tape, name, known, row)
            self._since[name] = why, row
        for trade, sign in ((pair.lived, 1), (pair.tested, -1)):
            if trade is not None:
                self._more[name] -= sign * trade.sign * trade.quantity
        if abs(self._more[name]) < _NOTHING:
            self._more[name] = 0.0
            self._since.pop(name, None)
        elif parts:
            self._since.setdefault(name, (max(parts, key=lambda each: abs(parts[each])), row))


def _split(tape: Tape, instrument: str, after: int, until: int) -> float:
    first, last = tape.rows[max(0, after)].session, tape.rows[max(0, until)].session
    splits = [
        one.value
        for one in tape.actions
        if one.kind == ActionKind.SPLIT and str(one.instrument) == instrument and first < one.session <= last
    ]
    return math.prod(splits)


def _difference(tape: Tape, pair: _Pair, asked: Wanted, apart: _Apart) -> Difference | None:
    key, lived, tested = pair.key, pair.lived, pair.tested
    if key.instrument in asked.unsound:
        parts = {Bucket.UNEXPLAINED: (lived.money if lived else 0) - (tested.money if tested else 0)}
    elif lived is not None and tested is not None and _comparable(lived, tested):
        parts = _parts(tape, key, lived, tested)
    else:
        whole, why = (lived.money if lived else 0) - (tested.money if tested else 0), _why(pair, asked)
        parts = {(apart.since(key.instrument) if why is Bucket.SIGNAL else None) or why: whole}
    apart.hear(pair, parts)
    if lived is not None and tested is not None and not any(parts.values()):
        return None
    return Difference(key.instrument, tape.rows[max(0, key.row)].session, key.side, lived, tested, parts)


def _comparable(lived: Trade, tested: Trade) -> bool:
    return lived.side is tested.side and bool(lived.quantity and tested.quantity)


def _why(pair: _Pair, asked: Wanted) -> Bucket:
    # why only one of the two traded
    key = pair.key
    if pair.tested is None:
        if key.side != EXIT and key not in asked.by_run:
            return Bucket.UNEXPLAINED
        return Bucket.REJECTED if key in asked.dropped else Bucket.SIGNAL
    if key.side == EXIT and pair.lived is None:
        return Bucket.REJECTED if key.instrument in asked.unguarded else Bucket.SIGNAL
    tried = key
    while tried not in asked.by_run and (before := replace(tried, row=tried.row - 1)) in asked.dropped:
        tried = before  # the twin met no market and tried again; the run may have been refused the first time
    if pair.lived is None and tried in asked.by_run:
        return Bucket.TIMING if asked.by_run[tried] else Bucket.REJECTED
    return Bucket.SIGNAL


def _parts(tape: Tape, key: Key, lived: Trade, tested: Trade) -> dict[Bucket, int]:
    scale = 10 ** minor_digits(tape.head.ground["currency"])
    share = lived.quantity / tested.quantity
    fair = _fair(tape, key, lived, tested)
    bought = lived.sign * lived.quantity * scale
    exact = {
        Bucket.PRICE: bought * (lived.price - fair),
        Bucket.TIMING: bought * (fair - tested.price),
        Bucket.SIZE: (share - 1.0) * (tested.sign * tested.quantity * tested.price * scale - tested.costs),
        Bucket.COST: share * tested.costs - lived.costs,
    }
    parts = Counter({bucket: round(amount) for bucket, amount in exact.items()})
    rest = lived.money - tested.money - sum(parts.values())
    rounding = abs(rest) <= _ROUNDINGS + lived.fills + tested.fills
    # what rounding leaves goes where most of the difference is; more is money that is not quantity times price
    parts[max(exact, key=lambda each: abs(exact[each])) if rounding else Bucket.UNEXPLAINED] += rest
    return {bucket: amount for bucket, amount in parts.items() if amount}


def _fair(tape: Tape, key: Key, lived: Trade, tested: Trade) -> float:
    # the price the twin would have had on the row the run traded on
    if lived.row == tested.row:
        return tested.price
    field = "close" if tape.head.spec["dealing"].get("fill_at") == "close" else "open"
    there, here = (_bar(tape, key.instrument, row, field) for row in (lived.row, tested.row))
    return lived.price if key.side == EXIT or not (there > 0 and here > 0) else tested.price * there / here


def _bar(tape: Tape, instrument: str, row: int, field: str) -> float:
    fields = tape.rows[row].fields
    return float(fields.get(field, fields["close"])[tape.column(instrument)])

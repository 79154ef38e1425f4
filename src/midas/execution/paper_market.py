"""The bars a paper account has seen, laid out for the matching kernel and forgotten when they are old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.core.instrument import InstrumentId
from midas.execution.conditions import Conditions
from midas.execution.guards import Guards, range_places, rules_of
from midas.execution.row_rules import RowRules
from midas.execution.terms import AccountTerms
from midas.kernels.fill import CARRY
from midas.kernels.lanes import LANES
from midas.kernels.world import BASE, DAYS, DELISTING, RIGHTS, SPLITTING
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.ground import Ground
from midas.marketdata.tiles import lay, narrow_lanes
from midas.strategies.exits import Exit

Values = NDArray[np.float64]
Tree = Mapping[str, Any]

BARS = ("open", "high", "low", "close", "volume")
KEPT = 64
"""Rows that are remembered at least: what slippage models and last closes look back to."""
ROOM, MOST, CELLS = 1024, 8192, 1 << 17
"""Slots at least and, as long as nobody looks back further, at most; numbers of one field that there is room for."""
NONE: frozenset[int] = frozenset()
ACTIONS = 4096
_NEVER = 1e15

Slot = tuple[int, int, int, np.datetime64 | None]


class PaperMarket:
    """A window over the rows of a ground; a slot is a row's place in it.

    `conditions` and `guards` are what a `SteppedAccount` reads; they grow in place until the window is full. `first` is
    the slot of the account's first row, from which ranges are counted.
    """

    def __init__(self, ground: Ground, terms: AccountTerms, exits: Sequence[Exit]) -> None:
        columns = len(ground.instruments)
        self._column = {instrument.id: column for column, instrument in enumerate(ground.instruments)}
        self._columns, self._recovery = columns, terms.dealing.delisting_recovery
        self._rules = RowRules(ground, terms)
        self._places = range_places(exits)
        self._rule_list = rules_of(exits)
        lanes = narrow_lanes(columns)
        self._row = np.full((max(1, -(-columns // lanes)), lanes), np.nan)
        self._waiting: list[CorporateAction] = []
        self._session: np.datetime64 | None = None
        self._number = -1
        self.first, self.slots, self._acted, self._base = 0, 0, 0, -1
        self._room = min(max(ROOM, CELLS // self._row.size), MOST)
        self._build()

    @property
    def full(self) -> bool:
        """Whether there is no slot left: `move_on` makes some."""
        return self.slots == self._room or self._acted + len(self._waiting) > ACTIONS

    def act(self, action: CorporateAction) -> None:
        """Hear of a corporate action before the row it takes effect on."""
        if action.instrument in self._column:
            self._waiting.append(action)

    def changes(self, session: date) -> frozenset[int]:
        """Return the columns whose shares are others from a session on, or are gone: orders for them are not."""
        if not self._waiting:
            return NONE
        kinds = (SPLITTING, RIGHTS, DELISTING)
        due = (one for one in self._waiting if one.session <= session and one.kind in kinds)
        return frozenset(self._column[one.instrument] for one in due)

    def add(self, row: BarRow, ranges: Mapping[str, Values]) -> int:
        """Take in a row, with the ranges known at its close, and return its slot."""
        slot, self.slots = self.slots, self.slots + 1
        fields, close, alone = row.fields, row.fields["close"], len(self._row) == 1
        for place, name in enumerate(BARS):
            if alone:
                self._bars[place, 0, slot, : self._columns] = fields.get(name, close)
            else:
                self._row.reshape(-1)[: self._columns] = fields.get(name, close)
                self._bars[place, :, slot] = self._row
        session = np.datetime64(row.session, "D")
        if session == self._session and slot > 0:
            self._dated[slot] = self._dated[slot - 1]
            self._dated[slot, DAYS] = 0.0
        else:
            days = np.nan if self._session is None else float((session - self._session).astype(np.int64))
            self._base, self._number, self._session = slot - 1, self._number + 1, session
            self._dated[slot] = self._rules.row(session, days, self._base, self._number)
        for key, values in ranges.items():
            self._ranges[self._places[key], max(0, slot - self.first)] = values
        if self._waiting:
            self._happen(row, slot)
        return slot

    def add_rows(self, block: BarBlock, at: int, stop: int) -> int:
        """Take in rows of one session, as many as there is room for, and return how many; no ranges are known."""
        rows = min(stop - at, self._room - self.slots)
        first = self.add(block.row(at), {})
        more = slice(at + 1, at + rows)
        for place, name in enumerate(BARS):
            lay(block.fields.get(name, block.fields["close"])[more], self._bars[place], first + 1)
        self._dated[first + 1 : first + rows] = self._dated[first]
        self._dated[first + 1 : first + rows, DAYS] = 0.0
        self.slots = first + rows
        return rows

    def drop_rows(self, rows: int) -> None:
        """Take out the last rows again, but not the first of their session."""
        self.slots -= rows

    def mark(self) -> Slot:
        """Return where it is, for `put_back`."""
        return self.slots, self._base, self._number, self._session

    def put_back(self, mark: Slot) -> None:
        """Forget the rows that were taken in since a mark, none of them with a corporate action."""
        self.slots, self._base, self._number, self._session = mark

    def acts(self, session: date) -> bool:
        """Tell whether a corporate action takes effect on the first row of a session or later ones of it."""
        return any(one.session <= session for one in self._waiting)

    def move_on(self, keep: int) -> int:
        """Forget all but the last rows, at least `keep` of them, and return by how much slots moved."""
        kept, shift = self._kept(keep)
        if 2 * kept["bars"].shape[2] > self._room:
            self._room *= 2
            self._build()
        self._fill(kept)
        return shift

    def open(self) -> None:
        """Let the account begin at the next row."""
        self.first = self.slots

    def snapshot(self, keep: int) -> tuple[dict[str, Any], int]:
        """Return what `restore` takes, and by how much its slots are moved."""
        kept, shift = self._kept(keep)
        session = None if self._session is None else str(self._session)
        waiting = [
            [self._column[one.instrument], one.session.isoformat(), one.kind, one.value] for one in self._waiting
        ]
        return {**kept, "session": session, "number": self._number, "waiting": waiting}, shift

    def restore(self, tree: Tree, instruments: Sequence[InstrumentId]) -> None:
        """Go back to a snapshot of a market of the same ground, terms and exits."""
        self._session = None if tree["session"] is None else np.datetime64(tree["session"], "D")
        self._number = tree["number"]
        self._waiting = [
            CorporateAction(instruments[column], date.fromisoformat(day), kind, value)
            for column, day, kind, value in tree["waiting"]
        ]
        while self._room < 2 * tree["bars"].shape[2]:
            self._room *= 2
        self._build()
        self._fill(tree)

    def _build(self) -> None:
        tiles, lanes = self._row.shape
        self._bars = np.full((len(BARS), tiles, self._room, lanes), np.nan)
        self._dated = np.full((self._room, self._rules.width), np.nan)
        self._ranges = np.full((3, self._room, self._columns), np.nan)
        self._happenings = np.full((ACTIONS, 4), _NEVER)
        terms = self._rules.terms.copy()
        terms[CARRY] = 1.0  # how long an order waits is said by the order
        opens, highs, lows, closes, volumes = self._bars
        self.conditions = Conditions(
            opens,
            highs,
            lows,
            closes,
            volumes,
            self._happenings,
            self._rules.class_of,
            self._dated,
            self._rules.ladders,
            terms,
        )
        self.guards = Guards(self._rule_list, self._ranges)

    def _happen(self, row: BarRow, slot: int) -> None:
        due = [one for one in self._waiting if one.session <= row.session]
        self._waiting = [one for one in self._waiting if one.session > row.session]
        entries = sorted((self._column[one.instrument], float(one.kind), one.value) for one in due)
        for column, kind, value in entries:
            known = self._recovery if kind == DELISTING else value
            self._happenings[self._acted] = slot, column, kind, known
            self._acted += 1

    def _kept(self, keep: int) -> tuple[dict[str, Any], int]:
        begin = max(0, min(self.slots - max(keep, KEPT), self._base))
        happened = self._happenings[: self._acted]
        happened = happened[happened[:, 0] >= begin].copy()
        happened[:, 0] -= begin
        bars = self._bars[:, :, begin : self.slots].copy()
        if bars.shape[2]:
            self._carry_in(begin, bars[BARS.index("close"), :, 0].reshape(-1))
        dated = self._dated[begin : self.slots].copy()
        dated[:, BASE] = np.maximum(-1.0, dated[:, BASE] - begin)
        ranges = slice(max(0, begin - self.first), max(0, self.slots - self.first))
        return {
            "bars": bars, "dated": dated,
            "ranges": self._ranges[:, ranges].copy(), "happenings": happened, "first": max(0, self.first - begin),
            "base": self._base - begin,
        }, begin  # fmt: skip

    def _carry_in(self, begin: int, closes: Values) -> None:
        # Where the first row that is kept has no bar, its close is the last one known, in the shares of that row.
        stored = self._bars[BARS.index("close")]
        happened = self._happenings[: self._acted]
        for column in np.flatnonzero(np.isnan(closes[: self._columns])):
            known = np.flatnonzero(~np.isnan(stored[column // LANES, : begin + 1, column % LANES]))
            if len(known):
                of = (happened[:, 0] > known[-1]) & (happened[:, 0] <= begin) & (happened[:, 1] == column)
                of &= np.isin(happened[:, 2], (SPLITTING, RIGHTS))
                closes[column] = stored[column // LANES, known[-1], column % LANES] / happened[of, 3].prod()

    def _fill(self, kept: Tree) -> None:
        # Bars and rules behind the last slot are written anew before anybody reads them; actions are looked for there.
        self._happenings[: self._acted] = _NEVER
        self.slots, self._acted, self._base = kept["bars"].shape[2], len(kept["happenings"]), kept["base"]
        part = slice(0, self.slots)
        # a few names were kept among 32 lanes once
        self._bars[:, :, part], self._dated[part] = kept["bars"][..., : self._row.shape[1]], kept["dated"]
        self._ranges[:, : kept["ranges"].shape[1]], self.first = kept["ranges"], kept["first"]
        self._happenings[: self._acted] = kept["happenings"]

"""A venue's dated rules for rows that come one at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.execution.conditions import ladder_table, session_table, term_list, without_grid
from midas.execution.terms import AccountTerms
from midas.kernels.world import BASE, BUYING, DAYS, FREELY, SELLABLE, SESSION, SETTLED
from midas.marketdata.ground import Ground
from midas.venues.arrays import rule_arrays
from midas.venues.rules import RuleArrays

_AHEAD_DAYS = 400


class RowRules:
    """What `conditions` lays out for all rows of a panel, for any session that comes.

    class_of, ladders, terms : as kernels read them. width : numbers in a row.
    """

    def __init__(self, ground: Ground, terms: AccountTerms) -> None:
        self._ground, self._account = ground, terms
        self._first: np.datetime64 = np.datetime64("1970-01-01", "D")
        rules = self._rules(self._first, 1)
        self.class_of: NDArray[np.int64] = np.ascontiguousarray(rules.class_of)
        self.ladders: NDArray[np.float64] = ladder_table(rules)
        self.terms: NDArray[np.float64] = term_list(
            rules, terms, ground.currency, ground.dataset, ground.raw_fields, waits=True
        )
        words = ground.venue.tables.settlement.unsettled_buys.values
        self._money_waits = terms.dealing.settlement != "ignore" and any(word != "freely" for word in words)
        self._known, self._table = rules, session_table(rules, terms, ground.venue.mic, np.array([self._first]))
        self.width = self._table.shape[1]

    def row(self, session: np.datetime64, days: float, base: int, number: int) -> NDArray[np.float64]:
        """Return the rules of a row of a session.

        `days` have gone by since the row before, NaN for the first; `base` is the last row of the session before;
        `number` counts sessions; where money may have to wait, they are counted by the venue's calendar instead, so
        that it is there on the day it settles, whatever sessions the data lacks or has beside the calendar's.
        """
        place = int((session - self._first).astype(np.int64))
        if not 0 <= place < len(self._table):
            self._first, place = session, 0
            known = np.arange(session, session + np.timedelta64(_AHEAD_DAYS, "D"))
            self._known = self._rules(session, _AHEAD_DAYS)
            self._table = session_table(self._known, self._account, self._ground.venue.mic, known)
        row: NDArray[np.float64] = self._table[place].copy()
        if self._money_waits:
            number = self._begun_by(session)
        row[DAYS], row[BASE], row[SESSION] = days, base, number
        row[SELLABLE] = number + self._known.sell_lock[place]
        row[SETTLED], row[BUYING] = number, FREELY
        buying = float(self._known.unsettled_buys[place])
        if self._money_waits and buying != FREELY:
            row[SETTLED], row[BUYING] = self._begun_by(self._known.settles[place]), buying
        return row

    def _begun_by(self, day: np.datetime64) -> int:
        # Sessions of the calendar up to and with a day.
        return int(np.searchsorted(self._ground.venue.calendar.days, day, side="right"))

    def _rules(self, first: np.datetime64, days: int) -> RuleArrays:
        sessions = np.arange(first, first + np.timedelta64(days, "D"))
        rules = rule_arrays(self._ground.venue, self._ground.instruments, sessions)
        return rules if self._ground.basis.is_raw else without_grid(rules)

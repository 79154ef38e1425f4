"""The paper account: orders meet bars by the backtest's own compiled loop, costs, actions, margin and exits included.

It knows nothing of who sends the orders: orders in, rows in, reports out. `paper_broker` speaks it as a `Broker`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.execution.account_snapshot import shifted, snapshot_from, snapshot_to
from midas.execution.broker import BrokerOrder, BrokerState, DefiniteNo, Holdings, Report, Ticket
from midas.execution.paper_market import PaperMarket
from midas.execution.paper_orders import PaperOrders
from midas.execution.paper_outcome import Outcome, ended_early
from midas.execution.paper_placing import Placing
from midas.execution.paper_reports import Stamps
from midas.execution.paper_resting import resting_of
from midas.execution.quantity import decimal_quantity
from midas.execution.stepping import SteppedAccount, last_closes
from midas.execution.stream import Ranges
from midas.execution.terms import AccountTerms
from midas.kernels.account import SENT
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.forward import ForwardFields
from midas.marketdata.ground import Ground
from midas.strategies.exits import Exit

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Passed:
    """Rows that were met at once: the row before which that stopped, and what happened on the last of them, in order.

    cash, equity : at the close of each, in minor units.
    """

    stop: int
    reports: list[Report]
    cash: Integers
    equity: Integers


class PaperAccount:
    """An account over the rows of a ground that begins at the first row it is `advance`d to.

    Rows before that are history it must `learn`. `exits` close the positions that a PROTECTION order stands for. An
    order meets the first bar that opens after it arrived, `latency_s` after it was sent; a cancel takes as long.
    """

    def __init__(
        self, ground: Ground, terms: AccountTerms, exits: Sequence[Exit] = (), *, latency_s: float = 0.0
    ) -> None:
        self._ids = [instrument.id for instrument in ground.instruments]
        self._column = {instrument: column for column, instrument in enumerate(self._ids)}
        self._capital, self._latency = terms.capital.minor, timedelta(seconds=latency_s)
        self._shorts = terms.dealing.allow_short
        self._at_close = terms.dealing.fill_at == "close"
        self._exits, self._market = tuple(exits), PaperMarket(ground, terms, exits)
        self._ranges = Ranges(exits, len(self._ids))
        self._forward = ForwardFields(ground.venue, ground.instruments, self._ranges.fields)
        self._account: SteppedAccount | None = None
        self._orders = PaperOrders()
        self._placing = Placing(
            self._orders, late=self.late, at_close=self._at_close, shorts=self._shorts, guarded=bool(exits)
        )
        self._outcome = Outcome(self._orders, self._ids, carries=terms.dealing.carry, shorts=self._shorts)
        self._row = -1

    @property
    def row(self) -> int:
        """The last row it knows, -1 before the first."""
        return self._row

    @property
    def equity(self) -> int:
        """Equity in minor units at the last close."""
        return self._capital if self._account is None else self._account.equity

    @property
    def cash(self) -> int:
        """Cash in minor units."""
        return self._capital if self._account is None else self._account.cash

    @property
    def holdings(self) -> Holdings:
        """Cash and positions."""
        if self._account is None:
            return Holdings(self._capital)
        held = self._account.quantities
        quantities = {self._ids[column]: decimal_quantity(float(held[column])) for column in np.flatnonzero(held)}
        return Holdings(self._account.cash, quantities)

    @property
    def late(self) -> bool:
        """Whether orders and cancels take time."""
        return bool(self._latency)

    @property
    def orders(self) -> PaperOrders:
        """What is known of orders; do not change."""
        return self._orders

    def submit(self, ticket: Ticket, now_utc: datetime) -> str:
        """Take an order and return its number.

        Raises
        ------
        DefiniteNo: it cannot be taken.
        """
        column = self._column.get(ticket.instrument)
        if column is None:
            raise DefiniteNo("unknown_instrument", f"{ticket.instrument} is not traded here.")
        return self._orders.take(ticket, column, now_utc, now_utc + self._latency)

    def cancel(self, number: str, now_utc: datetime) -> BrokerOrder:
        """End an order, once this has arrived, and return it as it is now.

        Raises
        ------
        DefiniteNo: there is no such order at work.
        """
        order = self._orders.at_work(number)
        if self._latency:
            order.cancelled_utc = order.cancelled_utc or now_utc + self._latency
            return self._orders.told(number)
        return ended_early(self._orders, self._account, number, BrokerState.CANCELED)

    def act(self, action: CorporateAction) -> None:
        """Hear of a corporate action before the row it takes effect on."""
        self._market.act(action)
        self._forward.act(action)

    def learn(self, row: BarRow) -> int:
        """Take in a row before the account begins, and return its slot in the market's window."""
        if self._market.full:
            self._move_on()
        self._row = row.row
        return self._market.add(row, self._ranges.step(self._forward.step(row)))

    def advance(self, row: BarRow, opened_utc: datetime) -> list[Report]:
        """Let the orders meet a row whose bars opened at `opened_utc`, and return what happened, in its order."""
        if self._account is None:
            self._market.open()
        changed = self._market.changes(row.session)
        slot = self.learn(row)
        if self._account is None:
            self._account = SteppedAccount(
                self._market.conditions,
                first=self._market.first,
                capital=self._capital,
                by_change=False,
                exits=self._market.guards,
            )
        self._orders.begin(row.session)
        reports = self._placing.let_go(self._account, row.session, opened_utc, changed)
        self._placing.place(self._account, row.session, opened_utc)
        resting = resting_of([self._orders[number] for number in self._orders.resting])
        journal = self._account.meet(slot, resting if len(resting) else None)
        orders = self._orders.at or self._orders.resting
        if orders or len(journal.events) or len(journal.fills) or len(journal.refusals):
            stamps = Stamps(row.row, opened_utc, row.stamp_utc)
            reports += self._outcome.reports(journal, stamps, self._account, resting)
        if row.closes:
            over = self._orders.overdue(row.session, closed=True)
            reports += [ended_early(self._orders, self._account, number, BrokerState.EXPIRED) for number in over]
        return reports

    def pass_over(self, block: BarBlock, at: int, stop: int, opened_utc: datetime) -> Passed:
        """Let the orders meet rows of a block from `at` on, up to before `stop` or to where something happened.

        The bars of row `at` opened at `opened_utc`.
        """
        cash, equity, reports = list[Integers](), list[Integers](), list[Report]()
        singly = stop == at + 1 or self.late or bool(self._ranges.fields)
        while at < stop and not reports:
            if self._market.full:
                self._move_on()
            account = self._account
            if account is None or singly or not rests(self._orders, account, self._exits):
                behind, reports = at + 1, self.advance(block.row(at), opened_utc)
            else:
                behind, reports = self._meet_rows(block, at, stop, opened_utc, account)
            assert self._account is not None
            for closes, of in zip(last_closes(self._account, behind - at), (cash, equity), strict=True):
                of.append(closes)
            at = behind
            if at < stop:
                opened_utc = block.opened_utc(at)
        return Passed(at, reports, np.concatenate(cash), np.concatenate(equity))

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to know to go on, as plain values and arrays."""
        market, shift = self._market.snapshot(self._oldest())
        account = None if self._account is None else snapshot_to(shifted(self._account.snapshot(), shift))
        return {
            "market": market, "account": account, "forward": self._forward.snapshot(),
            "ranges": self._ranges.snapshot(), "orders": self._orders.snapshot(), "row": self._row,
        }  # fmt: skip

    def restore(self, tree: Mapping[str, Any]) -> None:
        """Go back to a snapshot of an account of the same ground, terms and exits."""
        self._market.restore(tree["market"], self._ids)
        self._forward.restore(tree["forward"])
        self._ranges.restore(tree["ranges"])
        self._orders.restore(tree["orders"])
        self._row, self._account = tree["row"], None
        if tree["account"] is not None:
            kept = snapshot_from(tree["account"])
            self._account = SteppedAccount.resumed(self._market.conditions, kept, self._market.guards)

    def _meet_rows(
        self, block: BarBlock, at: int, stop: int, opened_utc: datetime, account: SteppedAccount
    ) -> tuple[int, list[Report]]:
        # Rows of one session, as many as there is room for; the row before which it stopped, and what happened before.
        self._orders.begin(block.session(at))
        rows = self._market.add_rows(block, at, min(stop, block.session_stop(at)))
        before = account.next
        journal = account.meet_until(before + rows)
        stop = at + account.next - before
        self._market.drop_rows(at + rows - stop)
        self._forward.steps(block, at, stop)
        self._row = block.first + stop - 1
        if not (len(journal.events) or len(journal.fills) or len(journal.refusals)):
            return stop, []
        opened = opened_utc if stop == at + 1 else block.opened_utc(stop - 1)
        stamps = Stamps(self._row, opened, block.stamp_utc(stop - 1))
        return stop, self._outcome.reports(journal, stamps, account, resting_of(()))

    def _move_on(self) -> None:
        kept = None if self._account is None else self._account.snapshot()
        shift = self._market.move_on(self._oldest())
        if kept is not None:
            resumed = SteppedAccount.resumed(self._market.conditions, shifted(kept, shift), self._market.guards)
            self._account = resumed

    def _oldest(self) -> int:
        # How many rows back the oldest order that was carried over was decided.
        if self._account is None:
            return 0
        sent = self._account.snapshot().state[SENT]
        return int(self._account.next - sent[sent > 0.0].min()) + 2 if (sent > 0.0).any() else 0


def rests(orders: PaperOrders, account: SteppedAccount, exits: Sequence[Exit]) -> bool:
    """Tell whether no order waits, and what is held is guarded where there are exits."""
    if orders.queue or orders.at or orders.resting:
        return False
    return not exits or orders.guarding.keys() >= set(np.flatnonzero(account.quantities).tolist())

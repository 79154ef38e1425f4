"""A run rehearsed in one process: feed, loop, gate, journal and paper account, without waiting for anything.

The trader does the same with a clock, a socket and a database between them. Here each row is one turn: what the paper
account reports is booked in one batch, the loop hears of it and of the bar, and what it orders is stored before the
paper account gets it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from midas.core.order import ENDED, Fill, OrderState
from midas.execution.broker import BrokerFill, BrokerOrder, CashMove, DefiniteNo, Report, Ticket
from midas.execution.loop import Loop, carry_out
from midas.execution.loop_events import Command, Denied, Submit, Withdraw
from midas.execution.mandate import Mandate
from midas.execution.order_events import Acknowledged, CancelAsked, Executed, Refused, Sending
from midas.execution.order_reports import events_of
from midas.execution.order_row import OrderRow
from midas.execution.paper import PaperAccount
from midas.execution.state_bytes import from_bytes, to_bytes
from midas.execution.striding import Strode
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, CorporateAction, FeedEvent, SessionEdge
from midas.portfolio.booking import MoveKind
from midas.trading.closes import Closed, Closes
from midas.trading.draft import Draft
from midas.trading.holding import Books
from midas.trading.journal import Checkpoint, Journal
from midas.trading.memory_journal import MemoryJournal
from midas.trading.strides import Strides, tell_of

T = TypeVar("T")


class Rehearsal:
    """Drives a run through a feed's events, in the order they come.

    `journal` must answer without waiting, as the one in memory does. `keeps` checkpoints the loop with whatever it
    orders. `watch` is told the feed's events, commands, and what the loop hears of them, as they happen; of rows that
    are gone through at once, behind the last of them, and unless `whole` not of rows at which nothing does. Of rows
    in strides (`strode` counts them, see `execution.striding`) `keep` is told instead, where there is one.
    """

    def __init__(
        self,
        mandate: Mandate,
        loop: Loop,
        paper: PaperAccount,
        journal: Journal,
        epoch: int,
        *,
        watch: Callable[[object], None] | None = None,
        whole: bool = True,
        keep: Callable[[Strode], None] | None = None,
    ) -> None:
        self.loop, self.paper, self.journal = loop, paper, journal
        self._mandate, self._epoch = mandate, epoch
        self._watch, self._whole, self._keep = watch, whole, keep
        self._account = mandate.account
        self.books = Books(mandate.ground.currency)
        self._rows: dict[str, OrderRow] = {}
        self._order: dict[str, str] = {}
        self._opened_utc: datetime | None = None
        self.closes = Closes()
        self.strode = 0
        self._strides: Strides | None = None
        if isinstance(journal, MemoryJournal):
            self._strides = Strides(mandate, loop, paper, journal.store, self.books)
        self.denied: list[Denied] = []
        self.foreign: list[BrokerFill] = []

    def open(self, at_utc: datetime) -> None:
        """Pay the capital in; once, before the first event."""
        minor = self._mandate.terms.capital.minor
        draft = self._draft(at_utc)
        draft.pay(CashMove("capital", MoveKind.DEPOSIT.value, None, minor, None, at_utc))
        draft.news.clear()  # the run's book began with it
        self._commit(draft)

    def run(self, events: Iterable[FeedEvent | BarBlock]) -> None:
        """Go through events, or the same in blocks, to their end."""
        for event in events:
            if isinstance(event, BarBlock):
                self.take_block(event)
            else:
                self.take(event)

    def take_block(self, block: BarBlock, begin: int = 0, end: int | None = None) -> None:
        """Go through rows of a block as `take` goes through the events of each, but at once where nothing happens."""
        at, stop = begin, len(block) if end is None else end
        while at < stop:
            if block.first + at < self._mandate.first:
                for event in block.events(at):
                    self.take(event)
                at += 1
            else:
                strode = self._strides and self._strides.take(block, at, stop, self._epoch)
                at = _behind(self, block, strode) if strode else self._pass_over(block, at, stop)

    def take(self, event: FeedEvent) -> None:
        """Go through one event."""
        self._tell(event)
        match event:
            case CorporateAction():
                self.paper.act(event)
                self.loop.on(event)
            case SessionEdge():
                self._on_edge(event)
            case BarRow():
                self._on_row(event)

    def checkpoint(self, row: int, stamp_utc: datetime) -> bytes:
        """Store where the run is, and return what the paper account keeps of itself; between two events."""
        draft = self._draft(stamp_utc)
        self._commit(draft, Checkpoint(self._mandate.run, row, stamp_utc, self.loop.snapshot()))
        opened = self._opened_utc and self._opened_utc.isoformat()
        return to_bytes({"paper": self.paper.snapshot(), "opened": opened})

    def resume(self, paper: bytes) -> None:
        """Go on where a process died: the loop from its checkpoint, orders and books from the journal.

        Raises
        ------
        ValueError: the run was never checkpointed.
        """
        kept = _now(self.journal.checkpoint(self._mandate.run))
        if kept is None:
            raise ValueError(f"run {self._mandate.run!r} has no checkpoint")
        self.loop.restore(kept.state)
        tree = from_bytes(paper)
        self.paper.restore(tree["paper"])
        self._opened_utc = tree["opened"] and datetime.fromisoformat(tree["opened"])
        self.books.open(_now(self.journal.balance(self._account)))
        self._rows = {row.id: row for row in _now(self.journal.orders(self._account))}
        self._order = {row.number: row.id for row in self._rows.values()}

    def _on_row(self, row: BarRow) -> None:
        if row.row < self._mandate.first:
            self.paper.learn(row)
            self.loop.on(row)
            return
        self._heard(row, self.paper.advance(row, self._opened_utc or row.stamp_utc))

    def _pass_over(self, block: BarBlock, at: int, end: int) -> int:
        # Rows up to and with the next on which something is wanted, or happens before; returns the one behind it.
        opening, wanted = block.opening(at), self.loop.quiet(block, at, end)
        opened_utc = opening.stamp_utc if opening else self._opened_utc or block.stamp_utc(at)
        passed = self.paper.pass_over(block, at, min(wanted + 1, end), opened_utc)
        speaks = bool(passed.reports) or passed.stop > wanted
        quiet = passed.stop - speaks
        own, rows = self.loop.pass_over(block, at, quiet), quiet - at
        if rows:
            self.closes.extend(
                block.first + at, block.sessions[at:quiet], passed.cash[:rows], passed.equity[:rows], own
            )
            closing = block.closing(quiet - 1)
            self._opened_utc = closing.stamp_utc if closing else block.stamp_utc(quiet - 1)
        for each in range(at, quiet) if self._watch and self._whole else ():
            for event in block.events(each):
                self._tell(event)
        for event in block.events(quiet) if speaks else ():
            self._tell(event)
            if isinstance(event, BarRow):
                self._heard(event, passed.reports)
            elif isinstance(event, SessionEdge):
                self._on_edge(event)
        return passed.stop

    def _on_edge(self, edge: SessionEdge) -> None:
        if not edge.opened:
            self._do(self.loop.on(edge), edge.stamp_utc)
        self._opened_utc = edge.stamp_utc

    def _heard(self, row: BarRow, reports: Sequence[Report]) -> None:
        self._report(reports, row.stamp_utc)
        self._opened_utc = row.stamp_utc
        self._do(self.loop.on(row), row.stamp_utc)
        cash, equity = self.paper.cash, self.paper.equity
        self.closes.append(Closed(row.row, row.session, cash, equity, self.loop.book.equity))

    def _report(self, reports: Sequence[Report], now_utc: datetime) -> None:
        if not reports:
            return
        draft = self._draft(now_utc)
        for report in reports:
            match report:
                case BrokerFill():
                    self._fill(draft, report)
                case BrokerOrder():
                    self._move(draft, report)
                case CashMove():
                    draft.pay(report)
        self._commit(draft)

    def _move(self, draft: Draft, told: BrokerOrder) -> None:
        row = self._row_of(self._order.get(told.number, ""))
        if row is not None:
            draft.move("reported", row, lambda now: events_of(told, now.filled))

    def _fill(self, draft: Draft, told: BrokerFill) -> None:
        order = self._order.get(told.number, "")
        draft.fill(
            Fill(
                self._account, order or told.number, told.execution, told.instrument, told.side, told.quantity,
                told.price, told.value, told.commission, told.tax, told.stamp_utc, told.cause,
            )
        )  # fmt: skip
        row = self._row_of(order)
        if row is not None:
            draft.move("fill", row, lambda _: (Executed(told.quantity, told.left),))
        else:
            self.foreign.append(told)

    def _row_of(self, order: str) -> OrderRow | None:
        # what was filled may be filled on: a split makes more shares of an order that waits
        return self._rows.get(order) or _now(self.journal.order(order))

    def _do(self, commands: Sequence[Command], now_utc: datetime) -> None:
        if not commands:
            return
        stored = self._draft(now_utc)
        for command in commands:
            self._tell(command)
            match command:
                case Submit():
                    stored.store(OrderRow(command.id, command.intent, OrderState.NEW))
                case Denied():
                    self.denied.append(command)
                    stored.audit("order.denied", command.intent.key, {"why": command.verdict.detail})
        self._commit(stored)
        for command in commands:
            match command:
                case Submit():
                    self._send(command, now_utc)
                case Withdraw():
                    self._cancel(command, now_utc)

    def _send(self, command: Submit, now_utc: datetime) -> None:
        intent = command.intent
        ticket = Ticket(
            command.id, intent.instrument, intent.side, intent.quantity, intent.kind, intent.time_in_force,
            intent.limit_price, intent.stop_price, intent.reduce_only,
        )  # fmt: skip
        draft = self._draft(now_utc)
        draft.move("sending", self._rows[command.id], lambda _: (Sending(self._epoch, now_utc),))
        self._commit(draft)
        answer = self._draft(now_utc)
        try:
            number = self.paper.submit(ticket, now_utc)
        except DefiniteNo as refusal:
            code = refusal.code
            answer.move("refused", self._rows[command.id], lambda _: (Refused(code),))
        else:
            self._order[number] = command.id
            answer.move("sent", self._rows[command.id], lambda _: (Acknowledged(number),))
        self._commit(answer)

    def _cancel(self, command: Withdraw, now_utc: datetime) -> None:
        row = self._rows.get(command.order)
        if row is None:
            return
        draft = self._draft(now_utc)
        draft.move("cancel", row, lambda _: (CancelAsked(),))
        told = self.paper.cancel(row.number, now_utc)
        draft.move("reported", row, lambda now: events_of(told, now.filled))
        self._commit(draft)

    def _draft(self, now_utc: datetime) -> Draft:
        return Draft(self._account, self._epoch, now_utc, self.books)

    def _commit(self, draft: Draft, checkpoint: Checkpoint | None = None) -> None:
        entries = [*draft.entries, checkpoint] if checkpoint else draft.entries
        if not entries:
            return
        _now(self.journal.commit(self._account, self._epoch, entries))
        for book in draft.booked:
            self.books.apply(book)
        for row in draft.stored:
            self._rows[row.id] = row
        for order, (_, after) in draft.rows.items():
            self._rows[order] = after
            if after.state in ENDED:
                del self._rows[order]
        for news in draft.news:
            self._tell(news)
            self.loop.on(news)

    def _tell(self, what: object) -> None:
        if self._watch is not None:
            self._watch(what)


def _behind(rehearsal: Rehearsal, block: BarBlock, strode: Strode) -> int:
    # Goes on behind a stride, and returns the row there.
    at, stop = strode.at, strode.at + strode.rows
    if rehearsal._keep is not None:
        rehearsal._keep(strode)
    elif rehearsal._watch is not None:
        tell_of(strode, block, rehearsal._watch, whole=rehearsal._whole)
    sessions = block.sessions[at:stop]
    rehearsal.closes.extend(block.first + at, sessions, strode.cash, strode.equity, strode.own_equity)
    rehearsal.strode += strode.rows
    last, closing = block.stamp_utc(stop - 1), block.closing(stop - 1)
    rehearsal._opened_utc = closing.stamp_utc if closing else last
    if strode.asks:
        rehearsal._do(carry_out(rehearsal.loop, block.row(stop - 1)), last)
        if closing:
            rehearsal._tell(closing)
    return stop


def _now(answer: Coroutine[Any, Any, T]) -> T:
    # A journal that has to be waited for has no place here.
    try:
        answer.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    answer.close()
    raise ValueError("a rehearsal needs a journal that answers at once")

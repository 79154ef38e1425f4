"""What every journal must do, wherever it keeps the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.db.emptied import empty
from tests.trading.entries import ACCOUNT, APPLE, NOW, audit, bought, kill, new_row, paid_in

from midas.core.clock import SystemClock
from midas.core.errors import Busy, InvalidInput, NotFound
from midas.core.order import Cause, OrderState, Side
from midas.db import journal_reads
from midas.db.database import place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.portfolio.booking import Posting
from midas.portfolio.ledger import LedgerAccount
from midas.risk.kill import KillLevel
from midas.trading.journal import (
    NOBODY,
    AlreadyStored,
    AskCancel,
    Book,
    CancelSent,
    ChangeOrder,
    Checkpoint,
    Fenced,
    Outdated,
    Pull,
    Quarantine,
    Since,
    StoreOrder,
    TapePart,
)
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership

T = TypeVar("T")
LEASE_S = 0.1


@dataclass
class Case:
    """A journal, two processes that may own the account, the epoch of the one that does, and a loop to wait on."""

    journal: Any
    ownership: Any
    rival: Any
    runner: asyncio.Runner
    epoch: int = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def commit(self, *batch: Any, epoch: int | None = None, account: str = ACCOUNT) -> None:
        self.run(self.journal.commit(account, self.epoch if epoch is None else epoch, batch))

    def crash(self) -> None:
        """End the owner as the system ends a process."""
        if isinstance(self.ownership, MemoryOwnership):
            self.ownership.crash(ACCOUNT)
        else:
            self.run(self.ownership.close())

    def tape(self, run: str) -> list[Any]:
        """Return the parts of a tape, which whoever owns it has no need to read."""
        if isinstance(self.journal, MemoryJournal):
            return [*self.journal.tape(run)]
        return self.run(self.journal._ask(journal_reads.tape, run))

    def everything(self) -> tuple[Any, ...]:
        """Return all that the journal can be asked, to see that nothing changed."""
        ask = self.journal
        questions = (
            ask.orders(ACCOUNT, active=False),
            ask.orders(ACCOUNT),
            ask.cancels(ACCOUNT),
            ask.fills(ACCOUNT),
            ask.lately(ACCOUNT, None),
            ask.balance(ACCOUNT),
            ask.kills(ACCOUNT),
            ask.quarantined(ACCOUNT),
            ask.checkpoint("r1"),
            ask.revision(ACCOUNT),
            ask.trail(ACCOUNT),
        )
        return tuple(self.run(each) for each in questions)


@pytest.fixture(params=["memory", "sqlite", "postgresql"], scope="module")
def where(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | str | None]:
    """Where the journal is kept; None in memory."""
    if request.param == "memory":
        yield None
    elif request.param == "sqlite":
        yield tmp_path_factory.mktemp("journal") / "midas.db"
    else:
        yield request.getfixturevalue("postgres").fresh()


@pytest.fixture
def case(where: Path | str | None, tmp_path: Path) -> Iterator[Case]:
    with asyncio.Runner() as runner:
        journal, owners, close = _memory() if where is None else _stored(where, tmp_path, runner)
        made = Case(journal, *owners, runner)
        made.epoch = made.run(made.ownership.acquire(ACCOUNT))
        yield made
        close()


def _memory() -> tuple[Any, list[Any], Callable[[], None]]:
    journal = MemoryJournal()
    return journal, [MemoryOwnership(journal), MemoryOwnership(journal)], lambda: None


def _stored(where: Path | str, folder: Path, runner: asyncio.Runner) -> tuple[Any, list[Any], Callable[[], None]]:
    place = place_of(where)
    place.upgrade()
    empty(where)
    journal = SqlJournal(place)
    owners = [SqlOwnership(place, folder, SystemClock(), lease_s=LEASE_S, silence_s=60) for _ in range(2)]

    def close() -> None:
        for each in (*owners, journal):
            runner.run(each.close())

    return journal, owners, close


def sent(row: Any, epoch: int) -> Any:
    return replace(
        row, state=OrderState.SENDING, attempt=1, epoch=epoch, sent_utc=NOW, seen=("7", "9"), changed_utc=NOW
    )


class TestRefusals:
    """A batch that is refused leaves no trace, whatever stood before the entry that was wrong."""

    @pytest.fixture
    def before(self, case: Case) -> list[Any]:
        case.commit(paid_in(1_000_000), StoreOrder(new_row(0)), Quarantine(ACCOUNT, "IBM.XNYS", "why"), audit())
        case.commit(AskCancel(new_row(0).id, "first"), Pull(kill(KillLevel.PAUSE)), bought("x1", new_row(0).id))
        case.commit(Checkpoint("r1", 3, NOW, b"abc"))
        return [
            StoreOrder(new_row(1)),
            ChangeOrder(sent(new_row(0), case.epoch), OrderState.NEW),
            ChangeOrder(replace(new_row(0), state=OrderState.REJECTED), OrderState.SENDING),
            CancelSent(new_row(0).id),
            AskCancel(new_row(1).id, "second"),
            paid_in(7, "more"),
            bought("x2", new_row(1).id),
            audit("q2", price=1.5),
            Checkpoint("r1", 4, NOW, b"def"),
            Quarantine(ACCOUNT, "IBM.XNYS", "", released=True),
            Quarantine(ACCOUNT, "JPM.XNYS", "other"),
            Pull(kill(KillLevel.NONE)),
            Pull(kill(KillLevel.HALT, "")),
        ]

    @pytest.mark.parametrize(
        ("wrong", "error"),
        [
            (StoreOrder(new_row(0)), AlreadyStored),
            (StoreOrder(replace(new_row(0), id="qother")), AlreadyStored),
            (StoreOrder(replace(new_row(5), id=new_row(0).id)), AlreadyStored),
            (paid_in(1_000_000), AlreadyStored),
            (bought("x1", new_row(0).id), AlreadyStored),
            (ChangeOrder(new_row(1), OrderState.OPEN), Fenced),
            (ChangeOrder(new_row(9), OrderState.NEW), NotFound),
            (AskCancel("qnobody", "why"), NotFound),
            (CancelSent("qnobody"), NotFound),
            (Since(0), Outdated),
            (replace(paid_in(5, "p"), postings=(Posting(LedgerAccount.CASH, None, 5, "USD"),)), InvalidInput),
            (
                replace(
                    paid_in(5, "p"),
                    postings=(
                        Posting(LedgerAccount.CASH, None, 5, "USD"),
                        Posting(LedgerAccount.CAPITAL, None, -5, "KRW"),
                    ),
                ),
                InvalidInput,
            ),
            (replace(bought("x3", "q"), quantity=Decimal(-10)), InvalidInput),
            (replace(bought("x3", "q"), quantity=None), InvalidInput),
            (replace(paid_in(5, "p"), quantity=Decimal(1)), InvalidInput),
            (StoreOrder(new_row(3, account="other")), InvalidInput),
            (paid_in(5, "p", account="other"), InvalidInput),
            (audit(account="other"), InvalidInput),
            (Quarantine("other", "IBM.XNYS", "why"), InvalidInput),
            (Pull(kill(KillLevel.PAUSE, "other")), InvalidInput),
        ],
        ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
    )
    def test_nothing_of_the_batch_is_stored(self, case: Case, before: list[Any], wrong: Any, error: type) -> None:
        was = case.everything()
        with pytest.raises(error):
            case.commit(*before, wrong)
        assert case.everything() == was
        case.commit(*before)

    @pytest.mark.parametrize("at", range(13))
    def test_at_every_place_of_a_batch(self, case: Case, before: list[Any], at: int) -> None:
        was = case.everything()
        with pytest.raises(AlreadyStored):
            case.commit(*before[:at], StoreOrder(new_row(0)), *before[at:])
        assert case.everything() == was

    def test_a_key_taken_within_the_batch(self, case: Case) -> None:
        with pytest.raises(AlreadyStored):
            case.commit(StoreOrder(new_row(0)), StoreOrder(new_row(0)))
        with pytest.raises(AlreadyStored):
            case.commit(paid_in(5), paid_in(5))
        assert case.run(case.journal.orders(ACCOUNT)) == []


class TestFencing:
    def test_who_is_not_the_owner_any_more_writes_nothing(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)))
        old = case.epoch
        case.crash()
        new = case.run(case.rival.acquire(ACCOUNT))
        assert new > old
        for entry in (StoreOrder(new_row(1)), ChangeOrder(sent(new_row(0), old), OrderState.NEW), audit(), paid_in(5)):
            with pytest.raises(Fenced):
                case.commit(entry, epoch=old)
        with pytest.raises(Fenced):
            case.run(case.journal.outbox(ACCOUNT, old))
        with pytest.raises(Fenced):
            case.run(case.ownership.renew(ACCOUNT, old))
        assert case.run(case.journal.orders(ACCOUNT, active=False)) == [new_row(0)]
        case.run(case.rival.renew(ACCOUNT, new))
        case.commit(StoreOrder(new_row(1)), epoch=new)

    @pytest.mark.parametrize("epoch", [2, 99, -1])
    def test_an_epoch_that_never_was(self, case: Case, epoch: int) -> None:
        with pytest.raises(Fenced):
            case.commit(StoreOrder(new_row(0)), epoch=epoch)

    def test_an_account_has_one_owner(self, case: Case) -> None:
        for process in (case.ownership, case.rival):
            with pytest.raises(Busy):
                case.run(process.acquire(ACCOUNT))
        assert case.run(case.rival.acquire("other")) > 0

    def test_who_lets_go_can_be_followed(self, case: Case) -> None:
        case.run(case.ownership.release(ACCOUNT, case.epoch))
        assert case.run(case.rival.acquire(ACCOUNT)) == case.epoch + 1

    def test_wishes_need_no_owner(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)), audit(), epoch=NOBODY)
        case.commit(AskCancel(new_row(0).id, "why"), Pull(kill(KillLevel.HALT)), epoch=NOBODY)
        assert [row.id for row in case.run(case.journal.outbox(ACCOUNT, case.epoch))] == [new_row(0).id]

    def test_deeds_need_the_owner(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)))
        deeds = (
            ChangeOrder(sent(new_row(0), 0), OrderState.NEW),
            CancelSent(new_row(0).id),
            paid_in(5),
            Checkpoint("r1", 0, NOW, b""),
            TapePart("r1", 0, 0, b"x"),
        )
        for deed in deeds:
            with pytest.raises(Fenced):
                case.commit(deed, epoch=NOBODY)

    def test_what_was_decided_on_must_still_hold(self, case: Case) -> None:
        seen = case.run(case.journal.revision(ACCOUNT))
        case.commit(Since(seen), StoreOrder(new_row(0)), epoch=NOBODY)
        with pytest.raises(Outdated):
            case.commit(Since(seen), StoreOrder(new_row(1)), epoch=NOBODY)
        case.commit(Since(seen + 1), StoreOrder(new_row(1)), epoch=NOBODY)
        assert case.run(case.journal.revision(ACCOUNT)) == seen + 2


class TestOrders:
    def test_they_come_back_as_they_went_in(self, case: Case) -> None:
        rows = [
            new_row(0),
            new_row(1, side=Side.SELL, quantity=Decimal("0.000000001"), limit_price=None, reduce_only=True),
            new_row(2, run="", leg="a key", reference_price=None, stop_price=Decimal("12345678.9"), strategy=""),
        ]
        for row in rows:
            case.commit(StoreOrder(row))
        assert case.run(case.journal.orders(ACCOUNT)) == rows
        assert [case.run(case.journal.order(row.id)) for row in rows] == rows
        assert case.run(case.journal.order("qnobody")) is None

    def test_the_outbox_holds_what_is_to_be_sent(self, case: Case) -> None:
        rows = [new_row(n) for n in range(4)]
        case.commit(*(StoreOrder(row) for row in rows))
        moved = sent(rows[1], case.epoch)
        case.commit(ChangeOrder(moved, OrderState.NEW))
        assert case.run(case.journal.outbox(ACCOUNT, case.epoch)) == [rows[0], rows[2], rows[3]]
        assert case.run(case.journal.order(moved.id)) == moved
        again = replace(moved, state=OrderState.NEW)
        case.commit(ChangeOrder(again, OrderState.SENDING))
        assert case.run(case.journal.outbox(ACCOUNT, case.epoch)) == [rows[0], again, rows[2], rows[3]]

    def test_what_ended_is_not_active_but_stays(self, case: Case) -> None:
        rows = [new_row(n) for n in range(len(OrderState))]
        for row, state in zip(rows, OrderState, strict=True):
            case.commit(StoreOrder(row))
            moved = replace(row, state=state, number=f"b{row.id}", filled=Decimal("2.5"), reason="a reason")
            case.commit(ChangeOrder(moved, OrderState.NEW))
        active = {row.state for row in case.run(case.journal.orders(ACCOUNT))}
        assert active == set(OrderState) - {
            OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED, OrderState.NOT_PLACED
        }  # fmt: skip
        every = case.run(case.journal.orders(ACCOUNT, active=False))
        assert [(row.id, row.state, row.filled, row.reason) for row in every] == [
            (row.id, state, Decimal("2.5"), "a reason") for row, state in zip(rows, OrderState, strict=True)
        ]

    def test_one_that_shows_up_late_is_active_again(self, case: Case) -> None:
        rows = [new_row(n) for n in range(3)]
        case.commit(*(StoreOrder(row) for row in rows))
        gone = replace(rows[1], state=OrderState.NOT_PLACED)
        case.commit(ChangeOrder(gone, OrderState.NEW))
        late = replace(gone, state=OrderState.ADOPTED_LATE)
        case.commit(ChangeOrder(late, OrderState.NOT_PLACED))
        assert case.run(case.journal.orders(ACCOUNT)) == [rows[0], late, rows[2]]

    def test_a_brokers_number_finds_its_order(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)), StoreOrder(new_row(1)))
        known = replace(new_row(1), state=OrderState.OPEN, number="b-1")
        case.commit(ChangeOrder(known, OrderState.NEW))
        assert case.run(case.journal.numbered(ACCOUNT, "b-1")) == known
        done = replace(known, state=OrderState.FILLED)
        case.commit(ChangeOrder(done, OrderState.OPEN))
        assert case.run(case.journal.numbered(ACCOUNT, "b-1")) == done
        for account, number in ((ACCOUNT, "b-2"), (ACCOUNT, ""), ("other", "b-1")):
            assert case.run(case.journal.numbered(account, number)) is None

    def test_what_was_sent_since(self, case: Case) -> None:
        rows = [new_row(sequence) for sequence in range(3)]
        case.commit(*(StoreOrder(row) for row in rows))
        before = replace(sent(rows[0], case.epoch), sent_utc=NOW - timedelta(seconds=1))
        case.commit(ChangeOrder(before, OrderState.NEW))
        case.commit(ChangeOrder(sent(rows[1], case.epoch), OrderState.NEW))
        ended = replace(sent(rows[1], case.epoch), state=OrderState.NOT_PLACED)
        case.commit(ChangeOrder(ended, OrderState.SENDING))
        since = partial(case.journal.orders, ACCOUNT, active=False)
        assert case.run(since(sent_utc=NOW)) == [ended]
        assert case.run(since(sent_utc=NOW - timedelta(seconds=1))) == [before, ended]
        assert case.run(case.journal.orders(ACCOUNT, sent_utc=NOW - timedelta(seconds=1))) == [before]

    def test_what_was_decided_lately_with_its_executions(self, case: Case) -> None:
        def at(sequence: int, hours: int, run: str) -> Any:
            return new_row(sequence, stamp_utc=NOW + timedelta(hours=hours), run=run)

        by_run, later, by_hand = at(0, 1, "r1"), at(1, 24, "r1"), at(2, 40, "")
        old, theirs = at(3, 0, "r1"), new_row(4, leg="margin_call x", stamp_utc=NOW + timedelta(hours=30), run="")
        case.commit(paid_in(1_000_000), *(StoreOrder(row) for row in (later, by_hand, old, theirs, by_run)))
        case.commit(bought("x1", later.id), bought("x2", later.id), bought("x3", old.id))

        def told(since_utc: Any) -> list[tuple[str, int]]:
            found = case.run(case.journal.lately(ACCOUNT, since_utc))
            return [(each.order, each.executions) for each in found.orders]

        assert told(None) == [(old.id, 1), (by_run.id, 0), (later.id, 2)]
        assert told(NOW + timedelta(hours=1)) == [(by_run.id, 0), (later.id, 2), (by_hand.id, 0)]
        assert told(NOW + timedelta(hours=41)) == []
        first = case.run(case.journal.lately(ACCOUNT, None)).orders[0]
        assert (first.run, first.instrument, first.side, first.quantity, first.stored_utc) == (
            "r1", str(APPLE), Side.BUY, Decimal(10), NOW,
        )  # fmt: skip

    def test_accounts_do_not_mix(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)))
        case.commit(StoreOrder(new_row(0, account="other")), epoch=NOBODY, account="other")
        assert case.run(case.journal.orders(ACCOUNT)) == [new_row(0)]
        assert case.run(case.journal.orders("other")) == [new_row(0, account="other")]
        with pytest.raises(NotFound):
            case.commit(AskCancel(new_row(0, account="other").id, "why"))

    def test_cancels_wait_until_they_were_sent(self, case: Case) -> None:
        rows = [new_row(n) for n in range(3)]
        case.commit(*(StoreOrder(row) for row in rows))
        case.commit(AskCancel(rows[2].id, "a"), AskCancel(rows[0].id, "b"), AskCancel(rows[0].id, "again"))
        assert case.run(case.journal.cancels(ACCOUNT)) == [rows[0], rows[2]]
        case.commit(CancelSent(rows[0].id), CancelSent(rows[1].id))
        assert case.run(case.journal.cancels(ACCOUNT)) == [rows[2]]
        case.commit(AskCancel(rows[0].id, "once more"))
        assert case.run(case.journal.cancels(ACCOUNT)) == [rows[0], rows[2]]


class TestBooks:
    def test_the_balance_is_what_the_postings_say(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)))
        case.commit(paid_in(1_000_000))
        case.commit(bought("x1", new_row(0).id, 4, 40_200, 15), bought("x2", new_row(0).id, 6, 60_300))
        held = case.run(case.journal.balance(ACCOUNT))
        assert held.cash == 1_000_000 - 40_215 - 60_300
        assert dict(held.quantities) == {APPLE: Decimal(10)}
        assert dict(held.costs) == {APPLE: 100_500}
        split = Book(ACCOUNT, "split", None, "split", APPLE, Decimal("-9.5"), (), NOW)
        case.commit(split)
        assert dict(case.run(case.journal.balance(ACCOUNT)).quantities) == {APPLE: Decimal("0.5")}
        case.commit(replace(split, reference="delisted", kind="delisted", quantity=Decimal("-0.5")))
        assert dict(case.run(case.journal.balance(ACCOUNT)).quantities) == {}

    def test_an_account_nobody_used_has_nothing(self, case: Case) -> None:
        held = case.run(case.journal.balance("nobody"))
        assert (held.cash, dict(held.quantities), dict(held.costs)) == (0, {}, {})

    def test_an_execution_taken_back_leaves_nothing(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)))
        right = bought("x1", new_row(0).id)
        assert right.fill is not None
        case.commit(right)
        back = replace(right.fill, execution="x1-bust", quantity=-right.fill.quantity, value=-right.fill.value)
        postings = tuple(replace(each, amount=-each.amount) for each in right.postings)
        case.commit(
            replace(right, reference="x1-bust", kind="bust", fill=back, quantity=Decimal(-10), postings=postings)
        )
        held = case.run(case.journal.balance(ACCOUNT))
        assert (held.cash, dict(held.quantities), dict(held.costs)) == (0, {}, {})

    def test_fills_come_back_as_they_went_in(self, case: Case) -> None:
        books = [bought(f"x{n}", new_row(n % 2).id, n + 1) for n in range(4)]
        assert books[3].fill is not None
        books[3] = replace(
            books[3], fill=replace(books[3].fill, cause=Cause.STOP_LOSS, price=Decimal("1234.000000001"))
        )
        case.commit(StoreOrder(new_row(0)), StoreOrder(new_row(1)), paid_in(5))
        for book in books:
            case.commit(book)
        assert case.run(case.journal.fills(ACCOUNT)) == [book.fill for book in books]
        assert case.run(case.journal.fills(ACCOUNT, new_row(1).id)) == [books[1].fill, books[3].fill]
        assert case.run(case.journal.fills(ACCOUNT, "qnobody")) == []

    def test_the_latest_fill(self, case: Case) -> None:
        def latest() -> Any:
            return case.run(case.journal.lately(ACCOUNT, NOW)).fill_utc

        assert latest() is None
        case.commit(paid_in(1_000_000), StoreOrder(new_row(0)))
        assert latest() is None
        later, earlier = bought("x1", new_row(0).id), bought("x2", new_row(0).id)
        fill = replace(earlier.fill, stamp_utc=NOW - timedelta(hours=3))
        case.commit(later, replace(earlier, fill=fill))
        assert latest() == NOW

    def test_what_is_booked_is_known_by_its_reference(self, case: Case) -> None:
        case.commit(paid_in(5, "one"))
        assert case.run(case.journal.booked(ACCOUNT, "two", "one")) == {"one"}
        assert not case.run(case.journal.booked(ACCOUNT, "two"))
        assert not case.run(case.journal.booked(ACCOUNT))
        assert not case.run(case.journal.booked("other", "one"))

    def test_large_amounts_and_small_quantities_stay_exact(self, case: Case) -> None:
        case.commit(paid_in(10**17 + 1))
        for n in range(10):
            case.commit(Book(ACCOUNT, f"s{n}", None, "split", APPLE, Decimal("0.100000001"), (), NOW))
        held = case.run(case.journal.balance(ACCOUNT))
        assert (held.cash, held.quantities[APPLE]) == (10**17 + 1, Decimal("1.00000001"))


class TestTheRest:
    def test_a_checkpoint_is_the_last_one(self, case: Case) -> None:
        assert case.run(case.journal.checkpoint("r1")) is None
        case.commit(Checkpoint("r1", 1, NOW, b"\x00one"), Checkpoint("r2", 5, NOW, b""))
        last = Checkpoint("r1", 2, NOW + timedelta(days=1), bytes(range(256)))
        case.commit(last)
        assert case.run(case.journal.checkpoint("r1")) == last

    def test_a_tape_is_its_parts_in_their_order(self, case: Case) -> None:
        assert case.tape("r1") == []
        parts = [TapePart("r1", n, 10 * n + 9, bytes([n, 0, 255])) for n in range(12)]
        case.commit(*parts[:2], TapePart("r2", 0, 5, b""))
        case.commit(*parts[2:])
        assert case.tape("r1") == parts
        assert len(case.tape("r2")) == 1

    def test_a_part_is_recorded_once_or_its_batch_is_not_stored(self, case: Case) -> None:
        case.commit(TapePart("r1", 0, 9, b"a"))
        with pytest.raises(AlreadyStored):
            case.commit(Checkpoint("r1", 19, NOW, b""), TapePart("r1", 0, 19, b"b"))
        assert case.run(case.journal.checkpoint("r1")) is None
        assert [part.data for part in case.tape("r1")] == [b"a"]

    def test_any_switch_stops_and_releasing_is_for_its_own(self, case: Case) -> None:
        case.commit(Pull(kill(KillLevel.PAUSE)), Pull(kill(KillLevel.FLATTEN)), Pull(kill(KillLevel.HALT, "")))
        case.commit(Pull(kill(KillLevel.HALT, "other")), epoch=NOBODY, account="other")
        levels = [each.level for each in case.run(case.journal.kills(ACCOUNT))]
        assert sorted(levels) == [KillLevel.PAUSE, KillLevel.FLATTEN, KillLevel.HALT]
        case.commit(Pull(kill(KillLevel.NONE)))
        assert case.run(case.journal.kills(ACCOUNT)) == [kill(KillLevel.HALT, "")]
        case.commit(Pull(kill(KillLevel.NONE, "")))
        assert case.run(case.journal.kills(ACCOUNT)) == []
        assert case.run(case.journal.kills("other")) == [kill(KillLevel.HALT, "other")]

    def test_quarantine_holds_until_it_is_released(self, case: Case) -> None:
        case.commit(Quarantine(ACCOUNT, "AAPL.XNAS", "one"), Quarantine(ACCOUNT, "IBM.XNYS", "two"))
        case.commit(Quarantine(ACCOUNT, "AAPL.XNAS", "three"))
        assert case.run(case.journal.quarantined(ACCOUNT)) == {"AAPL.XNAS": "three", "IBM.XNYS": "two"}
        case.commit(Quarantine(ACCOUNT, "AAPL.XNAS", "", released=True))
        assert case.run(case.journal.quarantined(ACCOUNT)) == {"IBM.XNYS": "two"}
        assert case.run(case.journal.quarantined("other")) == {}

    def test_the_audit_trail_keeps_what_was_said(self, case: Case) -> None:
        lines = [audit(f"q{n}", price="1.50", n=n, why={"a": [1, None, True]}, 한=0.1) for n in range(5)]
        case.commit(*lines[:2])
        case.commit(*lines[2:])
        assert case.run(case.journal.trail(ACCOUNT)) == lines

"""What every journal must do, wherever it keeps the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.conformance.journals import Case, sent
from tests.trading.entries import ACCOUNT, APPLE, NOW, audit, bought, kill, new_row, paid_in

from midas.core.errors import Busy, InvalidInput, NotFound
from midas.core.order import Cause, OrderState
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

"""Accounts, orders by hand, positions, trades and the books, through the use cases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import update
from tests.app.loop import now, own_loop
from tests.trading.entries import bought

from midas.app import accounts, ledger, orders, positions, risk, runs, trades
from midas.app.settings import Settings
from midas.app.traders import Owners
from midas.app.trades import Period
from midas.app.workspace import Workspace
from midas.core.clock import ManualClock
from midas.core.errors import AlreadyExists, Busy, InvalidInput, NotFound, Refused, Unavailable
from midas.core.order import OrderState
from midas.db import heads, idempotency, journal_reads, journal_writes
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.db.trading_tables import ACCOUNTS
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.trading.daemon import Trader
from midas.trading.journal import NOBODY, ChangeOrder, Fenced, Pull
from midas.trading.office import Surroundings
from midas.wire.accounts import AccountRequest, ResetRequest
from midas.wire.orders import OrderRequest
from midas.wire.risk import LimitChanges
from midas.wire.runs import RunRequest

OPEN = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
"""A Tuesday, ten in the morning in New York."""

EVER = Period()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trading") / "home"
    pull_bars(Lake(home / "lake", ManualClock(OPEN)), SampleSource(), PullRequest(("AAPL", "JPM")))
    return home / "lake"


@pytest.fixture(params=["sqlite", "postgresql"])
def workspace(request, tmp_path, lake):
    home = tmp_path / "home"
    home.mkdir()
    (home / "lake").symlink_to(lake)
    database = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else None
    with own_loop(), Workspace.open(Settings(home=home, database=database), ManualClock(OPEN)) as opened:
        now(accounts.add(opened, AccountRequest(name="alpha", capital=Decimal(10_000))))
        yield opened


def asked(**changes):
    wanted = {"account": "alpha", "instrument": "AAPL.XNAS", "side": "buy", "quantity": "5"}
    return OrderRequest.model_validate(wanted | {key: value for key, value in changes.items() if value is not None})


def started(**changes):
    wanted = {"account": "fresh", "strategy": {"name": "buy_and_hold"}, "symbols": ["AAPL"]}
    return RunRequest.model_validate(wanted | {"feed": "replay:2010-01-04..2010-01-08"} | changes)


def stored(workspace):
    return now(orders.page(workspace, "alpha", False, 100, None)).items


class TestOrdersRefused:
    """Each with its reason, and nothing is stored."""

    @pytest.mark.parametrize(
        ("changes", "kind", "code"),
        [
            ({"quantity": "0"}, InvalidInput, "bad_quantity"),
            ({"quantity": "-5"}, InvalidInput, "bad_quantity"),
            ({"quantity": "0.5"}, InvalidInput, "off_lot"),
            ({"quantity": "1e30"}, InvalidInput, "bad_quantity"),
            ({"quantity": "1e400"}, InvalidInput, "bad_quantity"),
            ({"quantity": "1e15", "kind": "limit", "limit_price": "1e15"}, InvalidInput, "bad_quantity"),
            ({"kind": "limit", "limit_price": "1e30"}, InvalidInput, "bad_limit"),
            ({"kind": "stop", "stop_price": "1e400"}, InvalidInput, "bad_stop"),
            ({"kind": "limit", "limit_price": "100.001"}, InvalidInput, "off_tick"),
            ({"kind": "limit", "limit_price": "-1"}, InvalidInput, "bad_limit"),
            ({"kind": "limit"}, InvalidInput, "bad_price"),
            ({"limit_price": "100"}, InvalidInput, "bad_price"),
            ({"kind": "stop"}, InvalidInput, "bad_price"),
            ({"quantity": "1000"}, Refused, "buying_power"),
            ({"side": "sell"}, Refused, "short_not_allowed"),
            ({"account": "nobody"}, NotFound, "unknown_account"),
            ({"instrument": "NOPE.XNAS"}, NotFound, "unknown_symbol"),
        ],
    )
    def test_with_the_reason(self, workspace, changes, kind, code):
        with pytest.raises(kind) as refusal:
            now(orders.place(workspace, asked(**changes), "k"))
        assert refusal.value.code == code
        assert stored(workspace) == []

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "ten", ""])
    def test_what_is_no_number(self, text):
        for name in ("quantity", "limit_price", "stop_price"):
            with pytest.raises(ValidationError):
                asked(**{name: text})

    def test_of_an_account_in_another_currency(self, workspace):
        now(accounts.add(workspace, AccountRequest(name="won", currency="KRW", capital=Decimal(10_000_000))))
        for dry_run in (False, True):
            with pytest.raises(InvalidInput, match="KRW") as error:
                now(orders.place(workspace, asked(account="won", dry_run=dry_run), "k"))
            assert error.value.code == "other_currency"
        assert now(orders.page(workspace, "won", False, 100, None)).items == []

    def test_while_the_market_is_closed(self, workspace):
        workspace.clock.advance(timedelta(hours=10))
        with pytest.raises(Refused) as refusal:
            now(orders.place(workspace, asked(), "k"))
        assert refusal.value.code == "market_closed"
        assert now(orders.place(workspace, asked(time_in_force="gtc"), "k")).state == "new"

    def test_while_a_switch_is_pulled(self, workspace):
        from tests.trading.entries import kill

        from midas.risk.kill import KillLevel

        batch = [Pull(kill(KillLevel.PAUSE, "alpha.1"))]
        now(workspace.database.write(journal_writes.write, "alpha.1", NOBODY, batch))
        with pytest.raises(Refused) as refusal:
            now(orders.place(workspace, asked(), "k"))
        assert refusal.value.code == "killed"
        assert now(accounts.show(workspace, "alpha")).kill == "pause"

    def test_of_what_is_restricted_by_any_of_its_names(self, workspace):
        for name in ("AAPL.XNAS", "AAPL", "aapl"):
            limits = now(risk.change_limits(workspace, "alpha", LimitChanges(restricted=[name, "005930.XKRX"]))).limits
            assert limits.restricted == ["005930.XKRX", "AAPL.XNAS"]
        with pytest.raises(Refused) as error:
            now(orders.place(workspace, asked(), "k"))
        assert error.value.code == "restricted"
        assert now(orders.place(workspace, asked(instrument="JPM", quantity="1"), "other")).stored

    def test_without_a_key(self, workspace):
        with pytest.raises(InvalidInput) as refusal:
            now(orders.place(workspace, asked(), None))
        assert refusal.value.code == "idempotency_key_missing"

    def test_what_working_orders_may_cost_is_not_there_twice(self, workspace):
        last = now(positions.last_prices(workspace, "alpha.1", [journal_instrument()]))[journal_instrument()].close
        half = int(10_000 / last / 2) + 1
        now(orders.place(workspace, asked(quantity=str(half)), "one"))
        with pytest.raises(Refused) as refusal:
            now(orders.place(workspace, asked(quantity=str(half)), "two"))
        assert refusal.value.code in ("buying_power", "duplicate")
        workspace.clock.advance(timedelta(seconds=60))
        with pytest.raises(Refused) as refusal:
            now(orders.place(workspace, asked(quantity=str(half)), "three"))
        assert refusal.value.code == "buying_power"


def journal_instrument():
    from tests.trading.entries import APPLE

    return APPLE


class TestDrill:
    def test_an_owner_that_does_not_hear_is_waited_for_and_none_is_not(self, workspace):
        assert not now(risk.drill(workspace, "alpha")).heard
        now(workspace.database.write(heads.take_over, "alpha.1", OPEN + timedelta(seconds=10)))

        async def drilled():
            drill = asyncio.create_task(risk.drill(workspace, "alpha"))
            for second in range(60):
                await asyncio.sleep(0.05)
                if drill.done():
                    return second, await drill
                workspace.clock.advance(timedelta(seconds=1))
            raise AssertionError("it waits for ever")

        seconds, told = now(drilled())
        assert (told.heard, told.milliseconds) == (False, None)
        assert seconds >= 5
        assert now(accounts.show(workspace, "alpha")).kill == "none"


class TestOrders:
    def test_the_same_key_never_orders_twice(self, workspace):
        first = now(orders.place(workspace, asked(), "k"))
        workspace.clock.advance(timedelta(hours=1))
        assert now(orders.place(workspace, asked(), "k")) == first
        with pytest.raises(InvalidInput) as refusal:
            now(orders.place(workspace, asked(quantity="6"), "k"))
        assert refusal.value.code == "idempotency_key_reused"
        assert [each.id for each in stored(workspace)] == [first.id]
        other = now(orders.place(workspace, asked(quantity="6"), "another"))
        assert other.id != first.id

    def test_one_that_is_being_carried_out_is_told_so_and_taken_over_when_it_died(self, workspace):
        request = asked()
        from hashlib import sha256

        body = sha256(request.model_dump_json().encode()).hexdigest()
        now(workspace.database.write(idempotency.begin, "local", "k", body, workspace.clock.now_utc()))
        with pytest.raises(AlreadyExists) as refusal:
            now(orders.place(workspace, request, "k"))
        assert refusal.value.code == "request_running"
        workspace.clock.advance(timedelta(minutes=1))
        order = now(orders.place(workspace, request, "k"))
        assert order.created_at == workspace.clock.now_utc()
        assert now(orders.place(workspace, request, "k")) == order
        assert len(stored(workspace)) == 1

    def test_who_died_after_storing_is_answered_with_what_was_stored(self, workspace):
        order = now(orders.place(workspace, asked(), "k"))

        def unfinish(session):
            from sqlalchemy import update

            from midas.db.trading_tables import IDEMPOTENCY

            session.change(update(IDEMPOTENCY).values(status=None, answer=None))

        now(workspace.database.write(unfinish))
        workspace.clock.advance(timedelta(minutes=1))
        assert now(orders.place(workspace, asked(), "k")).id == order.id
        assert len(stored(workspace)) == 1

    def test_who_could_not_tell_whether_it_was_stored_does_not_order_twice(self, workspace, monkeypatch):
        write = workspace.database.write

        async def unheard(query, *args):
            told = await write(query, *args)
            if query is journal_writes.write:
                raise Unavailable("The database went away during a commit.")
            return told

        monkeypatch.setattr(workspace.database, "write", unheard)
        with pytest.raises(Unavailable):
            now(orders.place(workspace, asked(), "k"))
        monkeypatch.undo()
        workspace.clock.advance(timedelta(minutes=1))
        order = now(orders.place(workspace, asked(), "k"))
        assert [each.id for each in stored(workspace)] == [order.id]

    def test_many_at_once_with_one_key_make_one_order(self, workspace):
        async def rush():
            return await asyncio.gather(
                *(orders.place(workspace, asked(), "k") for _ in range(8)), return_exceptions=True
            )

        came = now(rush())
        placed = {each.id for each in came if not isinstance(each, BaseException)}
        assert len(placed) == 1
        assert {each.code for each in came if isinstance(each, BaseException)} <= {"request_running"}
        assert len(stored(workspace)) == 1

    def test_a_dry_run_stores_nothing(self, workspace):
        told = now(orders.place(workspace, asked(dry_run=True), None))
        assert (told.stored, told.state) == (False, "new")
        assert stored(workspace) == []
        with pytest.raises(Refused):
            now(orders.place(workspace, asked(dry_run=True, quantity="1000"), None))

    def test_it_waits_in_the_outbox_and_a_cancel_beside_it(self, workspace):
        order = now(orders.place(workspace, asked(), "k"))
        assert [row.id for row in now(workspace.database.read(journal_reads.outbox, "alpha.1", 0))] == [order.id]
        assert now(orders.cancel(workspace, order.id)).cancel_waits
        assert [row.id for row in now(workspace.database.read(journal_reads.cancels, "alpha.1"))] == [order.id]
        with pytest.raises(NotFound):
            now(orders.cancel(workspace, "qnobody"))

    def test_pages_together_are_the_whole_list(self, workspace):
        for n in range(1, 6):
            now(orders.place(workspace, asked(quantity=str(n)), f"k{n}"))
        whole, after = [], None
        while True:
            cut = now(orders.page(workspace, None, True, 2, after))
            whole += cut.items
            after = cut.last_key
            if after is None:
                break
        assert [each.quantity for each in whole] == [5, 4, 3, 2, 1]


def filled(workspace, quantity=10, value=100_500, reference="x1"):
    """Let the trader fill an order by hand, as it would."""
    from dataclasses import replace

    order = now(orders.place(workspace, asked(quantity=str(quantity)), reference))
    row = now(workspace.database.read(journal_reads.order, order.id))
    epoch = now(workspace.database.write(heads.take_over, "alpha.1", workspace.clock.now_utc()))
    done = ChangeOrder(replace(row, state=OrderState.FILLED, filled=row.intent.quantity), OrderState.NEW)
    book = bought(reference, order.id, quantity, value, 100, "alpha.1")
    now(workspace.database.write(journal_writes.write, "alpha.1", epoch, [done, book]))
    return order


class TestBooks:
    def test_what_was_bought_is_held_and_told(self, workspace):
        filled(workspace)
        [held] = now(positions.every(workspace, "alpha"))
        assert (held.quantity, held.cost, held.average_price) == (10, Decimal("1005"), Decimal("100.5"))
        assert held.unrealised == held.last * 10 - 1005
        told = now(trades.stats(workspace, "alpha", EVER))
        assert (told.count, told.buys, told.sells, told.value) == (1, 1, 0, Decimal("1005"))
        assert (told.commission, told.most_traded, told.realised) == (Decimal(1), "AAPL.XNAS", 0)
        assert told.unrealised == held.unrealised
        assert now(accounts.show(workspace, "alpha")).cash == Decimal("8994.00")
        cut = now(trades.executions(workspace, "alpha", EVER, 10, None))
        assert [(each.execution, each.price) for each in cut.items] == [("x1", Decimal("100.50"))]
        report = now(ledger.verify(workspace, None))
        assert (report.ok, report.accounts, report.bookings) == (True, ["alpha.1"], 2)

    def test_a_period_holds_what_happened_in_it(self, workspace):
        filled(workspace)
        at = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
        assert now(trades.stats(workspace, "alpha", Period(since=at))).count == 1
        assert now(trades.stats(workspace, "alpha", Period(until=at))).count == 0
        with pytest.raises(InvalidInput):
            Period(at, at)

    @pytest.mark.figure("R14")
    @pytest.mark.parametrize(
        ("tampering", "code"),
        [
            ("UPDATE postings SET amount = amount + 1 WHERE line = 0", "unbalanced"),
            ("UPDATE account_heads SET cash = cash + 1", "cash"),
            ("UPDATE positions SET quantity = '11'", "position"),
            ("UPDATE orders SET filled = '9'", "order"),
            ("UPDATE audit SET who = 'nobody' WHERE n = 1", "audit"),
            ("DELETE FROM audit WHERE n = 2", "audit"),
            # what still adds up
            ("UPDATE postings SET ledger = 7 WHERE ledger = 6", "booking"),
            ("UPDATE bookings SET price = '99' WHERE price = '100.50'", "booking"),
            ("UPDATE bookings SET stamp_utc = '2020-01-01 00:00:00.000000' WHERE order_id IS NULL", "booking"),
            ("DELETE FROM booking_links WHERE n = 1", "booking"),
            ("UPDATE account_heads SET booked = 1", "booking"),
        ],
    )
    def test_what_was_tampered_with_is_found(self, workspace, tampering, code, record_property):
        record_property("planted", 1)
        filled(workspace)

        def tamper(session):
            table = tampering.split()[1] if tampering.startswith("UPDATE") else tampering.split()[2]
            if session.connection.dialect.name == "postgresql":
                session.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            elif table in ("postings", "bookings", "audit", "booking_links"):
                for what in ("update", "delete"):
                    session.connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{what}")
            session.connection.exec_driver_sql(tampering)

        now(workspace.database.write(tamper))
        assert code in {fault.code for fault in now(ledger.verify(workspace, "alpha")).faults}
        now(workspace.database.write(lambda session: mend(session)))

    @pytest.mark.parametrize("table", ["audit", "postings", "bookings", "booking_links"])
    @pytest.mark.parametrize("deed", ["DELETE FROM {}", "UPDATE {} SET account = 'x'"])
    def test_what_grows_is_never_changed(self, workspace, table, deed):
        filled(workspace)
        with pytest.raises(Exception, match="only grows"):
            now(workspace.database.write(lambda session: session.connection.exec_driver_sql(deed.format(table))))


def mend(session):
    """Take the planted imbalance back, for every journal must balance after every test."""
    if session.connection.dialect.name == "postgresql":
        session.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    session.connection.exec_driver_sql(
        "UPDATE postings SET amount = amount - 1 WHERE booking IN "
        "(SELECT booking FROM postings GROUP BY booking HAVING SUM(amount) = 1) AND line = 0"
    )


class TestAccounts:
    def test_a_name_that_is_taken(self, workspace):
        with pytest.raises(AlreadyExists):
            now(accounts.add(workspace, AccountRequest(name="alpha", capital=Decimal(1))))

    def test_less_than_a_cent_is_nothing_to_begin_with(self, workspace):
        for capital in (Decimal("0.004"), Decimal("1e-30")):
            with pytest.raises(InvalidInput) as error:
                now(accounts.add(workspace, AccountRequest(name="beta", capital=capital)))
            assert error.value.code == "bad_capital"
            with pytest.raises(InvalidInput):
                now(accounts.reset(workspace, "alpha", ResetRequest(capital=capital)))
        assert [each.id for each in now(accounts.every(workspace, closed=True))] == ["alpha.1"]

    def test_no_run_begins_with_nothing(self, workspace):
        for money in (
            {"allotment": "0"},
            {"allotment": "1e-30"},
            {"initial_capital": "1e-30"},
            {"initial_capital": "-500", "allotment": "5000"},
            {"initial_capital": "0", "allotment": "5000"},
        ):
            with pytest.raises(InvalidInput) as error:
                now(runs.start(workspace, started(**money)))
            assert error.value.code == "bad_capital"
        assert [each.name for each in now(accounts.every(workspace))] == ["alpha"]
        assert now(runs.page(workspace, 10, None)).items == []

    def test_what_a_run_trades_with_is_not_what_its_new_account_begins_with(self, workspace):
        now(runs.start(workspace, started(allotment="5000")))
        assert now(accounts.show(workspace, "fresh")).capital == 100_000

    def test_one_that_cannot_be_traded_leaves_the_trader_to_the_others(self, workspace):
        for name in ("fresh", "sound"):
            now(runs.start(workspace, started(account=name)))
        # as an account from before amounts below a cent were refused
        broke = update(ACCOUNTS).where(ACCOUNTS.c.id == "fresh.1").values(capital=0)
        now(workspace.database.write(lambda session: session.change(broke)))
        told = now(trade(workspace, "fresh.1"))
        reasons = {each.account: each.reason for each in now(runs.page(workspace, 10, None)).items}
        assert reasons["sound.1"] == "the feed ended"
        assert "The initial capital cannot be 0.00 USD" in reasons["fresh.1"]
        assert [line.detail["code"] for line in told if line.act == "run.given_up"] == ["bad_capital"]

    def test_several_for_one_person(self, workspace):
        now(accounts.add(workspace, AccountRequest(name="beta", capital=Decimal(5), currency="KRW")))
        assert [(each.name, each.cash) for each in now(accounts.every(workspace))] == [("alpha", 10_000), ("beta", 5)]

    def test_how_long_its_orders_take_is_kept_across_a_reset(self, workspace):
        slow = AccountRequest(name="slow", capital=Decimal(1_000), latency_ms=250)
        assert now(accounts.add(workspace, slow)).latency_ms == 250
        assert now(accounts.reset(workspace, "slow", ResetRequest())).latency_ms == 250
        assert now(accounts.show(workspace, "alpha")).latency_ms == 0

    def test_a_reset_begins_anew_and_keeps_what_was(self, workspace):
        filled(workspace)
        epoch = now(workspace.database.write(heads.take_over, "alpha.1", OPEN))
        after = now(accounts.reset(workspace, "alpha", ResetRequest(capital=Decimal(50))))
        assert (after.id, after.cash, after.positions) == ("alpha.2", 50, 0)
        # whoever held the old one and was stopped meanwhile finds that it is theirs no more
        with pytest.raises(Fenced):
            now(workspace.database.write(journal_writes.write, "alpha.1", epoch, []))
        old = now(accounts.show(workspace, "alpha.1"))
        assert (old.cash, old.positions, old.closed_at) == (Decimal("8994.00"), 1, OPEN)
        assert now(trades.stats(workspace, "alpha.1", EVER)).count == 1
        assert now(trades.stats(workspace, "alpha", EVER)).count == 0
        with pytest.raises(Refused) as refusal:
            now(orders.place(workspace, asked(account="alpha.1"), "late"))
        assert refusal.value.code == "account_closed"
        assert now(ledger.verify(workspace, None)).ok

    def test_not_while_orders_are_at_work_or_a_trader_holds_it(self, workspace):
        now(orders.place(workspace, asked(), "k"))
        with pytest.raises(Refused) as refusal:
            now(accounts.reset(workspace, "alpha", ResetRequest()))
        assert refusal.value.code == "orders_working"
        until = OPEN + timedelta(seconds=10)
        now(workspace.database.write(heads.take_over, "alpha.1", until))
        with pytest.raises(Busy):
            now(accounts.reset(workspace, "alpha", ResetRequest()))

    @pytest.mark.parametrize("draft", [True, False])
    def test_not_while_a_run_may_go_on_in_it(self, workspace, draft):
        run = now(runs.start(workspace, started(account="alpha", draft=draft))).id
        with pytest.raises(Refused, match=run) as refusal:
            now(accounts.reset(workspace, "alpha", ResetRequest()))
        assert refusal.value.code == "runs_not_over"
        assert now(accounts.show(workspace, "alpha")).id == "alpha.1"
        now(runs.stop(workspace, run, "enough"))
        assert now(accounts.reset(workspace, "alpha", ResetRequest())).id == "alpha.2"


async def trade(workspace, account):
    journal = SqlJournal(workspace.database.place)
    ownership = SqlOwnership(workspace.database.place, workspace.home.run, workspace.clock, 30)
    around = Surroundings(journal, ownership, workspace.clock, lambda: 1.0)
    try:
        async with asyncio.timeout(30):
            await Trader(Owners(workspace, journal), around, lambda _text: None, until_idle=True).run()
        return await journal.trail(account)
    finally:
        await ownership.close()
        await journal.close()


def test_cancels_whose_market_is_gone_are_told_of_and_not_waited_for(workspace):
    wish = {"strategy": {"name": "sma_cross"}, "symbols": ["AAPL"], "feed": "replay:2010-01-04..2010-06-30"}
    run = now(runs.start(workspace, RunRequest.model_validate(wish | {"account": "alpha"}))).id
    now(runs.stop(workspace, run, "enough"))
    order = now(orders.place(workspace, asked(), "k"))
    now(orders.cancel(workspace, order.id))
    (workspace.home.root / "lake").unlink()
    [told] = [line for line in now(trade(workspace, "alpha.1")) if line.act == "alert.cannot_trade"]
    assert (told.subject, told.detail["code"]) == ("alpha.1", "unknown_symbol")

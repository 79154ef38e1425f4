"""A trader's life in a process of its own that may be killed at any named place, and the life after it."""

from __future__ import annotations

import asyncio
import faulthandler
import multiprocessing
import os
import pickle
import selectors
import signal
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text
from tests.trading.faulty_broker import FaultyBroker
from tests.trading.shop import NAME

from midas.core.instrument import Instrument
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.db.database import place_of
from midas.db.journal import SqlJournal
from midas.db.line import line_to
from midas.db.ownership import SqlOwnership
from midas.execution.broker import BrokerFill, Bust, ClientIds, Ticket
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import Tick
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.trading import canceller, kill_switch, lease, obeying, sender, watchman
from midas.trading.crash_point import crash_at
from midas.trading.journal import AlreadyStored, AskCancel
from midas.trading.office import Mission, Office, Surroundings
from midas.trading.scheduler import DailyJob
from midas.venues.catalogue import venue

SPEED = 100.0
"""Seconds of the trader for each of ours."""

ACCOUNT = "mortal"
CAPITAL = 1_000_000_00
BEGAN_UTC = datetime(2024, 3, 4, 15, 0, tzinfo=UTC)
LIMITS = Limits(duplicate_window_s=None, quote_age_s=None, collar=None)


class _Selector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> Any:
        return super().select(None if timeout is None else timeout / SPEED)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__(_Selector())

    def time(self) -> float:
        return time.monotonic() * SPEED


class _Clock:
    def __init__(self, begun_s: float) -> None:
        self._begun_s = begun_s

    def now_utc(self) -> datetime:
        return BEGAN_UTC + timedelta(seconds=time.monotonic() * SPEED - self._begun_s)

    def monotonic_s(self) -> float:
        return time.monotonic() * SPEED


class FileBroker(FaultyBroker):
    """What it accepted outlives the process that sent it."""

    def __init__(self, clock: Any, ids: ClientIds, file: Path) -> None:
        super().__init__(clock, ids, late_horizon_s=20.0)
        self._file = file
        self.cash = CAPITAL
        self.accepted: list[str] = []
        self.plan: dict[str, str] = {}
        if file.exists():
            kept = pickle.loads(file.read_bytes())
            self.book, self.executions, self.cash, self.held, self.accepted, self.plan = kept
            self.placed = len(self.book)

    def save(self) -> None:
        kept = (self.book, self.executions, self.cash, self.held, self.accepted, self.plan)
        beside = self._file.with_suffix(".new")
        beside.write_bytes(pickle.dumps(kept))
        beside.replace(self._file)

    async def submit(self, ticket: Ticket) -> str:
        # what becomes of an order is decided once, so that a life that ended early does not change it
        sequence = int(ticket.quantity) % 10
        fault = {2: "no", 3: "after", 4: "before", 7: "not_sent"}.get(sequence, "ok")
        if ticket.id in self.plan:
            fault = "ok"
        self.plan[ticket.id] = fault
        self.faults.clear()
        self.faults.append(fault)
        self.save()
        return await super().submit(ticket)

    def accept(self, ticket: Ticket) -> str:
        number = super().accept(ticket)
        self.accepted.append(ticket.id)
        if int(ticket.quantity) % 10 in (1, 3, 5):
            self.fill(number, Decimal(5), Decimal(99))
        self.save()
        return number

    def fill(self, number: str, quantity: Decimal, price: Decimal, tell: bool = True) -> BrokerFill:
        told = super().fill(number, quantity, price, tell)
        self.save()
        return told

    async def cancel(self, number: str) -> None:
        try:
            await super().cancel(number)
        finally:
            self.save()


def intents() -> list[OrderIntent]:
    return [
        OrderIntent(
            account=ACCOUNT, run="", instrument=NAME, side=Side.BUY, quantity=Decimal(10 + sequence),
            kind=OrderKind.LIMIT, time_in_force=TimeInForce.GTC, stamp_utc=BEGAN_UTC,
            valid_until_utc=BEGAN_UTC + timedelta(days=2000), leg="manual", sequence=sequence,
            limit_price=Decimal(100), reference_price=Decimal(100),
        )
        for sequence in range(1, 8)
    ]  # fmt: skip


class Life:
    """One process: it goes on where the last one was, places what is not placed yet, cancels some, and ends."""

    def __init__(self, where: Path | str, folder: Path, ids: ClientIds, begun_s: float) -> None:
        self.place = place_of(where)
        self.clock = _Clock(begun_s)
        self.journal = SqlJournal(self.place)
        self.ownership = SqlOwnership(self.place, folder, self.clock, 2000.0)
        self.broker = FileBroker(self.clock, ids, folder / "broker.pickle")
        self.reached: list[str] = []

    async def live(self, crash: Callable[[str], None]) -> None:
        def reached(name: str) -> None:
            self.reached.append(name)
            crash(name)

        nasdaq = venue("XNAS")

        async def work(_session: object) -> None:
            return None

        job = DailyJob("report", nasdaq.calendar, "open", timedelta(0), work)
        mission = Mission(
            ACCOUNT, "USD", False, lambda _clock: self.broker, CAPITAL, {"": LIMITS}, (Instrument(NAME),),
            {"XNAS": nasdaq}, jobs=lambda _desk: [job],
        )  # fmt: skip
        around = Surroundings(
            self.journal, self.ownership, self.clock, lambda: 1.0, reached=reached, lease_s=2000.0
        )  # fmt: skip
        epoch = await self._acquire()
        office = Office(mission, around, epoch)
        self.office = office
        now_utc = self.clock.now_utc()
        office.quotes.hear(Tick(NAME, 100.0, 1.0, now_utc, now_utc), [NAME])
        await office.open()
        working = asyncio.create_task(office.work())
        trading = asyncio.create_task(self._trade(office))
        await asyncio.wait([working, trading], return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        if trading.done():
            await trading
        else:
            await working

    async def _acquire(self) -> int:
        # the lease of the one that was killed need not be waited for: nobody else can be sending
        async def never(_hold: object, _account: str) -> None:
            return None

        self.ownership._outwait = never  # type: ignore[assignment, method-assign]
        return await self.ownership.acquire(ACCOUNT)

    async def _trade(self, office: Office) -> None:
        await office.ready.wait()
        for intent in intents():
            try:
                await office.desk.store("store", [OrderRow(order_id(intent), intent, OrderState.NEW)])
            except AlreadyStored:
                continue
        await self._until(lambda: not self._undecided(office))
        for intent in intents()[4:6]:
            row = await self.journal.order(order_id(intent))
            if row is not None and row.state in (OrderState.OPEN, OrderState.PARTIAL):
                await office.desk.commit("ask_cancel", AskCancel(row.id, "enough"))
                office.desk.ring()
        self._bust_once()
        for number in ("F1",):
            if number not in self.broker.book:
                self._stranger(number)
        await self._until(lambda: not self._cancelling(office))
        await office.reconciler.once()
        office.switch.pull(KillLevel.CANCEL_ALL, "the end of this life")
        await self._until(lambda: not office.desk.rows)
        await office.reconciler.once()

    def _bust_once(self) -> None:
        fills = [each for each in self.broker.executions if isinstance(each, BrokerFill)]
        if any(isinstance(each, Bust) for each in self.broker.executions) or not fills:
            return
        gone = fills[0]
        self.broker.executions.append(Bust(gone.execution, gone.number))
        self.broker.cash += gone.value + gone.commission
        self.broker.held[gone.instrument] -= gone.quantity
        order = self.broker.book[gone.number]
        from dataclasses import replace

        self.broker.book[gone.number] = replace(order, filled=order.filled - gone.quantity)
        self.broker.save()

    def _stranger(self, number: str) -> None:
        from dataclasses import replace

        like = next(iter(self.broker.book.values()))
        other = replace(like, number=number, client_id="", filled=Decimal(0), quantity=Decimal(999))
        self.broker.book[number] = replace(other, instrument=type(NAME)("MSFT", "XNAS"))
        self.broker.save()

    def _undecided(self, office: Office) -> bool:
        states = {row.state for row in office.desk.rows.values()}
        return bool(states & {OrderState.NEW, OrderState.SENDING, OrderState.UNKNOWN})

    def _cancelling(self, office: Office) -> bool:
        asked = {order_id(intent) for intent in intents()[4:6]}
        return any(row.id in asked for row in office.desk.rows.values())

    async def _until(self, done: Callable[[], bool]) -> None:
        for _ in range(20_000):
            if done():
                return
            await asyncio.sleep(0.5)
        raise AssertionError("it never came to rest")

    async def check(self) -> None:
        """Nothing twice, nothing lost, both sides of the books equal, and equal to the broker's."""
        ids = [order_id(intent) for intent in intents()]
        assert sorted(self.broker.accepted) == sorted(set(self.broker.accepted)), "an order went out twice"
        rows = {row.id: row for row in await self.journal.orders(ACCOUNT, active=False)}
        assert set(rows) == set(ids)
        for told in self.broker.book.values():
            if told.number.startswith("N"):
                mine = [row for row in rows.values() if row.number == told.number]
                assert len(mine) == 1, f"{told} is nobody's"
                assert mine[0].filled == told.filled
        balance = await self.journal.balance(ACCOUNT)
        assert balance.cash == self.broker.cash
        assert dict(balance.quantities) == {name: held for name, held in self.broker.held.items() if held}
        line = line_to(self.place, writes=False)
        query = text("SELECT SUM(amount), SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END) FROM postings")
        total, debits = await line.transact(lambda connection: tuple(connection.execute(query).one()))
        await line.close()
        assert total == 0
        assert debits > 0
        assert list(await self.journal.quarantined(ACCOUNT)) == ["MSFT.XNAS"]
        assert self.office.reconciler.reconciled

    async def close(self) -> None:
        await self.ownership.close()
        await self.journal.close()


PATIENCE_S = 120
"""A life that lasts longer hangs: it writes where its threads are and ends."""

_lives = multiprocessing.get_context("forkserver")


def live_once(
    where: Path | str,
    folder: Path,
    ids: ClientIds,
    begun_s: float,
    crash: str,
    check: bool,
    *,
    as_shipped: bool = False,
) -> int:
    """Live in a process of its own, and return how it ended: 0, or minus the signal that killed it.

    as_shipped : with the pauses between polls that a trader has.
    """
    # a server forks them: nothing that lives in threads of the suite is copied halfway through what it does
    _lives.set_forkserver_preload(["tests.trading.mortal"])
    child = _lives.Process(target=_lived, args=(where, folder, ids, begun_s, crash, check, as_shipped))
    child.start()
    child.join(PATIENCE_S + 30)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise AssertionError(f"a life hung, and its watch as well; it was to end at {crash or 'nothing'}")
    return child.exitcode


def _lived(
    where: Path | str, folder: Path, ids: ClientIds, begun_s: float, crash: str, check: bool, as_shipped: bool
) -> None:
    code = 1
    with (folder / "failure.txt").open("w") as failure:
        faulthandler.dump_traceback_later(PATIENCE_S, exit=True, file=failure)
        try:
            if not as_shipped:
                _poll_less()
            code = _live(where, folder, ids, begun_s, crash, check)
        except BaseException:
            failure.write(traceback.format_exc())
        finally:
            failure.flush()
            os._exit(code)


_POLLS_S = (
    (sender, "POLL_S", 2.0), (canceller, "POLL_S", 2.0), (kill_switch, "EVERY_S", 1.0), (obeying, "EVERY_S", 2.0),
    (lease, "RENEW_EVERY_S", 20.0), (watchman, "EVERY_S", 5.0),
)  # fmt: skip
"""A hundred times as fast, the pauses between polls are shorter than the polls: a life would do nothing else."""


def _poll_less() -> None:
    for module, name, pause_s in _POLLS_S:
        setattr(module, name, pause_s)


def _live(where: Path | str, folder: Path, ids: ClientIds, begun_s: float, crash: str, check: bool) -> int:
    async def story() -> None:
        life = Life(where, folder, ids, begun_s)
        await life.live(crash_at(crash) if crash else lambda _name: None)
        (folder / "reached.txt").write_text("\n".join(life.reached))
        if check:
            await life.check()
        await life.close()

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(story())
    return 0


KILLED = -signal.SIGKILL

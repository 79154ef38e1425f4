"""Orders a broker makes by itself: booked under a name that says what they are, heard by the runs, never foreign."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trading.entries import APPLE
from tests.trading.replaying import ACCOUNT, Stage
from tests.trading.shop import NAME, opened
from tests.trading.virtual_time import run as virtually

from midas.backtest.result import Result
from midas.backtest.run import run as backtest
from midas.core.clock import ManualClock
from midas.core.order import Cause, Fill, OrderKind, OrderState, Origin, Side
from midas.execution.broker import BrokerFill, BrokerOrder, BrokerState, CashMove
from midas.execution.dealing import Dealing
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.marketdata.universe import select
from midas.strategies.registry import build
from midas.trading.origin import origin_of
from midas.trading.parity import parity
from midas.trading.share import share_of
from midas.trading.tape import Tape

NAMES = ("IBM", "MSFT")
NOW_UTC = datetime(2010, 3, 1, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    kept = Lake(tmp_path_factory.mktemp("lake"), ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    for raw in SampleSource().fetch(PullRequest(symbols=NAMES)):
        if raw.dataset == "sample":
            import_bars(kept, raw)
    return kept


def reinvesting(lake: Lake, *runs: str, **more: object) -> Stage:
    definitions = {run: build("buy_and_hold") for run in runs}
    request = {
        "symbols": [*NAMES], "feed": "replay:2010-01-04..2010-12-31", "dealing": {"reinvest_dividends": True}, **more
    }  # fmt: skip
    return Stage(lake, definitions, request)


def backtested(lake: Lake) -> Result:
    panel = select(lake, None, NAMES).panel
    dealing = Dealing(reinvest_dividends=True)
    return backtest(build("buy_and_hold"), panel, start=date(2010, 1, 4), end=date(2010, 12, 31), dealing=dealing)


class TestReinvestedDividends:
    def test_are_named_booked_and_the_backtest(self, lake: Lake) -> None:
        lived = reinvesting(lake, "one")
        office = asyncio.run(lived.live())
        rows = {row.id: row for row in asyncio.run(lived.journal.orders(ACCOUNT, active=False))}
        own = [row for row in rows.values() if origin_of(row.intent) is Origin.REINVESTMENT]
        assert len(own) > 5
        assert {row.state for row in own} == {OrderState.FILLED}
        assert {row.attempt for row in own} == {0}
        fills = asyncio.run(lived.journal.fills(ACCOUNT))
        assert all(fill.order in rows for fill in fills)
        assert asyncio.run(lived.journal.quarantined(ACCOUNT)) == {}
        asyncio.run(office.reconciler.once())
        assert office.reconciler.findings == frozenset()
        told = [line for line in asyncio.run(lived.journal.trail(ACCOUNT)) if line.act == "order.adopted"]
        assert {line.detail["origin"] for line in told} == {"reinvestment"}
        assert {line.who for line in told} == {"broker"}
        assert len(told) == len(own)
        tested = backtested(lake).simulation
        assert len(fills) == len(tested.journal.fills)
        balance = asyncio.run(lived.journal.balance(ACCOUNT))
        assert balance.cash == int(tested.cash[-1])
        # a run that is alone on its account is compared with them
        told = parity(Tape.of(lived.journal.tape("one"), [*rows.values()], fills))
        assert (told.differences, told.trades) == ([], len(fills))

    def test_are_heard_by_the_run_that_holds_the_name(self, lake: Lake) -> None:
        lived = reinvesting(lake, "one")
        office = asyncio.run(lived.live())
        [runner] = office.mission.runners(office.broker)
        runner.resume(asyncio.run(lived.journal.checkpoint("one")))
        held = asyncio.run(lived.journal.balance(ACCOUNT)).quantities
        assert {name: runner.held(name) for name in held} == held

    def test_are_parted_among_the_runs_that_hold_it(self, lake: Lake) -> None:
        lived = reinvesting(lake, "one", "two", allotment="40000")
        office = asyncio.run(lived.live())
        runners = list(office.mission.runners(office.broker))
        for runner in runners:
            runner.resume(asyncio.run(lived.journal.checkpoint(runner.run)))
        held = asyncio.run(lived.journal.balance(ACCOUNT)).quantities
        assert held
        assert {name: sum(each.held(name) for each in runners) for name in held} == held
        assert held == asyncio.run(office.broker.holdings()).quantities
        assert asyncio.run(lived.journal.quarantined(ACCOUNT)) == {}


class TestMarginCall:
    def test_is_adopted_once_and_told_as_what_it_is(self) -> None:
        virtually(self._story())

    async def _story(self) -> None:
        shop = await opened()
        at = shop.broker.clock.now_utc()
        closed = BrokerOrder(
            "B7-0", "", NAME, Side.SELL, Decimal(3), OrderKind.MARKET, None, BrokerState.FILLED, Decimal(3), at,
            origin=Origin.MARGIN_CALL,
        )  # fmt: skip
        fill = BrokerFill("x7", "B7-0", NAME, Side.SELL, Decimal(3), Decimal(100), 300_00, 1, 0, at, Cause.MARGIN_CALL)
        for _ in range(2):
            await shop.reports.take(closed, fill)
            await shop.reports.take(fill, closed)
        [row] = await shop.journal.orders(shop.desk.account, active=False)
        assert (origin_of(row.intent), row.state, row.filled) == (Origin.MARGIN_CALL, OrderState.FILLED, 3)
        assert shop.desk.held(NAME) == -3
        assert not shop.reports.unattributed
        assert not shop.desk.recent.of(at, True), "what the broker does counts against no limit of ours"
        stranger = replace(closed, number="F1", origin=None)
        await shop.reports.take(stranger)
        assert await shop.desk.numbered("F1") is None


class TestSplits:
    def test_each_run_counts_its_own_shares(self, lake: Lake) -> None:
        # MSFT went 2:1 on 2003-02-18
        definitions = {run: build("buy_and_hold") for run in ("one", "two")}
        request = {"symbols": ["MSFT"], "feed": "replay:2003-01-02..2003-03-31", "allotment": "40000"}
        lived = Stage(lake, definitions, request)
        office = asyncio.run(lived.live())
        runners = list(office.mission.runners(office.broker))
        for runner in runners:
            runner.resume(asyncio.run(lived.journal.checkpoint(runner.run)))
        held = asyncio.run(lived.journal.balance(ACCOUNT)).quantities
        assert {name: sum(each.held(name) for each in runners) for name in held} == held


class TestShares:
    @given(
        st.lists(st.integers(0, 10_000), min_size=2, max_size=5), st.integers(1, 5_000), st.integers(0, 10**9),
        st.integers(0, 999),
    )  # fmt: skip
    def test_add_up_to_the_whole(self, held: list[int], quantity: int, value: int, costs: int) -> None:
        holding = {f"r{place}": Decimal(each) for place, each in enumerate(held)}
        fill = Fill(
            ACCOUNT, "q", "x", APPLE, Side.BUY, Decimal(quantity), Decimal(1), value, costs, costs // 3, NOW_UTC
        )  # fmt: skip
        move = CashMove("m", "dividend", APPLE, value, None, NOW_UTC)
        shares = [share for run in holding if (share := share_of(holding, run)) is not None]
        assert bool(shares) == any(held)
        if not shares:
            return
        parts = [share.of_fill(fill) for share in shares]
        assert sum(part.quantity for part in parts) == fill.quantity
        assert all(part.quantity == int(part.quantity) >= 0 for part in parts)
        assert sum(part.value for part in parts) == fill.value
        assert sum(part.commission for part in parts) == fill.commission
        assert sum(part.tax for part in parts) == fill.tax
        assert sum(share.of_move(move).amount for share in shares) == move.amount

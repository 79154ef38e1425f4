"""Orders by hand beside a run, through the whole trader: they wait for their price, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import random
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.trading.replaying import ACCOUNT, BEGAN_UTC, Died, Stage

from midas.core.basis import Basis
from midas.core.clock import ManualClock
from midas.core.instrument import Instrument, InstrumentId
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.core.timeframe import Timeframe
from midas.execution.loop import Loop
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import RawBars
from midas.strategies.registry import build
from midas.trading.journal import NOBODY, StoreOrder
from midas.trading.memory_journal import MemoryOwnership
from midas.trading.office import Office
from midas.trading.runner import Runner

APPLE = InstrumentId("AAPL", "XNAS")
DAYS = ("2024-01-08", "2024-01-09", "2024-01-10")
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Three sessions of five minutes: around 100 on the first, down to 90 and up to 110 on the second."""
    return market(tmp_path_factory.mktemp("lake"))


def market(folder: Path, kind: str = "", value: float = 1.0) -> Lake:
    """The same market, with a corporate action before its third session."""
    kept = Lake(folder, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    minutes = (np.arange(78) + 1) * 5 + 14 * 60 + 30
    days = np.repeat(np.array(DAYS, "datetime64[us]"), 78)
    stamps = days + np.tile(minutes, 3) * np.timedelta64(60_000_000, "us")
    wave = 10 * np.sin(np.linspace(0, 4 * np.pi, 78))
    close = np.concatenate(
        (np.full(78, 100.0), 100 - wave, np.full(78, 100.0 / (value if kind == "split" else 1.0)))
    ).round(2)
    opened = np.concatenate(([100.0], close[:-1]))
    opened[156] = close[156]
    columns = {
        "open": opened, "high": np.maximum(opened, close) + 0.05, "low": np.minimum(opened, close) - 0.05,
        "close": close, "volume": np.full(len(close), 1e6),
    }  # fmt: skip
    frame = pl.DataFrame({"symbol": str(APPLE), "ts": stamps, **columns})
    frame = frame.with_columns(pl.col("ts").dt.replace_time_zone("UTC"))
    names = (Instrument(APPLE, currency="USD"),)
    told = pl.DataFrame(
        {"symbol": [str(APPLE)], "ts": [date(2024, 1, 10)], "kind": [kind], "value": [value], "origin": ["stated"]}
    )
    actions = told if kind else None
    import_bars(kept, RawBars("five", "XNAS", Timeframe(5, "m"), frame, Basis.RAW, "USD", "made", names, actions))
    return kept


def stage(lake: Lake, *orders: OrderIntent, **more: object) -> Stage:
    request: dict[str, object] = {"symbols": ["AAPL"], "timeframe": "5m", "feed": "replay:..", "commission_bps": 0}
    request |= more
    settings = {"latency_ms": request.pop("latency_ms")} if "latency_ms" in request else {}
    found = Stage(lake, {"buy_and_hold": build("buy_and_hold", {})}, request, settings=settings)
    rows = [OrderRow(order_id(wish), wish, OrderState.NEW, changed_utc=BEGAN_UTC) for wish in orders]
    asyncio.run(found.journal.commit(ACCOUNT, NOBODY, [StoreOrder(row) for row in rows]))
    return found


def by_hand(leg: str, side: Side, quantity: int, kind: OrderKind, price: str) -> OrderIntent:
    limit = Decimal(price) if kind is OrderKind.LIMIT else None
    stop = Decimal(price) if kind is OrderKind.STOP else None
    return OrderIntent(
        ACCOUNT, "", APPLE, side, Decimal(quantity), kind, TimeInForce.GTC, BEGAN_UTC, FOREVER, leg,
        limit_price=limit, stop_price=stop, reference_price=Decimal(100),
    )  # fmt: skip


DIP = by_hand("dip", Side.BUY, 7, OrderKind.LIMIT, "91.00")
BREAK = by_hand("break", Side.BUY, 5, OrderKind.STOP, "109.00")
NEVER = by_hand("never", Side.BUY, 3, OrderKind.LIMIT, "50.00")
HALF = {"allotment": "50000"}


def told(lived: Stage, *orders: OrderIntent) -> list[tuple[str, int, float]]:
    names = {order_id(wish): wish.leg for wish in orders}
    fills = asyncio.run(lived.journal.fills(ACCOUNT))
    return [(names[one.order], int(one.quantity), float(one.price)) for one in fills if one.order in names]


class TestByHand:
    def test_they_get_their_prices_beside_the_run(self, lake: Lake) -> None:
        lived = stage(lake, DIP, BREAK, NEVER, **HALF)
        office = asyncio.run(lived.live())
        assert told(lived, DIP, BREAK, NEVER) == [("dip", 7, 91.0), ("break", 5, 109.0)]
        assert (
            asyncio.run(lived.journal.balance(ACCOUNT)).quantities == asyncio.run(office.broker.holdings()).quantities
        )
        states = {row.intent.leg: row.state for row in asyncio.run(lived.journal.orders(ACCOUNT, active=False))}
        assert states["never"] is OrderState.OPEN

    def test_a_trader_that_dies_again_and_again_trades_them_once(self, lake: Lake) -> None:
        lived, rng = stage(lake, DIP, BREAK, NEVER, **HALF), random.Random(4)
        for _ in range(12):
            left = rng.randint(1, 25)

            def dying(_place: str) -> None:
                nonlocal left
                left -= 1
                if left <= 0:
                    raise Died

            lived.reached = dying
            try:
                asyncio.run(lived.live())
            except (Died, BaseExceptionGroup):
                continue
            break
        lived.reached = lambda _place: None
        asyncio.run(lived.live())
        assert told(lived, DIP, BREAK, NEVER) == [("dip", 7, 91.0), ("break", 5, 109.0)]


class Watched(Stage):
    """Keeps hold of its run."""

    runner: Runner

    def office(self, epoch: int, ownership: MemoryOwnership) -> Office:
        found = super().office(epoch, ownership)
        self.runner = found.runners["buy_and_hold"]
        return found


@pytest.mark.parametrize(("kind", "value"), [("split", 2.0), ("cash_dividend", 1.0)])
def test_what_is_held_by_hand_is_not_the_runs(tmp_path: Path, kind: str, value: float) -> None:
    lived = stage(market(tmp_path, kind, value), DIP, **HALF)
    watched = Watched(**{each.name: getattr(lived, each.name) for each in fields(lived)})
    asyncio.run(watched.live())
    balance = asyncio.run(watched.journal.balance(ACCOUNT))
    own, times = watched.runner.held(APPLE), 2 if kind == "split" else 1
    assert (own, balance.quantities[APPLE]) == (500 * times, 507 * times)
    loop = watched.runner.loop
    assert isinstance(loop, Loop)
    # 500 at 100 took all of its 50,000; a dividend of 1.00 is paid on its own 500 alone
    assert loop.book.cash == (50_000 if kind == "cash_dividend" else 0)
    assert balance.cash == 100_000_00 - 500 * 100_00 - 7 * 91_00 + (507_00 if kind == "cash_dividend" else 0)


class TestStyle:
    def test_a_run_buys_in_slices(self, lake: Lake) -> None:
        lived = stage(lake, style="twap:30m/3")
        asyncio.run(lived.live())
        fills = asyncio.run(lived.journal.fills(ACCOUNT))
        assert [int(one.quantity) for one in fills] == [333, 333, 334]
        gaps = np.diff([one.stamp_utc.timestamp() for one in fills])
        # due every twelve and a half minutes, each at the first bar that opens from then on
        assert gaps.tolist() == [900.0, 600.0]


class TestLatency:
    def test_an_order_misses_the_bar_that_opens_before_it_arrives(self, lake: Lake) -> None:
        began = []
        for latency_ms in (0, 1_000, 300_000, 300_001):
            lived = stage(lake, latency_ms=latency_ms)
            asyncio.run(lived.live())
            began.append(asyncio.run(lived.journal.fills(ACCOUNT))[0].stamp_utc)
        assert [(each - began[0]).total_seconds() for each in began] == [0, 300, 300, 600]

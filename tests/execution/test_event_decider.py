"""Strategies that are code: what they order is what trades, and a restart changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.backtest.strategies import Traded
from tests.execution.markets import panel_of
from tests.execution.rehearsals import ACCOUNT, EPOCH, mandate_of

from midas.backtest.spec import spec_of
from midas.core.order import Side
from midas.execution.event_decider import EventDecider
from midas.execution.loop import Loop
from midas.execution.paper import PaperAccount
from midas.marketdata.feed import BarRow
from midas.marketdata.replay import Replay
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.trading.memory_journal import MemoryJournal
from midas.trading.rehearsal import Rehearsal

ROWS = 12
PRICES = {name: np.full((ROWS, 2), 10.0) for name in ("open", "high", "low", "close")} | {
    "volume": np.full((ROWS, 2), 1e6)
}


class Scripted(EventStrategy):
    """Buys on the second bar, adds and sells the other name short of it later, closes near the end."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        self.state["bars"] = self.state.get("bars", 0) + 1
        if self.state["bars"] == 2:
            ctx.buy(7.9)
            ctx.buy(5.0, 1)
        if self.state["bars"] == 4:
            ctx.buy(10.0)
            ctx.sell(4.0)
            ctx.sell(2.0, 1)
        if self.state["bars"] == 8:
            ctx.close()
        assert ctx.symbols == ["N000.XNAS", "N001.XNAS"]


def lived(
    kill: int | None, strategy: type[EventStrategy] = Scripted, prices: Any = PRICES
) -> list[tuple[int, str, Side, int]]:
    panel = panel_of(prices)
    mandate = mandate_of(spec_of(Traded(), panel, commission_bps=0), panel, 0)
    journal = MemoryJournal()
    journal.store.accounts[ACCOUNT].epoch = EPOCH

    def begin() -> Rehearsal:
        loop = Loop(mandate, EventDecider(strategy(), mandate.ground, 100.0))
        return Rehearsal(mandate, loop, PaperAccount(mandate.ground, mandate.terms), journal, EPOCH)

    rehearsal = begin()
    events = list(Replay(panel).told())
    rehearsal.open(next(event.stamp_utc for event in events if isinstance(event, BarRow)))
    stamps = [event.stamp_utc for event in events if isinstance(event, BarRow)]
    for event in events:
        if isinstance(event, BarRow) and event.row == kill:
            kept = rehearsal.checkpoint(event.row - 1, event.stamp_utc)
            rehearsal = begin()
            rehearsal.resume(kept)
        rehearsal.take(event)
    fills = [book.fill for book in journal.books(ACCOUNT) if book.fill is not None]
    assert rehearsal.books.cash == rehearsal.loop.book.cash
    times = [one.timestamp() for one in stamps]
    rows = [int(np.searchsorted(times, fill.stamp_utc.timestamp())) for fill in fills]
    return [(row, str(fill.instrument), fill.side, int(fill.quantity)) for row, fill in zip(rows, fills, strict=True)]


def test_orders_meet_the_next_bar_sales_first_in_whole_lots() -> None:
    assert lived(None) == [
        (2, "N000.XNAS", Side.BUY, 7),
        (2, "N001.XNAS", Side.BUY, 5),
        (4, "N001.XNAS", Side.SELL, 2),
        (4, "N000.XNAS", Side.BUY, 6),
        (8, "N000.XNAS", Side.SELL, 13),
    ]


def test_a_restart_changes_nothing() -> None:
    assert [lived(kill) for kill in (1, 3, 4, 7)] == [lived(None)] * 4


class Patient(EventStrategy):
    """Buys below the market, protects itself with a stop, and calls off what did not come."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        if bar.row == 1:
            ctx.buy(5.0, limit=9.505)
            ctx.buy(3.0, limit=9.3)
            ctx.buy(2.0, limit=1.0)
            ctx.buy(4.0, 1, stop=10.404)
        if bar.row == 4:
            ctx.sell(8.0, stop=9.006)
        if bar.row == 5:
            ctx.cancel()
            ctx.cancel(1)
        if bar.row == 6:
            ctx.sell(8.0, stop=9.006)


DIPS = {name: np.full((ROWS, 2), 10.0) for name in ("open", "high", "low", "close")} | {
    "volume": np.full((ROWS, 2), 1e6)
}
DIPS["low"][3, 0], DIPS["high"][3, 0] = 9.2, 10.2
DIPS["low"][6, 0] = 8.9
DIPS["high"][7, 1] = 10.5
DIPS["low"][9, 0] = 8.9


def test_orders_with_a_price_wait_for_it_until_they_are_called_off() -> None:
    # two dips of one name at once; the stop is off when the first fall comes, and the other name's never begins
    expected = [
        (3, "N000.XNAS", Side.BUY, 5),
        (3, "N000.XNAS", Side.BUY, 3),
        (9, "N000.XNAS", Side.SELL, 8),
    ]
    for kill in (None, 2, 3, 5, 6, 8):
        assert lived(kill, Patient, DIPS) == expected

"""Exits where no broker watches them: judged at a bar's close, traded at the next open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.backtest.strategies import Threshold
from tests.execution.markets import panel_of
from tests.execution.rehearsals import ACCOUNT, EPOCH, PAPER, mandate_of

from midas.backtest.spec import spec_of
from midas.core.order import OrderKind, Side
from midas.execution.deciding import GraphDecider
from midas.execution.loop import Loop
from midas.execution.paper import PaperAccount
from midas.execution.stream import Stream
from midas.marketdata.feed import BarRow
from midas.marketdata.replay import Replay
from midas.strategies.exits import StopLoss, TakeProfit
from midas.trading.memory_journal import MemoryJournal
from midas.trading.rehearsal import Rehearsal


def fills_of(closes: list[float]) -> list[tuple[int, Side, float, str]]:
    """Row, side, price and leg of each fill; opens are the closes before, so that what happens is plain."""
    close = np.array(closes)
    opened = np.append(close[0], close[:-1])
    panel = panel_of(
        {
            "open": opened,
            "high": np.maximum(opened, close),
            "low": np.minimum(opened, close),
            "close": close,
            "volume": np.full(len(close), 1e6),
        }
    )
    definition = replace(Threshold(level=1.0).definition(), exits=(StopLoss(0.1), TakeProfit(0.2)))
    spec = spec_of(definition, panel, commission_bps=0)
    mandate = replace(mandate_of(spec, panel, 0), broker=replace(PAPER, protections=False))
    journal = MemoryJournal()
    journal.store.accounts[ACCOUNT].epoch = EPOCH
    loop = Loop(mandate, GraphDecider(Stream(definition, mandate.ground, 0), by_change=True))
    rehearsal = Rehearsal(mandate, loop, PaperAccount(mandate.ground, mandate.terms), journal, EPOCH)
    events = list(Replay(panel).told())
    stamps = [event.stamp_utc for event in events if isinstance(event, BarRow)]
    rehearsal.open(stamps[0])
    rehearsal.run(events)
    orders = journal.store.accounts[ACCOUNT].orders
    assert all(row.intent.kind is OrderKind.MARKET for row in orders.values())
    found = [book.fill for book in journal.books(ACCOUNT) if book.fill is not None]
    return [
        (sum(stamp < fill.stamp_utc for stamp in stamps), fill.side, float(fill.price), orders[fill.order].intent.leg)
        for fill in found
    ]


def test_a_stop_that_was_reached_sells_at_the_next_open() -> None:
    assert fills_of([10.0, 10.0, 10.0, 8.5, 8.4, 8.4]) == [
        (1, Side.BUY, 10.0, "target"),
        (4, Side.SELL, 8.5, "exit"),
    ]


def test_so_does_a_profit_and_nothing_else_does() -> None:
    assert fills_of([10.0, 10.0, 11.5, 12.5, 12.4, 12.4]) == [
        (1, Side.BUY, 10.0, "target"),
        (4, Side.SELL, 12.5, "exit"),
    ]
    assert fills_of([10.0, 10.0, 9.2, 11.5, 10.0, 10.0]) == [(1, Side.BUY, 10.0, "target")]

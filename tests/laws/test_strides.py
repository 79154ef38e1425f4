"""Rows in strides are rows one by one, in markets where a graph's plain orders mostly fill."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from tests.backtest.strategies import Averaged, Rebalanced, Traded
from tests.execution.markets import panel_of
from tests.execution.rehearsals import ACCOUNT, EPOCH, OFF, mandate_of, rehearsal_of, some_rows
from tests.laws.test_blocks import Coded, Crossed, assert_same, in_minutes, lived
from tests.scale import scaled

from midas.backtest.spec import BacktestSpec, spec_of
from midas.backtest.window import window
from midas.core.errors import StrategyInvalid
from midas.core.order import OrderState
from midas.execution.dealing import Dealing
from midas.execution.event_decider import EventDecider
from midas.execution.loop import Loop
from midas.execution.order_row import OrderRow
from midas.execution.paper import PaperAccount
from midas.factors.market import Market
from midas.factors.node import Node
from midas.marketdata.actions import Actions
from midas.marketdata.feed import BarRow
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.portfolio.journal import Journal
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.strategies.plans import plan_of
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy
from midas.trading.account_store import AccountStore
from midas.trading.chronicle import Chronicle
from midas.trading.journal import AlreadyStored, StoreOrder
from midas.trading.memory_journal import MemoryJournal
from midas.trading.rehearsal import Rehearsal

LIVES, CODED, LOOKED = scaled(300), scaled(1_500), scaled(500)

DEALINGS = (
    Dealing(),
    Dealing(carry=True),
    Dealing(slippage="half_spread=1tick,sqrt=0.5"),
    Dealing(settlement="venue"),
    Dealing(carry=True, slippage="sqrt=0.1"),
)


class Crowd(Strategy):
    """Equal parts of what is above its average, each name traded when it crosses."""

    def targets(self, m: Market) -> Node:
        return (m.close > m.close.mean(5)).slot()


class Now(Strategy):
    """The strongest few, weighed anew now and then."""

    every = Every.BAR

    def targets(self, m: Market) -> Node:
        strong = m.close.change(4).top(2)
        return (1 / m.close).where(strong & (m.close.change(1) > 0.004)).normalise()


ALL: tuple[type[Strategy], ...] = (Crossed, Crowd, Now, Averaged, Rebalanced)


def plain_market(draw: np.random.Generator) -> Panel:
    """Walks in minutes, with a bar missing, a halt or a thin bar here and there, and a split now and then."""
    rows, columns, length = 150, int(draw.choice([1, 1, 3, 40])), int(draw.choice([30, 50, 75]))
    close = 40.0 * np.exp(np.cumsum(draw.normal(0.0, 0.004, (rows, columns)), axis=0))
    opened = np.vstack((close[:1], close[:-1])) * np.exp(draw.normal(0.0, 0.002, close.shape))
    prices = {name: np.round(values, 2) for name, values in (("open", opened), ("close", close))}
    prices["high"], prices["low"] = np.maximum(*prices.values()), np.minimum(*prices.values())
    prices["volume"] = np.where(draw.random(close.shape) < 0.02, 500.0, 1e6)
    faulty = draw.random()
    gone = draw.random(close.shape) < (0.02 if faulty < 0.5 else 0.0)
    for values in prices.values():
        values[gone] = np.nan
    prices["volume"][draw.random(close.shape) < (0.02 if faulty < 0.3 else 0.0)] = 0.0
    split = Actions(np.array([length]), np.array([0]), np.array([1], np.int8), np.array([2.0]))
    panel = panel_of(prices, actions=split if draw.random() < 0.3 else None)
    return in_minutes(panel, length) if draw.random() < 0.5 else in_minutes(panel, length, 20 * 60, 4)  # and on behind


def drawn_terms(draw: np.random.Generator) -> dict[str, Any]:
    return {
        "dealing": DEALINGS[int(draw.integers(len(DEALINGS)))],
        "initial_capital": int(draw.choice([3_000, 100_000])),
        "lots": "whole" if draw.random() < 0.5 else "fractional",
        "volume_cap": float(draw.choice([0.1, 1.0])),
        "commission_bps": int(draw.choice([0, 10])),
    }


@pytest.mark.parametrize("some", range(2))
def test_a_graph_in_strides(some: int) -> None:
    strode = 0
    for life in range(some, LIVES, 2):
        draw = np.random.default_rng(life)
        panel, definition = plain_market(draw), ALL[life % len(ALL)]().definition()
        spec = spec_of(replace(definition, exits=()), panel, **drawn_terms(draw))
        strode += assert_same(spec, panel, life, (int(draw.integers(2, 80)), 4096))
    assert strode > 0


@pytest.mark.parametrize("some", range(2))
def test_code_in_strides(some: int) -> None:
    strode = 0
    for life in range(some, CODED, 2):
        draw = np.random.default_rng(life)
        panel = plain_market(draw)
        spec = spec_of(Traded(), panel, **drawn_terms(draw))
        strode += assert_same(spec, panel, life, (int(draw.integers(2, 80)), 4096), code=True)
    assert strode > 0


@pytest.mark.parametrize("code", [False, True])
def test_looking_changes_nothing(code: bool) -> None:
    strode = 0
    for life in range(LOOKED):
        draw = np.random.default_rng(life)
        panel, definition = plain_market(draw), (Traded() if code else ALL[life % len(ALL)]()).definition()
        spec = spec_of(replace(definition, exits=()), panel, **drawn_terms(draw))
        kills = some_rows(panel.rows, life % 2, seed=life)
        looks = some_rows(panel.rows, int(draw.integers(8)), seed=life + 1)
        by_row = lived(spec, panel, kills, None, code=code, watched=False)
        in_blocks = lived(spec, panel, kills, 4096, code=code, looks=looks, watched=False)
        for part in ("closes", "stored", "kept", "end"):
            assert getattr(in_blocks, part) == getattr(by_row, part), (life, part)
        strode += in_blocks.strode
    assert strode > 0


class Several(EventStrategy):
    """In and out of all names at once, now and then."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        for column in range(len(ctx.symbols)) if bar.row % 7 == 0 else ():
            if ctx.position(column) > 0.0:
                ctx.close(column)
            elif bar.close[column] > 0.0:
                ctx.buy(1.2 * ctx.equity / len(ctx.symbols) / float(bar.close[column]), column)


def chronicled(
    spec: BacktestSpec, panel: Panel, strategy: EventStrategy, *, in_blocks: bool, in_columns: bool = False
) -> tuple[Journal, int]:
    """What a backtest of code keeps of a rehearsal, which is not told of quiet rows, and how many were in strides."""
    rows = window(plan_of(spec.definition), panel, spec.start, spec.end)
    mandate = mandate_of(spec, panel, rows.first, OFF)
    chronicle, journal = Chronicle(mandate.ground), MemoryJournal()
    journal.store.accounts[ACCOUNT].epoch = EPOCH
    loop, paper = (
        Loop(mandate, EventDecider(strategy, mandate.ground, 100.0)),
        PaperAccount(mandate.ground, mandate.terms),
    )
    keep = chronicle.stride if in_columns else None
    rehearsal = Rehearsal(mandate, loop, paper, journal, EPOCH, watch=chronicle.note, whole=False, keep=keep)
    replay = Replay(panel, rows.stop)
    rehearsal.open(next(event.stamp_utc for event in replay.told() if isinstance(event, BarRow)))
    rehearsal.run(replay.blocks() if in_blocks else replay.told())
    return chronicle.journal(), rehearsal.strode


def columns_of(journal: Journal) -> list[Any]:
    return [
        getattr(part, each.name) for part in (journal.fills, journal.refusals, journal.events) for each in fields(part)
    ]


def test_a_chronicle_of_strides_is_that_of_rows() -> None:
    strode = fills = 0
    for life in range(CODED):
        draw = np.random.default_rng(life)
        panel = plain_market(draw)
        spec = spec_of(Traded(), panel, **drawn_terms(draw))
        kind = Several if life % 2 else Coded
        wanted, _ = chronicled(spec, panel, kind(), in_blocks=False)
        for in_columns in (False, True):
            found, by = chronicled(spec, panel, kind(), in_blocks=True, in_columns=in_columns)
            for one, other in zip(columns_of(wanted), columns_of(found), strict=True):
                np.testing.assert_equal(other, one)
                assert other.dtype == one.dtype
            strode, fills = strode + by, fills + len(wanted.fills)
    assert strode > 0
    assert fills > 0


class Failing(Coded):
    """As it is coded, up to a bar its code cannot do."""

    def __init__(self, row: int) -> None:
        super().__init__()
        self.row = row

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        if bar.row == self.row:
            raise ZeroDivisionError
        super().on_bar(ctx, bar)


def a_failure(life: int) -> int:
    """How many rows behind the last one that both accounts and the journal know of the code failed."""
    draw = np.random.default_rng(life)
    panel = plain_market(draw)
    spec = spec_of(Traded(), panel, **drawn_terms(draw))
    rows = window(plan_of(spec.definition), panel, spec.start, spec.end)
    mandate, journal = mandate_of(spec, panel, rows.first, OFF), MemoryJournal()
    journal.store.accounts[ACCOUNT].epoch = EPOCH
    fails = int(draw.integers(rows.first, rows.stop))
    loop, paper = (
        Loop(mandate, EventDecider(Failing(fails), mandate.ground, 100.0)),
        PaperAccount(mandate.ground, mandate.terms),
    )
    rehearsal = Rehearsal(mandate, loop, paper, journal, EPOCH, whole=False)
    replay = Replay(panel, rows.stop)
    rehearsal.open(next(event for event in replay.told() if isinstance(event, BarRow)).stamp_utc)
    with pytest.raises(StrategyInvalid, match="ZeroDivisionError"):
        rehearsal.run(replay.blocks())
    held = {name: float(quantity) for name, quantity in paper.holdings.quantities.items()}
    own = {mandate.ground.instruments[column].id: size for column, size in enumerate(loop.book.quantities) if size}
    assert held == own == {name: float(quantity) for name, quantity in rehearsal.books.quantities.items() if quantity}
    assert paper.cash == loop.book.cash == rehearsal.books.cash
    # where the bar was taken singly, both had met it when it was shown
    assert paper.row == loop.row
    assert loop.row <= fails
    return fails - loop.row


def test_code_that_fails_leaves_both_accounts_where_the_journal_is() -> None:
    apart = [a_failure(life) for life in range(CODED // 2)]
    assert sum(rows > 1 for rows in apart) > len(apart) // 4


def test_an_order_that_the_journal_has_is_not_stored_again() -> None:
    panel = plain_market(np.random.default_rng(5))
    spec = spec_of(replace(Crossed().definition(), exits=()), panel)
    mandate = mandate_of(spec, panel, window(plan_of(spec.definition), panel, spec.start, spec.end).first, OFF)

    def begun() -> tuple[Rehearsal, AccountStore]:
        journal = MemoryJournal()
        stored = journal.store.accounts[ACCOUNT]
        stored.epoch = EPOCH
        rehearsal = rehearsal_of(spec, mandate, journal)
        rehearsal.open(next(event.stamp_utc for event in Replay(panel).told() if isinstance(event, BarRow)))
        return rehearsal, stored

    (whole, kept), (rehearsal, stored) = begun(), begun()
    whole.run(Replay(panel).blocks())
    kept.settle()
    before, known = list(kept.orders.values())[:5], list(kept.orders.values())[5]
    asyncio.run(
        rehearsal.journal.commit(ACCOUNT, EPOCH, [StoreOrder(OrderRow(known.id, known.intent, OrderState.NEW))])
    )
    with pytest.raises(AlreadyStored):
        rehearsal.run(Replay(panel).blocks())
    stored.settle()
    assert set(stored.orders) >= {order.id for order in before}
    assert stored.orders[known.id].state is OrderState.NEW

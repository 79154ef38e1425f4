"""A backtest and the same run replayed through loop, gate, journal and paper account."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from midas.backtest.run import run_spec
from midas.backtest.spec import BacktestSpec
from midas.backtest.window import window
from midas.core.order import TimeInForce
from midas.execution.broker import Capabilities, ClientIds
from midas.execution.deciding import GraphDecider
from midas.execution.loop import Loop
from midas.execution.mandate import Mandate
from midas.execution.paper import PaperAccount
from midas.execution.paper_orders import KINDS
from midas.execution.stream import Stream
from midas.marketdata.feed import BarRow, SessionEdge
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.portfolio.journal import CAUSES
from midas.risk.limits import Limits
from midas.risk.verdict import Denial
from midas.strategies.plans import plan_of
from midas.strategies.schedule import Every
from midas.trading.memory_journal import MemoryJournal
from midas.trading.parity import parity
from midas.trading.recorder import Recorder
from midas.trading.rehearsal import Rehearsal
from midas.trading.tape import Tape
from midas.trading.tape_head import TapeHead

OFF = Limits(collar=None, duplicate_window_s=None, quote_age_s=None, snapshot_age_s=None)
PAPER = Capabilities(
    ClientIds.UNIQUE,
    KINDS,
    frozenset(TimeInForce),
    protections=True,
    cuts_purchases=True,
    cuts_sales=True,
    cancels_at_once=True,
)
ACCOUNT, EPOCH = "paper", 1


def mandate_of(spec: BacktestSpec, panel: Panel, first: int, limits: Limits = OFF) -> Mandate:
    definition, terms = spec.definition, spec.terms(panel.currency)
    short = replace(limits, allow_short=terms.dealing.allow_short)
    return Mandate(
        ACCOUNT, "run", definition.name, Ground.of(panel), terms, PAPER, definition.every is Every.CHANGE,
        definition.exits, first, (short,),
    )  # fmt: skip


def rehearsal_of(spec: BacktestSpec, mandate: Mandate, journal: MemoryJournal, watch: Any = None) -> Rehearsal:
    stream = Stream(spec.definition, mandate.ground, mandate.first)
    loop = Loop(mandate, GraphDecider(stream, by_change=mandate.by_change))
    paper = PaperAccount(mandate.ground, mandate.terms, mandate.exits)
    return Rehearsal(mandate, loop, paper, journal, EPOCH, watch=watch)


def replayed(
    spec: BacktestSpec,
    panel: Panel,
    kills: Collection[int] = (),
    limits: Limits = OFF,
    watch: Any = None,
    *,
    dies_at_closes: bool = False,
) -> Rehearsal:
    """Replay a spec; before each row of `kills` the process dies and another goes on from what was kept."""
    rows = window(plan_of(spec.definition), panel, spec.start, spec.end)
    mandate = mandate_of(spec, panel, rows.first, limits)
    journal = MemoryJournal()
    journal.store.accounts[ACCOUNT].epoch = EPOCH
    rehearsal = rehearsal_of(spec, mandate, journal, watch)
    events = list(Replay(panel, rows.stop).told())
    rehearsal.open(next(event.stamp_utc for event in events if isinstance(event, BarRow)))
    for event in events:
        closes = isinstance(event, SessionEdge) and not event.opened
        if (isinstance(event, BarRow) and event.row in kills) or (closes and dies_at_closes):
            kept = rehearsal.checkpoint(rehearsal.loop.row, event.stamp_utc)
            before = rehearsal
            rehearsal = rehearsal_of(spec, mandate, journal, watch)
            rehearsal.resume(kept)
            rehearsal.closes, rehearsal.foreign, rehearsal.denied = before.closes, before.foreign, before.denied
        rehearsal.take(event)
    return rehearsal


@dataclass(frozen=True)
class Compared:
    """Fills as (instrument, side, quantity, price, value, commission, tax, cause) in their order, cash and equity."""

    fills: list[tuple[Any, ...]]
    cash: list[int]
    equity: list[int]


def of_backtest(spec: BacktestSpec, panel: Panel) -> Compared:
    account = run_spec(spec, panel).simulation
    fills = account.journal.fills
    names = [str(instrument.id) for instrument in panel.instruments]
    found = [
        (
            names[fills.column[k]], "buy" if fills.side[k] > 0 else "sell", round(float(fills.quantity[k]), 9),
            float(fills.price[k]), int(fills.value[k]), int(fills.commission[k]), int(fills.tax[k]),
            CAUSES[fills.cause[k] - 1] if fills.cause[k] else None,
        )
        for k in range(len(fills))
    ]  # fmt: skip
    return Compared(found, account.cash.tolist(), account.equity.tolist())


def of_rehearsal(rehearsal: Rehearsal) -> Compared:
    assert isinstance(rehearsal.journal, MemoryJournal)
    booked = [book.fill for book in rehearsal.journal.books(ACCOUNT) if book.fill is not None]
    found = [
        (
            str(fill.instrument), fill.side.value, round(float(fill.quantity), 9), float(fill.price), fill.value,
            fill.commission, fill.tax, fill.cause,
        )
        for fill in booked
    ]  # fmt: skip
    return Compared(found, [one.cash for one in rehearsal.closes], [one.equity for one in rehearsal.closes])


def assert_same(spec: BacktestSpec, panel: Panel, kills: Collection[int] = ()) -> Rehearsal:
    """The law: same fills, cash and equity to the minor unit, in paper account, ledger and the run's own book.

    And the tape's twin says so too.
    """
    recorder = Recorder(TapeHead.of("run", spec, Ground.of(panel), first_of(spec, panel), panel.version))
    wanted, rehearsal = of_backtest(spec, panel), replayed(spec, panel, kills, watch=recorder.note)
    found = of_rehearsal(rehearsal)
    assert found.fills == wanted.fills
    assert found.cash == wanted.cash
    assert found.equity == wanted.equity
    assert [one.own_equity for one in rehearsal.closes] == wanted.equity
    assert rehearsal.books.cash == wanted.cash[-1]
    assert {one.verdict.code for one in rehearsal.denied} <= {Denial.SHORT_BANNED}  # the market refuses that as well
    if rehearsal.foreign:
        return rehearsal  # here nobody adopts what the broker does by itself
    told = parity(tape_of(recorder, rehearsal))
    assert (list(told.differences), told.total) == ([], 0)
    assert told.lived == told.tested
    return rehearsal


def first_of(spec: BacktestSpec, panel: Panel) -> int:
    """Return the row of the first decision."""
    return window(plan_of(spec.definition), panel, spec.start, spec.end).first


def tape_of(recorder: Recorder, rehearsal: Rehearsal) -> Tape:
    """Return what was recorded of a rehearsal, with what its journal has."""
    assert isinstance(rehearsal.journal, MemoryJournal)
    stored = rehearsal.journal.store.accounts[ACCOUNT]
    fills = [book.fill for book in stored.books.values() if book.fill is not None]
    return Tape.of(recorder.cut(), [*stored.orders.values()], fills)


def some_rows(rows: int, count: int, seed: int) -> set[int]:
    return set(np.random.default_rng(seed).choice(np.arange(1, rows), min(count, rows - 1), replace=False).tolist())

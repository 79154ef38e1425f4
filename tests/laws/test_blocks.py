"""Rows in blocks are rows one by one: the same is said and done, in the same order, to the bit, however cut."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from tests.backtest.strategies import Threshold, Traded
from tests.execution.markets import AMERICA, random_market
from tests.execution.rehearsals import ACCOUNT, EPOCH, OFF, mandate_of, rehearsal_of, some_rows
from tests.laws.test_replay import DEALINGS, EXITS, STRATEGIES
from tests.scale import scaled

from midas.backtest.spec import BacktestSpec, spec_of
from midas.backtest.window import window
from midas.core.errors import MidasError
from midas.core.timeframe import Timeframe
from midas.execution.event_decider import EventDecider
from midas.execution.loop import Loop
from midas.execution.mandate import Mandate
from midas.execution.paper import PaperAccount
from midas.execution.state_bytes import to_bytes
from midas.factors.market import Market
from midas.factors.node import Node
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.strategies.plans import plan_of
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy
from midas.trading.memory_journal import MemoryJournal
from midas.trading.rehearsal import Rehearsal

LIVES = scaled(400)


class Crossed(Strategy):
    """In and out by two averages: quiet for many bars, then a trade."""

    def targets(self, m: Market) -> Node:
        fast, slow = m.close.ema(2), m.close.ema(4)
        return m.hold(entry=fast.cross_above(slow), exit=fast.cross_below(slow)).slot()


class Once(Strategy):
    """Bought once and kept."""

    every = Every.ONCE

    def targets(self, m: Market) -> Node:
        return (m.close > m.close.mean(4)).normalise()


ALL = (*STRATEGIES, Crossed, Once)


class Coded(EventStrategy):
    """Trades on closes, cash, equity and what it holds, now and then."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        mean = self.state["mean"] = 0.8 * self.state.get("mean", 0.0) + 0.2 * float(np.nansum(bar.close))
        self.state["bars"] = self.state.get("bars", 0) + 1
        column = self.state["bars"] % len(ctx.symbols)
        close, held = float(bar.close[column]), ctx.position(column)
        if close * 1.1 < mean and held <= 0.0:
            ctx.buy(min(0.4 * ctx.equity, ctx.cash) / close, column)
        elif close > 0.0 and held * close > 0.5 * ctx.equity:
            ctx.sell(held / 2, column)
        elif bar.row % 17 == bar.stamp_utc.day % 17:
            ctx.close(column)


@dataclass
class Lived:
    """All that can be seen of a run: what it was told, said and heard, what was kept, and what was stored."""

    seen: list[Any]
    kept: list[bytes]
    closes: list[Any]
    stored: list[Any]
    end: bytes
    strode: int


def exactly(what: Any) -> Any:
    """What is told, arrays by their bytes: as text they are cut and rounded, and slow."""
    if isinstance(what, np.ndarray):
        return what.dtype.str, what.shape, what.tobytes()
    if is_dataclass(what):
        return type(what).__name__, *(exactly(getattr(what, each.name)) for each in fields(what))
    if isinstance(what, Mapping):
        return [(name, exactly(value)) for name, value in what.items()]
    return repr(what)


def lived(
    spec: BacktestSpec,
    panel: Panel,
    kills: Collection[int],
    most: int | None,
    *,
    code: bool = False,
    looks: Collection[int] = (),
    watched: bool = True,
) -> Lived:
    """Live through a spec row by row, or in blocks of at most so many rows; it dies before each row of `kills`.

    Before each row of `looks` somebody looks at it.
    """
    rows = window(plan_of(spec.definition), panel, spec.start, spec.end)
    mandate = mandate_of(spec, panel, rows.first, OFF)
    journal = MemoryJournal()
    journal.store.accounts[ACCOUNT].epoch = EPOCH
    seen: list[Any] = []
    kept: list[bytes] = []

    watch = (lambda what: seen.append(exactly(what))) if watched else None

    def again(rehearsal: Rehearsal, row: int, stamp_utc: Any) -> Rehearsal:
        state = rehearsal.checkpoint(row - 1, stamp_utc)
        kept.extend((state, journal.store.checkpoints["run"].state))
        other = begun(spec, mandate, journal, watch, code=code)
        other.resume(state)
        other.closes, other.strode = rehearsal.closes, rehearsal.strode
        return other

    rehearsal = begun(spec, mandate, journal, watch, code=code)
    replay = Replay(panel, rows.stop)
    rehearsal.open(next(event.stamp_utc for event in replay.told() if isinstance(event, BarRow)))
    for event in replay.blocks(most=most or 4096):
        if not isinstance(event, BarBlock):
            rehearsal.take(event)
            continue
        at = 0
        for cut in cuts_of(event, {*kills, *looks}):
            go(rehearsal, event, at, cut, by_row=most is None)
            at = cut
            if event.first + cut in looks:
                look(rehearsal, journal, event.first + cut)
            if event.first + cut in kills and cut < len(event):
                rehearsal = again(rehearsal, event.first + cut, event.stamp_utc(cut))
    end = rehearsal.loop.snapshot() + to_bytes(rehearsal.paper.snapshot())
    return Lived(seen, kept, list(rehearsal.closes), stored_of(rehearsal, journal), end, rehearsal.strode)


def go(rehearsal: Rehearsal, block: BarBlock, at: int, cut: int, *, by_row: bool) -> None:
    if by_row:
        rehearsal.run(each for place in range(at, cut) for each in block.events(place))
    else:
        rehearsal.take_block(block, at, cut)


def cuts_of(block: BarBlock, rows: Collection[int]) -> list[int]:
    """Where rows cut a block, its end last."""
    return [*sorted(row - block.first for row in rows if block.first <= row < block.first + len(block)), len(block)]


def begun(spec: BacktestSpec, mandate: Mandate, journal: MemoryJournal, watch: Any, *, code: bool) -> Rehearsal:
    """A rehearsal of a spec, or of code."""
    if not code:
        return rehearsal_of(spec, mandate, journal, watch)
    loop = Loop(mandate, EventDecider(Coded(), mandate.ground, 100.0))
    return Rehearsal(mandate, loop, PaperAccount(mandate.ground, mandate.terms), journal, EPOCH, watch=watch)


def stored_of(rehearsal: Rehearsal, journal: MemoryJournal) -> list[Any]:
    """All that is stored, with its order."""
    account = journal.store.accounts[ACCOUNT]
    return [
        list(account.orders.items()), list(account.books.items()), account.audits, account.cash, account.revision,
        account.quantities, account.costs, account.keys, account.numbers, account.places, account.active,
        journal.store.homes, rehearsal.books.cash, rehearsal.books.quantities, rehearsal.books.costs,
    ]  # fmt: skip


def look(rehearsal: Rehearsal, journal: MemoryJournal, row: int) -> None:
    """Look at one thing or another of a rehearsal."""
    store, orders = journal.store, rehearsal.paper.orders
    looks: tuple[Callable[[], object], ...] = (
        lambda: store.accounts[ACCOUNT].orders,
        lambda: store.homes,
        lambda: (rehearsal.books.cash, rehearsal.books.quantities),
        lambda: rehearsal.books.costs,
        orders.all,
        lambda: orders.knows("q"),
        rehearsal.loop.snapshot,
        rehearsal.paper.snapshot,
    )
    looks[row % len(looks)]()


def in_minutes(panel: Panel, length: int, begins: int = 14 * 60 + 30, apart: int = 1) -> Panel:
    """The same bars as minutes, so many to a session that begins at a minute of the day, with gaps between them."""
    session, minute = np.divmod(np.arange(panel.rows), length)
    sessions = np.busday_offset("2024-01-02", session, roll="forward").astype("datetime64[D]")
    opens = sessions.astype("datetime64[s]") + np.timedelta64(begins, "m")
    stamps = opens + (minute + 1) * np.timedelta64(60 * apart, "s")
    return replace(panel, timeframe=Timeframe(1, "m"), sessions=sessions, stamps=stamps)


def assert_same(spec: BacktestSpec, panel: Panel, life: int, sizes: Sequence[int], *, code: bool = False) -> int:
    """Return how many rows were taken in strides."""
    kills = some_rows(panel.rows, 5, seed=life)
    try:
        by_row = lived(spec, panel, kills, None, code=code)
    except MidasError as fault:
        if fault.code not in ("too_short", "empty_range"):
            raise
        return 0
    strode = 0
    for most in sizes:
        in_blocks = lived(spec, panel, kills, most, code=code)
        assert in_blocks.seen == by_row.seen
        assert in_blocks.closes == by_row.closes
        assert in_blocks.stored == by_row.stored
        assert in_blocks.kept == by_row.kept
        assert in_blocks.end == by_row.end
        strode += in_blocks.strode
    return strode


def drawn_panel(draw: np.random.Generator, life: int) -> Panel:
    made = random_market(life, int(draw.choice([1, 1, 3, 40])), int(draw.choice([60, 150])), AMERICA)
    length = int(draw.choice([1, 4, 30, 90]))
    return made.panel if length == 1 else in_minutes(made.panel, length)


def drawn_terms(draw: np.random.Generator) -> dict[str, Any]:
    return {
        "dealing": DEALINGS[int(draw.integers(len(DEALINGS)))],
        "initial_capital": int(draw.choice([3_000, 100_000])),
        "lots": "whole" if draw.random() < 0.5 else "fractional",
        "volume_cap": float(draw.choice([0.1, 1.0])),
    }


@pytest.mark.parametrize("life", range(LIVES))
def test_a_graph_in_blocks(life: int) -> None:
    draw = np.random.default_rng(life)
    panel, strategy = drawn_panel(draw, life), ALL[life % len(ALL)]
    definition = (strategy(level=20.0) if strategy is Threshold else strategy()).definition()
    spec = spec_of(replace(definition, exits=EXITS[int(draw.integers(len(EXITS)))]), panel, **drawn_terms(draw))
    assert_same(spec, panel, life, (int(draw.integers(1, 40)), 4096))


@pytest.mark.parametrize("life", range(LIVES))
def test_code_in_blocks(life: int) -> None:
    draw = np.random.default_rng(life)
    panel = drawn_panel(draw, life)
    assert_same(
        spec_of(Traded(), panel, **drawn_terms(draw)), panel, life, (int(draw.integers(1, 40)), 4096), code=True
    )

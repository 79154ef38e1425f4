"""Backtesting a strategy that is code: rehearsed through loop, gate, journal and paper account, told as any backtest.

It runs in the process that calls, and nowhere else: neither server nor trader ever comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal

import numpy as np

from midas.backtest.frames import carried
from midas.backtest.result import Result
from midas.backtest.run import Progress, begun, silence, story_of, told
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.backtest.story import Story
from midas.backtest.targets import Targets
from midas.backtest.window import Window
from midas.core.errors import InvalidInput, MidasError, StrategyInvalid
from midas.core.money import minor_digits
from midas.execution.deciding import Decider
from midas.execution.event_decider import EventDecider
from midas.execution.exchange import Rates
from midas.execution.loop import Loop
from midas.execution.mandate import Mandate
from midas.execution.paper import PaperAccount
from midas.execution.paper_market import KEPT
from midas.execution.simulation import Simulation
from midas.execution.striding import Strode
from midas.execution.terms import AccountTerms
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.risk.limits import Limits
from midas.strategies.event import EventStrategy
from midas.strategies.schedule import Every
from midas.trading.chronicle import Chronicle
from midas.trading.holding import Books
from midas.trading.memory_journal import MemoryJournal
from midas.trading.paper_seat import paper_capabilities
from midas.trading.rehearsal import Rehearsal

ACCOUNT, EPOCH = "backtest", 1

_MATCHED = 0.9
"""Share of the work after which there is only measuring to do."""

_NONE = Decimal(0)
_ROUNDED, _FLOATS = Decimal("1e-6"), Decimal("1e-12")
"""Shares that an account may be apart from its ledger by, and more of them for each minor unit of its capital.

The ledger rounds parts of shares fill by fill, and sixteen digits are the shorter the more shares the capital buys.
"""


def run_code(
    strategy: EventStrategy,
    spec: BacktestSpec,
    panel: Panel,
    *,
    benchmark_panel: Panel | None = None,
    rates: Rates | None = None,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> Result:
    """Answer a spec made of a strategy's `definition()`; all else is as in `backtest.run.run_spec`.

    It works on a copy: the strategy given is not changed.

    Raises
    ------
    StrategyInvalid: its code failed; says at which bar.
    InvalidInput, NotFound, DataBlocked: see `backtest.run.run`; or an option that code has no use for.
    """
    report = progress or silence
    _require_code(spec)
    plan, rows, compared, terms = begun(spec, panel, benchmark_panel, rates)
    mandate = mandate_of(spec, panel, rows.first, terms)
    begins = max(0, rows.first - plan.warmup)
    decider = EventDecider(_copied(strategy), mandate.ground, 10.0 ** minor_digits(panel.currency), begins=begins)
    chronicle = Chronicle(mandate.ground, mandate.terms.fraction or 1.0)
    after = history_from(panel, rows.first, plan.warmup) - 1
    rehearsal = rehearsed(
        mandate, decider, panel, rows.stop, after, watch=chronicle.note, keep=chronicle.stride, report=report,
    )  # fmt: skip
    account = _account(rehearsal, chronicle, decider, rows)
    setting, silent = Setting.of(panel, terms), Targets(np.empty(0, np.int64), np.empty((0, panel.columns)))
    story = _carrying(story_of(spec, setting, plan, rows, compared, silent, account))
    return told(story, benchmark_panel, rates, (*notes, *_said(decider, chronicle)), report)


def mandate_of(spec: BacktestSpec, panel: Panel, first: int, terms: AccountTerms | None = None) -> Mandate:
    """Return what a rehearsal of a spec is to do, from its first decision on; nothing limits it but its account."""
    terms = terms or spec.terms(panel.currency)
    limits = Limits(
        collar=None, duplicate_window_s=None, quote_age_s=None, snapshot_age_s=None,
        allow_short=terms.dealing.allow_short,
    )  # fmt: skip
    definition = spec.definition
    return Mandate(
        ACCOUNT, "run", definition.name, Ground.of(panel), terms, paper_capabilities(),
        definition.every is Every.CHANGE, definition.exits, first, (limits,),
    )  # fmt: skip


def rehearsed(
    mandate: Mandate,
    decider: Decider,
    panel: Panel,
    stop: int,
    after_row: int = -1,
    *,
    watch: Callable[[object], None] | None = None,
    keep: Callable[[Strode], None] | None = None,
    report: Progress = silence,
) -> Rehearsal:
    """Rehearse rows (after_row, stop) of a panel in blocks, with a journal in memory.

    Those before the first decision are history; see `history_from`. `watch` hears of what happens, not of rows at which
    nothing does, and `keep` of strides.
    """
    journal = MemoryJournal()
    journal.store.accounts[mandate.account].epoch = EPOCH
    paper = PaperAccount(mandate.ground, mandate.terms, mandate.exits)
    rehearsal = Rehearsal(mandate, Loop(mandate, decider), paper, journal, EPOCH, watch=watch, whole=False, keep=keep)
    replay = Replay(panel, stop)
    rehearsal.open(next(event for event in replay.told(after_row) if isinstance(event, BarRow)).stamp_utc)
    for event in replay.blocks(after_row):
        if isinstance(event, BarBlock):
            rehearsal.take_block(event)
            report(_MATCHED * (event.first + len(event)) / stop, "asking the strategy")
        else:
            rehearsal.take(event)
    _require_equal(rehearsal.books, paper, mandate.terms.capital.minor)
    return rehearsal


def _require_equal(books: Books, paper: PaperAccount, capital: int) -> None:
    account, held, most = paper.holdings, books.quantities, _ROUNDED + _FLOATS * capital
    apart = [f"{books.cash} in cash and the account {account.cash}"] if books.cash != account.cash else []
    for name in sorted(held.keys() | account.quantities.keys(), key=str):
        ours, theirs = held.get(name, _NONE), account.quantities.get(name, _NONE)
        if abs(ours - theirs) > most:
            apart.append(f"{ours:f} of {name} and the account {theirs:f}")
    if apart:
        raise MidasError(
            f"The ledger has {'; '.join(apart)}.", hint="This is a defect; please report it.", code="ledger_unbalanced"
        )


def history_from(panel: Panel, first: int, warmup: int) -> int:
    """Return from which row on a rehearsal that decides from row `first` on has to be told of, to be as if of all.

    That is what warms up, what an account looks back to, the session before, and the last bar of every name.
    """
    session = int(np.searchsorted(panel.sessions, panel.sessions[first]))
    begin = max(0, min(first - max(warmup, KEPT), session - 1))
    closes = panel.tiles("raw_close")
    silent = np.isnan(closes[:, begin, :]).ravel()[: panel.columns] if begin else np.zeros(0, bool)
    for column in np.flatnonzero(silent).tolist():
        tile, lane = divmod(column, closes.shape[2])
        before = np.flatnonzero(~np.isnan(closes[tile, :begin, lane]))
        if len(before) and not np.isnan(closes[tile, begin:, lane]).all():
            begin = int(before[-1])
    return begin


def _account(rehearsal: Rehearsal, chronicle: Chronicle, decider: EventDecider, rows: Window) -> Simulation:
    journal, closes = chronicle.journal(decider.refused), rehearsal.closes
    return Simulation(rows.first, rows.stop, journal, closes.equity, closes.cash, ruined=chronicle.ruined)


def _carrying(story: Story) -> Story:
    # in a margin account what is held is not what equity has beyond cash
    if not story.terms.dealing.allow_short:
        return story
    rows = np.arange(story.window.first, story.window.stop)
    value = carried(story.trips, story.timeline, story.panel, rows, story.scale)
    return replace(story, simulation=replace(story.simulation, carried=value))


def _said(decider: EventDecider, chronicle: Chronicle) -> list[str]:
    found = []
    if decider.moved:
        found.append(f"Limit or stop prices between two ticks, which went to the next one: {decider.moved}.")
    if chronicle.waiting:
        found.append(f"Orders that still waited when the run ended: {chronicle.waiting}.")
    return found


def _require_code(spec: BacktestSpec) -> None:
    if spec.definition.code is None:
        raise InvalidInput(
            f"Strategy {spec.definition.name!r} is a graph.", hint="Use backtest.run.run_spec.", code="not_code"
        )
    if spec.dealing.carry:
        raise InvalidInput(
            "`carry` is for strategies with a schedule: code that is asked at every bar orders again by itself.",
            hint="Leave it out; an order with a limit or a stop waits until it is cancelled.",
            code="code_option",
        )


def _copied(strategy: EventStrategy) -> EventStrategy:
    try:
        return deepcopy(strategy)
    except TypeError as error:
        raise StrategyInvalid(
            f"Strategy {strategy.name!r} cannot be copied, so two runs of it would not begin alike: {error}.",
            hint="Open files, connections and the like in on_bar, at the first bar.",
            code="bad_strategy",
        ) from error

"""What a rehearsal is told as: to the last number what the backtest of the same spec has in its own journal."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from tests.backtest.strategies import Threshold
from tests.execution.markets import AMERICA, KOREA, random_market
from tests.laws.test_replay import STRATEGIES
from tests.many import many
from tests.scale import scaled

from midas.backtest.frames import carried
from midas.backtest.run import begun, run_spec, story_of
from midas.backtest.setting import Setting
from midas.backtest.spec import spec_of
from midas.backtest.targets import Targets
from midas.core.order import Cause, Reject
from midas.execution.dealing import Dealing
from midas.execution.deciding import GraphDecider
from midas.execution.simulation import Simulation
from midas.execution.stream import Stream
from midas.portfolio.journal import CAUSES, REASONS, EventKind
from midas.trading.chronicle import Chronicle
from midas.trading.coded import mandate_of, rehearsed

LIVES = scaled(300)
BANNED = REASONS.index(Reject.SHORT_BANNED) + 1
CALLED = CAUSES.index(Cause.MARGIN_CALL) + 1
DEALINGS = (
    Dealing(),
    Dealing(),
    Dealing(cash_rate=0.05),
    Dealing(entry_limit=0.01),
    Dealing(allow_short=True),
    Dealing(allow_short=True, maintenance_margin=0.5, initial_margin=0.5, borrow_bps=500),
    Dealing(delisting_recovery=0.5, slippage="half_spread=1tick,sqrt=0.5"),
    Dealing(allow_short=True, slippage="half_spread=1tick,sqrt=0.5"),
    Dealing(settlement="venue"),
    Dealing(fill_at="close", settlement="venue"),
    Dealing(reinvest_dividends=True),
)


def a_life(seed: int) -> tuple[int, ...]:
    """How many fills, events, splits and refusals were compared, and that they were."""
    draw = np.random.default_rng(seed + 4_000_000)
    rules = AMERICA if draw.random() < 0.7 else KOREA
    panel = random_market(seed, int(draw.choice([1, 3, 40])), 60, rules).panel
    strategy = STRATEGIES[seed % len(STRATEGIES)]
    definition = (strategy(level=20.0) if strategy is Threshold else strategy()).definition()
    spec = spec_of(
        definition, panel, dealing=DEALINGS[int(draw.integers(len(DEALINGS)))],
        initial_capital=int(draw.choice([3_000, 100_000])) * (1 if rules is AMERICA else 1_000),
        volume_cap=float(draw.choice([0.1, 1.0])), lots="whole" if draw.random() < 0.7 else "fractional",
    )  # fmt: skip
    wanted = run_spec(spec, panel)
    plan, rows, compared, terms = begun(spec, panel, None, None)
    mandate = mandate_of(spec, panel, rows.first)
    chronicle = Chronicle(mandate.ground, terms.fraction or 1.0)
    stream = Stream(spec.definition, mandate.ground, mandate.first)
    decider = GraphDecider(stream, by_change=mandate.by_change)
    rehearsal = rehearsed(mandate, decider, panel, rows.stop, watch=chronicle.note)
    journal, own = chronicle.journal(), wanted.simulation.journal
    if rehearsal.closes.equity.tolist() != wanted.simulation.equity.tolist():
        # what it did, not how it is told: a dividend's purchase that met no market is not tried again
        assert spec.dealing.reinvest_dividends
        return 0, 0, 0, 0, 0
    # what the broker orders by itself has a number behind those of a close, of which a split may have taken some away,
    # and so has what it closes for want of margin and met no market, of which nothing is told
    assert len(journal.fills) == len(own.fills)
    by_itself = (own.fills.cause == CALLED) | spec.dealing.reinvest_dividends
    numbers = np.where(by_itself, own.fills.number, journal.fills.number)
    assert same(replace(journal.fills, number=numbers), own.fills)
    assert same(journal.events, own.events)
    assert chronicle.ruined == wanted.simulation.ruined
    assert rehearsal.closes.cash.tolist() == wanted.simulation.cash.tolist()
    told, known = dropped(journal.refusals), dropped(own.refusals)
    for order, reasons in told.items():
        if order[0] == rows.stop:
            continue  # a backtest orders nothing at its last close
        assert reasons.keys() <= known[order].keys()
        if BANNED in reasons:
            continue  # refused before a split made it more shares, or fewer
        assert sum(reasons.values()) == pytest.approx(sum(known[order].values()), abs=1e-8)
    if spec.dealing.allow_short:
        account = Simulation(rows.first, rows.stop, journal, rehearsal.closes.equity, rehearsal.closes.cash)
        silent = Targets(np.empty(0, np.int64), np.empty((0, panel.columns)))
        story = story_of(spec, Setting.of(panel, terms), plan, rows, compared, silent, account)
        gross = carried(story.trips, story.timeline, panel, np.arange(rows.first, rows.stop), story.scale)
        assert wanted.simulation.carried is not None
        assert gross.tolist() == wanted.simulation.carried.tolist()
    splits = int((own.events.kind == EventKind.SPLIT).sum())
    return len(own.fills), len(own.events), splits, len(journal.refusals), 1


def same(one: Any, other: Any) -> bool:
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), field.name)
    return True


def dropped(refusals: Any) -> dict[tuple[int, ...], Counter[int]]:
    # Quantities by order and reason. Of several reasons at once a broker tells one for all, and a wish that was no
    # order has nothing to be told of. What the gate refuses, the market does when the order meets it.
    found: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    parts = (refusals.row, refusals.column, refusals.side, refusals.decided, refusals.reason, refusals.quantity)
    for row, *order, reason, quantity in zip(*(part.tolist() for part in parts), strict=True):
        early = reason == BANNED and row == order[-1]
        if np.isfinite(quantity):
            found[row + early, *order][reason] += quantity
    return found


def test_it_is_told_as_the_backtest_tells_it() -> None:
    fills, events, splits, refusals, compared = (sum(part) for part in zip(*many(a_life, range(LIVES)), strict=True))
    assert compared > 0.8 * LIVES
    assert min(fills, events, refusals) > 10 * LIVES
    assert splits > LIVES

"""Something is done to a run while it trades, and its parity says what: nothing here changes a tape."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.execution.markets import AMERICA, random_market
from tests.execution.rehearsals import ACCOUNT, EPOCH, OFF, first_of, mandate_of, rehearsal_of, tape_of

from midas.backtest.spec import BacktestSpec, spec_of
from midas.backtest.window import window
from midas.core.order import Side
from midas.execution.loop_events import Switched
from midas.execution.paper import PaperAccount
from midas.factors.market import Market
from midas.factors.node import Node
from midas.marketdata.feed import BarRow
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.strategies.param import param
from midas.strategies.plans import plan_of
from midas.strategies.strategy import Strategy
from midas.trading.memory_journal import MemoryJournal
from midas.trading.parity import Bucket, Parity, Parts, parity
from midas.trading.recorder import Recorder
from midas.trading.tape import Tape
from midas.trading.tape_head import TapeHead
from midas.trading.twin import Trade


class Holding(Strategy):
    """A small slot of each name while it is above its average: cash never binds, so that nothing follows from it."""

    window: int = param(4, 1, 100)

    def targets(self, m: Market) -> Node:
        return (m.close > m.close.mean(self.window)).slot() * 0.3


@dataclass(frozen=True)
class Trouble:
    """What is otherwise than in the backtest: the broker's terms, how long an order takes, the owner's limits."""

    terms: dict[str, Any]
    latency: timedelta = timedelta()
    limits: Limits = OFF


def question() -> tuple[BacktestSpec, Panel]:
    panel = random_market(5, 4, 80, AMERICA).panel
    return spec_of(Holding(), panel, commission_bps=0.0), panel


def lived(trouble: Trouble, paused: Collection[int] = ()) -> tuple[Tape, Parity]:
    """Trade with some trouble; on the rows of `paused` the kill switch stands at PAUSE."""
    spec, panel = question()
    mandate = mandate_of(spec, panel, first_of(spec, panel), trouble.limits)
    recorder = Recorder(TapeHead.of("run", spec, Ground.of(panel), mandate.first, panel.version))
    journal = MemoryJournal()
    journal.store.accounts[ACCOUNT].epoch = EPOCH
    rehearsal = rehearsal_of(spec, mandate, journal, recorder.note)
    terms = replace(mandate.terms, **trouble.terms)
    rehearsal.paper = PaperAccount(mandate.ground, terms, latency_s=trouble.latency.total_seconds())
    events = list(Replay(panel, window(plan_of(spec.definition), panel, None, None).stop).told())
    rehearsal.open(next(event.stamp_utc for event in events if isinstance(event, BarRow)))
    for event in events:
        if isinstance(event, BarRow):
            level = KillLevel.PAUSE if event.row in paused else KillLevel.NONE
            rehearsal.loop.on(Switched(level, event.stamp_utc))
        rehearsal.take(event)
    tape = tape_of(recorder, rehearsal)
    return tape, parity(tape)


def money(tape: Tape) -> int:
    """What fills brought, counted by hand."""
    sides = [one.value if one.side is Side.SELL else -one.value for one in tape.fills]
    return sum(sides) - sum(one.commission + one.tax for one in tape.fills)


def first(found: Parity) -> tuple[Trade, Trade, Parts]:
    one = found.differences[0]
    assert one.lived is not None
    assert one.tested is not None
    return one.lived, one.tested, one.parts


@pytest.fixture(scope="module")
def same() -> tuple[Tape, Parity]:
    return lived(Trouble({}))


def test_without_trouble_nothing_parts(same: tuple[Tape, Parity]) -> None:
    tape, found = same
    assert found.trades > 40
    assert (list(found.differences), found.lived) == ([], money(tape))


def test_a_worse_price_is_one_of_price() -> None:
    _, found = lived(Trouble({"slippage_bps": 30.0}))
    run, twin, parts = first(found)
    assert run.quantity == twin.quantity
    worse = round(run.quantity * abs(run.price - twin.price) * 100)
    assert parts == {Bucket.PRICE: -worse}
    assert found.totals[Bucket.PRICE] < 0
    assert set(found.totals) <= {Bucket.PRICE, Bucket.SIZE}


def test_a_changed_fee_is_one_of_cost() -> None:
    _, found = lived(Trouble({"commission_bps": 25.0}))
    run, _, parts = first(found)
    assert parts == {Bucket.COST: -run.costs}
    assert run.costs == pytest.approx(run.value * 0.0025, abs=1)
    assert set(found.totals) <= {Bucket.COST, Bucket.SIZE}


def test_an_order_that_arrives_late_is_one_of_timing() -> None:
    # it reaches the market after the open it was for, and meets the next one
    tape, found = lived(Trouble({}, latency=timedelta(hours=20)))
    run, twin, parts = first(found)
    opens = [tape.rows[row].fields["open"][tape.column(found.differences[0].instrument)] for row in (run.row, twin.row)]
    assert (run.row, run.price) == (twin.row + 1, pytest.approx(opens[0]))
    assert parts[Bucket.TIMING] == round(run.sign * run.quantity * (opens[0] - opens[1]) * 100)
    assert set(parts) <= {Bucket.TIMING, Bucket.SIZE}, "the next bar may take less"
    assert found.unexplained == 0


def test_a_market_that_takes_less_is_one_of_size() -> None:
    _, found = lived(Trouble({"volume_cap": 0.001}))
    run, twin, parts = first(found)
    assert run.quantity < twin.quantity
    assert parts == {Bucket.SIZE: round((twin.quantity - run.quantity) * -twin.sign * twin.price * 100)}
    assert Bucket.UNEXPLAINED not in found.totals


def test_what_the_owners_limits_refuse_is_rejected_and_so_is_what_follows() -> None:
    tape, found = lived(Trouble({}, limits=replace(OFF, max_notional=Decimal(1))))
    assert tape.fills == []
    assert tape.denied
    assert set(found.totals) == {Bucket.REJECTED}
    assert found.total == -found.tested


def test_what_a_pause_held_back_is_late_or_never_came() -> None:
    _, panel = question()
    _, found = lived(Trouble({}), range(20, panel.rows, 7))
    assert found.differences
    assert {Bucket.SIGNAL, Bucket.UNEXPLAINED}.isdisjoint(found.totals)
    assert Bucket.TIMING in found.totals


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_adds_up(seed: int) -> None:
    draw = random.Random(seed)
    terms = {
        "slippage_bps": draw.choice([0.0, 12.0]), "commission_bps": draw.choice([0.0, 7.0]),
        "volume_cap": draw.choice([0.1, 0.01]),
    }  # fmt: skip
    limits = draw.choice([OFF, replace(OFF, max_notional=Decimal(2_000))])
    trouble = Trouble(terms, timedelta(hours=draw.choice([0, 20])), limits)
    tape, found = lived(trouble, [row for row in range(80) if draw.random() < 0.1])
    assert found.lived == money(tape)
    assert found.lived - found.tested == found.total == sum(one.total for one in found.differences)
    assert found.unexplained == 0

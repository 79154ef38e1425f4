"""What was tested is what is traded: a replay through loop, gate, journal and paper account is the backtest."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from tests.backtest.strategies import Averaged, MonthEnd, Rebalanced, Threshold
from tests.execution.markets import AMERICA, KOREA, panel_of, random_market
from tests.execution.rehearsals import ACCOUNT, assert_same, of_rehearsal, replayed, some_rows

from midas.backtest.run import run_spec
from midas.backtest.spec import spec_of
from midas.core.clock import SystemClock
from midas.execution.dealing import Dealing
from midas.factors.market import Market
from midas.factors.node import Node
from midas.integrations.sample.source import SampleSource
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.importing import pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.source import PullRequest
from midas.risk.limits import Limits
from midas.risk.verdict import Denial
from midas.strategies.exits import AtrStop, AtrTakeProfit, AtrTrailingStop, StopLoss, TakeProfit, TimeStop, TrailingStop
from midas.strategies.registry import build, library
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy
from midas.trading.memory_journal import MemoryJournal
from midas.trading.rehearsal import Rehearsal

SCALE = int(os.environ.get("MIDAS_TEST_SCALE", "1"))
KILLS = 20
LIVES = 20 * SCALE

EXITS = (
    (),
    (StopLoss(0.05),),
    (TrailingStop(0.06), TakeProfit(0.07)),
    (TimeStop(3),),
    (AtrStop(1.0, 3), AtrTrailingStop(1.2, 4), AtrTakeProfit(1.5, 3)),
    (StopLoss(0.08), TakeProfit(0.1), TimeStop(5)),
)
DEALINGS = (
    Dealing(),
    Dealing(carry=True),
    Dealing(cash_rate=0.05),
    Dealing(entry_limit=0.01),
    Dealing(slippage="half_spread=1tick,sqrt=0.5"),
    Dealing(allow_short=True),
    Dealing(allow_short=True, borrow_bps=500, carry=True, cash_rate=0.03),
    Dealing(allow_short=True, maintenance_margin=0.5, initial_margin=0.5),
    Dealing(delisting_recovery=0.5, carry=True),
)


class LongShort(Strategy):
    """Long what rose, short what fell, every bar."""

    every = Every.BAR

    def targets(self, m: Market) -> Node:
        return (m.close / m.close.mean(3) - 1.0).rank() - 0.5


class BothWays(Strategy):
    """Long above an average, short below another, traded by change."""

    def targets(self, m: Market) -> Node:
        return (m.close > m.close.mean(3)).slot() - (m.close < m.close.mean(4)).slot() * 0.7


class Either(Strategy):
    """All of it in the one of two names that closed above ten."""

    def targets(self, m: Market) -> Node:
        return (m.close > 10.0).slot() * 2.0


STRATEGIES: tuple[type[Strategy], ...] = (Threshold, Rebalanced, Averaged, MonthEnd, LongShort, BothWays)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    lake = Lake(tmp_path_factory.mktemp("lake"), SystemClock())
    pull_bars(lake, SampleSource(), PullRequest())
    return lake.panel("sample")


@pytest.mark.parametrize("name", [info.name for info in library()])
def test_every_library_strategy_trades_as_it_was_tested(sample: Panel, name: str) -> None:
    # the whole market at full scale, its last years else; all of history warms the strategy up either way
    start = None if SCALE > 1 else sample.sessions[-250].item()
    spec = spec_of(build(name), sample, start=start)
    assert_same(
        spec, sample, some_rows(sample.rows, KILLS, seed=len(name)) | set(range(sample.rows - 200, sample.rows, 37))
    )


@pytest.mark.parametrize("life", range(LIVES))
def test_random_markets_exits_and_dealings(life: int) -> None:
    draw = np.random.default_rng(life)
    made = random_market(life, int(draw.choice([1, 3, 6, 40])), int(draw.choice([60, 120])), AMERICA)
    strategy = STRATEGIES[life % len(STRATEGIES)]
    definition = strategy(level=20.0) if strategy is Threshold else strategy()
    spec = spec_of(
        replace(definition.definition(), exits=EXITS[int(draw.integers(len(EXITS)))]),
        made.panel,
        dealing=DEALINGS[life % len(DEALINGS)],
        initial_capital=int(draw.choice([3_000, 100_000, 10_000_000])),
        slippage_bps=float(draw.choice([0.0, 7.0])),
        lots="whole" if draw.random() < 0.5 else "fractional",
        volume_cap=float(draw.choice([0.1, 1.0])),
    )
    try:
        assert_same(spec, made.panel, some_rows(made.panel.rows, 8, seed=life))
    except Exception as fault:
        if getattr(fault, "code", "") not in ("too_short", "empty_range"):
            raise


def test_a_dividend_that_buys_shares_does_so_here_too() -> None:
    made = random_market(21, 6, 60, AMERICA)
    spec = spec_of(MonthEnd(), made.panel, dealing=Dealing(reinvest_dividends=True))
    rehearsal = assert_same(spec, made.panel, {20, 40})
    assert rehearsal.foreign


@pytest.mark.parametrize("slippage", ["", "sqrt=0.5"])
def test_an_order_through_zero_closes_what_is_held_while_short_sales_are_banned(slippage: str) -> None:
    # all of 2024 lies in a ban of the Korean regulator
    made = random_market(5, 6, 60, KOREA)
    spec = spec_of(BothWays(), made.panel, dealing=Dealing(allow_short=True, slippage=slippage))
    rehearsal = assert_same(spec, made.panel, {20, 40})
    cut = {(one.intent.instrument, one.intent.stamp_utc) for one in rehearsal.denied}
    assert isinstance(rehearsal.journal, MemoryJournal)
    orders = rehearsal.journal.store.accounts[ACCOUNT].orders.values()
    assert any((row.intent.instrument, row.intent.stamp_utc) in cut and row.filled for row in orders)
    assert all(fill[1] == "buy" or fill[2] > 0 for fill in of_rehearsal(rehearsal).fills)
    assert min(rehearsal.books.quantities.values(), default=0) >= 0


@pytest.mark.parametrize("fill_at", ["open", "close"])
@pytest.mark.parametrize(
    ("days", "sold"),
    [
        # sold on Thursday the 11th; Monday the 15th is a holiday, so the money is there on Tuesday the 16th
        (("08", "09", "10", "11", "12", "16", "17"), "16"),
        (("08", "09", "10", "11", "12", "15", "16", "17"), "16"),  # with a bar on the holiday
        (("08", "09", "10", "11", "16", "17", "18"), "16"),  # without one on Friday
    ],
)
def test_what_unsettled_money_bought_is_kept_to_the_day_it_settles(
    days: tuple[str, ...], sold: str, fill_at: Literal["open", "close"]
) -> None:
    sessions = np.array([f"2024-01-{day}" for day in days], "datetime64[D]")
    close = np.full((len(days), 2), 9.0)
    close[:2, 0], close[2, 1] = 11.0, 11.0
    prices = dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": np.full(close.shape, 1e6)}
    panel = panel_of(prices, sessions=sessions)
    dealing = Dealing(settlement="venue", fill_at=fill_at)
    spec = spec_of(Either(), panel, initial_capital=1_000, commission_bps=0, dealing=dealing)
    rehearsal = assert_same(spec, panel, {4, 5})
    assert [fill[:2] for fill in of_rehearsal(rehearsal).fills] == [
        ("N000.XNAS", "buy"), ("N000.XNAS", "sell"), ("N001.XNAS", "buy"), ("N001.XNAS", "sell")
    ]  # fmt: skip
    fills = run_spec(spec, panel).simulation.journal.fills
    assert panel.sessions[fills.row[-1]].item().day == int(sold)


def bought(rehearsal: Rehearsal) -> list[float]:
    return [quantity for _, side, quantity, *_ in of_rehearsal(rehearsal).fills if side == "buy"]


def split_at(row: int, closes: list[float], volumes: list[float], start: str) -> Panel:
    actions = Actions(np.array([row]), np.array([0]), np.array([int(ActionKind.SPLIT)], np.int8), np.array([2.0]))
    prices = dict.fromkeys(("open", "high", "low", "close"), closes)
    return panel_of({**prices, "volume": volumes}, actions=actions, start=start)


class TestAnOrderThatASplitMakesLarger:
    """Sent as one quantity, it is twice that when it meets its bar, of which volume lets it have a little more."""

    def test_is_tried_again_where_targets_change_names(self) -> None:
        # 108 for 1300 at 12 become 216 at 6, and a tenth of 1100 trades
        panel = split_at(4, [10, 10, 10, 12, 6, 6, 6], [1e6, 1e6, 1e6, 1e6, 1_100, 1_100, 1e6], "2024-01-02")
        spec = spec_of(Threshold(level=11.0), panel, initial_capital=1_300, commission_bps=0)
        assert bought(assert_same(spec, panel)) == [110, 106]

    def test_is_gone_with_the_next_decision_where_it_is_carried_over(self) -> None:
        # 100 at 10 become 200 at 5; at the end of February 450 in cash and 110 at 3 are 260 shares
        panel = split_at(3, [10] * 3 + [5] * 15 + [3] * 8, [1e6] * 3 + [1_100] + [0] * 20 + [1e6] * 2, "2024-01-29")
        spec = spec_of(MonthEnd(), panel, initial_capital=1_000, commission_bps=0, dealing=Dealing(carry=True))
        assert bought(assert_same(spec, panel)) == [110, 150]


def test_limits_that_are_set_hold() -> None:
    made = random_market(3, 6, 60, AMERICA)
    spec = spec_of(Rebalanced(), made.panel)
    limits = Limits(collar=None, duplicate_window_s=None, quote_age_s=None, snapshot_age_s=None, position=0.01)
    stopped = replayed(spec, made.panel, limits=limits)
    assert {denied.verdict.code for denied in stopped.denied} == {Denial.MAX_POSITION}
    assert all(one.equity == one.cash for one in stopped.closes)

"""What was tested is what is traded: the past, replayed through the whole trader, is the backtest to the cent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.backtest.strategies import Averaged, Rebalanced
from tests.scale import scaled
from tests.trading.replaying import ACCOUNT, Died, Stage

from midas.backtest.result import Result
from midas.backtest.run import run as backtest
from midas.core.clock import ManualClock
from midas.core.order import OrderState
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.marketdata.universe import select
from midas.risk.kill import KillLevel
from midas.strategies.exits import Exit, StopLoss, TakeProfit, TimeStop, TrailingStop
from midas.strategies.registry import build
from midas.strategies.strategy import Strategy
from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.equity import Worth
from midas.trading.parity import parity
from midas.trading.tape import Tape

NAMES = ("AAPL", "MSFT", "GOOG")
STRATEGIES: Mapping[str, Mapping[str, object]] = {
    "sma_cross": {"fast": 5, "slow": 20},
    "momentum": {"lookback": 40, "skip": 2, "top": 2, "every": "week_end"},
    "rsi_reversion": {},
}
EXITS = [(StopLoss(0.03), TakeProfit(0.04)), (TimeStop(3),), (TrailingStop(0.03),)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    kept = Lake(tmp_path_factory.mktemp("lake"), ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    for raw in SampleSource().fetch(PullRequest(symbols=NAMES)):
        if raw.dataset == "sample":
            import_bars(kept, raw)
    return kept


def stage(lake: Lake, *names: str, **more: object) -> Stage:
    definitions = {name: build(name, STRATEGIES[name]) for name in names if name in STRATEGIES}
    request = {"symbols": [*NAMES], "feed": "replay:2010-01-04..2010-07-30", **more}
    return Stage(lake, definitions, request)


def backtested(lake: Lake, name: str) -> Result:
    panel = select(lake, None, NAMES).panel
    return backtest(build(name, STRATEGIES[name]), panel, start=date(2010, 1, 4), end=date(2010, 7, 30))


def assert_same(lived: Stage, result: Result) -> None:
    fills = [
        (str(fill.instrument), fill.side.value, float(fill.quantity), float(fill.price), fill.value, fill.commission)
        for fill in asyncio.run(lived.journal.fills(ACCOUNT))
    ]
    done = result.simulation.journal.fills
    names = [str(one.id) for one in result.panel.instruments]
    expected = [
        (names[column], "buy" if side > 0 else "sell", quantity, price, value, commission)
        for column, side, quantity, price, value, commission in zip(
            done.column.tolist(), done.side.tolist(), done.quantity.tolist(), done.price.tolist(), done.value.tolist(),
            done.commission.tolist(), strict=True,
        )
    ]  # fmt: skip
    assert len(expected) > 3
    assert fills == expected
    assert asyncio.run(lived.journal.balance(ACCOUNT)).cash == int(result.simulation.cash[-1])
    # and its tape, whole however often it died, says so too
    [run] = lived.definitions
    stored = lived.journal.store.accounts[ACCOUNT]
    tape = Tape.of(lived.journal.tape(run), [*stored.orders.values()], asyncio.run(lived.journal.fills(ACCOUNT)))
    told = parity(tape)
    assert (told.differences, told.through, tape.rows[-1].row + 1) == ([], date(2010, 7, 30), result.simulation.stop)


class TestReplay:
    @pytest.mark.parametrize("name", STRATEGIES)
    def test_is_the_backtest(self, lake: Lake, name: str) -> None:
        lived = stage(lake, name)
        asyncio.run(lived.live())
        assert_same(lived, backtested(lake, name))

    @pytest.mark.parametrize("name", STRATEGIES)
    def test_is_the_backtest_though_it_died_again_and_again(
        self, lake: Lake, name: str, record_property: Callable[[str, object], None]
    ) -> None:
        deaths = max(4, scaled(20))
        record_property("deaths", deaths)
        lived, rng = stage(lake, name), random.Random(name)
        for _ in range(deaths):
            left = rng.randint(1, 40)

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
        assert_same(lived, backtested(lake, name))

    @pytest.mark.parametrize("exits", EXITS, ids=lambda exits: type(exits[0]).__name__)
    @pytest.mark.parametrize("strategy", [Averaged, Rebalanced])
    def test_with_exits_beside_orders_of_every_bar_is_the_backtest(
        self, lake: Lake, strategy: type[Strategy], exits: tuple[Exit, ...]
    ) -> None:
        definition = replace(strategy().definition(), exits=exits)
        lived = stage(lake, "any")
        lived.definitions = {"any": definition}
        asyncio.run(lived.live())
        panel = select(lake, None, NAMES).panel
        assert_same(lived, backtest(definition, panel, start=date(2010, 1, 4), end=date(2010, 7, 30)))

    @pytest.mark.parametrize("row", [-3, -2, -1])
    def test_what_it_is_worth_is_known_though_it_died_with_the_last_row(self, lake: Lake, row: int) -> None:
        steps: list[str] = []
        whole = stage(lake, "any")
        whole.definitions, whole.reached = {"any": Rebalanced().definition()}, steps.append
        asyncio.run(whole.live())
        left = 1 + [place for place, step in enumerate(steps) if step == "after_row"][row]

        def dying(_place: str) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                raise Died

        lived = stage(lake, "any")
        lived.definitions, lived.reached = whole.definitions, dying
        with pytest.raises((Died, BaseExceptionGroup)):
            asyncio.run(lived.live())
        lived.reached = lambda _place: None
        asyncio.run(lived.live())
        worths = [
            Worth.from_bytes(each.journal.store.checkpoints[checkpoint_key("worth", ACCOUNT)].state)
            for each in (whole, lived)
        ]
        assert worths[0] == worths[1]
        tested = backtest(Rebalanced().definition(), select(lake, None, NAMES).panel, start=date(2010, 1, 4),
                          end=date(2010, 7, 30))  # fmt: skip
        assert int(worths[1].equity * 100) == int(tested.simulation.equity[-1])

    def test_several_runs_share_an_account(self, lake: Lake) -> None:
        lived = stage(lake, "sma_cross", "momentum", allotment="50000")
        office = asyncio.run(lived.live())
        fills = asyncio.run(lived.journal.fills(ACCOUNT))
        orders = {row.id: row for row in asyncio.run(lived.journal.orders(ACCOUNT, active=False))}
        runs = {orders[fill.order].intent.run for fill in fills}
        assert runs == {"sma_cross", "momentum"}
        held = asyncio.run(lived.journal.balance(ACCOUNT)).quantities
        assert held == asyncio.run(office.broker.holdings()).quantities
        assert not any(row.state is OrderState.UNKNOWN for row in orders.values())

    def test_a_pulled_switch_lets_nothing_out(self, lake: Lake, tmp_path: Path) -> None:
        lived = stage(lake, "sma_cross")
        lived.flag = tmp_path / "KILL"
        lived.flag.write_text("PAUSE")
        office = asyncio.run(lived.live())
        assert office.switch.level is KillLevel.PAUSE
        assert asyncio.run(lived.journal.fills(ACCOUNT)) == []
        denied = [audit for audit in lived.journal.audits(ACCOUNT) if audit.act == "order.denied"]
        assert denied
        assert {audit.detail["code"] for audit in denied if "code" in audit.detail} == {"killed"}

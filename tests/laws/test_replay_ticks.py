"""Ticks, replayed through loop, gate, journal and paper broker, are the backtest of the bars they make, to the cent.

Though a third of them is late and out of order, and though the trader dies again and again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from tests.marketdata.tick_market import DAYS, lake_of, made_up
from tests.scale import scaled
from tests.trading.replaying import ACCOUNT, Died, Stage

from midas.backtest.result import Result
from midas.backtest.run import run as backtest
from midas.core.timeframe import Timeframe
from midas.marketdata.feed import Tick
from midas.marketdata.lake import Lake
from midas.marketdata.universe import select
from midas.portfolio.journal import CAUSES
from midas.strategies.registry import build
from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.office import Office
from midas.trading.parity import parity
from midas.trading.tape import Tape

STRATEGIES: Mapping[str, Mapping[str, object]] = {
    "sma_cross": {"fast": 3, "slow": 8},
    "bollinger_reversion": {"period": 10},
}
LENGTH = "5m"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_of(tmp_path_factory.mktemp("lake"), made_up(11, 400))


def stage(lake: Lake, name: str, start: date, **more: object) -> Stage:
    request = {"universe": "ticks", "timeframe": LENGTH, "feed": f"replay:{start}..", **more}
    return Stage(lake, {name: build(name, STRATEGIES[name])}, request)


def backtested(lake: Lake, name: str, start: date) -> Result:
    panel = select(lake, "ticks", [], Timeframe.parse(LENGTH)).panel
    return backtest(build(name, STRATEGIES[name]), panel, start=start)


def fills_of(lived: Stage) -> list[tuple[object, ...]]:
    return [
        (
            str(fill.instrument), fill.side.value, float(fill.quantity), float(fill.price), fill.value,
            fill.commission, fill.tax, fill.cause,
        )
        for fill in asyncio.run(lived.journal.fills(ACCOUNT))
    ]  # fmt: skip


def expected(result: Result) -> list[tuple[object, ...]]:
    fills, names = result.simulation.journal.fills, [str(one.id) for one in result.panel.instruments]
    return [
        (
            names[fills.column[k]], "buy" if fills.side[k] > 0 else "sell", float(fills.quantity[k]),
            float(fills.price[k]), int(fills.value[k]), int(fills.commission[k]), int(fills.tax[k]),
            CAUSES[fills.cause[k] - 1] if fills.cause[k] else None,
        )
        for k in range(len(fills))
    ]  # fmt: skip


def assert_same(lived: Stage, office: Office, result: Result) -> None:
    assert len(expected(result)) > 3
    assert fills_of(lived) == expected(result)
    assert asyncio.run(lived.journal.balance(ACCOUNT)).cash == int(result.simulation.cash[-1])
    worth = office.gatekeeper.worth
    assert worth is not None
    assert worth.equity == Decimal(int(result.simulation.equity[-1])) / 100
    [run] = lived.definitions
    stored = lived.journal.store.accounts[ACCOUNT]
    tape = Tape.of(lived.journal.tape(run), [*stored.orders.values()], asyncio.run(lived.journal.fills(ACCOUNT)))
    told = parity(tape)
    assert (told.differences, told.unexplained, told.through) == ([], 0, DAYS[-1])
    assert tape.rows[-1].row + 1 == result.simulation.stop


def kept(lived: Stage) -> dict[str, bytes]:
    """What is known at the end of run, paper account, prices and worth, to the bit."""
    [run] = lived.definitions
    keys = [run, *(checkpoint_key(what, ACCOUNT) for what in ("paper", "quotes", "worth"))]
    found = {}
    for key in keys:
        point = asyncio.run(lived.journal.checkpoint(key))
        assert point is not None
        # a run's state begins with how many parts its tape was stored in, which goes by the clock
        found[key] = point.state[16:] if key == run else point.state
    return found


@pytest.mark.parametrize("name", STRATEGIES)
def test_ticks_trade_as_their_bars_were_tested_though_the_trader_died_again_and_again(lake: Lake, name: str) -> None:
    whole, lived, rng = stage(lake, name, DAYS[1]), stage(lake, name, DAYS[1]), random.Random(name)
    office, tested = asyncio.run(whole.live()), backtested(lake, name, DAYS[1])
    assert_same(whole, office, tested)
    died = 0
    for _ in range(max(3, scaled(20))):
        left = rng.randint(1, 60)

        def dying(_place: str) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                raise Died

        lived.reached = dying
        try:
            asyncio.run(lived.live())
        except (Died, BaseExceptionGroup):
            died += 1
            continue
        break
    assert died > 1
    lived.reached = lambda _place: None
    office = asyncio.run(lived.live())
    assert_same(lived, office, tested)
    assert kept(lived) == kept(whole)


def test_the_quotes_of_the_gate_follow_the_ticks(lake: Lake) -> None:
    # between two bars the last price is that of the last tick, not of the bar before
    lived, told = stage(lake, "sma_cross", DAYS[1], symbols=["AAA"]), list[tuple[Decimal | None, Decimal]]()

    async def heard() -> None:
        office = lived.office(1, None)  # type: ignore[arg-type]
        last_utc = None
        assert office.mission.feed is not None
        async for event in office.mission.feed.events(-1):
            office.quotes.hear(event, office.mission.feed.instruments)
            if isinstance(event, Tick) and (last_utc is None or event.stamp_utc >= last_utc):
                last_utc = event.stamp_utc
                told.append((office.quotes.last(event.instrument), Decimal(repr(event.price))))

    asyncio.run(heard())
    assert len(told) > 500
    off = [(found, price) for found, price in told if found != price]
    assert len(off) < len(told) / 20  # a bar that ended counts as told at its end

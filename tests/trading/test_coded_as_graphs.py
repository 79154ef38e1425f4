"""A strategy that is code does what a graph of the same rule does, to the cent."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.execution.markets import AMERICA, random_market
from tests.laws.test_blocks import in_minutes
from tests.trading.coding import ran

from midas.backtest.result import Result
from midas.backtest.run import run, run_spec
from midas.backtest.spec import spec_of
from midas.core.clock import SystemClock
from midas.core.errors import InvalidInput, StrategyInvalid
from midas.execution.dealing import Dealing
from midas.integrations.sample.source import SampleSource
from midas.marketdata.actions import Actions
from midas.marketdata.importing import pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.marketdata.universe import select
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.strategies.param import param
from midas.strategies.registry import build
from midas.trading.coded import run_code


class Hold(EventStrategy):
    """Every name that trades on the first bar, in equal weight, once."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        if not self.state:
            self.state["bought"] = True
            there = np.flatnonzero(np.isfinite(bar.close))
            for column in there.tolist():
                ctx.buy(1.0 / len(there) * ctx.equity / bar.close[column], column)


class Crossing(EventStrategy):
    """The cross of two averages of closes, each name in a slot of its own."""

    fast: int = param(20, 2, 250)
    slow: int = param(60, 3, 500)

    @property
    def warmup(self) -> int:  # type: ignore[override]
        return self.slow

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        closes = self.state.setdefault("closes", [])
        closes.append(bar.close.tolist())
        del closes[: -self.slow - 1]
        for column in range(len(ctx.symbols)) if len(closes) > self.slow and ctx.equity else ():
            before, now = self._lead(column, 1), self._lead(column, 0)
            if before <= 0.0 < now and not ctx.position(column):
                ctx.buy(1.0 / len(ctx.symbols) * ctx.equity / bar.close[column], column)
            elif now < 0.0 <= before:
                ctx.close(column)

    def _lead(self, column: int, ago: int) -> float:
        own = [row[column] for row in self.state["closes"]][: -ago or None]
        return math.fsum(own[-self.fast :]) / self.fast - math.fsum(own[-self.slow :]) / self.slow


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("lake"), SystemClock())
    pull_bars(lake, SampleSource(), PullRequest())
    return lake


def assert_same(code: Result, graph: Result) -> None:
    assert code.fills().rows() == graph.fills().rows()
    assert code.trades().rows() == graph.trades().rows()
    assert code.positions().rows() == graph.positions().rows()
    assert code.simulation.equity.tolist() == graph.simulation.equity.tolist()
    assert code.simulation.cash.tolist() == graph.simulation.cash.tolist()
    assert code.summary == graph.summary
    assert code.costs == graph.costs


class TestAGraphInCode:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"commission_bps": 12.5, "slippage_bps": 7.0, "benchmark": "IBM"},
            {"lots": "fractional", "initial_capital": 12_345.67, "start": "2004-03-01", "end": "2007-01-01"},
            {"dealing": Dealing(slippage="half_spread=1tick,sqrt=0.1", cash_rate=0.03)},
            {"dealing": Dealing(fill_at="close", settlement="venue"), "initial_capital": 300_000_000},
        ],
    )
    def test_bought_and_held(self, sample: Lake, options: dict[str, Any]) -> None:
        # splits and dividends of three names, one of which is listed later
        panel = select(sample, None, ["AAPL", "GOOG", "IBM"]).panel
        days = {name: np.datetime64(options[name]).item() for name in ("start", "end") if name in options}
        graph = run(build("buy_and_hold"), panel, **{**options, **days})
        assert len(graph.fills()) > 1
        assert_same(ran(Hold(), panel, **{**options, **days}), graph)

    def test_within_the_day(self) -> None:
        made = random_market(8, 3, 120, AMERICA).panel
        panel = in_minutes(replace(made, actions=Actions.none()), 30)
        graph = run(build("buy_and_hold"), panel, commission_bps=5.0)
        assert_same(ran(Hold(), panel, commission_bps=5.0), graph)

    def test_crossed(self, sample: Lake) -> None:
        # two names without a split or a dividend in these years: code sees raw prices, graphs adjusted ones
        panel = select(sample, None, ["AAPL", "GOOG"]).panel
        days = {"start": np.datetime64("2005-06-01").item(), "end": np.datetime64("2012-06-29").item()}
        graph = run(build("sma_cross"), panel, slippage_bps=3.0, **days)
        assert len(graph.trades()) > 20
        assert_same(ran(Crossing(), panel, slippage_bps=3.0, **days), graph)

    def test_code_is_no_graph_to_the_backtest_of_graphs_and_the_other_way_round(self, sample: Lake) -> None:
        panel = select(sample, None, ["AAPL"]).panel
        with pytest.raises(StrategyInvalid, match="'hold' is code"):
            run_spec(spec_of(Hold(), panel), panel)
        with pytest.raises(InvalidInput, match="is a graph"):
            run_code(Hold(), spec_of(build("sma_cross"), panel), panel)

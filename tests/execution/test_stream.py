"""A strategy one bar at a time: the backtest's targets to the bit, whatever was kept and taken up again."""

from __future__ import annotations

import numpy as np
import pytest
from tests.execution.markets import AMERICA, random_market

from midas.backtest.targets import targets
from midas.backtest.window import window
from midas.execution.state_bytes import from_bytes, to_bytes
from midas.execution.stream import Stream
from midas.factors.market import Market
from midas.factors.node import Node
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.forward import ForwardFields
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.strategies.plans import plan_of
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class Weekly(Strategy):
    """Reads weekly and monthly bars, a state, an average and the calendar."""

    every = Every.WEEK_END

    def targets(self, m: Market) -> Node:
        rising = m.at("1w").close > m.at("1mo").close
        return m.hold(entry=rising, exit=m.close < m.close.ema(5)).slot()


class Ranked(Strategy):
    """A cross-section over adjusted prices and volumes."""

    every = Every.MONTH_END

    def targets(self, m: Market) -> Node:
        return ((m.close.change(5) + m.volume.mean(3).rank()).rank() > 0.5).normalise()


def streamed(panel: Panel, strategy: Strategy, kills: set[int]) -> tuple[list[int], list[np.ndarray]]:
    definition, ground = strategy.definition(), Ground.of(panel)
    first = window(plan_of(definition), panel, None, None).first
    stream = Stream(definition, ground, first)
    rows, weights = [], []
    for event in Replay(panel).told():
        if isinstance(event, CorporateAction):
            stream.act(event)
        elif isinstance(event, BarRow):
            if event.row in kills:
                kept = to_bytes(stream.snapshot())
                stream = Stream(definition, ground, first)
                stream.restore(from_bytes(kept))
            found, _ = stream.step(event)
            if found is not None:
                rows.append(event.row)
                weights.append(found)
    return rows, weights


@pytest.mark.parametrize("strategy", [Weekly(), Ranked()])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_targets_are_those_of_the_backtest_to_the_bit(strategy: Strategy, seed: int) -> None:
    panel = random_market(seed, 5, 150, AMERICA).panel
    definition, ground = strategy.definition(), Ground.of(panel)
    plan = plan_of(definition)
    wanted = targets(plan, definition.every, panel, ground.venue.calendar, window(plan, panel, None, None))
    rows, weights = streamed(panel, strategy, {3, 70, 71, 120, 149})
    assert rows == wanted.rows.tolist()
    assert len(rows) > 2
    assert np.array_equal(np.array(weights).view(np.int64), wanted.weights.view(np.int64))


@pytest.mark.parametrize("seed", range(5))
def test_fields_are_those_of_a_panel_to_the_bit(seed: int) -> None:
    panel = random_market(seed, 7, 80, AMERICA).panel
    assert len(panel.actions) > 5
    names = [*panel.fields, "day_of_week", "is_month_end"]
    ground = Ground.of(panel)
    forward = ForwardFields(ground.venue, ground.instruments, names)
    for event in Replay(panel).told():
        if isinstance(event, CorporateAction):
            forward.act(event)
        elif isinstance(event, BarRow):
            if event.row == 40:
                kept = from_bytes(to_bytes(forward.snapshot()))
                forward = ForwardFields(ground.venue, ground.instruments, names)
                forward.restore(kept)
            found = forward.step(event)
            for name in names:
                wanted = panel.matrix(name)[event.row]
                assert np.array_equal(found[name], wanted, equal_nan=True), (name, event.row)


class TestStateBytes:
    def test_come_back_as_they_were(self) -> None:
        tree = {"a": np.arange(6.0).reshape(2, 3), "b": [1, None, "x\n", {"c": np.array([np.nan, -0.0])}], "d": True}
        back = from_bytes(to_bytes(tree))
        assert np.array_equal(back["a"], tree["a"])
        assert back["b"][:3] == [1, None, "x\n"]
        assert back["b"][3]["c"].tobytes() == np.array([np.nan, -0.0]).tobytes()
        back["a"][0, 0] = 9.0

    @pytest.mark.parametrize("data", [b"", b"pickle", to_bytes({"a": np.arange(3)})[:-1], to_bytes([1]) + b"x"])
    def test_of_something_else_are_refused(self, data: bytes) -> None:
        with pytest.raises(ValueError, match="state"):
            from_bytes(data)

    def test_hold_nothing_that_could_run(self) -> None:
        with pytest.raises(TypeError):
            to_bytes({"a": object()})
        with pytest.raises(TypeError):
            to_bytes(np.array([object()]))

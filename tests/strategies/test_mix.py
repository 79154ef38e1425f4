"""Mixes against each strategy heard on its own schedule, held and summed in plain loops."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.execution.markets import AMERICA, random_market

from midas.backtest.run import run
from midas.backtest.targets import Targets, targets
from midas.backtest.window import Window
from midas.core.errors import NotFound, StrategyInvalid
from midas.factors.evaluate import evaluate
from midas.factors.plan import compile_plan
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.exits import StopLoss
from midas.strategies.mix import Share, mix
from midas.strategies.registry import build
from midas.strategies.schedule import Every
from midas.strategies.yaml_form import load_yaml
from midas.venues.catalogue import venue

CROSS = build("sma_cross", {"fast": 3, "slow": 9})
WEEKLY = build("momentum", {"lookback": 10, "skip": 2, "top": 2, "every": "week_end"})
MONTHLY = build("dual_momentum", {"lookback": 8, "top": 2})
ALWAYS = build("low_volatility", {"every": "bar", "lookback": 10, "bottom": 2})
ONCE = build("buy_and_hold")
KINDS = {"change": CROSS, "week_end": WEEKLY, "month_end": MONTHLY, "bar": ALWAYS, "once": ONCE}


def market(seed: int = 8) -> Panel:
    return random_market(seed, 5, 130, AMERICA).panel


def targets_of(one: Definition, panel: Panel, first: int) -> Targets:
    rows = Window(0, first, first, panel.rows)
    return targets(compile_plan(one.targets), one.every, panel, venue(panel.venue).calendar, rows)


def heard(one: Definition, panel: Panel, first: int) -> list[list[float]]:
    """What a strategy said last, row by row from `first` on; on a schedule a name without a bar is not met."""
    said = targets_of(one, panel, first)
    closes = panel.matrix("close")
    by_row = {int(row): weights for row, weights in zip(said.rows, said.weights, strict=True)}
    last, found = [0.0] * panel.columns, []
    for row in range(first, panel.rows):
        weights = by_row.get(row)
        if weights is not None and not all(map(math.isnan, weights)):
            for name, weight in enumerate(weights):
                if one.every is Every.CHANGE:
                    last[name] = last[name] if math.isnan(weight) else weight
                elif not math.isnan(closes[row, name]):
                    last[name] = 0.0 if math.isnan(weight) else weight
        found.append(list(last))
    return found


class TestTargets:
    @pytest.mark.parametrize(("seed", "first"), [(3, 40), (8, 40), (8, 0), (21, 1)])
    @pytest.mark.parametrize(
        "parts",
        [("change", "week_end"), ("month_end", "bar"), ("once", "month_end"), ("week_end", "week_end"), tuple(KINDS)],
    )
    def test_are_the_shares_of_what_each_said_last(self, parts: tuple[str, ...], seed: int, first: int) -> None:
        panel, shares = market(seed), [0.5, 0.3, 0.25, -0.2, 0.1][: len(parts)]
        mixed = mix("mixed", [Share(KINDS[part], share) for part, share in zip(parts, shares, strict=True)])
        plan = compile_plan(mixed.targets)
        wanted = np.arange(first, panel.rows)
        ours = evaluate(plan, panel, 0, panel.rows, wanted, state_from=first)
        plain = sum(
            share * np.array(heard(KINDS[part], panel, first)) for part, share in zip(parts, shares, strict=True)
        )
        np.testing.assert_allclose(ours, plain, rtol=0, atol=1e-15)
        assert (np.diff(plain, axis=0) != 0.0).any()

    def test_one_schedule_is_kept_and_several_make_it_change(self) -> None:
        assert mix("m", [Share(WEEKLY, 0.5), Share(replace(WEEKLY, name="other"), 0.5)]).every is Every.WEEK_END
        assert mix("m", [Share(CROSS, 0.5), Share(CROSS, 0.5)]).every is Every.CHANGE
        assert mix("m", [Share(WEEKLY, 0.5), Share(MONTHLY, 0.5)]).every is Every.CHANGE
        assert mix("m", [Share(ONCE, 0.5), Share(ONCE, 0.5)]).every is Every.CHANGE


class TestRuns:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_mix_of_one_is_that_strategy_to_the_bit(self, kind: str) -> None:
        panel, one = market(), KINDS[kind]
        alone, mixed = (run(each, panel) for each in (one, mix("mixed", [Share(one, 1.0)])))
        assert len(alone.fills()) > 0
        assert mixed.equity.tobytes() == alone.equity.tobytes()
        assert mixed.fills().equals(alone.fills())
        assert mixed.rejects().equals(alone.rejects())

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_strategy_and_its_negation_trade_nothing(self, kind: str) -> None:
        one = KINDS[kind]
        against = replace(one, name="against", targets=-one.targets)
        result = run(mix("nothing", [Share(one, 0.5), Share(against, 0.5)]), market())
        assert len(result.fills()) == len(result.rejects()) == 0
        assert (result.equity == result.equity[0]).all()

    def test_opposite_orders_net_and_cost_once(self) -> None:
        panel = market()
        less = replace(WEEKLY, name="less", targets=-WEEKLY.targets)
        half = run(mix("half", [Share(WEEKLY, 0.5)]), panel, commission_bps=10)
        netted = run(mix("netted", [Share(WEEKLY, 0.75), Share(less, 0.25)]), panel, commission_bps=10)
        assert netted.costs["traded"] == pytest.approx(half.costs["traded"], rel=0.05)

    def test_what_each_asked_for_is_stored_and_sums_to_the_whole(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        from midas.backtest.artifact import load, save

        panel = market()
        mixed = mix("mixed", [Share(CROSS, 0.5), Share(WEEKLY, 0.3), Share(WEEKLY, 0.2)])
        result = run(mixed, panel)
        save(result, tmp_path / "result")
        told = load(tmp_path / "result").contributions()
        assert told.equals(result.contributions())
        assert set(told["strategy"]) == {"sma_cross", "momentum", "momentum-2"}
        first = result.simulation.first
        total = np.zeros((panel.rows - first, panel.columns))
        row_of = {day: row for row, day in enumerate(panel.sessions[first:].tolist())}
        columns = {str(one.id): column for column, one in enumerate(panel.instruments)}
        for (_, symbol), part in told.group_by("strategy", "symbol"):
            last = np.zeros(panel.rows - first)
            for day, target in part.sort("ts").select("ts", "target").iter_rows():
                last[row_of[day] :] = target
            total[:, columns[str(symbol)]] += last
        wanted = evaluate(
            compile_plan(mixed.targets), panel, 0, panel.rows, np.arange(first, panel.rows), state_from=first
        )
        np.testing.assert_allclose(total, wanted, rtol=0, atol=1e-15)

    def test_a_strategy_alone_asks_on_its_own_schedule(self) -> None:
        panel = market()
        result = run(mix("mixed", [Share(WEEKLY, 1.0)]), panel)
        told, first = result.contributions(), result.simulation.first
        spoken = {panel.sessions[row].item() for row in targets_of(WEEKLY, panel, first).rows}
        assert len(told) > 5
        assert set(told["ts"]) <= spoken


class TestForms:
    TEXT = """name: blend
mix:
- {strategy: sma_cross, share: 0.5, params: {fast: 3, slow: 9}}
- {strategy: dual_momentum, share: 0.25}
"""

    def test_a_file_is_the_same_mix(self) -> None:
        made = mix("blend", [Share(CROSS, 0.5), Share(build("dual_momentum"), 0.25)])
        read = load_yaml(self.TEXT)
        assert read == made
        assert [(part.name, part.share) for part in read.mix] == [("sma_cross", 0.5), ("dual_momentum", 0.25)]

    def test_a_graph_keeps_its_parts(self) -> None:
        made = load_yaml(self.TEXT)
        again = Definition.from_graph_json(made.graph_json())
        assert again == made
        assert again.mix == made.mix

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("mix: 3", "must be a list"),
            ("mix: [{strategy: sma_cross}]", "needs a strategy and a share"),
            ("mix: [{strategy: sma_cross, share: much}]", "a number"),
            ("mix: [{strategy: sma_cross, share: 0}]", "cannot be 0"),
            ("mix: [{strategy: sma_cross, share: 1, params: {fast: 900}}]", "Line 2"),
            ("mix: []", "has 0 strategies"),
            ("mix: [{strategy: sma_cross, share: 1}]\ntargets: close", "has no key 'targets'"),
        ],
    )
    def test_what_is_none_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(StrategyInvalid, match=message):
            load_yaml(f"name: blend\n{text}\n")

    def test_an_unknown_strategy(self) -> None:
        with pytest.raises(NotFound, match="no strategy 'nobody'"):
            load_yaml("name: blend\nmix: [{strategy: nobody, share: 1}]\n")

    def test_exits_close_what_others_hold(self) -> None:
        guarded = replace(CROSS, exits=(StopLoss(0.1),))
        with pytest.raises(StrategyInvalid, match="has exits"):
            mix("m", [Share(guarded, 0.5), Share(WEEKLY, 0.5)])
        assert mix("m", [Share(guarded, 1.0)]).exits == (StopLoss(0.1),)

"""Parameters side by side are the ordinary trials: the same money, the same refusals, and no graph guessed wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.backtest.test_apart import market

from midas.backtest.hypothesis import configuration_of
from midas.backtest.lanes import KEPT
from midas.backtest.period import NEVER
from midas.backtest.search import Search
from midas.backtest.setting import Setting
from midas.backtest.spread import spread_of
from midas.backtest.subject import subject_of
from midas.backtest.sweep import base_spec, sweep
from midas.backtest.sweep_plan import plan_sweep
from midas.backtest.together import Together
from midas.backtest.trials import params_of
from midas.core.errors import InvalidInput
from midas.factors.market import Market
from midas.factors.node import Node, constant
from midas.factors.symbol import NotSymbolic, Symbol
from midas.strategies.library.bollinger_reversion import BollingerReversion
from midas.strategies.library.ema_cross import EmaCross
from midas.strategies.library.rsi_reversion import RsiReversion
from midas.strategies.library.sma_cross import SmaCross
from midas.strategies.param import param
from midas.strategies.strategy import Strategy

COUNTED = [KEPT.index(key) for key in ("total_return", "trades", "win_rate", "fees", "time_in_market")]


class Branches(Strategy):
    """Its graph depends on what a parameter is."""

    n: int = param(5, 2, 80)

    def targets(self, m: Market) -> Node:
        return (m.close > (m.close.mean(self.n) if self.n < 40 else m.close.min(3))).slot()


class Computes(Strategy):
    """It calculates with a parameter."""

    n: int = param(5, 2, 80)

    def targets(self, m: Market) -> Node:
        return (m.close > m.close.mean(2 * self.n)).slot()


class Meets(Strategy):
    """Parts of its graph are one where its parameters are equal, or 7."""

    n: int = param(5, 2, 80)
    k: int = param(6, 2, 80)

    def targets(self, m: Market) -> Node:
        return (m.close.mean(self.n) + m.close.mean(self.k) > m.close.mean(7) * 2).slot()


class Loops(Strategy):
    """It counts with a parameter."""

    n: int = param(5, 2, 80)

    def targets(self, m: Market) -> Node:
        total = m.close
        for _ in range(self.n % 3):
            total = total + m.close.mean(4)
        return (total > 100).slot()


def both_ways(kind: type[Strategy], panel: Any, grid: dict[str, str], **options: Any) -> tuple[Any, Any, Any, Any]:
    plan = plan_sweep(subject_of(kind), grid)
    base = base_spec(plan, panel, **options)
    setting = Setting.of(panel, base.terms(panel.currency))
    quick = spread_of(plan.subject, plan.axes, base, setting)
    picks = plan.start().ask()
    ordinary = Search(plan, base, setting, None)
    return quick, picks, ordinary, ordinary.run()


@pytest.mark.parametrize(
    ("kind", "grid"),
    [
        (SmaCross, {"fast": "2:11:3", "slow": "5:60:5"}),
        (SmaCross, {"fast": "5,240", "slow": "6:250:40"}),
        (EmaCross, {"fast": "2:11:3", "slow": "12:30:3"}),
        (RsiReversion, {"period": "2:8:2", "lower": "30:60:10", "upper": "40:70:10"}),
        (BollingerReversion, {"period": "3:30:5", "width": "0.5:2.5:0.5"}),
    ],
)
@pytest.mark.parametrize(
    ("panel", "options"),
    [
        (market(21, columns=1), {"slippage_bps": 3.0}),
        (market(22, columns=1, acting=True), {"commission_bps": 10}),
        (market(23, columns=1, venue="XKRX"), {"initial_capital": 50_000_000}),
    ],
)
def test_every_combination_is_the_ordinary_trial(
    kind: type[Strategy], grid: dict[str, str], panel: Any, options: dict[str, Any]
) -> None:
    quick, picks, ordinary, trials = both_ways(kind, panel, grid, **options)
    expected, first = trials.values, panel.row_range(ordinary.base.start, None)[0]
    firsts, because = quick.firsts(picks)
    assert (picks[firsts <= first] == trials.picks).all()
    assert ((firsts == NEVER).sum(), ((firsts > first) & (firsts < NEVER)).sum()) == (ordinary.refused, ordinary.late)
    assert because == "" or because == ordinary.because
    values = quick.answer(trials.picks, first)
    assert np.array_equal(values[:, COUNTED], expected[:, COUNTED], equal_nan=True)
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
    assert len(trials) > 2


@pytest.mark.parametrize(
    ("kind", "grid"),
    [
        (SmaCross, {"fast": "2:11:1", "slow": "3:60:5"}),
        (RsiReversion, {"period": "2:8:2", "lower": "30:60:10", "upper": "30:70:10"}),
        (BollingerReversion, {"period": "2:30:1", "width": "0.5:2.5:0.5"}),
        (Meets, {"n": "3:9:1", "k": "2:8:1"}),
    ],
)
def test_configurations_made_at_once_are_those_of_each(kind: type[Strategy], grid: dict[str, str]) -> None:
    plan = plan_sweep(subject_of(kind), grid)
    panel = market(24, columns=1)
    base = base_spec(plan, panel, start=np.datetime64("2021-06-01").item())
    quick = spread_of(plan.subject, plan.axes, base, Setting.of(panel, base.terms(panel.currency)))
    assert quick is not None
    picks, made = [], []
    for pick in plan.start().ask():
        try:
            made.append(plan.subject.definition(params_of(plan.axes, pick)))
        except InvalidInput:
            continue
        picks.append(pick)
    expected = [configuration_of(each, base.symbols, base.start, base.end, base.dealing) for each in made]
    assert quick.configurations(np.array(picks)) == expected
    assert len(set(expected)) == len(expected) > 30


@pytest.mark.parametrize("kind", [Branches, Computes, Loops])
def test_a_graph_that_is_not_the_same_for_all_is_never_guessed(kind: type[Strategy]) -> None:
    panel = market(24, columns=1)
    quick, *_ = both_ways(kind, panel, {"n": "2:5:1"})
    assert quick is None
    found = sweep(kind, panel, {"n": "2:62:1"})
    assert len(found.trials) == 61


def test_a_sweep_takes_the_quick_way_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Together, "stories", None)
    found = sweep(SmaCross, market(21, columns=1), {"fast": "2:11:1", "slow": "12:60:4"})
    assert len(found.trials) == 130
    assert found.result is not None
    assert found.best_score == pytest.approx(found.result.summary["sharpe"], rel=1e-12)


PLAIN: list[Callable[[Symbol], object]] = [
    lambda n: n + 1, lambda n: 2 * n, lambda n: -n, lambda n: n > 3, lambda n: n <= 3, lambda n: n == 5, int, float,
    bool, hash, range, lambda n: [1] * n, str, lambda n: f"{n}", lambda n: max(n, 3), round, lambda n: {n: 1}, abs,
]  # fmt: skip


@pytest.mark.parametrize("use", PLAIN)
def test_a_symbol_does_nothing_a_number_would_do(use: Callable[[Symbol], object]) -> None:
    with pytest.raises((NotSymbolic, TypeError)):
        use(Symbol("n", 5))


def test_a_symbol_may_meet_a_node() -> None:
    m, n = Market(), Symbol("n", 5)
    for made in (n * m.close, m.close * n, m.close < n, n < m.close, n / m.close, m.close.mean(n), constant(n)):
        assert isinstance(made, Node)
    assert repr((m.close * n).inputs[1].arguments) == "(<n>,)"


def test_dates_without_a_session_are_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match="no session"):
        sweep(
            SmaCross, market(21, columns=1), {"fast": "2:11:1", "slow": "12:60:4"},
            start=np.datetime64("2031-01-01").item(),
        )  # fmt: skip

"""Strategies by instruments: each pair is its own ordinary run, and the best of each is the best."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.factors.markets import bars, panel_of

from midas.backtest.evaluation import evaluate, of_library
from midas.backtest.run import run
from midas.core.errors import InvalidInput
from midas.execution.dealing import Dealing
from midas.execution.exchange import AccountCurrency, Rates
from midas.strategies.registry import build

PANEL = panel_of(bars(420, 3, seed=11, gaps=0.01))
RATES = Rates("USD", "KRW", PANEL.sessions, 1_200.0 + np.arange(PANEL.rows), "USDKRW (made)", "v1")
CHOSEN = (build("sma_cross", {"fast": 5, "slow": 20}), build("rsi_reversion", {"period": 5}), build("buy_and_hold"))


@pytest.mark.parametrize(
    "options",
    [
        {"commission_bps": 5},
        {"dealing": Dealing(fill_at="close", slippage="bps=4")},
        {"dealing": Dealing(settlement="venue", cash_rate=0.04)},
        {"account": AccountCurrency("KRW"), "rates": RATES, "initial_capital": 10**8},
    ],
)
def test_each_pair_is_the_ordinary_run_of_one_instrument_from_the_session_all_begin_on(
    options: dict[str, Any],
) -> None:
    found = evaluate(PANEL, CHOSEN, **options)
    assert [*found.refused] == [("S0000.XNAS", "rsi_reversion")]
    for column in range(3):
        for place, definition in enumerate(CHOSEN):
            if (found.symbols[column], definition.name) in found.refused:
                assert np.isnan(found.values[column, place]).all()
                continue
            alone = run(definition, PANEL.select([column]), **options, start=found.starts[column].item())
            for at, key in enumerate(found.measures):
                expected = alone.summary[key]
                assert found.values[column, place, at] == pytest.approx(
                    np.nan if expected is None else expected, rel=1e-9, abs=1e-12, nan_ok=True
                )


@pytest.mark.parametrize("metric", ["sharpe", "best_month"])
def test_all_strategies_begin_on_the_session_the_slowest_of_them_can(metric: str) -> None:
    panel = panel_of(bars(420, 2, seed=12))
    found = evaluate(panel, CHOSEN, metric=metric)
    for column in range(2):
        firsts = [run(definition, panel.select([column])).sessions[0] for definition in CHOSEN]
        assert len({*firsts}) == 3
        assert found.starts[column] == max(firsts)
    assert found.begun() == found.starts.tolist()
    asked = panel.sessions[250].item()
    assert evaluate(panel, CHOSEN, metric=metric, start=asked).begun() == [asked, asked]


def test_the_best_of_each_instrument() -> None:
    found = evaluate(PANEL, CHOSEN, metric="max_drawdown")
    assert [row[best] for row, best in zip(found.scores(), found.best(), strict=True)] == [
        max(row) for row in found.scores()
    ]
    least = evaluate(PANEL, CHOSEN, metric="volatility")
    assert [row[best] for row, best in zip(least.scores(), least.best(), strict=True)] == [
        min(row) for row in least.scores()
    ]


def test_without_a_choice_it_is_the_library() -> None:
    found = evaluate(PANEL.select([0]))
    assert found.strategies == tuple(definition.name for definition in of_library())
    assert found.frame().height == len(found.strategies)
    assert set(found.frame()["symbol"]) == {"S0000.XNAS"}


@pytest.mark.parametrize("metric", ["sharpe", "total_return", "max_drawdown", "trades"])
def test_what_cannot_be_run_says_why_and_has_no_score(metric: str) -> None:
    found = evaluate(PANEL, (build("sma_cross", {"fast": 5, "slow": 450}), CHOSEN[2]), metric=metric)
    assert np.isnan(found.scores()[:, 0]).all()
    assert "needs" in found.refused["S0001.XNAS", "sma_cross"]
    assert found.best() == (1, 1, 1)
    nothing = evaluate(PANEL, (build("sma_cross", {"fast": 5, "slow": 450}),))
    assert nothing.best() == (None, None, None)


def test_a_measure_there_is_not() -> None:
    with pytest.raises(InvalidInput, match="There is no measure 'sharp'"):
        evaluate(PANEL, CHOSEN, metric="sharp")


def test_dates_without_a_session_are_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match="no session"):
        evaluate(PANEL, CHOSEN, start=np.datetime64("2031-01-01").item())

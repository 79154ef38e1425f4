"""Other paths of a stored backtest, over HTTP and inside."""

from __future__ import annotations

import numpy as np
import pytest

from midas.backtest.monte_carlo import bootstrap, shuffled_trades
from midas.core.errors import InvalidInput, MidasError, NotFound
from midas.portfolio.measures.sample import simple_returns


@pytest.fixture(scope="module")
def loaded(client, prices):
    client.datasets.import_file(prices, "XNAS", name="small")
    return client


@pytest.fixture
def made(loaded):
    return loaded.backtests.run("buy_and_hold", universe="small")


def test_sessions_drawn_again_are_those_of_the_stored_equity(loaded, made):
    found = loaded.backtests.monte_carlo(made.id, paths=200)
    returns = simple_returns(made.equity()["equity"].to_numpy())
    told = bootstrap(returns, 200, made.settings["periods_per_year"]).to_json()
    assert found.model_dump() == {"backtest": made.id, **told}


def test_noise_runs_it_again(loaded, made):
    found = loaded.backtests.monte_carlo(made.id, "noise", 3)
    assert (found.method, found.paths) == ("noise", 3)
    assert found.total_return.observed == pytest.approx(made.summary["total_return"], abs=1e-3)


def test_trades_need_to_have_been_closed(loaded, made):
    with pytest.raises(InvalidInput, match="0 closed trades"):
        loaded.backtests.monte_carlo(made.id, "trades")


def test_closed_trades_are_put_in_another_order(loaded):
    # AAA rises every day: bought after 12.5, sold after 13.5; BBB falls every day: bought at once, sold below 18
    rule = "name: odd\ntargets: (((close > 12) & (close < 13)) | ((close > 18) & (close < 25))).slot()\nevery: bar\n"
    made = loaded.backtests.run(rule, universe="small")
    closed = made.trades().drop_nulls("exit_ts").sort("exit_ts", "symbol")["pnl"].to_numpy()
    assert len(closed) == 2
    found = loaded.backtests.monte_carlo(made.id, "trades", 50)
    assert found.model_dump() == {"backtest": made.id, **shuffled_trades(np.array(closed), 100_000.0, 50).to_json()}


@pytest.mark.parametrize(
    "asked", [{"method": "tarot"}, {"paths": 0}, {"paths": 10**9}, {"noise": 0.0}, {"method": "noise", "paths": 5_000}]
)
def test_what_makes_no_sense_is_refused(loaded, made, asked):
    with pytest.raises(InvalidInput):
        loaded.backtests.monte_carlo(made.id, **asked)


def test_a_backtest_that_is_not_there(loaded):
    with pytest.raises(NotFound):
        loaded.backtests.monte_carlo("beef")


def test_blurring_prices_that_are_gone(loaded):
    made = loaded.backtests.run("buy_and_hold", universe="small", slippage_bps=7)
    loaded.datasets.delete("small")
    with pytest.raises(MidasError) as refusal:
        loaded.backtests.monte_carlo(made.id, "noise", 2)
    assert refusal.value.code == "data_changed"

"""A run told as other libraries tell it: fed with the run's own series, stored or not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from tests.backtest.strategies import Rebalanced
from tests.execution.markets import AMERICA, KOREA, random_market

from midas.backtest.artifact import load, save
from midas.backtest.record import record_of
from midas.backtest.result import Result
from midas.backtest.run import run
from midas.core.errors import InvalidInput
from midas.portfolio.measures.conventions.catalogue import CONVENTIONS

near = pytest.approx


@pytest.fixture(scope="module")
def result() -> Result:
    return run(Rebalanced(), random_market(21, 5, 120, AMERICA).panel, slippage_bps=3, lots="fractional")


class TestRecord:
    def test_it_is_the_runs_own_series(self, result: Result) -> None:
        record = record_of(result.equity_frame(), result.trades(), result.fills())
        assert record.traded.sum() == near(result.costs["traded"], rel=1e-6)
        assert record.fees == near(result.costs["commission"] + result.costs["tax"])
        assert (record.equity == result.equity).all()
        assert record.trades.closed.sum() == result.summary["trades"]
        assert (~record.trades.closed).sum() == result.summary["open_trades"]
        exits = result.trades()["exit_ts"].drop_nulls().sort()
        assert np.unique(np.diff(exits.to_numpy()) >= np.timedelta64(0)).all()
        bought = result.fills()
        first = bought.filter(bought["ts"] == bought["ts"][0])
        at = int(np.flatnonzero(record.days == np.datetime64(first["ts"][0]))[0])
        assert record.traded[at] == near(float((first["quantity"] * first["price"]).to_numpy().sum()))
        assert not record.traded[:at].any()


class TestMeasures:
    def test_without_a_library_it_is_the_summary(self, result: Result) -> None:
        assert result.measures() == result.summary

    def test_numbers_that_must_agree_whoever_counts(self, result: Result) -> None:
        ours = result.summary
        said = {library: result.measures(library) for library in CONVENTIONS}
        total = near(ours["total_return"])
        assert said["quantstats"]["comp"] == said["pyfolio"]["Cumulative returns"] == total
        assert said["lean"]["Net Profit"] == total
        assert said["quantstats"]["max_drawdown"] == said["pyfolio"]["Max drawdown"] == near(ours["max_drawdown"])
        assert said["freqtrade"]["profit_total_abs"] == near(float(result.trades()["pnl"].to_numpy().sum()))
        assert said["lean"]["Win Rate"] == near(ours["win_rate"])
        assert said["lean"]["Beta"] == said["pyfolio"]["Beta"] == near(ours["beta"])
        assert said["pyfolio"]["Gross leverage"] == near(result.gross_exposure.mean())

    def test_years_are_counted_differently(self, result: Result) -> None:
        periods = float(str(result.settings["periods_per_year"]))
        sharpe = result.summary["sharpe"]
        assert sharpe is not None
        assert result.measures("quantstats")["sharpe"] == near(sharpe * math.sqrt(252 / periods))
        assert result.measures("qlib")["information_ratio"] == near(sharpe * math.sqrt(238 / periods))

    def test_a_stored_result_says_the_same(self, result: Result, tmp_path: Path) -> None:
        save(result, tmp_path / "r")
        stored = load(tmp_path / "r")
        assert stored.measures() == result.measures()
        for library in CONVENTIONS:
            assert stored.measures(library) == result.measures(library)

    def test_an_unknown_library_is_refused(self, result: Result) -> None:
        with pytest.raises(InvalidInput, match="zipline"):
            result.measures("zipline")

    def test_a_run_without_a_trade(self) -> None:
        empty = run(Rebalanced(), random_market(21, 1, 5, KOREA).panel, initial_capital=1)
        for library in CONVENTIONS:
            assert all(value is None or math.isfinite(value) for value in empty.measures(library).values())


def test_capacity_is_where_few_fills_would_crowd_their_bar() -> None:
    market = random_market(21, 5, 120, AMERICA).panel
    found = run(Rebalanced(), market, lots="fractional")
    columns = {str(one.id): place for place, one in enumerate(market.instruments)}
    rows = {day: row for row, day in enumerate(market.sessions.astype("datetime64[D]").astype(str))}
    crowding = []
    for fill in found.fills().iter_rows(named=True):
        row = rows[str(fill["ts"])]
        volume = market.series("raw_volume", columns[fill["symbol"]])[row]
        crowding.append(fill["quantity"] / volume / found.equity[row - 1 - found.simulation.first])
    assert len(crowding) > 20
    assert found.summary["capacity"] == near(0.01 / np.quantile(crowding, 0.95))
    nothing = run(Rebalanced(), random_market(21, 1, 5, KOREA).panel, initial_capital=1)
    assert nothing.summary["capacity"] is None

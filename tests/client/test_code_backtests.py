"""Strategies that are code, from a Python process: run here, stored as any backtest, refused everywhere else."""

from __future__ import annotations

import numpy as np
import pytest

from midas.core.errors import InvalidInput, MidasError, Refused, StrategyInvalid
from midas.strategies.event import EventStrategy
from midas.strategies.param import param

SIZE = 3


class Dips(EventStrategy):
    """Buys what fell, sells what rose."""

    least: float = param(0.5, 0.0, 10.0)

    def on_bar(self, ctx, bar):
        before = self.state.setdefault("before", [float("nan")] * len(ctx.symbols))
        for column, close in enumerate(bar.close.tolist()):
            if before[column] - close > self.least:
                ctx.buy(SIZE, column)
            elif ctx.position(column) and close - before[column] > self.least:
                ctx.close(column)
        self.state["before"] = bar.close.tolist()


class Failing(Dips):
    def on_bar(self, ctx, bar):
        if bar.row == 3:
            raise ZeroDivisionError("too much")
        super().on_bar(ctx, bar)


@pytest.fixture(scope="module")
def loaded(embedded, prices):
    embedded.datasets.import_file(prices, "XNAS", name="small")
    return embedded


@pytest.fixture(scope="module")
def stored(loaded):
    return loaded.backtests.run(Dips(), universe="small", commission_bps=3.0)


class TestStored:
    def test_as_any_other(self, loaded, stored):
        shown = loaded.backtests.show(stored.id)
        assert shown.model_dump(exclude={"cached"}) == stored.model_dump(exclude={"cached"})
        assert [each.id for each in loaded.backtests.list("dips")] == [stored.id]
        assert stored.identity.startswith(stored.id)
        assert (stored.strategy, stored.params) == ("dips", {"least": 0.5, "every": "bar"})
        assert stored.luck is not None
        assert set(stored.fills()["symbol"]) == {"BBB.XNAS"}
        assert stored.fills()["commission"].sum() > 0
        assert stored.equity().height == 6
        assert stored.trades().height == 1
        assert "dips" in stored.tear_sheet()
        assert stored.measures()["cagr"] == stored.summary["cagr"]

    def test_every_series_is_exported(self, loaded, stored):
        for name in ("equity", "fills", "trades", "positions", "rejects", "contributions"):
            for form in ("json", "csv", "parquet"):
                assert loaded.backtests.export(stored.id, name, form)

    def test_costs_and_lots_count(self, loaded, stored):
        free = loaded.backtests.run(Dips(), universe="small", commission_bps=0.0)
        assert free.id != stored.id
        assert free.costs["commission"] == 0.0 < stored.costs["commission"]
        slipped = loaded.backtests.run(Dips(), universe="small", slippage_bps=50.0)
        assert slipped.costs["slippage"] > free.costs["slippage"]


class TestIdentity:
    def test_is_the_same_for_the_same_question_which_is_asked_anew(self, loaded, stored):
        again = loaded.backtests.run(Dips, universe="small", commission_bps=3.0)
        assert (again.identity, again.summary, again.cached) == (stored.identity, stored.summary, False)
        assert again.warnings == stored.warnings

    def test_differs_with_parameters_data_and_code(self, loaded, stored, monkeypatch):
        asked = {"universe": "small", "commission_bps": 3.0}
        found = [
            loaded.backtests.run(Dips(least=0.6), **asked).identity,
            loaded.backtests.run(Dips, {"least": 0.7}, **asked).identity,
            loaded.backtests.run(Dips(), **asked | {"start": "2024-01-03"}).identity,
            loaded.backtests.run(Dips(), symbols=["AAA"], commission_bps=3.0).identity,
        ]
        monkeypatch.setattr("tests.client.test_code_backtests.SIZE", 4)
        found.append(loaded.backtests.run(Dips(), **asked).identity)
        assert len({stored.identity, *found}) == 6

    def test_what_goes_by_more_than_that_is_said(self, loaded):
        class Moody(EventStrategy):
            def on_bar(self, ctx, bar):
                ctx.buy(np.random.default_rng().integers(1, 100))

        first = loaded.backtests.run(Moody(), universe="small")
        assert not any("did otherwise" in warning for warning in first.warnings)
        second = loaded.backtests.run(Moody(), universe="small")
        assert second.id == first.id
        assert any("did otherwise" in warning for warning in second.warnings)

    def test_every_change_of_the_code_is_a_try_at_the_same_idea(self, loaded):
        class Counted(Dips):
            """Tried twice below, and asked twice."""

        for least in (0.1, 0.2, 0.2):
            result = loaded.backtests.run(Counted(least=least), universe="small")
        assert result.luck.trials == 2


class TestNothingIsStored:
    def test_of_code_that_fails(self, loaded, tmp_path):
        def kept():
            results = loaded._link.inside.workspace.home.root / "results"
            return {each.id for each in loaded.backtests.list()}, sorted(results.rglob("*"))

        before = kept()
        with pytest.raises(
            StrategyInvalid, match="'failing' failed at the bar of 2024-01-05: ZeroDivisionError"
        ) as caught:
            loaded.backtests.run(Failing(), universe="small")
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert kept() == before
        assert before[1]

    def test_of_a_run_that_is_stopped(self, loaded):
        def stop(fraction, message):
            raise KeyboardInterrupt

        before = {each.id for each in loaded.backtests.list()}
        with pytest.raises(KeyboardInterrupt):
            loaded.backtests.run(Dips(least=9.0), universe="small", progress=stop)
        assert {each.id for each in loaded.backtests.list()} == before


class TestRefused:
    def test_by_a_server(self, remote):
        with pytest.raises(Refused, match="does not run 'dips': it is code") as caught:
            remote.backtests.run(Dips(), universe="small")
        assert "midas.open() without a url" in caught.value.hint

    def test_by_a_server_that_is_sent_what_code_is_known_by(self, remote):
        with pytest.raises(StrategyInvalid, match="'dips' is code"):
            remote.backtests.run(Dips().definition().graph_json(), universe="small")

    @pytest.mark.parametrize(
        "ask",
        [
            lambda client: client.sweeps.run(Dips, universe="small", grid={"least": "0:1:0.5"}),
            lambda client: client.sweeps.run(Dips(), universe="small", grid={"least": "0"}, walk_forward="anchored"),
            lambda client: client.strategies.check(Dips(), universe="small"),
            lambda client: client.strategies.explain(Dips),
            lambda client: client.runs.start(Dips(), universe="small", feed="replay:2024-01-02..2024-01-09"),
        ],
    )  # fmt: skip
    def test_where_only_a_graph_will_do(self, loaded, ask):
        with pytest.raises(StrategyInvalid, match="'dips' is code") as caught:
            ask(loaded)
        assert caught.value.code == "code_strategy"
        assert "as YAML" in caught.value.hint

    def test_where_its_result_would_have_to_run_again(self, loaded, stored):
        for ask in (
            lambda: loaded.backtests.run(stored, universe="small"),
            lambda: loaded.backtests.monte_carlo(stored.id, "noise", 10),
        ):
            with pytest.raises(StrategyInvalid, match="'dips' is code"):
                ask()

    def test_parameters_beside_an_instance(self, loaded):
        with pytest.raises(InvalidInput, match=r"has its parameters already.*Dips\(least=...\)"):
            loaded.backtests.run(Dips(), {"least": 1.0}, universe="small")

    @pytest.mark.parametrize("what", ["mine.py", "strategies/mine.py"])
    def test_a_file_of_code(self, loaded, what):
        for ask in (
            lambda: loaded.backtests.run(what, universe="small"),
            lambda: loaded.runs.start(what, universe="small", feed="replay:2024-01-02..2024-01-09"),
        ):
            with pytest.raises(InvalidInput, match="run in a Python process of your own") as caught:
                ask()
            assert "midas.open()" in caught.value.hint

    @pytest.mark.parametrize("fields", [{"universe": "nowhere"}, {"universe": "small", "lots": "some"}, {}])
    def test_a_question_that_makes_no_sense(self, loaded, fields):
        with pytest.raises(MidasError):
            loaded.backtests.run(Dips(), **fields)

from __future__ import annotations

import json
import math
import time

import numpy as np
import pytest

from midas.core.errors import InvalidInput, MidasError, NotFound, StrategyInvalid
from midas.strategies.param import param
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy

YAML = "name: rising\nparams: {days: 2}\ntargets: (close.change(days) > 0).where(close > 0).normalise()\nevery: bar\n"


class Rising(Strategy):
    """The same in Python."""

    days: int = param(2, 1, 20)
    every = Every.BAR

    def targets(self, m):
        return (m.close.change(self.days) > 0).where(m.close > 0).normalise()


@pytest.fixture(scope="module")
def loaded(client, prices):
    client.datasets.import_file(prices, "XNAS", name="small")
    return client


@pytest.fixture(scope="module")
def both(embedded, remote, prices):
    for client in (embedded, remote):
        client.datasets.import_file(prices, "XNAS", name="small")
    return embedded, remote


class TestRefused:
    @pytest.mark.parametrize(
        ("fields", "kind"),
        [
            ({"strategy": "risng.yaml"}, NotFound),
            ({"strategy": "momentun"}, NotFound),
            ({"strategy": 5}, InvalidInput),
            ({"strategy": object()}, InvalidInput),
            ({"strategy": {"format": 99}}, StrategyInvalid),
            ({"start": "soon"}, InvalidInput),
            ({"start": "2024-01-09", "end": "2024-01-02"}, InvalidInput),
            ({"initial_capital": "much"}, InvalidInput),
            ({"initial_capital": math.nan}, InvalidInput),
            ({"initial_capital": 1e30}, InvalidInput),
            ({"initial_capital": -1}, InvalidInput),
            ({"slippage_bps": math.nan}, InvalidInput),
            ({"commission_bps": math.inf}, InvalidInput),
            ({"lots": "some"}, InvalidInput),
            ({"params": {"evry": "bar"}}, StrategyInvalid),
            ({"params": {"every": "never"}}, StrategyInvalid),
            ({"universe": "smal"}, NotFound),
            ({"universe": None, "symbols": ["AAB"]}, NotFound),
        ],
    )
    def test_the_same_error_here_and_there(self, both, fields, kind):
        said = []
        for client in both:
            with pytest.raises(kind) as refusal:
                client.backtests.run(**{"strategy": "buy_and_hold", "universe": "small", **fields})
            said.append(vars(refusal.value))
        assert said[0] == said[1]

    def test_nan_in_a_parameter_is_named_with_its_range(self, loaded):
        with pytest.raises(StrategyInvalid, match=r"fast.*from 2 to"):
            loaded.backtests.run("sma_cross", {"fast": math.nan}, universe="small")


class TestRun:
    def test_every_way_to_say_a_strategy_is_the_same_question(self, loaded, tmp_path):
        file = tmp_path / "rising.yaml"
        file.write_text(YAML, encoding="utf-8")
        ways = [Rising(), Rising, Rising().definition(), Rising().definition().graph_json(), YAML, file, str(file)]
        made = [loaded.backtests.run(way, universe="small", fresh=not number) for number, way in enumerate(ways)]
        assert {each.identity for each in made} == {made[0].identity}
        assert [each.cached for each in made] == [False] + [True] * (len(ways) - 1)
        again = loaded.backtests.run(made[0], universe="small")
        assert (again.identity, again.cached) == (made[0].identity, True)

    def test_parameters_may_be_numpys(self, loaded):
        made = loaded.backtests.run(YAML, {"days": np.int64(1)}, universe="small", slippage_bps=np.float64(1.5))
        assert made.params["days"] == 1

    def test_a_float_of_capital_means_what_it_says(self, loaded):
        made = loaded.backtests.run("buy_and_hold", universe="small", initial_capital=10_000.1)
        assert made.equity()["equity"][0] == pytest.approx(10_000.1, abs=1e-9)

    def test_series_are_frames(self, loaded):
        made = loaded.backtests.run("buy_and_hold", universe="small")
        assert made.equity().columns == ["ts", "equity", "cash", "gross_exposure"]
        assert made.equity().height == 6
        assert made.fills()["symbol"].to_list() == ["AAA.XNAS", "BBB.XNAS"]
        assert made.trades()["exit_ts"].to_list() == [None, None]
        assert set(made.positions()["symbol"]) == {"AAA.XNAS", "BBB.XNAS"}
        assert made.fills()["quantity"].to_list() == [100.0, 200.0], "a tenth of the volume"
        assert made.rejected()["reason"].to_list() == ["volume_cap"] * 2
        assert made.rejects == {"volume_cap": 2}
        assert made.tear_sheet().startswith("<!doctype html>")

    def test_what_is_printed_is_the_document_alone(self, loaded):
        made = loaded.backtests.run("buy_and_hold", universe="small")
        assert set(json.loads(made.model_dump_json())) >= {
            "id",
            "identity",
            "status",
            "strategy",
            "summary",
            "warnings",
        }

    def test_progress_ends_at_one(self, loaded):
        told = []
        loaded.backtests.run(
            "buy_and_hold", universe="small", fresh=True, progress=lambda done, text: told.append((done, text))
        )
        assert told[-1][0] == 1.0

    @pytest.mark.parametrize("act", ["show", "cancel"])
    def test_a_job_is_named_whole(self, loaded, act):
        made = loaded.backtests.run("buy_and_hold", symbols=["AAA"])
        for job in (f"../backtests/{made.id}", "x?wait_s=3", "x/../../backtests"):
            with pytest.raises(NotFound):
                getattr(loaded.jobs, act)(job)
        assert loaded.backtests.show(made.id).id == made.id

    def test_an_interrupt_cancels_the_job(self, loaded):
        def interrupt(done, text):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            loaded.datasets.pull("sample", dataset="sample", progress=interrupt)
        job = loaded.jobs.list()[0]
        assert loaded.jobs.show(job.id, wait_s=20).state in ("cancelled", "done", "failed")


class TestConformance:
    def test_a_server_and_the_platform_inside_give_the_same_bytes(self, both):
        made = [
            client.backtests.run(YAML, universe="small", start="2024-01-03", commission_bps=1, initial_capital=20_000)
            for client in both
        ]
        assert made[0].identity == made[1].identity
        assert made[0].summary == made[1].summary
        assert made[0].warnings == made[1].warnings
        for what in ("equity", "fills", "trades", "positions", "rejects"):
            for form in ("csv", "parquet", "json"):
                embedded, remote = (
                    client.backtests.export(row.id, what, form) for client, row in zip(both, made, strict=True)
                )
                assert embedded == remote
                assert embedded
        pages = [client.backtests.tear_sheet(row.id) for client, row in zip(both, made, strict=True)]
        assert pages[0] == pages[1]

    def test_lists_and_comparisons(self, both):
        for client in both:
            client.backtests.run("buy_and_hold", universe="small")
            client.backtests.run("buy_and_hold", universe="small", slippage_bps=2)
        found = [client.backtests.list(strategy="buy_and_hold", limit=2) for client in both]
        embedded, remote = ([row.identity for row in rows] for rows in found)
        assert embedded == remote
        compared = [
            client.backtests.compare([row.id for row in rows]).rows for client, rows in zip(both, found, strict=True)
        ]
        assert compared[0] == compared[1]

    def test_deleted_is_gone(self, loaded):
        made = loaded.backtests.run("buy_and_hold", universe="small", slippage_bps=9)
        loaded.backtests.delete(made.id)
        for ask in (loaded.backtests.show, loaded.backtests.tear_sheet, loaded.backtests.delete):
            with pytest.raises(NotFound):
                ask(made.id)


class TestSpeed:
    def test_a_stored_answer_takes_no_noticeable_time(self, loaded):
        loaded.backtests.run("buy_and_hold", universe="small")
        begun = time.monotonic()
        assert loaded.backtests.run("buy_and_hold", universe="small").cached
        assert time.monotonic() - begun < 2.0, "generous: this machine may be busy"


def test_every_error_is_one_of_ours(loaded):
    with pytest.raises(MidasError):
        loaded.backtests.show("no such")

"""The sample market: real splits and dividends found again, and prices anybody can look up."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from midas.core.basis import Basis
from midas.core.clock import SystemClock
from midas.core.errors import NotFound, Unavailable
from midas.integrations.sample.parse import package_file
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import ImportReport, pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("lake"), SystemClock())


@pytest.fixture(scope="module")
def reports(lake: Lake) -> dict[str, ImportReport]:
    return {report.dataset.name: report for report in pull_bars(lake, SampleSource(), PullRequest())}


def actions(reports: dict[str, ImportReport], symbol: str, kind: str) -> list[tuple[date, float]]:
    chosen = reports["sample"].actions.filter((pl.col("symbol") == symbol) & (pl.col("kind") == kind))
    return chosen.select("ts", "value").rows()


class TestDatasets:
    def test_are_two(self, reports: dict[str, ImportReport]) -> None:
        stocks, twenty = reports["sample"].dataset, reports["sp20"].dataset
        assert (stocks.basis, stocks.symbols, stocks.first, stocks.last) == (
            Basis.RAW, 5, date(2000, 3, 1), date(2013, 3, 1),
        )  # fmt: skip
        assert (twenty.basis, twenty.symbols, twenty.first.year, twenty.last.year) == (Basis.CLOSE_ONLY, 20, 1990, 2022)

    def test_keep_the_contract(self, reports: dict[str, ImportReport]) -> None:
        assert reports["sample"].findings == ()
        assert [one for one in reports["sp20"].findings if one.is_error] == []

    def test_name_the_real_venues(self, lake: Lake, reports: dict[str, ImportReport]) -> None:
        ids = [str(one.id) for one in lake.instruments("sample")]
        assert ids == ["AAPL.XNAS", "FB.XNAS", "GOOG.XNAS", "IBM.XNYS", "MSFT.XNAS"]
        nasdaq = [one.id.symbol for one in lake.instruments("sp20") if one.id.venue == "XNAS"]
        assert nasdaq == ["AAPL", "AMD", "MSFT", "PEP"]

    def test_again_change_nothing(self, lake: Lake, reports: dict[str, ImportReport]) -> None:
        again = pull_bars(lake, SampleSource(), PullRequest())
        assert [report.unchanged for report in again] == [True, True]

    def test_hold_prices_as_they_were_quoted(self, lake: Lake, reports: dict[str, ImportReport]) -> None:
        # Facebook's first day: issued at 38.00, opened at 42.05, closed at 38.23.
        [first] = lake.bars("sample", ["FB.XNAS"], end=date(2012, 5, 18)).rows(named=True)
        assert (first["open"], first["close"]) == (42.05, pytest.approx(38.23, abs=0.01))
        # Google's: issued at 85, closed at 100.34.
        [first] = lake.bars("sample", ["GOOG.XNAS"], end=date(2004, 8, 19)).rows(named=True)
        assert first["close"] == pytest.approx(100.34, abs=0.01)


class TestActions:
    def test_splits_are_those_of_history(self, reports: dict[str, ImportReport]) -> None:
        assert actions(reports, "AAPL.XNAS", "split") == [(date(2000, 6, 21), 2.0), (date(2005, 2, 28), 2.0)]
        assert actions(reports, "MSFT.XNAS", "split") == [(date(2003, 2, 18), 2.0)]
        for none in ("IBM.XNYS", "GOOG.XNAS", "FB.XNAS"):
            assert actions(reports, none, "split") == []

    def test_the_special_dividend_of_microsoft_is_a_dividend(self, reports: dict[str, ImportReport]) -> None:
        # $3.00 special and $0.08 regular on one day; the file's adj_close knows them to about 2 %.
        special = dict(actions(reports, "MSFT.XNAS", "cash_dividend"))[date(2004, 11, 15)]
        assert special == pytest.approx(3.08, rel=0.02)

    def test_regular_dividends_come_every_quarter(self, reports: dict[str, ImportReport]) -> None:
        ibm = actions(reports, "IBM.XNYS", "cash_dividend")
        assert len(ibm) == 52
        gaps = np.diff(np.array([day for day, _ in ibm], "datetime64[D]")).astype(int)
        assert gaps.min() > 80
        assert gaps.max() < 100
        microsoft = actions(reports, "MSFT.XNAS", "cash_dividend")
        assert len(microsoft) == 37
        assert all(0.05 < value < 0.25 for day, value in microsoft if day != date(2004, 11, 15))

    def test_names_without_any_have_none(self, reports: dict[str, ImportReport]) -> None:
        for none in ("GOOG.XNAS", "FB.XNAS"):
            assert actions(reports, none, "cash_dividend") == []

    def test_adjusted_returns_are_those_of_adj_close(self, lake: Lake, reports: dict[str, ImportReport]) -> None:
        panel = lake.panel("sample")
        for column, one in enumerate(panel.instruments):
            bars = lake.bars("sample", [str(one.id)])
            close = panel.series("close", column)
            close = close[~np.isnan(close)]
            stated = bars["adj_close"].to_numpy()
            np.testing.assert_allclose(close[1:] / close[:-1], stated[1:] / stated[:-1], rtol=1e-3)
            # Also over the whole history at once, where errors of one sign would add up.
            assert close[-1] / close[0] == pytest.approx(stated[-1] / stated[0], rel=1e-3)

    def test_are_announced_for_review(self, reports: dict[str, ImportReport]) -> None:
        assert reports["sample"].dataset.notes == (
            "Derived, not stated by the source: 3 splits and 92 cash distributions. "
            "Review them in the dataset's actions.",
        )


class TestRequests:
    def test_symbols_choose_the_datasets_that_hold_them(self) -> None:
        assert [raw.dataset for raw in SampleSource().fetch(PullRequest(("AAPL",)))] == ["sample", "sp20"]
        assert [raw.dataset for raw in SampleSource().fetch(PullRequest(("fb",)))] == ["sample"]
        [raw] = SampleSource().fetch(PullRequest(("JPM.XNYS",)))
        assert raw.frame["symbol"].unique().to_list() == ["JPM.XNYS"]

    def test_an_unknown_symbol_is_not_found(self) -> None:
        with pytest.raises(NotFound, match="no 'APPL'") as caught:
            SampleSource().fetch(PullRequest(("APPL",)))
        assert "'AAPL'" in caught.value.hint

    def test_a_package_that_is_not_installed_is_named(self) -> None:
        with pytest.raises(Unavailable, match="needs the package 'no_such_package'"):
            package_file("no_such_package", "x")


def test_no_heavy_package_is_imported() -> None:
    code = (
        "from midas.integrations.sample.source import SampleSource\n"
        "from midas.marketdata.source import PullRequest\n"
        "SampleSource().fetch(PullRequest())\n"
        "import sys; print([m for m in ('pandas','skfolio','scipy','bokeh_sampledata','pyarrow') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert run.stdout.strip() == "[]"

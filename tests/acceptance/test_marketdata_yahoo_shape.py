"""Shape tests of the chart endpoint: answers of the public shape, served on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.integrations.chart_server import Answer, ChartServer, chart_server

from midas.core.basis import Basis
from midas.core.clock import ManualClock
from midas.core.errors import NotFound, Unavailable
from midas.integrations.file.source import FileSource
from midas.integrations.yahoo.source import YahooSource
from midas.marketdata.basis_detection import detect_basis
from midas.marketdata.importing import check_raw, pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance

AFTER_THE_CLOSE = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[ChartServer]:
    with chart_server() as running:
        yield running


def answer(shared: Path, name: str) -> Answer:
    document = json.loads((shared / "fixtures" / "yahoo" / name).read_text())
    body = document["text"] if "text" in document else json.dumps(document["response"])
    return Answer(body, document.get("status", 200))


def source(server: ChartServer) -> YahooSource:
    return YahooSource(server.url, pause_s=0, clock=ManualClock(AFTER_THE_CLOSE))


class TestChart:
    def test_shape_of_a_daily_chart(self, shared: Path, server: ChartServer, tmp_path: Path) -> None:
        server.answers["SPY"] = answer(shared, "chart_SPY_1d.json")
        lake = Lake(tmp_path / "lake", ManualClock(AFTER_THE_CLOSE))
        [report] = pull_bars(lake, source(server), PullRequest(("SPY",)))
        assert (report.dataset.rows, report.dataset.first, report.dataset.last) == (
            14, date(2026, 6, 10), date(2026, 6, 30),
        )  # fmt: skip
        assert report.dataset.basis is Basis.SPLIT_ADJUSTED
        assert [str(one.id) for one in lake.instruments("yahoo-us")] == ["SPY.ARCX"]
        assert lake.actions("yahoo-us").rows() == [("SPY.ARCX", date(2026, 6, 17), "cash_dividend", 1.9, "stated")]
        last = lake.bars("yahoo-us", start=date(2026, 6, 30)).row(0, named=True)
        assert last["close"] == pytest.approx(746.77)

    def test_shape_of_the_request(self, shared: Path, server: ChartServer) -> None:
        recorded = json.loads((shared / "fixtures" / "yahoo" / "chart_SPY_1d.json").read_text())["request"]
        server.answers["SPY"] = answer(shared, "chart_SPY_1d.json")
        source(server).fetch(PullRequest(("SPY",), date(2026, 6, 10), date(2026, 6, 30)))
        [(path, query, _)] = server.asked
        assert path == recorded["path"]
        assert set(query) == set(recorded["params"])
        assert query["interval"] == [recorded["params"]["interval"]]
        assert query["events"] == [recorded["params"]["events"]]

    def test_shape_of_a_chart_with_an_empty_bar(self, shared: Path, server: ChartServer, tmp_path: Path) -> None:
        server.answers["TEST"] = answer(shared, "chart_null_bar.json")
        lake = Lake(tmp_path / "lake", ManualClock(AFTER_THE_CLOSE))
        [report] = pull_bars(lake, source(server), PullRequest(("TEST",)), skip_bad=True)
        assert lake.bars("yahoo-us")["ts"].to_list() == [date(2023, 11, 27)]
        assert "TEST 4:1 on 2023-11-27" in report.warnings[0]

    def test_shape_of_a_symbol_nobody_knows(self, shared: Path, server: ChartServer) -> None:
        server.answers["GONE"] = answer(shared, "chart_not_found.json")
        with pytest.raises(NotFound, match="may be delisted"):
            source(server).fetch(PullRequest(("GONE",)))

    def test_shape_of_too_many_requests(self, shared: Path, server: ChartServer) -> None:
        server.answers["SPY"] = answer(shared, "rate_limited.json")
        with pytest.raises(Unavailable) as caught:
            source(server).fetch(PullRequest(("SPY",)))
        assert caught.value.code == "rate_limited"


class TestBadDataCases:
    """Real bars with vendor errors, and the same corrected by hand."""

    @pytest.mark.parametrize(
        ("case", "code"),
        [
            ("4063-T-1d-bad-stock-split", "unadjusted_split"),
            ("MOB-ST-1d-bad-stock-split", "spike"),
            ("SSW-JO-1d-100x-error", "decimal_shift"),
            ("ASAI-L-1h-bad-unit", "decimal_shift"),
        ],
    )
    def test_are_told_from_their_corrections(self, shared: Path, case: str, code: str) -> None:
        assert code in found(shared, case)
        assert code not in found(shared, f"{case}-fixed")

    @pytest.mark.parametrize("case", ["4063-T-1d-bad-div-fixed", "AV-L-1wk-bad-stock-split-fixed"])
    def test_corrections_have_no_errors(self, shared: Path, case: str) -> None:
        assert found(shared, case) == set()


def found(shared: Path, case: str) -> set[str]:
    words = case.split("-")
    options = {
        "path": str(shared / "fixtures" / "yahoo" / "bad_data_cases" / f"{case}.csv"),
        "venue": "XTST",
        "currency": "EUR",
        "timeframe": "1w" if words[2] == "1wk" else words[2],
    }
    [raw] = FileSource().fetch(PullRequest((words[0],), options=options))
    basis = raw.basis or detect_basis(raw.frame, venue("XTST", "EUR")).basis
    checked = check_raw(raw, basis, AFTER_THE_CLOSE)
    assert isinstance(checked.bars, pl.DataFrame)
    return {one.code for one in checked.findings if one.is_error}

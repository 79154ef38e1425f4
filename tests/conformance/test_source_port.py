"""What every source must do, whoever the vendor."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import entry_points
from pathlib import Path

import polars as pl
import pytest
from tests.integrations.chart_server import chart, chart_server

import midas.integrations
from midas.core.clock import ManualClock
from midas.core.errors import MidasError
from midas.integrations.file.source import FileSource
from midas.integrations.sample.source import SampleSource
from midas.integrations.yahoo.source import YahooSource
from midas.marketdata.importing import pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.snapshot import ACTION_SCHEMA, VALUE_COLUMNS
from midas.marketdata.source import PullRequest, Source

NOW = datetime(2024, 1, 5, 17, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A source, a request it can fulfil, and one for something it does not have."""

    source: Source
    request: PullRequest
    unknown: PullRequest


def _file(folder: Path) -> Case:
    file = folder / "bars.csv"
    file.write_text("symbol,date,open,high,low,close,volume\nAAPL,2024-01-02,1,2,1,2,10\nAAPL,2024-01-03,2,3,2,3,10\n")
    options = {"path": str(file), "venue": "XNAS"}
    return Case(FileSource(), PullRequest(options=options), PullRequest(options=options | {"path": str(folder / "no")}))


@pytest.fixture(params=["file", "sample", "yahoo"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    if request.param == "file":
        yield _file(tmp_path)
    elif request.param == "sample":
        yield Case(SampleSource(), PullRequest(("AAPL", "JPM")), PullRequest(("NOPE",)))
    else:
        with chart_server() as server:
            server.chart("AAPL", chart())
            source = YahooSource(server.url, pause_s=0, clock=ManualClock(NOW))
            yield Case(source, PullRequest(("AAPL",)), PullRequest(("NOPE",)))


class TestEverySource:
    def test_says_what_it_is(self, case: Case) -> None:
        folder = Path(midas.integrations.__file__).parent / case.source.name
        manifest = tomllib.loads((folder / "manifest.toml").read_text())
        assert set(manifest) == {"name", "kind", "summary", "licence", "terms"}
        assert (manifest["name"], manifest["kind"]) == (case.source.name, "source")
        assert all(manifest.values())
        assert case.source.summary.endswith(".")

    def test_is_found_by_its_entry_point(self, case: Case) -> None:
        [found] = entry_points(group="midas.sources", name=case.source.name)
        assert found.load() is type(case.source)

    def test_gives_bars_of_the_agreed_shape(self, case: Case) -> None:
        for raw in case.source.fetch(case.request):
            assert raw.frame.columns[:2] == ["symbol", "ts"]
            assert set(raw.frame.columns[2:]) <= {*VALUE_COLUMNS, "base"}
            assert raw.frame.schema["symbol"] == pl.String
            assert raw.frame.schema["ts"] == pl.Date
            assert all(kind == pl.Float64 for kind in raw.frame.dtypes[2:])
            assert not raw.frame.is_empty()

    def test_knows_every_instrument_once(self, case: Case) -> None:
        for raw in case.source.fetch(case.request):
            ids = [str(one.id) for one in raw.instruments]
            assert sorted(ids) == sorted(set(raw.frame["symbol"]))
            assert {one.currency for one in raw.instruments} == {raw.currency}

    def test_states_actions_of_the_agreed_shape(self, case: Case) -> None:
        for raw in case.source.fetch(case.request):
            if raw.actions is not None:
                assert dict(raw.actions.schema) == ACTION_SCHEMA
                assert set(raw.actions["symbol"]) <= set(raw.frame["symbol"])

    def test_tells_how_far_it_is(self, case: Case) -> None:
        told: list[float] = []
        case.source.fetch(case.request, lambda fraction, message: told.append(fraction))
        assert told
        assert told == sorted(told)
        assert all(0 <= fraction <= 1 for fraction in told)

    def test_refuses_what_it_does_not_have_with_a_hint(self, case: Case) -> None:
        with pytest.raises(MidasError) as caught:
            case.source.fetch(case.unknown)
        assert caught.value.hint
        assert caught.value.code

    def test_keeps_to_the_dates_asked_for(self, case: Case) -> None:
        last = date(2024, 1, 2) if case.source.name != "sample" else date(2001, 1, 2)
        request = PullRequest(case.request.symbols, end=last, options=case.request.options)
        for raw in case.source.fetch(request):
            assert raw.frame["ts"].max() <= last

    def test_can_be_imported_twice(self, case: Case, tmp_path: Path) -> None:
        lake = Lake(tmp_path / "lake", ManualClock(NOW))
        first = pull_bars(lake, case.source, case.request)
        again = pull_bars(lake, case.source, case.request)
        assert [report.dataset.version for report in first] == [report.dataset.version for report in again]
        assert all(report.unchanged for report in again)

"""Imports: idempotent, extending, correcting, refusing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.marketdata.market import at, clean_bars, clock, raw

from midas.core.basis import Basis
from midas.core.errors import DataBlocked, DataInvalid, InvalidInput, NotFound
from midas.core.instrument import Instrument, InstrumentId
from midas.marketdata.importing import import_bars, pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.snapshot import ACTION_SCHEMA
from midas.marketdata.source import Progress, PullRequest, RawBars, silent

BARS = clean_bars()
HALF = BARS.filter(pl.col("ts") < date(2019, 7, 1))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", clock())


class TestRefusals:
    def test_one_error_keeps_everything_out(self, lake: Lake) -> None:
        with pytest.raises(DataInvalid, match=r"breaks the data contract: nan \(1\)\. Nothing was imported") as caught:
            import_bars(lake, raw(BARS.with_columns(at(7, "close", float("nan")))))
        assert caught.value.findings == (f"nan: S00.XNYS {BARS['ts'][7]}: close is missing",)
        assert "--skip-bad" in caught.value.hint
        assert lake.datasets() == ()

    def test_with_skip_bad_the_rest_comes_in_and_what_is_left_out_is_named(self, lake: Lake) -> None:
        report = import_bars(lake, raw(BARS.with_columns(at(7, "close", float("nan")))), skip_bad=True)
        assert report.dataset.rows == BARS.height - 1
        assert report.skipped == (f"nan: S00.XNYS {BARS['ts'][7]}: close is missing",)

    def test_nothing_left_is_an_error_even_with_skip_bad(self, lake: Lake) -> None:
        with pytest.raises(DataInvalid):
            import_bars(lake, raw(BARS.with_columns(close=pl.lit(-1.0))), skip_bad=True)

    def test_no_bars_are_an_error(self, lake: Lake) -> None:
        with pytest.raises(DataBlocked, match="gave no bars"):
            import_bars(lake, raw(BARS.clear()))

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"basis": Basis.SPLIT_ADJUSTED}, "basis raw, these have split_adjusted"),
            ({"venue": "XNAS"}, "venue XNYS, these have XNAS"),
        ],
    )
    def test_another_kind_of_bars_needs_another_name(self, lake: Lake, change: dict[str, object], what: str) -> None:
        import_bars(lake, raw(BARS))
        with pytest.raises(InvalidInput, match=what) as caught:
            import_bars(lake, raw(BARS, **change))
        assert "--name" in caught.value.hint

    def test_a_failed_import_leaves_the_dataset_as_it_was(self, lake: Lake) -> None:
        before = import_bars(lake, raw(HALF)).dataset
        with pytest.raises(DataInvalid):
            import_bars(lake, raw(BARS.with_columns(at(7, "high", 0.0))))
        assert lake.dataset("made") == before


class TestMerging:
    def test_the_same_again_is_unchanged(self, lake: Lake) -> None:
        first = import_bars(lake, raw(BARS))
        again = import_bars(lake, raw(BARS.reverse()))
        assert (first.unchanged, again.unchanged) == (False, True)
        assert (again.added, again.corrected) == (0, 0)
        assert again.dataset == first.dataset

    def test_new_rows_extend(self, lake: Lake) -> None:
        import_bars(lake, raw(HALF))
        report = import_bars(lake, raw(BARS.filter(pl.col("ts") >= date(2019, 6, 3))))
        assert report.added == BARS.height - HALF.height
        assert report.corrected == 0
        assert lake.bars("made").equals(BARS.sort("symbol", "ts"))

    def test_whatever_the_pieces_the_whole_is_the_same(self, lake: Lake) -> None:
        whole = import_bars(lake, raw(BARS, dataset="whole")).dataset
        for piece in (BARS[300:600], BARS[500:], BARS[:350]):
            import_bars(lake, raw(piece))
        assert lake.dataset("made").version == whole.version

    def test_corrected_rows_replace(self, lake: Lake) -> None:
        import_bars(lake, raw(BARS))
        corrected = BARS.with_columns(at(7, "volume", 123.0))[:20]
        report = import_bars(lake, raw(corrected))
        assert (report.added, report.corrected, report.unchanged) == (0, 1, False)
        assert lake.bars("made")["volume"][7] == 123.0

    def test_what_is_known_of_an_instrument_is_kept(self, lake: Lake) -> None:
        one = InstrumentId("S00", "XNYS")
        import_bars(lake, raw(HALF[:50], instruments=(Instrument(one, "First", "USD"),)))
        import_bars(lake, raw(HALF[:60], instruments=(Instrument(one, "", "USD"),)))
        assert lake.instruments("made")[0].name == "First"

    def test_a_column_that_comes_later_is_empty_before(self, lake: Lake) -> None:
        import_bars(lake, raw(HALF))
        import_bars(lake, raw(BARS.filter(pl.col("ts") >= date(2019, 7, 1)).with_columns(turnover=pl.lit(5.0))))
        stored = lake.bars("made")
        assert stored["turnover"].null_count() == HALF.height


def with_adj_close(frame: pl.DataFrame, dividend_on: date, share: float = 0.01) -> pl.DataFrame:
    factor = pl.when(pl.col("ts") < dividend_on).then(1 - share).otherwise(1.0)
    return frame.with_columns(adj_close=(pl.col("close") * factor).round(6))


class TestAdjustedCloseOfSeveralDownloads:
    FIRST, SECOND = date(2019, 3, 1), date(2019, 10, 1)

    def test_overlapping_downloads_are_put_on_one_scale(self, lake: Lake) -> None:
        one = BARS.filter(pl.col("symbol") == "S00.XNYS")
        import_bars(lake, raw(with_adj_close(one.filter(pl.col("ts") < date(2019, 7, 1)), self.FIRST)))
        import_bars(lake, raw(with_adj_close(one.filter(pl.col("ts") >= date(2019, 6, 3)), self.SECOND, 0.02)))
        assert lake.actions("made")["ts"].to_list() == [self.FIRST, self.SECOND]
        stored = lake.bars("made")
        expected = with_adj_close(with_adj_close(one, self.FIRST).with_columns(close="adj_close"), self.SECOND, 0.02)
        np.testing.assert_allclose(stored["adj_close"], expected["adj_close"], rtol=1e-6)

    def test_an_action_the_new_download_no_longer_shows_is_gone(self, lake: Lake) -> None:
        import_bars(lake, raw(with_adj_close(BARS, self.FIRST)))
        import_bars(lake, raw(with_adj_close(BARS, self.SECOND)))
        assert set(lake.actions("made")["ts"]) == {self.SECOND}

    def test_a_seam_without_overlap_is_no_action(self, lake: Lake) -> None:
        import_bars(lake, raw(with_adj_close(HALF, self.FIRST)))
        import_bars(lake, raw(with_adj_close(BARS.filter(pl.col("ts") >= date(2019, 7, 1)), self.SECOND)))
        assert set(lake.actions("made")["ts"]) == {self.FIRST, self.SECOND}

    def test_restated_adjusted_prices_do_not_continue_older_ones(self, lake: Lake) -> None:
        import_bars(lake, raw(HALF, Basis.SPLIT_ADJUSTED))
        rest = BARS.filter(pl.col("ts") >= date(2019, 6, 3))
        halved = rest.with_columns(pl.col("open", "high", "low", "close") / 2)
        with pytest.raises(InvalidInput, match="adjusted for another day"):
            import_bars(lake, raw(halved, Basis.SPLIT_ADJUSTED))
        with pytest.raises(InvalidInput, match="adjusted for another day"):
            import_bars(lake, raw(halved.filter(pl.col("ts") >= date(2019, 7, 1)), Basis.SPLIT_ADJUSTED))
        assert import_bars(lake, raw(rest, Basis.SPLIT_ADJUSTED)).added

    def test_a_restated_history_that_covers_the_old_one_replaces_it(self, lake: Lake) -> None:
        import_bars(lake, raw(HALF, Basis.SPLIT_ADJUSTED))
        halved = BARS.with_columns(pl.col("open", "high", "low", "close") / 2)
        assert import_bars(lake, raw(halved, Basis.SPLIT_ADJUSTED)).corrected == HALF.height


class TestSeams:
    """What happens between one import and the next is seen too."""

    FIRST, REST = BARS.filter(pl.col("ts") < date(2019, 7, 1)), BARS.filter(pl.col("ts") >= date(2019, 7, 1))

    def test_a_split_between_two_imports_is_found(self, lake: Lake) -> None:
        import_bars(lake, raw(self.FIRST))
        halved = self.REST.with_columns(pl.col("open", "high", "low", "close") / 2)
        with pytest.raises(DataInvalid, match=r"unadjusted_split \(3\)"):
            import_bars(lake, raw(halved))

    def test_and_is_no_error_when_it_is_stated(self, lake: Lake) -> None:
        import_bars(lake, raw(self.FIRST))
        halved = self.REST.with_columns(pl.col("open", "high", "low", "close") / 2)
        stated = pl.DataFrame(
            [(f"S0{number}.XNYS", date(2019, 7, 1), "split", 2.0, "stated") for number in range(3)],
            schema=ACTION_SCHEMA, orient="row",
        )  # fmt: skip
        assert import_bars(lake, raw(halved, actions=stated)).added == self.REST.height
        assert lake.actions("made").height == 3

    def test_a_gap_between_two_imports_is_told(self, lake: Lake) -> None:
        import_bars(lake, raw(self.FIRST))
        findings = import_bars(lake, raw(BARS.filter(pl.col("ts") >= date(2019, 7, 15)))).findings
        assert {(one.code, one.session) for one in findings} == {("gap", "2019-07-15")}

    def test_earlier_bars_are_neither_counted_nor_judged_again(self, lake: Lake) -> None:
        spoiled = self.FIRST.with_columns(at(100, "close", float("nan")))
        import_bars(lake, raw(spoiled), skip_bad=True)
        report = import_bars(lake, raw(self.REST))
        assert report.findings == ()
        assert (report.rows, report.added) == (self.REST.height, self.REST.height)


class TestNames:
    @pytest.mark.parametrize(("basis", "name"), [(Basis.RAW, "xnys-1d"), (Basis.SPLIT_ADJUSTED, "xnys-1d-adjusted")])
    def test_default_to_venue_timeframe_and_basis(self, lake: Lake, basis: Basis, name: str) -> None:
        assert import_bars(lake, raw(BARS, basis, dataset=None)).dataset.name == name


class Fixed:
    """A source that gives what it was made with."""

    name = "fixed"
    summary = "what it was made with"

    def __init__(self, *raws: RawBars) -> None:
        self.raws = list(raws)

    def fetch(self, request: PullRequest, progress: Progress = silent) -> list[RawBars]:
        progress(0.5, "half")
        return self.raws


class TestPullBars:
    def test_every_dataset_of_the_source_is_imported(self, lake: Lake) -> None:
        told: list[str] = []
        reports = pull_bars(
            lake, Fixed(raw(BARS, dataset="a"), raw(BARS, dataset="b")), PullRequest(),
            progress=lambda fraction, message: told.append(f"{fraction:.1f} {message}"),
        )  # fmt: skip
        assert [report.dataset.name for report in reports] == ["a", "b"]
        assert told[0] == "0.5 half"
        assert told[-1] == "1.0 wrote dataset b"

    def test_a_name_chooses_among_several_and_renames_one(self, lake: Lake) -> None:
        two = Fixed(raw(BARS, dataset="a"), raw(BARS, dataset="b"))
        assert [one.dataset.name for one in pull_bars(lake, two, PullRequest(), dataset="b")] == ["b"]
        [one] = pull_bars(lake, Fixed(raw(BARS, dataset="a")), PullRequest(), dataset="mine")
        assert one.dataset.name == "mine"
        with pytest.raises(NotFound, match="gives no dataset 'c'"):
            pull_bars(lake, two, PullRequest(), dataset="c")

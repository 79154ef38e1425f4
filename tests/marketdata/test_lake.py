"""Datasets are whole or absent, whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import json
import os
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.marketdata.market import clean_bars, clock, snapshot

from midas.core.errors import DataBlocked, InvalidInput, NotFound, StorageCorrupt, StorageFull, Unavailable
from midas.core.timeframe import Timeframe
from midas.marketdata.lake import Lake
from midas.marketdata.snapshot import Snapshot, content_hash

BARS = clean_bars(symbols=3, last=date(2020, 2, 28))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", clock(), wait_s=0.2)


def files(lake: Lake) -> set[str]:
    return {str(file.relative_to(lake.root)) for file in lake.root.rglob("*") if file.is_file()}


class TestWrite:
    def test_an_unknown_dataset_is_not_found(self, lake: Lake) -> None:
        lake.write("known", snapshot(BARS))
        with pytest.raises(NotFound, match="Did you mean 'known'"):
            lake.dataset("knwn")

    def test_an_empty_lake_says_so(self, lake: Lake) -> None:
        assert lake.datasets() == ()
        with pytest.raises(NotFound, match="There is none yet"):
            lake.dataset("any")

    @pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".hidden", "a" * 65, "tab\t", "a."])
    def test_a_name_that_is_no_folder_is_refused(self, lake: Lake, name: str) -> None:
        with pytest.raises(InvalidInput):
            lake.write(name, snapshot(BARS))

    def test_what_is_written_is_read(self, lake: Lake) -> None:
        dataset = lake.write("made", snapshot(BARS))
        assert lake.datasets() == (dataset,)
        assert lake.bars("made").equals(BARS.sort("symbol", "ts"))
        assert lake.instruments("made") == snapshot(BARS).instruments
        assert (dataset.rows, dataset.symbols) == (BARS.height, 3)
        assert (dataset.first, dataset.last) == (date(2019, 1, 2), date(2020, 2, 28))

    def test_bars_are_kept_by_year(self, lake: Lake) -> None:
        dataset = lake.write("made", snapshot(BARS))
        stored = {Path(file).name for file in files(lake) if "bars-" in file}
        assert stored == {"bars-2019.parquet", "bars-2020.parquet"}
        assert dataset.version in str(next(lake.root.rglob("bars-2019.parquet")))

    def test_the_same_again_changes_nothing(self, lake: Lake) -> None:
        first = lake.write("made", snapshot(BARS))
        before = files(lake)
        again, changed = lake.update("made", lambda _: snapshot(BARS.reverse().sort("symbol", "ts")))
        assert (again, changed) == (first, False)
        assert files(lake) == before

    def test_older_versions_go_but_the_last_one_stays_for_its_readers(self, lake: Lake) -> None:
        versions = [lake.write("made", snapshot(BARS[: -number or None])).version for number in range(4)]
        kept = {entry.name for entry in (lake.root / "made").iterdir() if entry.is_dir()}
        assert kept == set(versions[-2:])

    def test_an_empty_dataset_is_refused(self, lake: Lake) -> None:
        with pytest.raises(DataBlocked):
            lake.write("made", snapshot(BARS.clear()))
        assert lake.datasets() == ()


class TestBars:
    def test_are_cut_by_symbol_and_date(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        cut = lake.bars("made", ["S01.XNYS"], date(2019, 12, 30), date(2020, 1, 3))
        wanted = BARS.filter(
            (pl.col("symbol") == "S01.XNYS") & pl.col("ts").is_between(date(2019, 12, 30), date(2020, 1, 3))
        )
        assert cut.equals(wanted)

    def test_outside_the_dataset_there_are_none(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        assert lake.bars("made", start=date(2031, 1, 1)).is_empty()
        assert lake.bars("made", end=date(1999, 1, 1)).columns == BARS.columns


class TestContentHash:
    def test_every_part_of_the_content_counts(self) -> None:
        base = snapshot(BARS)
        split = pl.DataFrame(
            {"symbol": ["S00.XNYS"], "ts": [date(2019, 5, 1)], "kind": ["split"], "value": [2.0], "origin": ["stated"]}
        )
        others = [
            snapshot(BARS[1:]),
            snapshot(BARS.with_columns(close=pl.col("close") + 1e-9)),
            snapshot(BARS.with_columns(ts=pl.col("ts") + timedelta(days=1))),
            snapshot(BARS.with_columns(symbol=pl.col("symbol").str.replace("S00", "S99"))),
            snapshot(BARS.drop("volume")),
            snapshot(BARS.rename({"volume": "turnover"})),
            snapshot(BARS, actions=split),
        ]
        assert len({content_hash(one) for one in (base, *others)}) == len(others) + 1

    def test_no_value_is_one_value(self) -> None:
        null, nan = (BARS.with_columns(volume=pl.lit(value, pl.Float64)) for value in (None, float("nan")))
        assert content_hash(snapshot(null)) == content_hash(snapshot(nan))

    def test_notes_and_source_do_not_count(self) -> None:
        base = snapshot(BARS)
        noted = Snapshot(
            base.venue, base.timeframe, base.basis, base.currency, "elsewhere", base.bars, base.instruments,
            base.actions, ("a note",),
        )  # fmt: skip
        assert content_hash(noted) == content_hash(base)


class TestCorruptFiles:
    def test_a_truncated_parquet_file_is_named(self, lake: Lake) -> None:
        dataset = lake.write("made", snapshot(BARS))
        file = lake.root / "made" / dataset.version / "bars-2019.parquet"
        file.write_bytes(file.read_bytes()[:-100])
        with pytest.raises(StorageCorrupt, match=r"bars-2019\.parquet") as caught:
            lake.bars("made")
        assert "Delete dataset 'made' and import it again" in caught.value.hint

    def test_a_missing_file_is_named(self, lake: Lake) -> None:
        dataset = lake.write("made", snapshot(BARS))
        (lake.root / "made" / dataset.version / "instruments.json").unlink()
        with pytest.raises(StorageCorrupt, match=r"instruments\.json .* is missing"):
            lake.instruments("made")

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 99}', b"\xff\xfe"])
    def test_a_damaged_manifest_is_named_and_can_be_deleted(self, lake: Lake, content: bytes) -> None:
        lake.write("made", snapshot(BARS))
        (lake.root / "made" / "manifest.json").write_bytes(content)
        with pytest.raises(StorageCorrupt, match=r"manifest\.json"):
            lake.dataset("made")
        with pytest.raises(StorageCorrupt):
            lake.write("made", snapshot(BARS))
        lake.delete("made")
        assert lake.write("made", snapshot(BARS)).rows == BARS.height

    def test_a_newer_format_is_told_apart_from_damage(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        manifest = lake.root / "made" / "manifest.json"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 2}))
        with pytest.raises(StorageCorrupt, match="format 2"):
            lake.datasets()


class TestFailingDisk:
    @pytest.mark.parametrize("failing", range(7))
    def test_a_full_disk_changes_nothing(self, lake: Lake, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
        before = lake.write("made", snapshot(BARS))
        stored = files(lake)
        real, count = os.fsync, iter(range(100))

        def full(handle: int) -> None:
            if next(count) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(handle)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(StorageFull, match="nothing has changed"):
                lake.write("made", snapshot(BARS[:-1]))
        assert lake.dataset("made") == before
        assert files(lake) == stored

    def test_a_folder_that_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "lake").write_text("a file where the folder should be")
        with pytest.raises(Unavailable, match="could not be written"):
            Lake(tmp_path / "lake", clock()).write("made", snapshot(BARS))


class TestDelete:
    def test_takes_everything_of_it(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        lake.write("other", snapshot(BARS))
        lake.panel("made")
        lake.delete("made")
        assert [dataset.name for dataset in lake.datasets()] == ["other"]
        assert not (lake.root / "made").exists()

    def test_of_an_unknown_dataset_is_not_found(self, lake: Lake) -> None:
        with pytest.raises(NotFound):
            lake.delete("made")


class TestLeftovers:
    def test_unfinished_work_is_neither_read_nor_kept(self, lake: Lake) -> None:
        dataset = lake.write("made", snapshot(BARS))
        for name in (".tmp-dead", "feedfacefeedface"):
            (lake.root / "made" / name).mkdir()
            (lake.root / "made" / name / "bars-2019.parquet").write_bytes(b"half")
        assert lake.dataset("made") == dataset
        lake.write("made", snapshot(BARS[:-1]))
        assert {entry.name for entry in (lake.root / "made").iterdir() if entry.is_dir()} == {
            dataset.version,
            lake.dataset("made").version,
        }


class TestPanel:
    def test_bars_longer_than_a_day_make_none(self, lake: Lake) -> None:
        made = snapshot(BARS)
        weeks = Snapshot(
            made.venue, Timeframe.parse("1w"), made.basis, made.currency, made.source, BARS, made.instruments
        )
        lake.write("weeks", weeks)
        with pytest.raises(DataBlocked, match="only 1d"):
            lake.panel("weeks")

"""Ticks go into the lake whole, as they arrived, and come out the same."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from tests.marketdata.market import clean_bars
from tests.marketdata.market import raw as raw_bars
from tests.marketdata.tick_market import DAYS, NAMES, NOW_UTC, lake_of, made_up, raw_of

from midas.core.clock import ManualClock
from midas.core.errors import DataInvalid, InvalidInput, StorageCorrupt, StorageFull
from midas.core.timeframe import Timeframe
from midas.integrations.file.source import FileSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest, RawTicks
from midas.marketdata.tick_importing import check_stored, import_ticks

KEY = ("arrived", "symbol")


def stored(lake: Lake, name: str = "ticks") -> pl.DataFrame:
    return pl.concat([lake.ticks(name, day) for day in lake.tick_days(name)])


def as_stored(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(*KEY, maintain_order=True)


def read(file: Path, **options: str) -> RawTicks:
    asked = {"path": str(file), "venue": "XNAS", "timeframe": "tick", **options}
    return FileSource().fetch_ticks(PullRequest(options={key.replace("__", "."): text for key, text in asked.items()}))


def utc_csv(frame: pl.DataFrame, **names: str) -> bytes:
    text = frame.with_columns(pl.col("ts", "arrived").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
    return text.rename(names).write_csv().encode()


class TestFile:
    @pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
    def test_round_trip(self, tmp_path: Path, kind: str) -> None:
        frame, file = made_up(1, 50), tmp_path / f"prints.{kind}"
        write: dict[str, Callable[[], object]] = {
            "csv": lambda: file.write_bytes(utc_csv(frame, ts="time")),
            "csv.gz": lambda: file.write_bytes(gzip.compress(utc_csv(frame, ts="timestamp", size="qty"))),
            "parquet": lambda: frame.write_parquet(file),
        }
        write[kind]()
        lake = Lake(tmp_path / "lake", ManualClock(NOW_UTC))
        report = import_ticks(lake, read(file), dataset="ticks")
        assert (report.rows, report.symbols, report.added, report.unchanged) == (frame.height, 2, frame.height, False)
        assert stored(lake).equals(as_stored(frame))
        dataset = lake.dataset("ticks")
        assert (str(dataset.timeframe), dataset.rows, dataset.first, dataset.last) == (
            "tick", frame.height, DAYS[0], DAYS[-1],
        )  # fmt: skip
        assert not any(one.is_error for one in check_stored(lake, dataset, NOW_UTC))

    def test_korean_names_a_day_and_a_time_of_day_apart(self, tmp_path: Path) -> None:
        file = tmp_path / "체결.csv"
        file.write_text(
            "체결일자,체결시간,종목코드,체결가,체결량\n"
            '2024-07-02,09:00:01.250,005930,"81,500",10\n20240702,090001,5930,81400,7\n',
            encoding="cp949",
        )
        raw = read(file, venue="XKRX", timezone="Asia/Seoul")
        assert [str(ts) for ts in raw.frame["ts"]] == ["2024-07-02 00:00:01.250000+00:00", "2024-07-02 00:00:01+00:00"]
        assert raw.frame.select("symbol", "price", "size").rows() == [
            ("005930.XKRX", 81500.0, 10.0), ("005930.XKRX", 81400.0, 7.0),
        ]  # fmt: skip
        assert raw.frame["ts"].equals(raw.frame["arrived"], check_names=False)
        assert not raw.arrivals

    def test_mapped_names(self, tmp_path: Path) -> None:
        file = tmp_path / "odd.csv"
        file.write_bytes(utc_csv(made_up(2, 5), ts="a", price="b", size="c", arrived="d"))
        raw = read(file, map__time="a", map__price="b", map__size="c", map__arrived="d")
        assert raw.frame.equals(made_up(2, 5))
        with pytest.raises(InvalidInput, match="time"):
            read(file)
        with pytest.raises(InvalidInput, match="no column 'close'"):
            read(file, map__close="b")


class TestMerging:
    def test_the_same_again_changes_nothing(self, tmp_path: Path) -> None:
        frame = made_up(1, 50)
        lake = lake_of(tmp_path, frame)
        before = lake.dataset("ticks")
        report = import_ticks(lake, raw_of(frame), dataset="ticks")
        assert report.unchanged
        assert lake.dataset("ticks") == before

    def test_in_parts_is_the_same_as_at_once(self, tmp_path: Path) -> None:
        frame = made_up(1, 60)
        lake = lake_of(tmp_path / "once", frame)
        cuts = [0, 100, 130, 290, frame.height]
        parts = [frame[a:b] for a, b in pairwise(cuts)]
        for part in (parts[2], parts[0], parts[3], parts[1]):
            other = lake_of(tmp_path / "parts", part)
        assert stored(other).equals(stored(lake))
        assert other.dataset("ticks").version == lake.dataset("ticks").version
        assert other.dataset("ticks").rows == frame.height

    def test_a_file_stands_between_the_first_and_the_last_of_a_symbol(self, tmp_path: Path) -> None:
        frame = made_up(1, 60)
        lake = lake_of(tmp_path, frame)
        own = frame.filter(pl.col("symbol") == NAMES[0])
        new = own[20:40:3].with_columns(pl.col("price") + 1.0)
        report = import_ticks(lake, raw_of(new), dataset="ticks")
        since, until = new["arrived"][0], new["arrived"][-1]
        inside = (pl.col("symbol") == NAMES[0]) & pl.col("arrived").is_between(since, until)
        wanted = as_stored(pl.concat([frame.filter(~inside), new]))
        assert stored(lake).sort(*wanted.columns).equals(wanted.sort(*wanted.columns))
        assert report.corrected == frame.filter(inside).height
        assert any("gave way" in one for one in report.warnings)

    def test_days_that_did_not_change_are_not_written_again(self, tmp_path: Path) -> None:
        frame = made_up(1, 30)
        lake = lake_of(tmp_path, frame.filter(pl.col("arrived").dt.date() < DAYS[-1]))
        first = lake.dataset("ticks").version
        lake_of(tmp_path, frame.filter(pl.col("arrived").dt.date() >= DAYS[-1]))
        folder = lake.root / "ticks"
        name = f"ticks-{DAYS[0]}.parquet"
        assert (folder / lake.dataset("ticks").version / name).samefile(folder / first / name)

    def test_bars_and_ticks_are_never_one_dataset(self, tmp_path: Path) -> None:
        lake = lake_of(tmp_path, made_up(1, 30))
        with pytest.raises(InvalidInput, match="ticks"):
            import_bars(lake, raw_bars(clean_bars(1), dataset="ticks"))
        import_bars(lake, raw_bars(clean_bars(1), dataset="daily"))
        with pytest.raises(InvalidInput, match="has 1d bars, these are ticks"):
            import_ticks(lake, raw_of(made_up(1, 30)), dataset="daily")
        other = replace(raw_of(made_up(1, 30)), venue="XNYS")
        with pytest.raises(InvalidInput, match="venue"):
            import_ticks(lake, other, dataset="ticks")


class TestFailingDisk:
    @pytest.mark.parametrize("failing", range(9))
    def test_full_at_any_write_changes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
    ) -> None:
        # three days, what lies beside them, folders and manifest: an import waits for the disk nine times or more
        lake = lake_of(tmp_path, made_up(1, 30))
        before, real, count = (lake.dataset("ticks"), stored(lake)), os.fsync, iter(range(100))

        def full(handle: int) -> None:
            if next(count) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(handle)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(StorageFull, match="nothing has changed"):
                import_ticks(lake, raw_of(made_up(2, 30)), dataset="ticks")
        assert lake.dataset("ticks") == before[0]
        assert stored(lake).equals(before[1])

    @pytest.mark.parametrize("failing", range(4))
    def test_bars_that_do_not_fit_are_made_when_they_do(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
    ) -> None:
        lake, five, real, count = lake_of(tmp_path, made_up(1, 30)), Timeframe(5, "m"), os.fsync, iter(range(100))

        def full(handle: int) -> None:
            if next(count) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(handle)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(StorageFull):
                lake.panel("ticks", five)
        assert lake.panel("ticks", five).rows == lake_of(tmp_path / "other", made_up(1, 30)).panel("ticks", five).rows


class TestContract:
    @pytest.mark.parametrize(
        ("code", "spoil"),
        [
            ("nan", pl.lit(None, pl.Float64).alias("price")),
            ("nan", pl.lit(float("nan")).alias("size")),
            ("infinite", pl.lit(float("inf")).alias("price")),
            ("non_positive_price", pl.lit(0.0).alias("price")),
            ("non_positive_price", pl.lit(-5.0).alias("price")),
            ("negative_volume", pl.lit(-1.0).alias("size")),
            ("spike", (pl.col("price") * 100.0).alias("price")),
            ("future_date", (pl.col("arrived") + timedelta(days=900)).alias("arrived")),
            ("closed_day", (pl.col("ts") + timedelta(days=1)).dt.replace(month=7, day=4).alias("ts")),
        ],
    )
    def test_an_error_keeps_everything_out(self, tmp_path: Path, code: str, spoil: pl.Expr) -> None:
        good = made_up(1, 40)
        bad = pl.concat([good[:17], good[17:18].with_columns(spoil), good[18:]])
        lake = Lake(tmp_path, ManualClock(NOW_UTC))
        with pytest.raises(DataInvalid, match=code):
            import_ticks(lake, raw_of(bad), dataset="ticks")
        assert lake.datasets() == ()
        report = import_ticks(lake, raw_of(bad), dataset="ticks", skip_bad=True)
        assert report.rows == good.height - 1
        assert len(report.skipped) == 1

    def test_what_is_only_told(self, tmp_path: Path) -> None:
        lake = Lake(tmp_path, ManualClock(NOW_UTC))
        report = import_ticks(lake, raw_of(made_up(1, 200), arrivals=False), dataset="ticks")
        assert {one.code for one in report.findings} == {"late", "outside_session"}
        assert any("when ticks arrived" in one for one in report.warnings)

    def test_a_file_that_was_cut_short_is_named(self, tmp_path: Path) -> None:
        lake = lake_of(tmp_path, made_up(1, 30))
        file = lake.root / "ticks" / lake.dataset("ticks").version / f"ticks-{DAYS[0]}.parquet"
        file.write_bytes(file.read_bytes()[:-20])
        with pytest.raises(StorageCorrupt, match=str(DAYS[0])):
            check_stored(lake, lake.dataset("ticks"), NOW_UTC)

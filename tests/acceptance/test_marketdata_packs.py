"""The data contract and the derived actions on real markets: two million bars of three decades."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from midas.core.basis import Basis
from midas.core.clock import ManualClock
from midas.core.errors import DataInvalid
from midas.integrations.file.source import FileSource
from midas.marketdata.finding import Finding
from midas.marketdata.importing import check_raw, import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest, RawBars
from midas.marketdata.universe import select

pytestmark = pytest.mark.acceptance

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PRICES = ("open", "high", "low", "close")

CLEAN = {
    "kr/krx_daily_adj_2023_2025": ("XKRX", 899_739, Basis.SPLIT_ADJUSTED),
    "kr/krx_marcap_raw_janfeb_2022_2025": ("XKRX", 314_253, Basis.RAW),
    "kr/krx_daily_1985_2018_13symbols": ("XKRX", 75_342, Basis.SPLIT_ADJUSTED),
    "kr/krx_etf_and_bluechip_daily_adj_to_2024": ("XKRX", 98_307, Basis.SPLIT_ADJUSTED),
    "kr/krx_kodex200_daily_2007_2026": ("XKRX", 4_251, Basis.RAW),
    "us/us_sp500_daily_adj_2022_2024": ("XNYS", 237_308, Basis.SPLIT_ADJUSTED),
    "us/us_etf_daily_1993_2026": ("ARCX", 127_601, Basis.SPLIT_ADJUSTED),
    "us/us_wiki_raw_adj_actions_5symbols_2015_2017": ("XNAS", 3_634, None),
    "us/us_20stocks_adjclose_1990_2022": ("XNYS", 166_260, Basis.CLOSE_ONLY),
}
"""Venue, rows, and the basis that must be detected, of packs without a defect."""


@lru_cache(2)
def read(shared: Path, pack: str, venue: str, **options: str) -> RawBars:
    """Return what a pack holds; several tests in a row read the same one."""
    asked = {"path": str(shared / "data" / f"{pack}.parquet"), "venue": venue, **options}
    [raw] = FileSource().fetch(PullRequest(options=asked))
    return raw


def imported(tmp_path: Path, raw: RawBars, *, skip_bad: bool = False) -> tuple[Lake, tuple[Finding, ...]]:
    lake = Lake(tmp_path / "lake", ManualClock(NOW))
    return lake, import_bars(lake, raw, skip_bad=skip_bad).findings


class TestCleanPacks:
    def test_are_more_than_a_million_bars(self) -> None:
        assert sum(rows for _, rows, _ in CLEAN.values()) > 1_900_000

    @pytest.mark.parametrize("pack", CLEAN)
    def test_raise_no_alarm_and_lose_no_bar(self, shared: Path, tmp_path: Path, pack: str) -> None:
        venue, rows, basis = CLEAN[pack]
        lake = Lake(tmp_path / "lake", ManualClock(NOW))
        report = import_bars(lake, read(shared, pack, venue))
        assert [str(one) for one in report.findings if one.is_error] == []
        assert report.dataset.rows == rows
        if basis is not None:
            assert report.dataset.basis is basis

    def test_quirks_are_told_as_what_they_are(self, shared: Path, tmp_path: Path) -> None:
        _, findings = imported(tmp_path, read(shared, "kr/krx_daily_adj_2023_2025", "XKRX", adjusted="true"))
        told = {code: sum(one.rows for one in findings if one.code == code) for code in {one.code for one in findings}}
        assert told.pop("halt") == 27_358
        assert told.pop("rounding") == 75
        assert told.pop("move_after_pause") < 20
        assert told == {}


class TestWholeKorea:
    def test_imports_again_as_the_same_and_opens_as_a_panel(self, shared: Path, tmp_path: Path) -> None:
        raw = read(shared, "kr/krx_daily_adj_2023_2025", "XKRX", adjusted="true")
        lake = Lake(tmp_path / "lake", ManualClock(NOW))
        assert not import_bars(lake, raw).unchanged
        assert import_bars(lake, raw).unchanged
        panel = select(lake, "XKRX", []).panel
        assert (panel.columns, panel.rows) == (2519, 370)
        close = panel.matrix("close")
        assert int((~np.isnan(close)).sum()) == 899_739
        assert float(np.nansum(close)) == float(raw.frame["close"].sum())
        halted = raw.frame.filter(pl.col("open") == 0)
        assert int((~np.isnan(close) & np.isnan(panel.matrix("open"))).sum()) == halted.height

    def test_boards_come_from_the_market_column(self, shared: Path) -> None:
        raw = read(shared, "kr/krx_marcap_raw_janfeb_2022_2025", "XKRX")
        boards = {board: sum(one.board == board for one in raw.instruments) for board in ("KOSPI", "KOSDAQ", "KONEX")}
        assert sum(boards.values()) == len(raw.instruments)
        assert all(count > 100 for count in boards.values())
        assert raw.warnings == ()

    def test_base_prices_give_the_splits_of_history(self, shared: Path, tmp_path: Path) -> None:
        lake, _ = imported(tmp_path, read(shared, "kr/krx_marcap_raw_janfeb_2022_2025", "XKRX"))
        [dataset] = lake.datasets()
        splits = lake.actions(dataset.name).filter(pl.col("kind") == "split")
        found = {(symbol[:6], ts): value for symbol, ts, value in splits.select("symbol", "ts", "value").iter_rows()}
        # Bonus issues of one, two and three new shares for each old one, and a merger of ten shares into one.
        assert found["058970", date(2022, 1, 17)] == 2
        assert found["079370", date(2024, 1, 16)] == 3
        assert found["086960", date(2023, 1, 9)] == 4
        assert found["052300", date(2025, 2, 3)] == pytest.approx(0.1)


class TestDerivedActions:
    def test_dividends_are_those_the_vendor_states(self, shared: Path, tmp_path: Path) -> None:
        pack = shared / "data" / "us" / "us_wiki_raw_adj_actions_5symbols_2015_2017.parquet"
        stated = pl.read_parquet(pack).filter(pl.col("ex_dividend") > 0)
        bars = tmp_path / "bars.parquet"
        pl.read_parquet(pack).drop("ex_dividend", "split_ratio").write_parquet(bars)
        [raw] = FileSource().fetch(PullRequest(options={"path": str(bars), "venue": "XNAS", "adjusted": "false"}))
        derived = check_raw(raw, Basis.RAW, NOW).derived.actions
        assert [
            (symbol.removesuffix(".XNAS"), ts) for symbol, ts in derived.select("symbol", "ts").iter_rows()
        ] == list(stated.sort("symbol", "date").select("symbol", "date").iter_rows())
        np.testing.assert_allclose(derived["value"], stated.sort("symbol", "date")["ex_dividend"], rtol=0.05)

    @pytest.mark.parametrize("pack", ["us/us_sp500_daily_2015_2020", "us/us_etf_daily_1993_2026"])
    def test_adjusted_returns_are_those_of_adj_close(self, shared: Path, tmp_path: Path, pack: str) -> None:
        lake, _ = imported(tmp_path, read(shared, pack, "XNYS", adjusted="true", dataset="made"), skip_bad=True)
        panel = lake.panel("made")
        bars = lake.bars("made").partition_by("symbol", as_dict=True)
        for column, one in enumerate(panel.instruments):
            close = panel.series("close", column)
            ours = close[~np.isnan(close)]
            stated = bars[str(one.id),]["adj_close"].to_numpy()
            np.testing.assert_allclose(ours[1:] / ours[:-1], stated[1:] / stated[:-1], rtol=1e-3, err_msg=str(one.id))


class TestRealDefects:
    """What is wrong in the other packs is found, and nothing else; each was looked up."""

    def test_splits_a_pack_called_adjusted_does_not_account_for(self, shared: Path, tmp_path: Path) -> None:
        with pytest.raises(DataInvalid, match=r"unadjusted_split \(9\)") as caught:
            imported(tmp_path, read(shared, "kr/krx_daily_adj_2015_2022", "XKRX"))
        found = {(finding.split()[1][:6], finding.split()[2].rstrip(":")) for finding in caught.value.findings}
        # Bonus issues: the day each share went ex.
        assert found == {
            ("112610", "2021-02-08"), ("096530", "2021-04-23"), ("053580", "2021-05-04"), ("285130", "2021-10-21"),
            ("060250", "2021-11-25"), ("178320", "2022-04-13"), ("216050", "2022-06-21"), ("247540", "2022-06-27"),
            ("300120", "2022-07-19"),
        }  # fmt: skip

    def test_a_ticker_in_other_hands_and_a_bar_of_a_running_session(self, shared: Path, tmp_path: Path) -> None:
        with pytest.raises(DataInvalid) as caught:
            imported(tmp_path, read(shared, "us/us_sp500_daily_2015_2020", "XNYS", adjusted="true"))
        # COL was taken over in 2018: its bars of 2019 are another paper's. DIS opened above what is called its high.
        assert {finding.partition(":")[0] + finding.split()[1] for finding in caught.value.findings} == {
            "spikeCOL.XNYS", "outside_rangeDIS.XNYS",
        }  # fmt: skip

    def test_raw_splits_are_those_of_the_factor_files(self, shared: Path) -> None:
        names = ("AAPL", "AIG", "BAC", "EEM", "GOOG", "IBM", "IWM", "QQQ", "SPY")
        raw = read(shared, "us/lean_us_daily_raw_1998_2021", "XNYS")
        checked = check_raw(raw, Basis.RAW, NOW)
        found = {
            (one.symbol.removesuffix(".XNYS"), date.fromisoformat(one.session))
            for one in checked.findings
            if one.code == "unadjusted_split" and one.symbol.removesuffix(".XNYS") in names
        }
        days = {name: raw.frame.filter(pl.col("symbol") == f"{name}.XNYS")["ts"].to_list() for name in names}
        assert found == set(splits_of_factor_file(shared, names, days)) - REVERSE_ON_A_RISING_DAY

    def test_with_skip_bad_the_rest_comes_in(self, shared: Path, tmp_path: Path) -> None:
        lake = Lake(tmp_path / "lake", ManualClock(NOW))
        raw = read(shared, "us/us_sp500_daily_2015_2020", "XNYS", adjusted="true")
        report = import_bars(lake, raw, skip_bad=True)
        assert report.dataset.rows == 538_672 - 3
        assert len(report.skipped) == 3


REVERSE_ON_A_RISING_DAY = {("AIG", date(2009, 7, 1))}
"""AIG merged 20 shares into one, fell by a fifth that day and traded ten times as much: prices alone cannot tell."""


def splits_of_factor_file(shared: Path, names: tuple[str, ...], days: dict[str, list[date]]) -> list[tuple[str, date]]:
    """Ex-dates of splits of at least 3:2; a row of the file holds up to and including its date."""
    rows = pl.read_csv(shared / "data" / "us" / "lean_us_factor_files.csv").sort("symbol", "date")
    rows = rows.with_columns(factor=pl.col("price_factor") * pl.col("split_factor"))
    found = []
    for name in names:
        # The ticker GOOG was class A until 2014-04-02; class A is GOOGL since.
        part = rows.filter(pl.col("symbol") == ("GOOGL" if name == "GOOG" else name)).select("date", "factor").rows()
        for (day, factor), (_, later) in pairwise(part):
            if abs(np.log(later / factor)) > 0.39:
                last = datetime.strptime(str(day), "%Y%m%d").replace(tzinfo=UTC).date()
                found.append((name, next(after for after in days[name] if after > last)))
    return found


def ordinary_rows(part: pl.DataFrame) -> list[int]:
    """Rows of a name that trades before and after, at no more than six times its usual volume, far from any limit."""
    volume, close = part["volume"].to_numpy(), np.log(part["close"].to_numpy())
    rows = np.arange(40, part.height - 40)
    moves, windows = np.abs(np.diff(close)), np.lib.stride_tricks.sliding_window_view
    trades = (windows(volume, 50)[rows - 25] > 0).all(axis=1)
    usual = volume[rows] < 6 * np.median(windows(volume, 20)[rows - 20], axis=1)
    calm = (moves[rows - 1] < 0.1) & (windows(moves, 4)[rows].max(axis=1) < 0.15)
    return [int(row) for row in rows[trades & usual & calm]]


def put(part: pl.DataFrame, row: int, name: str, value: float) -> pl.DataFrame:
    return part.with_columns(pl.when(pl.int_range(pl.len()) == row).then(pl.lit(value)).otherwise(name).alias(name))


def times(part: pl.DataFrame, first: int, stop: int, factor: float) -> pl.DataFrame:
    inside = pl.int_range(pl.len()).is_between(first, stop - 1)
    return part.with_columns(pl.when(inside).then(pl.col(name) * factor).otherwise(pl.col(name)) for name in PRICES)


def copied(part: pl.DataFrame, row: int, _: np.random.Generator) -> pl.DataFrame:
    inside = pl.int_range(pl.len()).is_between(row - 1, row + 3)
    return part.with_columns(
        pl.when(inside).then(pl.lit(part[name][row - 1])).otherwise(pl.col(name)).alias(name)
        for name in (*PRICES, "volume")
    )


def split(part: pl.DataFrame, row: int, rng: np.random.Generator) -> pl.DataFrame:
    ratio = float(rng.choice([2, 3, 5, 10, 50]))
    return times(part, 0, row, ratio if rng.random() < 0.8 else 1 / ratio)


SPOIL = {
    "nan": lambda part, row, rng: put(part, row, str(rng.choice(PRICES)), float("nan")),
    "infinite": lambda part, row, rng: put(part, row, str(rng.choice(PRICES)), float("inf")),
    "non_positive_price": lambda part, row, rng: put(
        part, row, str(rng.choice(PRICES)), float(rng.choice([0.0, -5.0]))
    ),
    "high_below_low": lambda part, row, rng: put(part, row, "high", part["low"][row] * 0.98),
    "outside_range": lambda part, row, rng: put(part, row, "close", part["high"][row] * 1.02),
    "negative_volume": lambda part, row, rng: put(part, row, "volume", -1.0),
    "duplicate": lambda part, row, rng: pl.concat([part[: row + 1], part[row:]]),
    "out_of_order": lambda part, row, rng: pl.concat(
        [part[:row], part[row + 1 : row + 9], part[row : row + 1], part[row + 9 :]]
    ),
    "stale": copied,
    "spike": lambda part, row, rng: times(part, row, row + 1, float(rng.choice([10.0, 0.1]))),
    "decimal_shift": lambda part, row, rng: times(part, row, row + 1, float(rng.choice([100.0, 0.01]))),
    "unadjusted_split": split,
}


class TestInjectedDefects:
    """One defect in each of some hundred real names: every one is found where it is, and nothing elsewhere."""

    @pytest.mark.parametrize("pack", ["kr/krx_daily_adj_2023_2025", "us/us_sp500_daily_adj_2022_2024"])
    @pytest.mark.parametrize("seed", range(3))
    def test_are_all_found(self, shared: Path, pack: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        raw = read(shared, pack, "XKRX" if pack.startswith("kr") else "XNYS", adjusted="true")
        names = [part for part in raw.frame.partition_by("symbol") if part.height > 150]
        parts, wanted = [], set()
        for number, place in enumerate(rng.permutation(len(names))[: 15 * len(SPOIL)]):
            code, part = list(SPOIL)[number % len(SPOIL)], names[place]
            rows = ordinary_rows(part)
            if rows:
                row = int(rng.choice(rows))
                parts.append(SPOIL[code](part, row, rng))
                wanted.add((code, part["symbol"][row], str(part["ts"][row])))
        assert len(wanted) > 10 * len(SPOIL)
        found = errors_of(replace(raw, frame=pl.concat(parts)))
        assert wanted - found == set()
        assert {symbol for _, symbol, _ in found} <= {symbol for _, symbol, _ in wanted}

    def test_missing_sessions_are_told(self, shared: Path) -> None:
        raw = read(shared, "us/us_sp500_daily_adj_2022_2024", "XNYS")
        names = raw.frame.partition_by("symbol")[:15]
        cut = pl.concat([pl.concat([part[:100], part[107:]]) for part in names])
        found = {one.symbol: one for one in check_raw(replace(raw, frame=cut), Basis.SPLIT_ADJUSTED, NOW).findings}
        assert set(found) == set(cut["symbol"])
        assert {(one.code, one.session, one.is_error) for one in found.values()} == {
            ("gap", str(names[0]["ts"][107]), False)
        }

    def test_tomorrow_is_the_future(self, shared: Path) -> None:
        raw = read(shared, "us/us_sp500_daily_adj_2022_2024", "XNYS")
        ahead = raw.frame[-1:].with_columns(ts=pl.lit(date(2026, 11, 22)))
        found = errors_of(replace(raw, frame=pl.concat([raw.frame, ahead])))
        assert found == {("future_date", raw.frame["symbol"][-1], "2026-11-22")}


def errors_of(raw: RawBars) -> set[tuple[str, str, str]]:
    checked = check_raw(raw, Basis.SPLIT_ADJUSTED, NOW)
    return {(one.code, one.symbol, one.session) for one in checked.findings if one.is_error}

"""Which dataset answers a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.marketdata.market import clean_bars, clock, instruments_of, snapshot

from midas.core.basis import Basis
from midas.core.clock import ManualClock
from midas.core.errors import InvalidInput, NotFound
from midas.core.instrument import Alias
from midas.marketdata.lake import Lake
from midas.marketdata.universe import select

BARS = clean_bars(symbols=3, last=date(2020, 3, 31))
CLOSES = BARS.select("symbol", "ts", "close")


@pytest.fixture
def time() -> ManualClock:
    return clock()


@pytest.fixture
def lake(tmp_path: Path, time: ManualClock) -> Lake:
    """`first` (raw, S00 S01), `second` (raw, S01 S02, imported later), `closes` (close_only, all three)."""
    lake = Lake(tmp_path / "lake", time)
    for name, frame, basis in (
        ("first", BARS.filter(pl.col("symbol") != "S02.XNYS"), Basis.RAW),
        ("second", BARS.filter(pl.col("symbol") != "S00.XNYS"), Basis.RAW),
        ("closes", CLOSES, Basis.CLOSE_ONLY),
    ):
        lake.write(name, snapshot(frame, basis=basis))
        time.advance(timedelta(hours=1))
    return lake


class TestRefusals:
    def test_nothing_was_asked_for(self, lake: Lake) -> None:
        with pytest.raises(InvalidInput, match="No universe and no symbols"):
            select(lake, None, [])

    def test_unknown_symbol(self, lake: Lake) -> None:
        with pytest.raises(NotFound, match="No dataset holds 'S0X'") as caught:
            select(lake, None, ["S00", "S0X"])
        assert "Did you mean" in caught.value.hint
        assert caught.value.code == "unknown_symbol"

    def test_unknown_universe(self, lake: Lake) -> None:
        with pytest.raises(NotFound, match="no dataset or venue 'secnd'") as caught:
            select(lake, "secnd", [])
        assert "'second'" in caught.value.hint

    def test_symbol_outside_the_universe(self, lake: Lake) -> None:
        with pytest.raises(NotFound, match="'S00' is not in this universe"):
            select(lake, "second", ["S00"])

    def test_no_dataset_holds_them_together(self, lake: Lake) -> None:
        lake.delete("closes")
        with pytest.raises(NotFound, match="No dataset holds all of these: S00 is in first; S02 is in second"):
            select(lake, None, ["S00", "S02"])

    def test_an_empty_lake(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="no data yet"):
            select(Lake(tmp_path / "none", clock()), "XNYS", [])

    def test_a_symbol_of_two_venues_needs_its_venue(self, tmp_path: Path) -> None:
        lake = Lake(tmp_path / "lake", clock())
        both = pl.concat([BARS[:50], BARS[:50].with_columns(symbol=pl.lit("S00.XNAS"))])
        lake.write("both", snapshot(both))
        with pytest.raises(InvalidInput, match=r"'S00' is S00\.XNAS and S00\.XNYS"):
            select(lake, None, ["S00"])
        assert select(lake, None, ["S00.XNAS"]).symbols == ("S00.XNAS",)


class TestBySymbols:
    def test_the_best_basis_that_holds_all_of_them(self, lake: Lake) -> None:
        assert select(lake, None, ["S00", "S01"]).label == "first"
        assert select(lake, None, ["S00", "S02"]).label == "closes"

    def test_then_the_latest_import_and_says_so(self, lake: Lake) -> None:
        chosen = select(lake, None, ["S01"])
        assert chosen.label == "second"
        assert chosen.warnings == ("Several raw datasets hold these; using 'second' (also: first).",)

    def test_ids_and_display_symbols_in_any_order_or_case_are_the_same(self, lake: Lake) -> None:
        for asked in (["S01", "S00"], ["S00.XNYS", "S01.XNYS"], ["s00", "S01", "S00"]):
            chosen = select(lake, None, asked)
            assert chosen.symbols == ("S00.XNYS", "S01.XNYS")
            assert [str(one.id) for one in chosen.panel.instruments] == list(chosen.symbols)

    def test_an_alias_finds_its_instrument(self, tmp_path: Path) -> None:
        lake = Lake(tmp_path / "lake", clock())
        named = instruments_of(BARS[:50])
        made = snapshot(BARS[:50])
        lake.write(
            "made", replace(made, instruments=(replace(named[0], aliases=(Alias("OLD", None, date(2018, 1, 1)),)),))
        )
        assert select(lake, None, ["OLD"]).symbols == ("S00.XNYS",)

    def test_no_survivorship_warning_for_names_a_person_chose(self, lake: Lake) -> None:
        assert select(lake, None, ["S00", "S01"]).warnings == ()


class TestByUniverse:
    def test_a_dataset(self, lake: Lake) -> None:
        chosen = select(lake, "first", [])
        assert (chosen.label, chosen.symbols) == ("first", ("S00.XNYS", "S01.XNYS"))

    def test_a_venue_is_its_latest_dataset_and_says_so(self, lake: Lake) -> None:
        chosen = select(lake, "XNYS", [])
        assert chosen.panel.dataset == "closes"
        assert chosen.label == "XNYS"
        assert "XNYS has 3 datasets; using 'closes', imported last (also: second, first)" in chosen.warnings[0]

    def test_a_venue_leaves_out_instruments_of_others(self, tmp_path: Path) -> None:
        lake = Lake(tmp_path / "lake", clock())
        lake.write("both", snapshot(pl.concat([BARS[:50], BARS[:50].with_columns(symbol=pl.lit("N.XNAS"))])))
        assert select(lake, "XNYS", []).symbols == ("S00.XNYS",)
        assert select(lake, "both", []).symbols == ("N.XNAS", "S00.XNYS")

    def test_symbols_narrow_it(self, lake: Lake) -> None:
        assert select(lake, "closes", ["S02"]).symbols == ("S02.XNYS",)


class TestSurvivorship:
    def test_a_list_nobody_ever_leaves_is_told(self, lake: Lake) -> None:
        [warning] = select(lake, "first", []).warnings
        assert warning.startswith("Survivorship: all 2 names of 'first' trade to the end of the data")

    def test_one_name_that_ends_earlier_is_enough(self, tmp_path: Path) -> None:
        lake = Lake(tmp_path / "lake", clock())
        ended = BARS.filter((pl.col("symbol") != "S01.XNYS") | (pl.col("ts") < date(2019, 9, 1)))
        lake.write("made", snapshot(ended))
        assert select(lake, "made", []).warnings == ()

    def test_a_short_history_says_nothing_about_survivors(self, tmp_path: Path) -> None:
        lake = Lake(tmp_path / "lake", clock())
        lake.write("made", snapshot(BARS.filter(pl.col("ts") < date(2019, 6, 1))))
        assert select(lake, "made", []).warnings == ()

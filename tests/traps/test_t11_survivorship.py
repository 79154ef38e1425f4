"""A list of names made when everybody knew which of them would last."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.marketdata.market import clean_bars, clock, snapshot

from midas.marketdata.lake import Lake
from midas.marketdata.universe import Selection, select

BARS = clean_bars(symbols=5, last=date(2020, 3, 31))
ENDED = pl.col("symbol").is_in(["S01.XNYS", "S03.XNYS"]) & (pl.col("ts") > date(2019, 9, 2))


def chosen(tmp_path: Path, bars: pl.DataFrame, universe: str) -> Selection:
    lake = Lake(tmp_path / "lake", clock())
    lake.write("made", snapshot(bars))
    return select(lake, universe, [])


class TestT11Survivorship:
    @pytest.mark.parametrize("universe", ["made", "XNYS"])
    def test_t11_without_the_names_that_ended_the_list_is_called_what_it_is(
        self, tmp_path: Path, universe: str
    ) -> None:
        whole = BARS.filter(~ENDED)
        assert chosen(tmp_path / "whole", whole, universe).warnings == ()
        survivors = whole.filter(~pl.col("symbol").is_in(["S01.XNYS", "S03.XNYS"]))
        [told] = chosen(tmp_path / "survivors", survivors, universe).warnings
        assert told.startswith(f"Survivorship: all 3 names of '{universe}' trade to the end of the data")

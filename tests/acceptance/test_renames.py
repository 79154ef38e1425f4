"""Waste Management was UW, then WMI, then WM; before that WM was Washington Mutual's. From LEAN's bars and map file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from midas.backtest.run import run
from midas.core.clock import ManualClock
from midas.core.errors import InvalidInput
from midas.integrations.file.source import FileSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.marketdata.universe import select
from midas.strategies.library.buy_and_hold import BuyAndHold

pytestmark = pytest.mark.acceptance

TAKEN_OVER = date(2009, 8, 5)
"""The map file: WMI until 2009-08-04, WM since."""


@pytest.fixture(scope="module")
def lake(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    pack = pl.read_parquet(shared / "data" / "us" / "lean_us_daily_raw_1998_2021.parquet")
    waste = ((pl.col("symbol") == "WM") & (pl.col("date") >= TAKEN_OVER)) | pl.col("symbol").is_in(["UW", "WMI"])
    mutual = (pl.col("symbol") == "WM") & (pl.col("date") < TAKEN_OVER)
    bars = pack.with_columns(
        permtick=pl.when(waste).then(pl.lit("WM")).when(mutual).then(pl.lit("WM.1")).otherwise(None)
    ).drop_nulls("permtick")
    # Washington Mutual split on 2001-05-16, which nothing in these bars tells
    bars = bars.filter((pl.col("date") >= date(2001, 5, 16)) | (pl.col("permtick") == "WM")).sort("permtick", "date")
    folder = tmp_path_factory.mktemp("renames")
    bars.write_parquet(folder / "bars.parquet")
    [raw] = FileSource().fetch(
        PullRequest(options={"path": str(folder / "bars.parquet"), "venue": "XNYS", "adjusted": "false"})
    )
    lake = Lake(folder / "lake", ManualClock(datetime(2026, 11, 21, tzinfo=UTC)))
    import_bars(lake, raw, skip_bad=True)
    return lake


def test_a_position_survives_two_renames(lake: Lake) -> None:
    chosen = select(lake, None, ["UW"])
    assert chosen.symbols == ("WM.XNYS",)
    result = run(BuyAndHold(), chosen.panel, start=date(1998, 7, 1), end=date(2010, 12, 31), commission_bps=0)
    assert result.fills()["ts"].to_list() == [date(1998, 7, 2)]
    closes = chosen.panel.series("raw_close", 0)
    row = int(np.searchsorted(chosen.panel.sessions, np.datetime64(TAKEN_OVER)))
    assert not np.isnan(closes[row - 1 : row + 1]).any()
    held = result.positions().filter(pl.col("ts").is_between(date(2009, 8, 4), TAKEN_OVER))
    assert held["quantity"].n_unique() == 1
    np.testing.assert_allclose(held["value"] / held["quantity"], closes[row - 1 : row + 1])


def test_the_symbol_alone_is_ambiguous_and_a_day_makes_it_clear(lake: Lake) -> None:
    named = r"'WM' is WM\.XNYS \(since 2009-08-05\) and WM\.1\.XNYS \(2001-05-16 to 2008-09-26\)"
    with pytest.raises(InvalidInput, match=named):
        select(lake, None, ["WM"])
    assert select(lake, None, ["WM@2007-01-03"]).symbols == ("WM.1.XNYS",)
    assert select(lake, None, ["WM@2010-01-04"]).symbols == ("WM.XNYS",)
    assert select(lake, None, ["WMI@2007-01-03", "UW"]).symbols == ("WM.XNYS",)

"""Session tables against the days on which things really traded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance

KRX = venue("XKRX").calendar
NYSE = venue("XNYS").calendar


def traded(file: Path, symbol: str | None = None) -> set[date]:
    frame = pl.read_parquet(file)
    if symbol is not None:
        frame = frame.filter(pl.col("symbol") == symbol)
    return set(frame["date"].to_list())


def between(days: set[date], first: date, last: date) -> list[date]:
    return sorted(day for day in days if first <= day <= last)


class TestNewYork:
    def test_spy(self, shared: Path) -> None:
        days = traded(shared / "data/us/us_etf_daily_1993_2026.parquet", "SPY")
        first, last = date(2006, 1, 3), max(days)
        assert last >= date(2026, 8, 21)
        assert NYSE.sessions(first, last).tolist() == between(days, first, last)

    def test_spx_since_saturdays_ended(self, shared: Path) -> None:
        days = traded(shared / "data/macro/us_index_vix_usdkrw_daily.parquet", "GSPC")
        assert NYSE.sessions(NYSE.first, max(days)).tolist() == between(days, NYSE.first, max(days))


class TestKorea:
    @pytest.mark.parametrize("index", ["KS11", "KQ11", "KS200"])
    def test_indices_2007_to_2026(self, shared: Path, index: str) -> None:
        days = traded(shared / "data/kr/krx_index_daily_1995_2026.parquet", index)
        first, last = date(2007, 1, 2), max(days)
        assert last >= date(2026, 8, 21)
        assert KRX.sessions(first, last).tolist() == between(days, first, last)

    def test_kospi_since_may_1995_saturdays_included(self, shared: Path) -> None:
        days = traded(shared / "data/kr/krx_index_daily_1995_2026.parquet", "KS11")
        assert KRX.sessions(min(days), max(days)).tolist() == between(days, min(days), max(days))

    def test_shares_since_1985(self, shared: Path) -> None:
        days = traded(shared / "data/kr/krx_daily_1985_2018_13symbols.parquet")
        assert KRX.sessions(min(days), max(days)).tolist() == between(days, min(days), max(days))

    def test_whole_market_2023_to_2025(self, shared: Path) -> None:
        days = traded(shared / "data/kr/krx_daily_adj_2023_2025.parquet")
        assert KRX.sessions(min(days), max(days)).tolist() == between(days, min(days), max(days))

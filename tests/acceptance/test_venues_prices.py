"""Ticks and price limits against prices that were really paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance

XKRX = venue("XKRX")
WINDOWS = [2022, 2023, 2024, 2025]


@pytest.fixture(scope="module")
def bars(shared: Path) -> pl.DataFrame:
    return pl.read_parquet(shared / "data/kr/krx_marcap_raw_janfeb_2022_2025.parquet")


def on_ladder(prices: np.ndarray, day: date, board: str) -> np.ndarray:
    ladder = XKRX.tables.tick.of(XKRX.board(board), "stock").at(day)
    assert ladder is not None
    floors = np.array([int(floor) for floor in ladder.floors])
    ticks = np.array([int(tick) for tick in ladder.ticks])
    return prices % ticks[np.searchsorted(floors, prices, side="right") - 1] == 0


def by_day_and_board(bars: pl.DataFrame) -> Iterator[tuple[date, str, pl.DataFrame]]:
    for (day, board), group in bars.group_by("date", "market"):
        assert isinstance(day, date)
        assert isinstance(board, str)
        yield day, board, group


@pytest.fixture(scope="module")
def limits(bars: pl.DataFrame) -> pl.DataFrame:
    rows = bars.filter(pl.col("open") > 0).with_columns(base=pl.col("close") - pl.col("change"))
    found = [
        XKRX.limit_prices(Decimal(base), day, board)
        for base, day, board in rows.select("base", "date", "market").iter_rows()
    ]
    low, high = zip(*(pair for pair in found if pair is not None), strict=True)
    return rows.with_columns(lowest=pl.Series([int(x) for x in low]), highest=pl.Series([int(x) for x in high]))


class TestTicks:
    @pytest.mark.parametrize("column", ["open", "high", "low", "close"])
    def test_every_price_lies_on_the_ladder_of_its_day(self, bars: pl.DataFrame, column: str) -> None:
        traded = bars.filter((pl.col("open") > 0) | (pl.lit(column) == "close"))
        off = sum(
            int((~on_ladder(group[column].to_numpy(), day, board)).sum())
            for day, board, group in by_day_and_board(traded)
        )
        assert off == 0
        assert len(traded) > 290_000

    def test_the_other_ladder_would_not_do(self, bars: pl.DataFrame) -> None:
        # On 2023-01-25 prices appear that the ladder of the day before did not allow.
        kospi = bars.filter((pl.col("date") == date(2023, 1, 25)) & (pl.col("market") == "KOSPI"))["close"].to_numpy()
        assert on_ladder(kospi, date(2023, 1, 25), "KOSPI").all()
        assert not on_ladder(kospi, date(2023, 1, 20), "KOSPI").all()


class TestLimits:
    def test_what_lies_beyond_is_a_first_day_or_a_liquidation(self, limits: pl.DataFrame) -> None:
        beyond = limits.filter((pl.col("high") > pl.col("highest")) | (pl.col("low") < pl.col("lowest")))
        # Neither has the ordinary limit; both are a handful among 300,000.
        assert len(beyond) <= 40

    @pytest.mark.parametrize("year", WINDOWS)
    @pytest.mark.parametrize(("price", "limit"), [("high", "highest"), ("low", "lowest")])
    def test_prices_pile_up_exactly_at_the_limit(self, limits: pl.DataFrame, year: int, price: str, limit: str) -> None:
        # A limit that were off by a tick would leave none exactly there, or many beyond.
        there = limits.filter((pl.col("date").dt.year() == year) & (pl.col(price) == pl.col(limit)))
        assert len(there) > 100

    def test_konex_is_narrower(self, limits: pl.DataFrame) -> None:
        konex = limits.filter((pl.col("market") == "KONEX") & (pl.col("high") == pl.col("highest")))
        assert len(konex) > 20
        assert ((konex["high"] / konex["base"]) <= 1.15).all()


class TestWidthsOverTime:
    @pytest.mark.parametrize(
        ("first", "last", "fraction"),
        [
            (date(1995, 4, 1), date(1996, 11, 23), 0.06),
            (date(1996, 11, 25), date(1998, 2, 28), 0.08),
            (date(1998, 3, 2), date(1998, 12, 5), 0.12),
            (date(1998, 12, 7), date(2015, 6, 12), 0.15),
            (date(2015, 6, 15), date(2018, 3, 16), 0.30),
        ],
    )
    def test_close_to_close_moves_stay_within(self, shared: Path, first: date, last: date, fraction: float) -> None:
        # Adjusted prices are rounded and rights days move the base, so the bulk is asked, not each one.
        bars = pl.read_parquet(shared / "data/kr/krx_daily_1985_2018_13symbols.parquet").sort("symbol", "date")
        moves = bars.with_columns(move=pl.col("close") / pl.col("close").shift(1).over("symbol") - 1)
        era = moves.filter(pl.col("date").is_between(first, last) & pl.col("move").is_not_null())["move"].abs()
        assert XKRX.tables.limit.of("KOSPI", "stock").at(first) == Decimal(str(fraction))
        assert XKRX.tables.limit.of("KOSPI", "stock").at(last) == Decimal(str(fraction))
        assert (era > fraction + 0.005).mean() < 0.0015
        if fraction < 0.3:
            assert (era > fraction - 0.01).sum() > 5

"""Bars of stored ticks are what was known of each when it ended, against a slow oracle and by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.marketdata.tick_market import DAYS, HOURS, lake_of, made_up

from midas.core.timeframe import Timeframe

FIELDS = ("open", "high", "low", "close", "volume", "turnover")
MINUTE = Timeframe(1, "m")


def oracle(ticks: pl.DataFrame, every_s: int) -> dict[tuple[str, datetime], tuple[float, ...]]:
    """Of each interval the ticks that were printed in it and had come when it ended; one at the close is in time."""
    found: dict[tuple[str, datetime], list[tuple[datetime, int, float, float]]] = {}
    for place, (symbol, ts, arrived, price, size) in enumerate(ticks.iter_rows()):
        for day in DAYS:
            opens, closes = HOURS(day)
            if not (opens <= ts <= closes):
                continue
            inside = min((ts - opens).total_seconds(), (closes - opens).total_seconds() - 1e-6)
            ends = min(opens + timedelta(seconds=(inside // every_s + 1) * every_s), closes)
            if arrived < ends or arrived == ends == closes:
                found.setdefault((symbol, ends), []).append((ts, place, price, size))
    bars = {}
    for key, prints in found.items():
        prices = [price for _, _, price, _ in sorted(prints)]
        volume = sum(size for *_, size in prints)
        turnover = sum(price * size for *_, price, size in prints)
        bars[key] = (prices[0], max(prices), min(prices), prices[-1], volume, turnover)
    return bars


@pytest.mark.parametrize("every", ["30m", "1h"])
def test_against_the_oracle(tmp_path: Path, every: str) -> None:
    ticks, length = made_up(4, 300), Timeframe.parse(every)
    lake = lake_of(tmp_path, ticks)
    wanted = oracle(ticks, length.seconds)
    stored = lake.bars("ticks", timeframe=length)
    found = {(symbol, ts): tuple(values) for symbol, ts, *values in stored.iter_rows()}
    assert found.keys() == wanted.keys()
    for key, bar in wanted.items():
        assert found[key] == pytest.approx(bar, rel=1e-12), key


def at(seconds: float) -> datetime:
    return HOURS(DAYS[0])[0] + timedelta(seconds=seconds)


def bars_of(folder: Path, *ticks: tuple[float, float, float, float]) -> list[tuple[float, ...]]:
    """Bars as (end, open, high, low, close, volume) of ticks as (printed, arrived, price, size); moments in seconds."""
    rows = [("AAA.XNAS", at(printed), at(arrived), price, size) for printed, arrived, price, size in ticks]
    frame = pl.DataFrame(rows, schema=made_up(0, 1).schema, orient="row")
    stored = lake_of(folder, frame).bars("ticks", timeframe=MINUTE)
    return [
        ((ts - at(0.0)).total_seconds(), *values)
        for ts, *values in stored.select("ts", "open", "high", "low", "close", "volume").iter_rows()
    ]


class TestByHand:
    def test_out_of_order_within_a_bar_counts_by_its_time(self, tmp_path: Path) -> None:
        found = bars_of(tmp_path, (20.0, 20.0, 10.0, 1.0), (5.0, 30.0, 9.0, 2.0), (10.0, 31.0, 12.0, 3.0))
        assert found == [(60.0, 9.0, 12.0, 9.0, 10.0, 6.0)]

    def test_too_late_for_its_bar_is_not_in_it(self, tmp_path: Path) -> None:
        found = bars_of(tmp_path, (20.0, 20.0, 10.0, 1.0), (50.0, 61.0, 99.0, 7.0), (70.0, 70.0, 11.0, 1.0))
        assert [bar[4:] for bar in found] == [(10.0, 1.0), (11.0, 1.0)]

    def test_at_the_very_end_is_late_and_at_the_close_is_not(self, tmp_path: Path) -> None:
        close = (HOURS(DAYS[0])[1] - at(0.0)).total_seconds()
        found = bars_of(
            tmp_path, (20.0, 20.0, 10.0, 1.0), (59.0, 60.0, 99.0, 7.0), (close - 1.0, close - 1.0, 12.0, 1.0),
            (close, close, 13.0, 5.0), (close, close + 1.0, 99.0, 5.0),
        )  # fmt: skip
        assert found == [(60.0, 10.0, 10.0, 10.0, 10.0, 1.0), (close, 12.0, 13.0, 12.0, 13.0, 6.0)]

    def test_an_interval_nobody_knew_of_is_told_when_its_first_tick_comes(self, tmp_path: Path) -> None:
        # nothing later was told by then, so it still has its place
        found = bars_of(tmp_path, (30.0, 95.0, 10.0, 1.0), (100.0, 100.0, 11.0, 2.0))
        assert [(bar[0], bar[4]) for bar in found] == [(60.0, 10.0), (120.0, 11.0)]

    def test_outside_the_session_is_of_no_bar(self, tmp_path: Path) -> None:
        close = (HOURS(DAYS[0])[1] - at(0.0)).total_seconds()
        found = bars_of(tmp_path, (-1.0, -1.0, 9.0, 1.0), (1.0, 1.0, 10.0, 1.0), (close + 1.0, close + 1.0, 9.0, 1.0))
        assert found == [(60.0, 10.0, 10.0, 10.0, 10.0, 1.0)]

    def test_another_day_is_too_late(self, tmp_path: Path) -> None:
        day = 86_400.0
        found = bars_of(
            tmp_path, (1.0, 1.0, 10.0, 1.0), (30.0, day + 30.0, 9.0, 9.0), (day + 1.0, day + 40.0, 11.0, 2.0)
        )
        assert [(bar[0], bar[5]) for bar in found] == [(60.0, 1.0), (day + 60.0, 2.0)]

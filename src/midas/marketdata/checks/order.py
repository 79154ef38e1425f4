"""Rows that are twice there, in the wrong order, or ahead of their time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime

import numpy as np
import polars as pl

from midas.marketdata.checks.breach import Breach, Rows, error, warning


def check_order(frame: pl.DataFrame, now_local: date | datetime) -> Iterator[Breach]:
    """Check `row symbol ts` in the order the source gave them.

    Each symbol's rows must ascend; a symbol whose rows all descend is read from the end and only told. Of rows for one
    (symbol, ts) the first stays if they are equal, none if they differ. `now_local` is the venue's date, or the present
    as aware UTC for intraday bars.
    """
    if not _ascending(frame):
        yield from _duplicates(frame)
        yield from _disorder(frame)
    ahead = frame.filter(pl.col("ts") > now_local)
    yield error("future_date", _numbers(ahead), f"lies after {now_local:%Y-%m-%d}, today at the venue")


def _ascending(frame: pl.DataFrame) -> bool:
    symbol, ts = pl.col("symbol"), pl.col("ts")
    same = symbol == symbol.shift(1)
    ordered = (symbol > symbol.shift(1)) | (same & (ts > ts.shift(1)))
    return bool(frame.select(ordered.fill_null(value=True).all()).item())


def _duplicates(frame: pl.DataFrame) -> Iterator[Breach]:
    key = ["symbol", "ts"]
    repeated = frame.filter(frame.select(key).is_duplicated())
    if repeated.is_empty():
        return
    values = [name for name in frame.columns if name not in ("row", *key)]
    alike = repeated.select(*key, *values).is_duplicated()
    first = repeated.select(pl.struct(key).is_first_distinct()).to_series()
    equal = repeated.filter(alike & ~first)
    different = repeated.filter(~alike)
    # A pair that differs says nothing about which is right; with it goes every row of the same key.
    unsure = repeated.join(different.select(key).unique(), on=key, how="semi")
    yield error("duplicate", _numbers(equal), "the row is there twice")
    yield error("duplicate", _numbers(unsure), "several rows that differ claim this session")


def _disorder(frame: pl.DataFrame) -> Iterator[Breach]:
    step = frame.select("row", "symbol", "ts", before=pl.col("ts").shift(1).over("symbol"))
    if not (step["ts"] < step["before"]).any():
        return
    falling = step.group_by("symbol").agg(
        down=(pl.col("ts") <= pl.col("before")).fill_null(value=True).all(),
        up=(pl.col("ts") >= pl.col("before")).fill_null(value=True).all(),
    )
    whole = frame.join(falling.filter(pl.col("down") & ~pl.col("up")), on="symbol", how="semi")
    first = whole.filter(pl.col("symbol").is_first_distinct())
    yield warning("descending", _numbers(first), "the rows run from new to old and were turned round")
    mixed = frame.join(falling.filter(~pl.col("down") & ~pl.col("up")), on="symbol", how="semi")
    displaced = [_displaced(part) for part in mixed.partition_by("symbol")]
    rows = np.concatenate(displaced) if displaced else np.empty(0, np.int64)
    yield error("out_of_order", rows, "is not in the order of its dates")


def _displaced(part: pl.DataFrame) -> Rows:
    # The fewest rows without which the rest ascend: all but a longest ascending run (patience sorting).
    stamps = part["ts"].to_physical().to_list()
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for index, stamp in enumerate(stamps):
        place = bisect_right(tails, stamp)
        previous.append(ends[place - 1] if place else -1)
        if place == len(tails):
            tails.append(stamp)
            ends.append(index)
        else:
            tails[place], ends[place] = stamp, index
    kept = np.zeros(len(stamps), dtype=bool)
    index = ends[-1]
    while index >= 0:
        kept[index] = True
        index = previous[index]
    return _numbers(part)[~kept]


def _numbers(frame: pl.DataFrame) -> Rows:
    return frame["row"].to_numpy().astype(np.int64)

"""Splits and rights, read from the base price an exchange states for each day.

Korea publishes each day's change against a base price. It is the previous close except on the day a share goes ex
something: then it is what the exchange says the previous close is worth now, and their ratio is the action: a split
where it is a simple fraction, else a right, a stock dividend or whatever else the exchange lowers the price for.
After a halt the base may be the price of the reopening auction, which mixes the action with the market; then only a
clean split is taken.
"""

from __future__ import annotations

import polars as pl

from midas.marketdata.derive import Derived, simple_fraction
from midas.marketdata.snapshot import ACTION_SCHEMA, RIGHTS, SPLIT, no_actions

_PAUSE_DAYS = 10
_MOSTLY = 0.95


def derive_from_base(bars: pl.DataFrame) -> Derived | None:
    """Derive actions from `symbol ts close base`, sorted by (symbol, ts); None when `base` is no base price."""
    previous = pl.col("close").shift(1).over("symbol")
    halted = (pl.col("open").is_null() if "open" in bars.columns else pl.lit(value=False)).shift(1).over("symbol")
    days = (pl.col("ts").cast(pl.Date) - pl.col("ts").cast(pl.Date).shift(1).over("symbol")).dt.total_days()
    steps = bars.select("symbol", "ts", "base", previous=previous, halted=halted, days=days)
    steps = steps.filter((pl.col("days") <= _PAUSE_DAYS) & (pl.col("base") > 0) & (pl.col("previous") > 0))
    if steps.is_empty() or steps.select((pl.col("base") == pl.col("previous")).mean()).item() < _MOSTLY:
        return None
    found: list[tuple[object, ...]] = []
    moved = steps.filter(pl.col("base") != pl.col("previous"))
    for symbol, ts, base, before, paused in moved.select("symbol", "ts", "base", "previous", "halted").iter_rows():
        split = simple_fraction(before / base)
        if split is not None:
            found.append((symbol, ts, SPLIT, float(split), "derived"))
        elif not paused and base < before:
            found.append((symbol, ts, RIGHTS, before / base, "derived"))
    if not found:
        return Derived(no_actions(), ())
    return Derived(pl.DataFrame(found, schema=ACTION_SCHEMA, orient="row").sort("symbol", "ts", "kind"), ())

"""Splits, dividends and rights a file states in columns of its own."""

from __future__ import annotations

import polars as pl

from midas.marketdata.snapshot import CASH_DIVIDEND, RIGHTS, SPLIT, no_actions


def stated_actions(frame: pl.DataFrame) -> tuple[pl.DataFrame | None, bool | None]:
    """Return a file's action columns as actions, and whether its prices already include the splits.

    Both are None when the file has no such column; the second also when it has no split to tell by. A ratio of 0 or 1
    is none, of splits and of rights (see `Snapshot.actions`). Prices that do not jump on the day of a split were
    adjusted for it.
    """
    stated = [name for name in ("split", "dividend", "rights") if name in frame.columns]
    if not stated:
        return None, None
    parts = [no_actions()]
    day = pl.col("ts").cast(pl.Date)
    for name, kind in (("split", SPLIT), ("rights", RIGHTS)):
        if name in stated:
            ratios = frame.filter((pl.col(name) > 0) & (pl.col(name) != 1))
            parts.append(ratios.select("symbol", ts=day, kind=pl.lit(kind), value=name, origin=pl.lit("stated")))
    if "dividend" in stated:
        paid = frame.filter(pl.col("dividend") > 0)
        parts.append(
            paid.select("symbol", ts=day, kind=pl.lit(CASH_DIVIDEND), value="dividend", origin=pl.lit("stated"))
        )
    actions = pl.concat(parts).unique(["symbol", "ts", "kind"], keep="first").sort("symbol", "ts", "kind")
    return actions, _already_adjusted(frame) if "split" in stated else None


def _already_adjusted(frame: pl.DataFrame) -> bool | None:
    ordered = frame.sort("symbol", "ts")
    move = (pl.col("close") / pl.col("close").shift(1).over("symbol")).log()
    jump = ordered.with_columns(move=move, size=pl.col("split").log()).filter(
        (pl.col("split") > 0) & (pl.col("split") != 1) & pl.col("move").is_finite()
    )
    if jump.is_empty():
        return None
    # Unadjusted, the move is about -log(ratio); adjusted, about nothing.
    return bool(jump.select(((pl.col("move") + pl.col("size")).abs() > pl.col("move").abs()).mean() > 0.5).item())

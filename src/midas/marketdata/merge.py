"""New bars on top of a dataset's present ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from midas.core.errors import InvalidInput
from midas.core.instrument import Instrument
from midas.marketdata.aliases import joined
from midas.marketdata.dataset import Dataset
from midas.marketdata.snapshot import BAR_COLUMNS, Snapshot

_KEY = ("symbol", "ts")
_RESCALED = 1e-9
_RESTATED = 0.336
"""A ratio of 1.4, the smallest split the contract looks for."""

_NEAR_DAYS = 7


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome: `added` rows had no bar before, `corrected` ones had another."""

    snapshot: Snapshot
    added: int
    corrected: int


def merge(name: str, present: Snapshot | None, new: Snapshot) -> Merged:
    """Extend `present` by the rows of `new`; where both have a row, the new one stands.

    Corporate actions of `new` replace those of `present` within each symbol's span of new bars. An adj_close that
    belongs to an earlier download is put on the new one's scale where the two overlap.

    Raises
    ------
    InvalidInput: the two cannot be one dataset.
    """
    if present is None:
        return Merged(new, new.bars.height, 0)
    require_same_kind(name, present, new)
    kept = present.bars.join(new.bars.select(_KEY), on=_KEY, how="anti")
    _require_same_scale(name, present, new, kept)
    bars = pl.concat([_rescaled(kept, present.bars, new.bars), new.bars], how="diagonal").sort(_KEY)
    snapshot = replace(
        new,
        bars=bars.select(column for column in BAR_COLUMNS if column in bars.columns),
        instruments=union(present.instruments, new.instruments),
        actions=_actions(present, new),
        notes=tuple(dict.fromkeys((*present.notes, *new.notes))),
    )
    return Merged(snapshot, bars.height - present.bars.height, _corrected(present.bars, new.bars))


def require_same_kind(name: str, present: Snapshot | Dataset, new: Snapshot | Dataset) -> None:
    """Refuse data that cannot continue a dataset.

    Raises
    ------
    InvalidInput: another venue, timeframe, basis or currency.
    """
    for what, old, other in (
        ("venue", present.venue, new.venue),
        ("timeframe", str(present.timeframe), str(new.timeframe)),
        ("basis", present.basis.value, new.basis.value),
        ("currency", present.currency, new.currency),
    ):
        if old != other:
            raise InvalidInput(
                f"Dataset {name!r} has {what} {old}, these have {other}: they cannot be one dataset.",
                hint="Import them under another name with --name.",
                code="dataset_mismatch",
            )


def _require_same_scale(name: str, present: Snapshot, new: Snapshot, kept: pl.DataFrame) -> None:
    # Adjusted prices are restated whenever a share splits: bars from before and after do not fit together.
    if present.basis.is_raw:
        return
    staying = kept.select("symbol").unique()
    off = pl.concat([_off_in_common(present.bars, new.bars), _off_at_seam(present.bars, new.bars)])
    moved = off.join(staying, on="symbol", how="semi").filter(pl.col("off").abs() > _RESTATED)["symbol"].unique().sort()
    if len(moved):
        raise InvalidInput(
            f"Prices of {', '.join(moved[:5])}{' …' if len(moved) > 5 else ''} in dataset {name!r} were adjusted for "
            "another day: the new bars do not continue the old ones.",
            hint="Import the whole history again, or the new bars under another name (--name).",
            code="adjustment_changed",
        )


def _off_in_common(present: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    both = new.select(*_KEY, "close").join(present.select(*_KEY, before="close"), on=_KEY, how="inner")
    return both.group_by("symbol").agg(off=(pl.col("close") / pl.col("before")).log().median())


def _off_at_seam(present: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    traded = present.filter(pl.col("volume") > 0) if "volume" in present.columns else present
    starts = new.group_by("symbol").agg(pl.first("ts"), pl.first("close"))
    seam = starts.join_asof(
        traded.select(*_KEY, before="close", since="ts"), on="ts", by="symbol", strategy="backward",
        allow_exact_matches=False, check_sortedness=False,
    )  # fmt: skip
    near = (pl.col("ts").cast(pl.Date) - pl.col("since").cast(pl.Date)).dt.total_days() <= _NEAR_DAYS
    return seam.filter(near).select("symbol", off=(pl.col("close") / pl.col("before")).log())


def _corrected(present: pl.DataFrame, new: pl.DataFrame) -> int:
    values = [name for name in new.columns if name in present.columns and name not in (*_KEY, "adj_close")]
    both = new.join(present.select(*_KEY, *values), on=_KEY, how="inner", suffix="_before")
    changed = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in values)
    return both.select(changed.sum()).item() or 0


def _rescaled(kept: pl.DataFrame, present: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    if "adj_close" not in present.columns or "adj_close" not in new.columns or kept.is_empty():
        return kept
    both = new.select(*_KEY, "adj_close").join(
        present.select(*_KEY, pl.col("adj_close").alias("before")), on=_KEY, how="inner"
    )
    # The oldest common row has the most digits in common with the rows before it.
    scale = (
        both.drop_nulls()
        .sort(_KEY)
        .group_by("symbol", maintain_order=True)
        .first()
        .select("symbol", scale=pl.col("adj_close") / pl.col("before"))
    )
    near_one = (pl.col("scale") - 1).abs() < _RESCALED
    scaled = (
        pl.when(pl.col("scale").is_null() | near_one)
        .then(pl.col("adj_close"))
        .otherwise(pl.col("adj_close") * pl.col("scale"))
    )
    return kept.join(scale, on="symbol", how="left").with_columns(adj_close=scaled).drop("scale")


def _actions(present: Snapshot, new: Snapshot) -> pl.DataFrame:
    span = new.bars.group_by("symbol").agg(
        first=pl.col("ts").min().cast(pl.Date), last=pl.col("ts").max().cast(pl.Date)
    )
    inside = (pl.col("ts") > pl.col("first")) & (pl.col("ts") <= pl.col("last"))
    kept = (
        present.actions.join(span, on="symbol", how="left").filter(~inside.fill_null(value=False)).drop("first", "last")
    )
    stated = kept.join(new.actions, on=("symbol", "ts", "kind"), how="anti")
    return pl.concat([stated, new.actions]).sort("symbol", "ts", "kind")


def union(present: Iterable[Instrument], new: Iterable[Instrument]) -> tuple[Instrument, ...]:
    """Return the instruments of both, as the newer ones tell of them."""
    known = {instrument.id: instrument for instrument in present}
    for instrument in new:
        before = known.get(instrument.id, instrument)
        known[instrument.id] = replace(
            instrument,
            name=instrument.name or before.name,
            board=instrument.board or before.board,
            aliases=joined(before.aliases, instrument.aliases),
        )
    return tuple(sorted(known.values(), key=lambda instrument: str(instrument.id)))

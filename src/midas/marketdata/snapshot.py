"""Everything a dataset holds, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

import polars as pl

from midas.core.basis import Basis
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.marketdata.instruments import to_json

PRICE_COLUMNS = ("open", "high", "low", "close")
VALUE_COLUMNS = (*PRICE_COLUMNS, "volume", "turnover", "adj_close")
BAR_COLUMNS = ("symbol", "ts", *VALUE_COLUMNS)

ACTION_SCHEMA = {"symbol": pl.String, "ts": pl.Date, "kind": pl.String, "value": pl.Float64, "origin": pl.String}
SPLIT, CASH_DIVIDEND, RIGHTS = "split", "cash_dividend", "rights"

_HASH_LENGTH = 16


def no_actions() -> pl.DataFrame:
    """Return an actions frame without rows."""
    return pl.DataFrame(schema=ACTION_SCHEMA)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A dataset's content.

    bars : `symbol` (text of the id), `ts` (Date, or Datetime UTC at the bar's close for intraday), then those of
        `VALUE_COLUMNS` the dataset has, Float64 with null for no value; sorted by (symbol, ts), one row per key.
    actions : `symbol`, `ts` (ex-date), `kind` (split | cash_dividend | rights), `value` (new shares per old; currency
        per share held at the previous close; price before over theoretical ex-rights price), `origin`
        (stated | derived); sorted by (symbol, ts, kind).
    instruments : sorted by id, one for every symbol of `bars`.
    """

    venue: str
    timeframe: Timeframe
    basis: Basis
    currency: str
    source: str
    bars: pl.DataFrame
    instruments: tuple[Instrument, ...]
    actions: pl.DataFrame = field(default_factory=no_actions)
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The value columns the bars have."""
        return tuple(name for name in VALUE_COLUMNS if name in self.bars.columns)


def content_hash(snapshot: Snapshot) -> str:
    """Return a hash of what the data says, whatever file or library version it is kept with."""
    digest = hashlib.sha256()
    digest.update(_canonical_header(snapshot))
    lengths = snapshot.bars.group_by("symbol", maintain_order=True).len()
    digest.update("\n".join(lengths["symbol"].to_list()).encode())
    digest.update(lengths["len"].cast(pl.Int64).to_numpy().tobytes())
    digest.update(snapshot.bars["ts"].to_physical().cast(pl.Int64).to_numpy().tobytes())
    for name in snapshot.columns:
        # NaN has many bit patterns; one of them stands for "no value".
        values = snapshot.bars[name].fill_null(float("nan")).fill_nan(float("nan"))
        digest.update(name.encode())
        digest.update(values.to_numpy().tobytes())
    return digest.hexdigest()[:_HASH_LENGTH]


def _canonical_header(snapshot: Snapshot) -> bytes:
    actions = [
        [symbol, day.isoformat(), kind, value.hex(), origin]
        for symbol, day, kind, value, origin in snapshot.actions.rows()
    ]
    header = {
        "venue": snapshot.venue,
        "timeframe": str(snapshot.timeframe),
        "basis": snapshot.basis.value,
        "currency": snapshot.currency,
        "instruments": to_json(snapshot.instruments),
        "actions": actions,
    }
    return json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

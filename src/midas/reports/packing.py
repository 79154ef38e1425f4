"""Data for the page's script: small things as JSON, long rows of numbers as bytes; deflated, in base64.

Base64 holds no `<`, quote or line separator, so nothing in the data can end the script element it sits in.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.reports.markup import clean

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

DAY_S = 86_400
_MOST_BYTES = 7  # 2**54 counts and a sign: what a script's numbers hold exactly


class Arrays:
    """Rows of whole numbers, laid out so that they deflate well, each found again by the JSON that `add` returns.

    A count c is stored as 2c + 1, or -2c for a negative one, and 0 where there is none; first the lowest byte of every
    row, then the next: bytes that change little lie together.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, counts: NDArray[np.int64], known: NDArray[np.bool_] | None = None) -> dict[str, Json]:
        """Keep (row,) counts; those not known are null to the script."""
        codes = np.where(counts < 0, -2 * counts, 2 * counts + 1).astype("<u8")
        if known is not None:
            codes[~known] = 0
        used = max((int(codes.max()).bit_length() + 7) // 8, 1) if len(codes) else 1
        if used > _MOST_BYTES:
            raise OverflowError(f"{counts[np.argmax(codes)]} is more than a page can hold exactly")
        planes = codes.view(np.uint8).reshape(-1, 8)[:, :used].T.tobytes()
        found: dict[str, Json] = {"at": self._size, "rows": len(codes), "bytes": used}
        self._parts.append(planes)
        self._size += len(planes)
        return found

    def numbers(self, values: NDArray[np.float64], digits: int, *, steps: bool = True) -> Json:
        """Keep (row,) values rounded to `digits` decimals, NaN as null; as steps from row to row unless they jump."""
        known = np.isfinite(values)
        counts = np.zeros(len(values), np.int64)
        rounded = np.rint(values[known] * 10.0**digits).astype(np.int64)
        counts[known] = np.diff(rounded, prepend=0) if steps else rounded
        return {**self.add(counts, known), "digits": digits, "steps": steps}

    def times(self, ts: pl.Series) -> Json:
        """Keep dates or times as steps of `unit_s` seconds since 1970, UTC."""
        seconds = epoch_seconds(ts)
        unit = DAY_S if not (seconds % DAY_S).any() else 1
        return {**self.add(np.diff(seconds // unit, prepend=0)), "unit_s": unit, "steps": True}

    def packed(self) -> str:
        """Return all that was kept, deflated, in base64."""
        return _packed(b"".join(self._parts))


def packed_json(data: Json) -> str:
    """Return `data` as base64 of deflated JSON."""
    return _packed(json.dumps(data, separators=(",", ":"), allow_nan=False).encode("ascii"))


def epoch_seconds(ts: pl.Series) -> NDArray[np.int64]:
    """Return dates or times as whole seconds since 1970, UTC; dates at midnight. No nulls."""
    return ts.dt.epoch(time_unit="s").cast(pl.Int64).to_numpy()


def decimals(values: NDArray[np.float64], limit: int) -> int:
    """Return the fewest decimals, at most `limit`, that write every finite value exactly."""
    known = values[np.isfinite(values)]
    for digits in range(limit):
        scaled = known * 10.0**digits
        if (np.abs(scaled - np.rint(scaled)) < 1e-6).all():
            return digits
    return limit


def words(values: Sequence[str | None]) -> list[Json]:
    """Return texts without the characters a page may not hold."""
    return [None if value is None else clean(value) for value in values]


def _packed(source: bytes) -> str:
    return base64.b64encode(zlib.compress(source, 6)).decode("ascii")

"""What a follower of a dataset told already, so that rows keep their numbers and what changes later is seen."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from midas.marketdata.panel import Panel
from midas.marketdata.tiles import to_matrix

Times = NDArray[np.datetime64]
Digests = NDArray[np.uint64]

_DIGEST_BYTES = 8
_CHUNK_CELLS = 1 << 20
_ACTION = np.dtype([("session", "M8[D]"), ("column", "i8"), ("kind", "i8"), ("value", "f8")])


@dataclass(frozen=True, slots=True)
class Told:
    """The rows that were told, by number.

    times, sessions, rows : what names each row, its trading day, and a digest of its bars. columns, ends : of each
    instrument a digest of its bars, and its first and last close (2, instrument); both empty where they are not known
    of just these rows. actions : those that were told, or were known when it began. late : rows that came behind later
    ones and are left out. strange, missing : names of the dataset that are not followed, and the other way round.
    """

    times: Times
    sessions: Times
    rows: Digests
    columns: Digests
    ends: NDArray[np.float64]
    actions: NDArray[np.void]
    late: Times
    strange: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @classmethod
    def nothing(cls, times: Times) -> Self:
        """Return what is told before anything is; `times` shows how rows are named."""
        none, days = np.empty(0, np.uint64), np.empty(0, "M8[D]")
        return cls(times[:0], days, none, none, np.empty((2, 0)), np.empty(0, _ACTION), times[:0])

    def __len__(self) -> int:
        return len(self.times)

    def until(self, rows: int) -> Self:
        """Return the same up to before row `rows`, where nobody kept what came behind."""
        if rows >= len(self):
            return self
        days = self.sessions[:rows]
        known = self.actions[self.actions["session"] <= days[-1]] if rows else self.actions[:0]
        return type(self)(
            self.times[:rows], days, self.rows[:rows], self.columns[:0], self.ends[:, :0], known,
            self.late[self.late <= self.times[rows - 1]] if rows else self.late[:0], self.strange, self.missing,
        )  # fmt: skip

    def to_bytes(self) -> bytes:
        """Return it as bytes."""
        stream = io.BytesIO()
        np.savez(
            stream, times=self.times, sessions=self.sessions, rows=self.rows, columns=self.columns, ends=self.ends,
            actions=self.actions, late=self.late, strange=np.array(self.strange, np.str_),
            missing=np.array(self.missing, np.str_),
        )  # fmt: skip
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Read what `to_bytes` wrote."""
        with np.load(io.BytesIO(state), allow_pickle=False) as kept:
            return cls(
                *(kept[name] for name in ("times", "sessions", "rows", "columns", "ends", "actions", "late")),
                *(tuple(kept[name].tolist()) for name in ("strange", "missing")),
            )


@dataclass(frozen=True, slots=True)
class Digest:
    """Digests of a panel's rows, and of its instruments over its first rows and over all of them."""

    rows: Digests
    columns_before: Digests
    columns: Digests


def digest_of(panel: Panel, fields: Sequence[str], first: int) -> Digest:
    """Return the digests of a panel whose first rows are `first` many; which pattern a NaN has makes no difference."""
    rows = np.empty(panel.rows, np.uint64)
    columns = [blake2b(digest_size=_DIGEST_BYTES) for _ in range(panel.columns)]
    before = _numbers(columns)
    step = max(1, _CHUNK_CELLS // (panel.columns * len(fields)))
    for begin, end in _parts(panel.rows, first, step):
        if begin == first:
            before = _numbers(columns)
        block = np.stack([to_matrix(panel.fields[name][:, begin:end], panel.columns) for name in fields], axis=2)
        block[np.isnan(block)] = np.nan
        for row in range(begin, end):
            rows[row] = _number(blake2b(block[row - begin].tobytes(), digest_size=_DIGEST_BYTES).digest())
        for column, digest in enumerate(columns):
            digest.update(np.ascontiguousarray(block[:, column]).tobytes())
    whole = _numbers(columns)
    return Digest(rows, whole if first >= panel.rows else before, whole)


def actions_of(panel: Panel) -> NDArray[np.void]:
    """Return a panel's corporate actions by the session they take effect on."""
    actions = panel.actions
    found = np.empty(len(actions), _ACTION)
    found["session"] = panel.sessions[actions.row]
    found["column"], found["kind"], found["value"] = actions.instrument, actions.kind, actions.value
    return found


def _parts(rows: int, first: int, step: int) -> list[tuple[int, int]]:
    marks = sorted({*range(0, rows, step), first, rows})
    return list(pairwise(marks))


def _numbers(digests: Sequence[blake2b]) -> Digests:
    return np.array([_number(one.digest()) for one in digests], np.uint64)


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "little")

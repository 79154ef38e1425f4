"""A stepped account between two rows, as values that can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import ENTERED, LOCK_ROW, SENT, TRADED_ROW


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account between two rows, complete: of the last one met, equity, cash and value carried in minor units."""

    first: int
    next: int
    by_change: bool
    called: int
    ended: int
    marks: tuple[int, int, int]
    state: NDArray[np.float64]
    lists: NDArray[np.int64]
    counts: NDArray[np.int64]


def shifted(snapshot: Snapshot, shift: int) -> Snapshot:
    """Return an account's snapshot with its slots moved down."""
    state = snapshot.state.copy()
    state[[ENTERED, TRADED_ROW, LOCK_ROW]] -= shift
    state[SENT] = np.where(state[SENT] > 0.0, state[SENT] - shift, state[SENT])
    return replace(snapshot, first=max(0, snapshot.first - shift), next=snapshot.next - shift, state=state)


def snapshot_to(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as plain values and arrays."""
    return {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}


def snapshot_from(tree: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot of `snapshot_to`."""
    return Snapshot(**{**tree, "marks": tuple(tree["marks"])})

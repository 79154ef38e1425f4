"""Names that are gone for good."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.marketdata.panel import Panel

GONE_SESSIONS = 20
"""A name without a bar for so many sessions, up to the end of the data, is not coming back."""

DELISTING = 2
"""Kind of a `CorporateAction` that ends an instrument, beside those of `ActionKind`; its value is not used."""


def delistings(panel: Panel) -> NDArray[np.int64]:
    """Return (name, 2): the row after the last bar and the column of each name that is gone, ascending."""
    if panel.gone is not None:
        return panel.gone
    closes = panel.tiles("raw_close")
    seen = ~np.isnan(np.asarray(closes)[:, _recent(panel) :]).all(axis=1)
    columns = np.flatnonzero(~seen.ravel()[: panel.columns])
    found = []
    for column in columns:
        known = np.flatnonzero(~np.isnan(closes[column // closes.shape[2], :, column % closes.shape[2]]))
        if len(known):
            found.append((int(known[-1]) + 1, int(column)))
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def delistings_as_known(panel: Panel) -> NDArray[np.int64]:
    """Return the same for data that grows: the row on which so many sessions without a bar have passed, not the first.

    No later row changes what is told of a row. A name that comes back and stays away again is told again.
    """
    begins, closes = panel.begins, panel.tiles("raw_close")
    if not len(begins):
        return np.empty((0, 2), np.int64)
    there = np.logical_or.reduceat(~np.isnan(closes), begins, axis=1).transpose(1, 0, 2)
    there = there.reshape(len(begins), -1)[:, : panel.columns]
    session = np.arange(len(begins))[:, None]
    seen = np.maximum.accumulate(np.where(there, session, -1), axis=0)
    gone = np.argwhere((seen[:-1] >= 0) & (seen[:-1] == session[1:] - 1 - GONE_SESSIONS))
    return np.stack((begins[gone[:, 0] + 1], gone[:, 1]), axis=1)


def _recent(panel: Panel) -> int:
    begins = panel.begins
    return int(begins[max(0, len(begins) - GONE_SESSIONS)]) if len(begins) else 0

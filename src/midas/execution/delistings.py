"""Names that are gone for good."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.execution.terms import AccountTerms
from midas.kernels.world import DELISTING
from midas.marketdata.panel import Panel

GONE_SESSIONS = 20
"""A name without a bar for so many sessions, up to the end of the data, is not coming back."""


def delistings(panel: Panel) -> NDArray[np.int64]:
    """Return (name, 2): the row after the last bar and the column of each name that is gone, ascending."""
    closes = panel.tiles("raw_close")
    seen = ~np.isnan(np.asarray(closes)[:, max(0, panel.rows - GONE_SESSIONS) :]).all(axis=1)
    columns = np.flatnonzero(~seen.ravel()[: panel.columns])
    found = []
    for column in columns:
        known = np.flatnonzero(~np.isnan(closes[column // closes.shape[2], :, column % closes.shape[2]]))
        if len(known):
            found.append((int(known[-1]) + 1, int(column)))
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def with_delistings(
    happenings: NDArray[np.float64], gone: NDArray[np.int64], terms: AccountTerms
) -> NDArray[np.float64]:
    """Return what happens to shares with the delistings in their places."""
    if len(gone) == 0:
        return happenings
    table = np.zeros((len(gone), 4))
    table[:, :2] = gone
    table[:, 2] = DELISTING
    table[:, 3] = terms.dealing.delisting_recovery
    whole = np.concatenate((happenings, table))
    return whole[np.lexsort((whole[:, 2], whole[:, 1], whole[:, 0]))]

"""What delistings do to those who hold a name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.execution.terms import AccountTerms
from midas.kernels.world import DELISTING


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

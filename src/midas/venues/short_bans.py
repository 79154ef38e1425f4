"""When exchanges forbade new short sales, as dated rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ShortBan:
    """A ban on new short sales of shares, both days included; `verified` tells whether the source was seen."""

    mic: str
    first: date
    last: date
    source: str
    verified: bool


SHORT_BANS = (
    ShortBan("XKRX", date(2023, 11, 6), date(2025, 3, 30), "Financial Services Commission, 2023-11-05", verified=False),
)


def short_banned(mic: str, sessions: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Tell for each session whether nothing new may be sold short; where no row is known nothing is forbidden."""
    days = sessions.astype("datetime64[D]")
    banned = np.zeros(len(days), bool)
    for ban in SHORT_BANS:
        if ban.mic == mic:
            banned |= (days >= np.datetime64(ban.first)) & (days <= np.datetime64(ban.last))
    return banned

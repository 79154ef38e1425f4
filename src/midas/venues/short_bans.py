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
    ShortBan("XKRX", date(2008, 10, 1), date(2009, 5, 31), "Financial Services Commission, 2008-09-30", verified=False),
    ShortBan("XKRX", date(2011, 8, 10), date(2011, 11, 9), "Financial Services Commission, 2011-08-09", verified=False),
    # After it only names outside the KOSPI 200 and KOSDAQ 150 stayed banned, which these rows cannot say.
    ShortBan("XKRX", date(2020, 3, 16), date(2021, 5, 2), "KBS, 2020-03-13; Reuters, 2021-02-03", verified=True),
    ShortBan("XKRX", date(2023, 11, 6), date(2025, 3, 30), "Financial Services Commission, 2023-11-05", verified=False),
)


def bans_between(mic: str, first: date, last: date) -> tuple[ShortBan, ...]:
    """Return the known bans of an exchange that touch these days, both included."""
    return tuple(ban for ban in SHORT_BANS if ban.mic == mic and ban.first <= last and first <= ban.last)


def short_banned(mic: str, sessions: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Tell for each session whether nothing new may be sold short; where no row is known nothing is forbidden."""
    days = sessions.astype("datetime64[D]")
    banned = np.zeros(len(days), bool)
    for ban in SHORT_BANS:
        if ban.mic == mic:
            banned |= (days >= np.datetime64(ban.first)) & (days <= np.datetime64(ban.last))
    return banned

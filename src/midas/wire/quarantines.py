"""Instruments in which nothing more is ordered until a person looked."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from midas.wire.shape import Answer, Question


class QuarantineRelease(Question):
    """Which instrument to order in again, and why that is safe.

    anyway : also where the books and the broker's still differ there; what is known to differ then is left alone.
    """

    account: str = Field(min_length=1, max_length=80)
    instrument: str = Field(min_length=1, max_length=32)
    why: str = Field(min_length=1, max_length=500)
    anyway: bool = False


class Quarantined(Answer):
    """An instrument in quarantine, and why.

    differs : what the trader's last look at the broker found there. compared_at : when that last changed, null where no
    trader looked yet.
    """

    account: str
    instrument: str
    why: str
    differs: list[str]
    compared_at: datetime | None

"""Where a run's market comes from, as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from midas.core.errors import InvalidInput

_DAY = r"\d{4}-\d{2}-\d{2}"
_REPLAY = re.compile(rf"replay:({_DAY})?\.\.({_DAY})?(?:@(\d+(?:\.\d+)?|max))?")
_FOLLOW = re.compile(rf"follow(?::({_DAY}))?")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which past is replayed: dates inclusive, None is open; `speed` 1 is as it happened, None as fast as it goes."""

    start: date | None
    end: date | None
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class Follow:
    """A dataset is followed as it grows, from the session `start` on; None is behind the last bar there is."""

    start: date | None = None

    def __str__(self) -> str:
        return "follow" if self.start is None else f"follow:{self.start}"


def read_feed(text: str) -> Stretch | Follow:
    """Read `replay:START..END@SPEED`, each part of which may be left out, or `follow:START`, or `follow`.

    Raises
    ------
    InvalidInput: anything else.
    """
    replay, follow = _REPLAY.fullmatch(text), _FOLLOW.fullmatch(text)
    try:
        if follow is not None:
            return Follow(_day(follow[1]))
        if replay is not None:
            return _stretch(text, _day(replay[1]), _day(replay[2]), replay[3])
    except ValueError as reason:
        raise InvalidInput(f"{text[:64]!r}: {reason}.", hint="Dates are YYYY-MM-DD.", code="bad_feed") from reason
    raise InvalidInput(
        f"{text[:64]!r} is no feed.",
        hint="Use e.g. replay:2020-01-01..2020-12-31@60, or follow, or follow:2020-01-01.",
        code="bad_feed",
    )


def _stretch(text: str, start: date | None, end: date | None, speed: str | None) -> Stretch:
    if start and end and end < start:
        raise InvalidInput(f"{text[:64]!r} ends before it starts.", hint="Swap the dates.", code="end_before_start")
    pace = None if speed in (None, "max") else float(speed)
    if pace == 0.0:
        raise InvalidInput(f"{text[:64]!r} would never move.", hint="Use a speed above 0.", code="bad_feed")
    return Stretch(start, end, pace)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

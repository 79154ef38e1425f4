"""What a feed tells, with its failure told apart from whatever else may end an office."""

from __future__ import annotations

from collections.abc import AsyncIterator

from midas.core.errors import Busy, MidasError, Unavailable
from midas.marketdata.feed import Feed, FeedEvent


class FeedBroken(MidasError):
    """A feed cannot go on, and trying again would not help; it says why."""

    default_code = "feed_broken"


async def events_of(feed: Feed, after_row: int) -> AsyncIterator[FeedEvent]:
    """Yield what a feed tells behind a row.

    Raises
    ------
    FeedBroken: it cannot go on.
    Unavailable, Busy: it cannot now.
    """
    try:
        async for event in feed.events(after_row):
            yield event
    except (Unavailable, Busy):
        raise
    except MidasError as error:
        raise FeedBroken(error.message, hint=error.hint, code=error.code, findings=error.findings) from error

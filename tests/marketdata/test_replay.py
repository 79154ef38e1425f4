"""The past as a feed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import numpy as np
from tests.execution.markets import AMERICA, random_market

from midas.marketdata.feed import BarRow, CorporateAction, FeedEvent, SessionEdge
from midas.marketdata.replay import Replay


def test_it_goes_on_behind_any_row() -> None:
    feed = Replay(random_market(5, 4, 40, AMERICA).panel)
    whole = list(feed.told())
    for after in (0, 17, 39):
        rest = list(feed.told(after))
        assert [kind_of(one) for one in rest] == [kind_of(one) for one in whole[len(whole) - len(rest) :]]
        assert all(one.row > after for one in rest if isinstance(one, BarRow))


def kind_of(event: FeedEvent) -> tuple[str, object]:
    return type(event).__name__, getattr(event, "row", getattr(event, "session", None))


def test_actions_come_before_their_row_and_edges_around_it() -> None:
    panel = random_market(5, 4, 40, AMERICA).panel
    events = list(Replay(panel).told())
    rows = [k for k, event in enumerate(events) if isinstance(event, BarRow)]
    assert len(rows) == panel.rows
    for k in rows:
        assert isinstance(events[k - 1], SessionEdge)
        assert isinstance(events[k + 1], SessionEdge)
    seen = [event for event in events if isinstance(event, CorporateAction)]
    assert len(seen) >= len(panel.actions)
    place = {event.session: k for k, event in enumerate(events) if isinstance(event, BarRow)}
    assert all(events.index(one) < place[one.session] for one in seen)


def test_it_waits_as_long_as_the_speed_says() -> None:
    panel = random_market(2, 1, 8, AMERICA).panel
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def follow() -> list[FeedEvent]:
        return [event async for event in Replay(panel, paced_from=3, speed=60.0, sleep=sleep).events()]

    rows = [event for event in asyncio.run(follow()) if isinstance(event, BarRow)]
    gaps = np.diff([row.stamp_utc for row in rows])
    assert waited == [gap / timedelta(seconds=60) for gap in gaps[2:]]

"""Bars within the day: a schedule speaks on the last bar that began before the official close, tested and traded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.execution.markets import AMERICA, FIELDS, random_market
from tests.execution.rehearsals import assert_same, replayed, some_rows
from tests.scale import scaled
from tests.trading.replaying import ACCOUNT, Died, Stage

from midas.backtest.run import run
from midas.backtest.spec import spec_of
from midas.core.clock import ManualClock
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.factors.market import Market
from midas.factors.node import Node
from midas.marketdata.actions import Actions
from midas.marketdata.closing import closing_of
from midas.marketdata.feed import BarRow, SessionEdge
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel, build_fields
from midas.marketdata.replay import Replay
from midas.marketdata.source import RawBars
from midas.marketdata.universe import select
from midas.strategies.exits import StopLoss, TimeStop
from midas.strategies.schedule import Every, speaking_rows
from midas.strategies.strategy import Strategy
from midas.venues.catalogue import venue

NEW_YORK = venue("XNAS", "USD").calendar
BY_SESSION = (Every.DAY, Every.WEEK_END, Every.MONTH_END)
# with Thanksgiving's Friday, Christmas Eve and the summer's end: closes at 13:00 and 16:00, in two offsets
DAYS = NEW_YORK.sessions(date(2024, 10, 28), date(2025, 1, 3))
HOUR = timedelta(hours=1)


class Leaning(Strategy):
    """Weights that differ from bar to bar, so that the bar that is read tells."""

    def targets(self, m: Market) -> Node:
        return (m.close / m.close.mean(2)).rank().normalise()


class Daily(Strategy):
    """Reads the last complete day beside the bar."""

    def targets(self, m: Market) -> Node:
        return (m.close / m.at("1d").close.mean(2)).rank().normalise()


def stamps_of(seed: int, *, most: int = 7) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Hourly bars that end on the half hour or with the session, some of them missing, and bars after hours."""
    draw, sessions, stamps = np.random.default_rng(seed), [], []
    for day in DAYS.tolist():
        opens, closes = NEW_YORK.hours_utc(day)
        ends = [opens + HOUR * k for k in range(1, most) if opens + HOUR * k < closes]
        ends += [closes] * (draw.random() < 0.6)
        ends += [closes + HOUR * k for k in (1, 2, 3) if draw.random() < 0.4]
        kept = [end for end in ends if draw.random() < 0.8]
        sessions += [day] * len(kept)
        stamps += [end.replace(tzinfo=None) for end in kept]
    return np.array(sessions, "datetime64[D]"), np.array(stamps, "datetime64[s]")


def hourly(seed: int, names: int) -> Panel:
    sessions, stamps = stamps_of(seed)
    panel = random_market(seed, names, len(stamps), AMERICA).panel
    # what happens to a company happens before the first bar of a session
    kept = np.flatnonzero(np.searchsorted(sessions, sessions[panel.actions.row]) == panel.actions.row)
    every = panel.actions
    actions = Actions(every.row[kept], every.instrument[kept], every.kind[kept], every.value[kept])
    fields = build_fields({name: panel.matrix(f"raw_{name}") for name in FIELDS}, actions)
    return replace(
        panel, timeframe=Timeframe(1, "h"), sessions=sessions, stamps=stamps, actions=actions, fields=fields
    )  # fmt: skip


def ends_by_hand(panel: Panel) -> list[int]:
    """The definition, session by session, with the calendar's own times."""
    assert panel.stamps is not None
    found = []
    for day in np.unique(panel.sessions).tolist():
        close = NEW_YORK.hours_utc(day)[1].replace(tzinfo=None)
        rows = np.flatnonzero(panel.sessions == np.datetime64(day)).tolist()
        before = [row for row in rows if panel.stamps[row].item() <= close]
        if not before:
            continue
        over = panel.stamps[before[-1]].item() == close or before[-1] + 1 < panel.rows
        found += [before[-1]] if over else []
    return found


@pytest.mark.parametrize("seed", range(12))
def test_it_is_the_last_bar_up_to_the_official_close(seed: int) -> None:
    panel = hourly(seed, 1)
    rows = speaking_rows(Every.DAY, NEW_YORK, panel, 0, panel.rows)
    assert rows.tolist() == ends_by_hand(panel)
    assert panel.stamps is not None
    closes = {NEW_YORK.hours_utc(panel.sessions[row].item())[1].replace(tzinfo=None) for row in rows.tolist()}
    reached = set(panel.stamps[rows].tolist())
    assert 0 < len(reached & closes) < len(closes)  # some have their closing bar, some do not
    fridays = speaking_rows(Every.WEEK_END, NEW_YORK, panel, 0, panel.rows)
    assert set(fridays.tolist()) < set(rows.tolist())


@pytest.mark.parametrize("seed", range(scaled(4)))
def test_what_is_cut_off_changes_nothing_but_what_it_shows_to_be_the_last(seed: int) -> None:
    panel = hourly(seed, 1)
    whole = closing_of(panel, NEW_YORK)
    assert panel.stamps is not None
    for rows in range(panel.rows - 80, panel.rows):
        cut = replace(panel, sessions=panel.sessions[:rows], stamps=panel.stamps[:rows], fields={})
        part = closing_of(cut, NEW_YORK)
        assert np.array_equal(part.closes, whole.closes[:rows])
        assert np.array_equal(part.late, whole.late[:rows])
        assert np.array_equal(part.ends[:-1], whole.ends[: rows - 1])
        assert part.ends[-1] == (whole.ends[rows - 1] and whole.closes[rows - 1])


def test_a_bar_that_spans_the_close_is_the_last() -> None:
    # named by their opening and moved by their length, hourly bars of New York end at half past four
    day = DAYS[0].item()
    opens, closes = NEW_YORK.hours_utc(day)
    ends = [opens + HOUR * k for k in range(1, 8)]
    assert ends[-1] > closes
    panel = replace(
        random_market(1, 1, 7, AMERICA).panel, timeframe=Timeframe(1, "h"), sessions=np.full(7, DAYS[0]),
        stamps=np.array([end.replace(tzinfo=None) for end in ends], "datetime64[s]"),
    )  # fmt: skip
    assert speaking_rows(Every.DAY, NEW_YORK, panel, 0, 7).tolist() == [6]


def test_a_feed_tells_the_close_behind_the_last_bar_before_it() -> None:
    panel = hourly(3, 2)
    told = list(Replay(panel).told())
    rows = [event.row for event in told if isinstance(event, BarRow)]
    assert rows == [*range(panel.rows)]
    ended = []
    for before, event in pairwise(told):
        if isinstance(event, SessionEdge) and not event.opened:
            assert isinstance(before, BarRow)
            assert event.stamp_utc == NEW_YORK.hours_utc(event.session)[1]
            ended.append(before.row)
    assert ended == ends_by_hand(panel)


@pytest.mark.parametrize("every", BY_SESSION)
@pytest.mark.parametrize("seed", [0, 3, *range(4, 3 + scaled(10))])
def test_what_was_tested_is_what_is_traded(every: Every, seed: int) -> None:
    panel = hourly(seed, 4)
    strategy = (Leaning, Daily)[seed % 2]()
    exits = ((), (StopLoss(0.05), TimeStop(9)))[seed // 2 % 2]
    definition = replace(strategy.definition(), every=every, exits=exits)
    spec = spec_of(definition, panel, initial_capital=10_000_000)
    rehearsal = assert_same(spec, panel, some_rows(panel.rows, 40, seed))
    assert len(rehearsal.closes) > 100


def test_a_decision_that_waits_for_the_close_outlives_the_process() -> None:
    panel = hourly(2, 3)
    waiting = [row for row in ends_by_hand(panel) if not closing_of(panel, NEW_YORK).closes[row]]
    assert len(waiting) > 5
    spec = spec_of(replace(Leaning().definition(), every=Every.DAY), panel, initial_capital=10_000_000)
    killed = replayed(spec, panel, dies_at_closes=True)
    assert [one.equity for one in killed.closes] == [one.equity for one in replayed(spec, panel).closes]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    kept = Lake(tmp_path_factory.mktemp("lake"), ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    import_bars(kept, raw_bars())
    return kept


def raw_bars() -> RawBars:
    stamps = stamps_of(4)[1]
    draw, frames = np.random.default_rng(4), []
    names = tuple(Instrument(InstrumentId(name, "XNAS"), currency="USD") for name in ("AAA", "BBB"))
    for name in names:
        level = np.round(50.0 * np.exp(np.cumsum(draw.normal(0.0, 0.01, len(stamps)))), 2)
        other = np.round(level * (1.0 + draw.normal(0.0, 0.003, len(stamps))), 2)
        frames.append(
            pl.DataFrame(
                {
                    "symbol": [str(name.id)] * len(stamps),
                    "ts": pl.Series(stamps.astype("datetime64[us]")).dt.replace_time_zone("UTC"),
                    "open": other, "high": np.maximum(level, other) + 0.05, "low": np.minimum(level, other) - 0.05,
                    "close": level, "volume": np.full(len(stamps), 1e6),
                }
            )
        )  # fmt: skip
    return RawBars("hours", "XNAS", Timeframe(1, "h"), pl.concat(frames), None, "USD", "test", names)


@pytest.mark.parametrize("every", [Every.DAY, Every.CHANGE])
@pytest.mark.parametrize("deaths", [0, scaled(10)])
def test_the_whole_trader_does_too(lake: Lake, every: Every, deaths: int) -> None:
    definition = replace(Leaning().definition(), every=every)
    first, last = date(2024, 11, 4), date(2024, 12, 31)
    request = {"universe": "hours", "symbols": ["AAA", "BBB"], "timeframe": "1h", "feed": f"replay:{first}..{last}"}
    lived, draw = Stage(lake, {"leaning": definition}, request), np.random.default_rng(deaths)
    for _ in range(deaths):
        left = int(draw.integers(1, 60))

        def dying(_place: str) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                raise Died

        lived.reached = dying
        try:
            asyncio.run(lived.live())
        except (Died, BaseExceptionGroup):
            continue
    lived.reached = lambda _place: None
    asyncio.run(lived.live())
    panel = select(lake, "hours", ("AAA", "BBB")).panel
    result = run(definition, panel, start=first, end=last)
    fills = [
        (str(f.instrument), f.side.value, float(f.quantity), f.value) for f in asyncio.run(lived.journal.fills(ACCOUNT))
    ]
    done = result.simulation.journal.fills
    names = [str(one.id) for one in panel.instruments]
    expected = [
        (names[done.column[k]], "buy" if done.side[k] > 0 else "sell", float(done.quantity[k]), int(done.value[k]))
        for k in range(len(done))
    ]
    assert len(expected) > 20
    assert fills == expected
    assert asyncio.run(lived.journal.balance(ACCOUNT)).cash == int(result.simulation.cash[-1])

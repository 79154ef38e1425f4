"""A dataset that grows, told as if it had been whole from the beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.execution.markets import AMERICA, random_market
from tests.laws.test_session_ends import hourly
from tests.marketdata.growing import LATER, NAME, clock, gone_by_hand, grow, snapshot_of
from tests.scale import scaled

from midas.core.basis import Basis
from midas.core.clock import ManualClock
from midas.marketdata.actions import Actions
from midas.marketdata.feed import BarRow, CorporateAction, FeedEvent, Grown, Remark, SessionEdge, Waiting
from midas.marketdata.follower import Follower
from midas.marketdata.ground import Ground
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.plot import Plot
from midas.marketdata.replay import Replay
from midas.marketdata.told import Told

DAILY = random_market(5, 4, 60, AMERICA).panel
QUIET = replace(DAILY, actions=Actions.none())
WITHIN_S = 30.0


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, clock())


async def told_now(follower: Follower, row: int = -1) -> list[FeedEvent]:
    """Everything up to where it waits."""
    heard: list[FeedEvent] = []
    async with asyncio.timeout(WITHIN_S):
        async for event in follower.events(row):
            heard.append(event)
            if isinstance(event, Waiting):
                return heard
    raise AssertionError("it ended")


def heard_of(lake: Lake, plot: Plot, told: Told | None = None, row: int = -1) -> list[FeedEvent]:
    return asyncio.run(told_now(Follower(lake, plot, told, clock=lake.clock), row))


def plot_of(panel: Panel, *, whole: bool = True) -> Plot:
    return Plot(Ground.of(panel), whole)


def told_of(heard: Sequence[FeedEvent]) -> Told:
    [grown] = [event for event in heard if isinstance(event, Grown)]
    return Told.from_bytes(grown.told)


def remarks_of(heard: Sequence[FeedEvent]) -> list[str]:
    return [one.act for event in heard if isinstance(event, Grown) for one in event.remarks]


def plain(event: FeedEvent) -> tuple[object, ...]:
    match event:
        case BarRow():
            bars = {name: values.tobytes() for name, values in event.fields.items()}
            return ("row", event.row, event.stamp_utc, event.session, bars, event.closes, event.late)
        case CorporateAction():
            return ("action", event.instrument, event.session, event.kind, event.value)
        case SessionEdge():
            return ("edge", event.session, event.opened, event.stamp_utc)
    return ()


def without_repeats(heard: Sequence[FeedEvent]) -> list[tuple[object, ...]]:
    # the close of a session is told again by who goes on behind it
    kept: list[tuple[object, ...]] = []
    for event in map(plain, heard):
        if event and not (event[0] == "edge" and not event[2] and event in kept[-2:]):
            kept.append(event)
    return kept


def rows_of(heard: Sequence[FeedEvent]) -> list[int]:
    return [event.row for event in heard if isinstance(event, BarRow)]


@pytest.mark.parametrize("seed", range(scaled(100)))
@pytest.mark.parametrize("within_day", [False, True])
def test_many_versions_tell_what_the_last_one_would(seed: int, within_day: bool, lake: Lake) -> None:
    draw = np.random.default_rng(seed)
    made = hourly(seed, 3) if within_day else random_market(seed, 3, 90, AMERICA).panel
    made = _with_holes(made, draw)
    cuts = sorted({*draw.integers(30, made.rows, 4).tolist(), made.rows})
    plot = plot_of(grow(lake, made, cuts[0]))
    told: Told | None = None
    heard: list[FeedEvent] = []
    for cut in cuts:
        whole = grow(lake, made, cut)
        row = rows_of(heard)[-1] if heard else -1
        fresh = heard_of(lake, plot, told, row)
        if draw.random() < 0.5 and rows_of(fresh):
            # it dies on the way, and what was heard after the last thing kept is told again
            kept = int(draw.integers(row, rows_of(fresh)[-1] + 1))
            told = told_of(fresh).until(kept + 1)
            heard += fresh[: 1 + max((k for k, one in enumerate(fresh) if getattr(one, "row", -2) == kept), default=-1)]
            fresh = heard_of(lake, plot, told, kept)
        heard, told = heard + fresh, told_of(fresh)
        assert not remarks_of(heard)
    oracle = Replay(replace(whole, gone=gone_by_hand(whole)))
    assert without_repeats(heard) == without_repeats(list(oracle.told()))
    assert len(rows_of(heard)) == whole.rows


def _with_holes(panel: Panel, draw: np.random.Generator) -> Panel:
    # names that are away for longer than it takes to be gone, some of them for good
    fields = {}
    away = (2, 25, int(draw.integers(50, 200)))
    for name, tiles in panel.fields.items():
        matrix = panel.matrix(name)
        matrix[panel.begins[away[1]] : panel.begins[min(away[2], len(panel.begins) - 1)], away[0]] = np.nan
        fields[name] = matrix[None] if tiles.shape[2] == panel.columns else _padded(matrix, tiles)
    return replace(panel, fields=fields)


def _padded(matrix: np.ndarray, tiles: np.ndarray) -> np.ndarray:
    padded = np.full(tiles.shape, np.nan)
    padded[0, :, : matrix.shape[1]] = matrix
    return padded


def test_it_goes_on_in_one_life(lake: Lake) -> None:
    plot = plot_of(grow(lake, DAILY, 40))
    heard: list[FeedEvent] = []

    async def live() -> None:
        async with asyncio.timeout(WITHIN_S):
            async for event in Follower(lake, plot, clock=lake.clock, look_every_s=0.01).events():
                heard.append(event)
                if isinstance(event, Waiting):
                    if len(rows_of(heard)) == DAILY.rows:
                        return
                    grow(lake, DAILY, len(rows_of(heard)) + 10)

    asyncio.run(live())
    assert rows_of(heard) == [*range(DAILY.rows)]
    assert sum(isinstance(event, Grown) for event in heard) == 3


def heard_until(
    lake: Lake, plot: Plot, after: int, meanwhile: Callable[[int], None], every_s: float = 7.0
) -> list[FeedEvent]:
    """What is heard up to the n-th sleep; `meanwhile` is what happens during each before."""
    heard: list[FeedEvent] = []
    slept = 0

    async def sleep(seconds: float) -> None:
        nonlocal slept
        slept += 1
        assert seconds == every_s
        if slept == after:
            raise EOFError
        meanwhile(slept)

    async def live() -> None:
        async for event in Follower(lake, plot, clock=ManualClock(LATER), sleep=sleep, look_every_s=every_s).events():
            heard.append(event)  # noqa: PERF401  # it ends by force, and what was heard until then counts

    with pytest.raises(EOFError):
        asyncio.run(live())
    return heard


def test_it_sleeps_between_looks_and_says_once_that_it_waits(lake: Lake) -> None:
    heard = heard_until(lake, plot_of(grow(lake, DAILY, 40)), 5, lambda _: None)
    assert [event for event in heard if isinstance(event, Waiting)] == [Waiting(LATER)]


class TestWhatChanges:
    def test_a_bar_that_was_told_is_a_correction_and_not_told_again(self, lake: Lake) -> None:
        plot = plot_of(grow(lake, DAILY, 40))
        told = told_of(heard_of(lake, plot))
        raw = DAILY.matrix("raw_close")
        row, column = 20, int(np.flatnonzero(np.isfinite(raw[20]))[0])
        tiles = DAILY.fields["raw_close"].copy()
        tiles[0, row, column] += 1.0
        changed = replace(DAILY, fields={**DAILY.fields, "raw_close": tiles})
        grow(lake, changed, 42)
        heard = heard_of(lake, plot, told, 39)
        [grown] = [event for event in heard if isinstance(event, Grown)]
        assert (grown.corrected, grown.late, rows_of(heard)) == (1, 0, [40, 41])
        [remark] = grown.remarks
        assert remark.act == "feed.corrected"
        assert remark.detail["names"] == str(DAILY.instruments[column].id)
        assert remark.detail["first"] == remark.detail["last"] == str(DAILY.sessions[row])
        # it is said once
        grow(lake, changed, 43)
        assert not remarks_of(heard_of(lake, plot, told_of(heard), 41))

    def test_a_row_behind_later_ones_is_left_out_and_moves_none(self, lake: Lake) -> None:
        lake.write(NAME, snapshot_of(QUIET, {*range(40)} - {10, 11}))
        plot = plot_of(lake.panel(NAME))
        first = heard_of(lake, plot)
        told = told_of(first)
        grow(lake, QUIET, 42)
        heard = heard_of(lake, plot, told, 37)
        [grown] = [event for event in heard if isinstance(event, Grown)]
        assert (grown.corrected, grown.late, remarks_of(heard)) == (0, 2, ["feed.late"])
        sessions = [event.session for event in heard if isinstance(event, BarRow)]
        assert (rows_of(heard), sessions) == ([38, 39], DAILY.sessions[40:42].tolist())
        # who begins anew hears the same rows as those before
        again = heard_of(lake, plot, told_of(heard))
        assert without_repeats(again) == without_repeats([*first, *heard])
        assert not remarks_of(again)

    def test_behind_what_was_kept_nothing_is_late(self, lake: Lake) -> None:
        lake.write(NAME, snapshot_of(QUIET, {*range(40)} - {36}))
        plot = plot_of(lake.panel(NAME))
        told = told_of(heard_of(lake, plot)).until(35)
        grow(lake, QUIET, 42)
        heard = heard_of(lake, plot, told, 34)
        assert not remarks_of(heard)
        sessions = [event.session for event in heard if isinstance(event, BarRow)]
        assert (rows_of(heard), sessions) == ([*range(35, 42)], DAILY.sessions[35:42].tolist())

    def test_a_row_that_is_gone_keeps_its_number(self, lake: Lake) -> None:
        plot = plot_of(grow(lake, QUIET, 40))
        told = told_of(heard_of(lake, plot))
        lake.write(NAME, snapshot_of(QUIET, {*range(42)} - {10}))
        heard = heard_of(lake, plot, told, 39)
        assert (remarks_of(heard), rows_of(heard)) == (["feed.corrected"], [40, 41])
        again = [event for event in heard_of(lake, plot, told_of(heard)) if isinstance(event, BarRow)]
        assert [event.session for event in again] == DAILY.sessions[:42].tolist()
        assert np.isnan(again[10].close).all()

    def test_a_corporate_action_of_a_session_that_was_told_is_said_and_not_told(self, lake: Lake) -> None:
        acts = DAILY.actions
        first = int(acts.row[0])
        assert first < 40
        late = replace(acts, **{name: getattr(acts, name)[1:] for name in ("row", "instrument", "kind", "value")})
        plot = plot_of(grow(lake, replace(DAILY, actions=late), 40))
        told = told_of(heard_of(lake, plot))
        grow(lake, DAILY, 42)
        heard = heard_of(lake, plot, told, 39)
        assert remarks_of(heard) == ["alert.late_action"]
        assert all(one.session > DAILY.sessions[39].item() for one in heard if isinstance(one, CorporateAction))
        # and one that is taken back
        grow(lake, replace(DAILY, actions=late), 42)
        assert "alert.action_gone" in remarks_of(heard_of(lake, plot, told_of(heard), 41))


class TestNames:
    def test_a_new_one_shifts_no_column(self, lake: Lake) -> None:
        lake.write(NAME, snapshot_of(DAILY, range(40), [1, 3]))
        plot = plot_of(lake.panel(NAME))
        told = told_of(heard_of(lake, plot))
        grow(lake, DAILY, 42)
        heard = heard_of(lake, plot, told, 39)
        assert remarks_of(heard) == ["feed.universe"]
        raw = DAILY.matrix("raw_close")
        for event in heard:
            if isinstance(event, BarRow):
                assert np.array_equal(event.close, raw[event.row, [1, 3]], equal_nan=True)
        grow(lake, DAILY, 43)
        assert not remarks_of(heard_of(lake, plot, told_of(heard), 41))

    def test_of_names_that_were_chosen_no_other_is_news(self, lake: Lake) -> None:
        lake.write(NAME, snapshot_of(DAILY, range(40), [1, 3]))
        plot = plot_of(lake.panel(NAME), whole=False)
        told = told_of(heard_of(lake, plot))
        grow(lake, DAILY, 42)
        assert not remarks_of(heard_of(lake, plot, told, 39))

    def test_one_that_vanished_keeps_its_column_and_has_no_bars(self, lake: Lake) -> None:
        plot = plot_of(grow(lake, QUIET, 40))
        told = told_of(heard_of(lake, plot))
        lake.write(NAME, snapshot_of(QUIET, range(42), [0, 2, 3]))
        heard = heard_of(lake, plot, told, 39)
        assert remarks_of(heard) == ["feed.corrected", "feed.universe"]
        raw = QUIET.matrix("raw_close")
        raw[:, 1] = np.nan
        fresh = [event for event in heard if isinstance(event, BarRow)]
        assert [event.row for event in fresh] == [40, 41]
        assert all(np.array_equal(event.close, raw[event.row], equal_nan=True) for event in fresh)


class TestWhatIsNotToldYet:
    def test_a_bar_that_was_not_over_when_it_was_stored(self, tmp_path: Path) -> None:
        moving = ManualClock(LATER)
        lake = Lake(tmp_path, moving)
        plot = plot_of(grow(lake, DAILY, 40))
        closed_utc = [one.stamp_utc for one in heard_of(lake, plot) if isinstance(one, BarRow)][-1]
        moving.current_utc = closed_utc - timedelta(seconds=1)
        lake.write(NAME, snapshot_of(DAILY, range(39)))
        grow(lake, DAILY, 40)
        assert rows_of(heard_of(lake, plot))[-1] == 38
        moving.current_utc = closed_utc
        lake.write(NAME, snapshot_of(DAILY, range(39)))
        grow(lake, DAILY, 40)
        assert rows_of(heard_of(lake, plot))[-1] == 39

    def test_a_row_of_which_none_of_its_names_has_a_bar(self, lake: Lake) -> None:
        lake.write(NAME, snapshot_of(DAILY, range(40)))
        whole = lake.panel(NAME)
        plot = plot_of(whole.select([0]), whole=False)
        bars = np.isfinite(DAILY.matrix("raw_close")[:, 0])
        stop = int(np.flatnonzero(bars[:40])[-1]) + 1
        # the others were imported first
        later = {*range(40)}
        only = replace(DAILY, fields={name: _blank(tiles, stop - 2, 0) for name, tiles in DAILY.fields.items()})
        lake.write(NAME, snapshot_of(only, later))
        told = heard_of(lake, plot)
        assert rows_of(told)[-1] < stop - 2
        grow(lake, DAILY, 40)
        rest = heard_of(lake, plot, told_of(told), rows_of(told)[-1])
        assert not remarks_of(rest)
        assert rows_of(rest)[-1] == stop - 1


def _blank(tiles: np.ndarray, row: int, column: int) -> np.ndarray:
    blank = tiles.copy()
    blank[0, row:, column] = np.nan
    return blank


class TestWhatCannotBeFollowed:
    def test_another_kind_of_bars_is_said_once_and_the_right_ones_are_told_then(self, lake: Lake) -> None:
        plot = plot_of(grow(lake, DAILY, 40))

        def meanwhile(looks: int) -> None:
            if looks == 1:
                lake.delete(NAME)
            if looks == 3:
                lake.write(NAME, snapshot_of(replace(DAILY, basis=Basis.TOTAL_RETURN), range(41)))
            if looks == 5:
                lake.write(NAME, snapshot_of(DAILY, range(42)))

        heard = heard_until(lake, plot, 7, meanwhile)
        alerts = [event.detail["code"] for event in heard if isinstance(event, Remark)]
        assert alerts == ["unknown_dataset", "not_continued"]
        assert rows_of(heard) == [*range(42)]

    def test_a_past_that_was_adjusted_anew(self, lake: Lake) -> None:
        adjusted = replace(DAILY, basis=Basis.SPLIT_ADJUSTED)
        plot = plot_of(grow(lake, adjusted, 40))
        told = told_of(heard_of(lake, plot))
        halved = {name: tiles / 2 if name != "raw_volume" else tiles for name, tiles in adjusted.fields.items()}
        grow(lake, replace(adjusted, fields=halved), 42)
        heard = heard_of(lake, plot, told, 39)
        assert [event.detail["code"] for event in heard if isinstance(event, Remark)] == ["adjusted_anew"]
        assert not rows_of(heard)
        # of raw prices the same is a correction
        grow(lake, DAILY, 40)
        plot = plot_of(lake.panel(NAME))
        told = told_of(heard_of(lake, plot))
        grow(lake, replace(DAILY, fields=halved), 42)
        assert remarks_of(heard_of(lake, plot, told, 39)) == ["feed.corrected"]


def test_what_was_told_is_kept_as_bytes(lake: Lake) -> None:
    told = told_of(heard_of(lake, plot_of(grow(lake, DAILY, 40))))
    again = Told.from_bytes(told.to_bytes())
    assert again.to_bytes() == told.to_bytes()
    assert (len(again), len(again.until(7)), again.until(0).until(3).times.dtype) == (40, 7, told.times.dtype)

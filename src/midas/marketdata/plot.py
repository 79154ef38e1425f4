"""A dataset laid out as a market that stays: names keep their columns, and rows that were told their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked
from midas.marketdata.actions import Actions
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel
from midas.marketdata.replay import SessionHours
from midas.marketdata.tiles import LANES, Tiles, narrow_lanes, to_matrix, to_tiles
from midas.marketdata.told import Times, Told

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plot:
    """What of a dataset is followed. whole : every name there was, so that a new one is news."""

    ground: Ground
    whole: bool


@dataclass(frozen=True, slots=True)
class Laid:
    """A version in its plot.

    panel : raw prices alone, with the corporate actions. late : rows that came behind later ones, left out of it.
    strange, missing : names of the dataset that are not in the plot, and the other way round.
    """

    panel: Panel
    late: Times
    strange: tuple[str, ...]
    missing: tuple[str, ...]


def laid_out(panel: Panel, stored_utc: datetime, plot: Plot, told: Told) -> Laid:
    """Lay a version out behind what was told; bars that were not over when it was stored are not in it yet.

    Raises
    ------
    DataBlocked: it has other kinds of bars, or none of the names.
    """
    ground = plot.ground
    _require_same_kind(panel, ground)
    chosen, missing = _in_columns(panel, ground)
    place, late = _places(chosen, stored_utc, told)
    known = {one.id for one in ground.instruments}
    venues = {one.venue for one in known}
    strange = [str(one.id) for one in panel.instruments if one.id not in known and one.id.venue in venues]
    return Laid(_in_rows(chosen, place, told), late, tuple(strange) if plot.whole else (), missing)


def _require_same_kind(panel: Panel, ground: Ground) -> None:
    was, now = (
        (one.venue.mic, str(one.timeframe), one.basis.value, one.currency) for one in (ground, Ground.of(panel))
    )
    gone = [name for name in ground.raw_fields if name not in panel.fields]
    if was == now and not gone:
        return
    what = f"it has no {', '.join(gone)} any more" if gone else f"it was {' '.join(was)} and is {' '.join(now)}"
    raise _blocked(panel, f"is not what is followed: {what}")


def _in_columns(panel: Panel, ground: Ground) -> tuple[Panel, tuple[str, ...]]:
    column_of = {instrument.id: column for column, instrument in enumerate(panel.instruments)}
    places = [place for place, one in enumerate(ground.instruments) if one.id in column_of]
    missing = tuple(str(one.id) for one in ground.instruments if one.id not in column_of)
    if not places:
        raise _blocked(panel, "has none of the names that are followed any more")
    chosen = panel.select([column_of[ground.instruments[place].id] for place in places])
    fields = {name: chosen.fields[name] for name in ground.raw_fields}
    actions = chosen.actions
    if missing:
        columns = len(ground.instruments)
        lanes = LANES if panel.stamps is None else narrow_lanes(columns)
        fields = {name: _widened(tiles, places, columns, lanes) for name, tiles in fields.items()}
        actions = replace(actions, instrument=np.array(places, np.int64)[actions.instrument])
    return replace(chosen, instruments=ground.instruments, fields=fields, actions=actions, gone=None), missing


def _widened(tiles: Tiles, places: Sequence[int], columns: int, lanes: int) -> Tiles:
    matrix = np.full((tiles.shape[1], columns), np.nan)
    matrix[:, places] = to_matrix(tiles, len(places))
    return to_tiles(matrix, lanes)


def _places(panel: Panel, stored_utc: datetime, told: Told) -> tuple[Places, Times]:
    # Where in the panel each told row is, -1 where it is gone, and behind them the new ones; and what came late.
    times: Times = panel.times
    there = np.asarray(~np.isnan(panel.fields["raw_close"]).all(axis=(0, 2)))
    begin = int(np.searchsorted(times, told.times[-1], "right")) if len(told) else 0
    place = np.searchsorted(times, told.times)
    found = place < begin
    found[found] = times[place[found]] == told.times[found]
    # a row is told once one of its names has a bar: until then it may be on its way
    fresh = np.flatnonzero(there[begin : _finished(panel, stored_utc, begin)])
    new = np.arange(begin, begin + int(fresh[-1]) + 1 if len(fresh) else begin)
    late = np.setdiff1d(times[:begin][there[:begin]], told.times)
    return np.concatenate((np.where(found, place, -1), new)), late


def _finished(panel: Panel, stored_utc: datetime, begin: int) -> int:
    # The first row, from `begin` on, whose bars were not over when the version was stored.
    hours, stop = SessionHours(Ground.of(panel).venue.calendar), panel.rows
    while stop > begin and _closed_utc(panel, stop - 1, hours) > stored_utc:
        stop -= 1
    return stop


def _closed_utc(panel: Panel, row: int, hours: SessionHours) -> datetime:
    if panel.stamps is None:
        return hours.of(panel.sessions[row].item())[1]
    stamp: datetime = panel.stamps[row].item()
    return stamp.replace(tzinfo=UTC)


def _in_rows(panel: Panel, place: Places, told: Told) -> Panel:
    if np.array_equal(place, np.arange(panel.rows)):
        return panel
    new = place[len(told) :]
    sessions = np.concatenate((told.sessions, panel.sessions[new]))
    times = np.concatenate((told.times, panel.times[new]))
    return replace(
        panel, sessions=sessions, stamps=None if panel.stamps is None else times,
        fields={name: _taken(tiles, place) for name, tiles in panel.fields.items()},
        actions=_moved(panel.actions, np.searchsorted(times, panel.times[panel.actions.row]), len(times)),
    )  # fmt: skip


def _taken(tiles: Tiles, place: Places) -> Tiles:
    taken = tiles[:, np.maximum(place, 0)]
    taken[:, place < 0] = np.nan
    return taken


def _moved(actions: Actions, row: Places, rows: int) -> Actions:
    # one on a row that is left out takes effect on the next
    order = np.lexsort((actions.kind, actions.instrument, row))
    order = order[row[order] < rows]
    return Actions(row[order], actions.instrument[order], actions.kind[order], actions.value[order])


def _blocked(panel: Panel, what: str) -> DataBlocked:
    return DataBlocked(
        f"Dataset {panel.dataset!r} {what}.",
        hint="Import it as it was; or stop the run and start another one on another account.",
        code="not_continued",
    )

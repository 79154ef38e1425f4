"""A version of a dataset as the continuation of what was told of it, and what is to be said of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked
from midas.marketdata.delisting import delistings_as_known
from midas.marketdata.feed import Remark
from midas.marketdata.panel import Panel
from midas.marketdata.plot import Plot, laid_out
from midas.marketdata.tiles import to_matrix
from midas.marketdata.told import Times, Told, actions_of, digest_of

_SHOWN = 10
_SAME = 1e-6
"""Two closes that differ by less, as a part of one, are the same."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """All rows of a version under the numbers they are told by. told : those of the panel, with the new ones.

    corrected, late : how many told rows are others now, and how many came behind later ones.
    """

    panel: Panel
    told: Told
    corrected: int
    late: int
    remarks: tuple[Remark, ...]


def continued(panel: Panel, stored_utc: datetime, plot: Plot, told: Told | None) -> Continuation:
    """Return how a version goes on from what was told.

    Raises
    ------
    DataBlocked: it does not: other bars, none of the names, or a past in other shares.
    """
    told = Told.nothing(panel.times) if told is None else told
    laid = laid_out(panel, stored_utc, plot, told)
    whole, known = laid.panel, len(told)
    _require_same_scale(whole, told)
    digest = digest_of(whole, plot.ground.raw_fields, known)
    changed = np.flatnonzero(digest.rows[:known] != told.rows)
    late = np.setdiff1d(laid.late, told.late)
    after = Told(
        whole.times, whole.sessions.astype("M8[D]"), digest.rows, digest.columns, _ends(whole, whole.rows),
        actions_of(whole), np.union1d(told.late, late), laid.strange, laid.missing,
    )  # fmt: skip
    moved = np.flatnonzero(digest.columns_before != told.columns) if len(told.columns) else np.empty(0, np.int64)
    remarks = (
        *_corrected(whole, changed, moved),
        *_late(late),
        *_acted(whole, after, told),
        *_listed_otherwise(after, told),
    )
    whole = replace(whole, gone=delistings_as_known(whole))
    return Continuation(whole, after, len(changed), len(late), remarks)


def _require_same_scale(panel: Panel, told: Told) -> None:
    # Adjusted prices are those of the newest day: after a split all of the past is told in other shares than are held.
    if panel.basis.is_raw or not told.ends.size:
        return
    moved = (np.abs(_ends(panel, len(told)) / told.ends - 1.0) > _SAME).all(axis=0)
    if moved.any():
        names = _names([str(panel.instruments[column].id) for column in np.flatnonzero(moved)])
        raise DataBlocked(
            f"The past of {names} in dataset {panel.dataset!r} was adjusted anew: what is held is in other shares.",
            hint="Stop the run and start another one on another account; raw prices are followed through a split.",
            code="adjusted_anew",
        )


def _ends(panel: Panel, rows: int) -> NDArray[np.float64]:
    # The first and the last close of each instrument up to before a row, NaN where it has none.
    closes = to_matrix(panel.fields["raw_close"][:, :rows], panel.columns)
    known, columns = ~np.isnan(closes), np.arange(panel.columns)
    if not rows:
        return np.full((2, panel.columns), np.nan)
    return np.stack((closes[known.argmax(axis=0), columns], closes[rows - 1 - known[::-1].argmax(axis=0), columns]))


def _corrected(panel: Panel, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Sequence[Remark]:
    if not len(rows):
        return ()
    names = _names([str(panel.instruments[column].id) for column in columns]) if len(columns) else ""
    first, last = panel.times[rows[0]], panel.times[rows[-1]]
    why = f"{len(rows)} rows that were told are others now{f', of {names}' if names else ''}; what was decided stays"
    detail = {"why": why, "rows": len(rows), "first": str(first), "last": str(last), "names": names}
    return (Remark("feed.corrected", detail),)


def _late(times: Times) -> Sequence[Remark]:
    if not len(times):
        return ()
    why = f"{len(times)} rows came behind later ones that were told: they are left out"
    return (Remark("feed.late", {"why": why, "rows": len(times), "first": str(times[0]), "last": str(times[-1])}),)


def _acted(panel: Panel, after: Told, told: Told) -> Sequence[Remark]:
    # of rows that were told: an action that was not told with them, and one that was and is gone
    if not len(told):
        return ()
    now = after.actions[after.actions["session"] <= told.sessions[-1]]
    before, now = {tuple(one) for one in told.actions.tolist()}, {tuple(one) for one in now.tolist()}
    found = []
    for act, ones, what in (
        ("alert.late_action", now - before, "came after its session was told and is not applied"),
        ("alert.action_gone", before - now, "was told and is not in the data any more"),
    ):
        for session, column, kind, value in sorted(ones)[:_SHOWN]:
            name = str(panel.instruments[column].id)
            why = f"a corporate action of {name} on {session} {what}"
            found.append(
                Remark(act, {"why": why, "instrument": name, "session": str(session), "kind": kind, "value": value})
            )
    return found


def _listed_otherwise(after: Told, told: Told) -> Sequence[Remark]:
    found = []
    for names, before, what in (
        (after.strange, told.strange, "new in the dataset: not followed by a run that began without them"),
        (after.missing, told.missing, "not in the dataset any more: no bars of them, what is held stays"),
    ):
        news = [name for name in names if name not in before]
        if news and (len(told) or before):
            found.append(Remark("feed.universe", {"why": f"{_names(news)}: {what}", "names": len(news)}))
    return found


def _names(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

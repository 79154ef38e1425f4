"""Runs that follow a dataset: what they are pinned to when they begin, and what of it was told since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from midas.core.errors import DataBlocked, InvalidInput, NotFound, StorageCorrupt
from midas.core.timeframe import Timeframe
from midas.trading.checkpoint_key import checkpoint_key
from midas.wire.runs import RunRequest

if TYPE_CHECKING:
    from midas.db.runs import RunRecord
    from midas.marketdata.lake import Lake
    from midas.marketdata.panel import Panel
    from midas.marketdata.plot import Plot
    from midas.marketdata.told import Told
    from midas.marketdata.universe import Selection
    from midas.strategies.definition import Definition
    from midas.trading.journal import Journal

FOLLOWED = "followed"
"""Where a run's document keeps what it follows."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run's question as it is stored, and what it follows; None for one that replays the past."""

    request: RunRequest
    plot: Plot | None

    @property
    def document(self) -> dict[str, Any]:
        """What is kept of it beside the question."""
        plot = self.plot
        return {} if plot is None else {FOLLOWED: {"ground": plot.ground.to_json(), "whole": plot.whole}}


def begin(lake: Lake, definition: Definition, request: RunRequest) -> Begun:
    """Pin a run that follows a dataset to its names and its first day. Called from a thread that may wait.

    Raises
    ------
    InvalidInput: there is not enough history before that day, or nothing between the last bar and it.
    NotFound: an unknown universe or symbol.
    """
    from midas.marketdata.feed_text import Follow, read_feed
    from midas.marketdata.ground import Ground
    from midas.marketdata.plot import Plot

    asked = read_feed(request.feed)
    if not isinstance(asked, Follow):
        return Begun(request, None)
    plot = Plot(Ground.of(selected(lake, request).panel), not request.symbols)
    if lake.dataset(plot.ground.dataset).timeframe.is_tick:
        raise InvalidInput(
            f"Dataset {plot.ground.dataset!r} holds ticks, which are replayed and not followed.",
            hint="Follow a dataset of bars, or use replay:START..END.",
            code="ticks_not_followed",
        )
    panel = selection(lake, request, plot, None).panel
    start = _start(panel, asked.start)
    _require_history(definition, panel, start)
    return Begun(request.model_copy(update={"feed": str(Follow(start))}), plot)


def selected(lake: Lake, request: RunRequest) -> Selection:
    """Return the instruments a run names, with all bars there are."""
    from midas.marketdata.universe import select

    timeframe = None if request.timeframe is None else Timeframe.parse(request.timeframe)
    return select(lake, request.universe, request.symbols, timeframe)


def selection(lake: Lake, request: RunRequest, plot: Plot, told: Told | None) -> Selection:
    """Return what a run follows, with the bars there are by now under the numbers they are told by.

    Raises
    ------
    NotFound, DataBlocked, StorageCorrupt: nothing was told yet, and the dataset cannot be followed.
    """
    from midas.marketdata.continuation import continued
    from midas.marketdata.universe import Selection

    ground = plot.ground
    try:
        dataset = lake.dataset(ground.dataset)
        panel = continued(lake.panel(ground.dataset), dataset.imported_at_utc, plot, told).panel
    except (NotFound, DataBlocked, StorageCorrupt):
        # what was told is enough to go on: the feed says what is wrong, and waits
        if told is None or not len(told):
            raise
        panel = _bare(plot, told)
    names = tuple(str(one.id) for one in ground.instruments)
    label = ground.dataset if request.symbols or request.universe is None else request.universe
    return Selection(panel, label, names, ())


def plot_of(record: RunRecord) -> Plot | None:
    """Return what a stored run follows."""
    from midas.marketdata.ground import Ground
    from midas.marketdata.plot import Plot

    kept = record.document.get(FOLLOWED)
    if not isinstance(kept, dict):
        return None
    return Plot(Ground.from_json(kept["ground"]), bool(kept["whole"]))


async def told_to(journal: Journal, account: str, runs: Sequence[str]) -> Told | None:
    """Return what a followed dataset told an account, as far as anything of it was kept."""
    from midas.marketdata.told import Told
    from midas.trading.feed_book import TOLD

    kept = await journal.checkpoint(checkpoint_key(TOLD, account))
    if kept is None:
        return None
    known = [await journal.checkpoint(key) for key in (checkpoint_key("paper", account), *runs)]
    return Told.from_bytes(kept.state).until(max((one.row for one in known if one is not None), default=-1) + 1)


def _start(panel: Panel, asked: date | None) -> date:
    if not panel.rows:
        return asked or date.min
    behind: date = panel.sessions[-1].item() + _DAY
    if asked is not None and asked > behind:
        raise InvalidInput(
            f"Which bar is the first on {asked} is not known yet: the last one there is is of {behind - _DAY}.",
            hint=f"Use follow, which begins behind it, or follow:{behind}.",
            code="start_ahead",
        )
    return asked or behind


def _require_history(definition: Definition, panel: Panel, start: date) -> None:
    import numpy as np

    from midas.backtest.window import bars_of
    from midas.factors.periods import rows_a_day
    from midas.factors.plan import plan_for_days
    from midas.strategies.plans import plan_of

    needed = plan_for_days(plan_of(definition), rows_a_day(panel)).warmup
    listed = np.flatnonzero(~np.isnan(panel.tiles("raw_close")).all(axis=(0, 2)))[:1]
    there = max(0, panel.row_range(start, None)[0] - int(listed[0])) if len(listed) else 0
    if there < needed:
        raise InvalidInput(
            f"The strategy needs {needed} {bars_of(panel)} before its first decision; there are {there}.",
            hint="Pull more history first, begin later, or choose shorter lookbacks.",
            code="too_short",
        )


def _bare(plot: Plot, told: Told) -> Panel:
    # The rows that were told, and nothing in them.
    import numpy as np

    from midas.marketdata.actions import Actions
    from midas.marketdata.panel import Panel, build_fields

    ground = plot.ground
    none = np.full((len(told), len(ground.instruments)), np.nan)
    fields = build_fields(dict.fromkeys(ground.fields, none), Actions.none())
    return Panel(
        ground.dataset, "", ground.venue.mic, ground.timeframe, ground.basis, ground.currency, ground.instruments,
        told.sessions, {name: fields[name] for name in ground.raw_fields},
        stamps=None if ground.timeframe.is_daily else told.times,
    )  # fmt: skip

"""From a run to what its measures are computed from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.backtest.story import Story
from midas.backtest.window import at_closes, closes_of
from midas.kernels.world import LANES
from midas.marketdata.panel import Panel
from midas.portfolio.journal import EventKind
from midas.portfolio.measures.frequency import rows_per_year, sessions_per_year
from midas.portfolio.measures.sample import Activity, Reals, Sample, TradeSample
from midas.venues.calendar import Calendar

_CLOSED = (EventKind.DELISTED, EventKind.SEIZED, EventKind.WRITTEN_OFF)


def sample_of(story: Story) -> Sample:
    """Return a run's sample; periods per year are counted on the exchange's calendar where it reaches."""
    panel, rows, equity = story.panel, story.window, story.equity
    return Sample.of(
        equity=equity,
        sessions=story.sessions,
        gross_exposure=story.simulation.exposure_at(
            slice(None) if panel.stamps is None else closes_of(panel, rows) - rows.first
        ),
        benchmark_equity=at_closes(panel, rows, story.benchmark.growth) * equity[0],
        trades=_trades(story),
        activity=_activity(story),
        periods_per_year=sessions_in_a_year(panel, story.venue.calendar, rows.first, rows.stop),
        market_change=story.benchmark.market_change,
    )


def costs_of(activity: Activity) -> dict[str, float]:
    """Return what trading cost, by kind, in currency; `traded` is the value of all fills."""
    return {
        "commission": activity.fees,
        "tax": activity.taxes,
        "slippage": activity.slippage,
        "total": activity.fees + activity.taxes + activity.slippage,
        "traded": activity.bought + activity.sold,
    }


def sessions_in_a_year(panel: Panel, calendar: Calendar, first_row: int, stop_row: int) -> float:
    """Return periods per year, counted on the exchange's calendar where it reaches, else on the rows themselves."""
    sessions = panel.sessions[first_row:stop_row]
    counted = sessions_per_year(calendar, sessions[0].item(), sessions[-1].item())
    if counted is not None:
        return counted
    return rows_per_year(sessions if panel.stamps is None else np.unique(sessions))


def sessions_held(story: Story) -> NDArray[np.int64]:
    """Return from which to which session each trade lasted, as how many lie between; senseless for open ones."""
    trips, panel = story.trips, story.panel
    if panel.stamps is None:
        return trips.exit_row - trips.entry_row
    begins = panel.begins
    place: NDArray[np.int64] = np.searchsorted(begins, trips.exit_row, "right")
    return place - np.searchsorted(begins, trips.entry_row, "right")


def _trades(story: Story) -> TradeSample:
    trips, closed = story.trips, story.trips.closed
    pnl = trips.pnl / story.scale
    held = sessions_held(story)[closed].astype(np.float64)
    return TradeSample.of(
        pnl[closed], trips.returns[closed], held, trips.worst[closed], trips.best[closed], open_pnl=pnl[~closed]
    )


def _activity(story: Story) -> Activity:
    fills, journal = story.simulation.journal.fills, story.simulation.journal
    opens = story.conditions.opens[fills.column // LANES, fills.row, fills.column % LANES]
    bought = int(fills.value[fills.side > 0].sum())
    return Activity(
        bought=bought / story.scale,
        sold=(int(fills.value.sum()) - bought) / story.scale,
        fees=int(fills.commission.sum()) / story.scale,
        taxes=int(fills.tax.sum()) / story.scale,
        slippage=round(float((fills.side * (fills.price - opens) * fills.quantity).sum()), 6),
        income=int(journal.events.amount[~np.isin(journal.events.kind, _CLOSED)].sum()) / story.scale,
        fills=len(fills),
        rejected=len(journal.refusals),
        crowding=_crowding(story),
    )


def _crowding(story: Story) -> Reals:
    if "raw_volume" not in story.panel.fields:
        return np.empty(0)
    fills, account = story.simulation.journal.fills, story.simulation
    volume = story.conditions.volumes[fills.column // LANES, fills.row, fills.column % LANES]
    equity = account.equity[fills.row - 1 - account.first] / story.scale
    known = (volume > 0) & (equity > 0)
    return np.asarray(fills.quantity[known] / volume[known] / equity[known])

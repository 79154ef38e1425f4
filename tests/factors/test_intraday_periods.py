"""Days, weeks and months made of minute bars: against pandas, and the laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.factors.markets import bars, panel_of, same, values

from midas.core.timeframe import Timeframe
from midas.factors.evaluate import evaluate
from midas.factors.periods import calendar_of
from midas.factors.plan import compile_plan
from midas.factors.stepper import Stepper
from midas.factors.text import parse
from midas.marketdata.closing import closing_of
from midas.marketdata.panel import Panel

RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
A_DAY = 5
"""Bars a session, of 78 minutes each: 09:30 to 16:00."""

HOLIDAYS = ("2024-01-15", "2024-02-19", "2024-03-29", "2024-05-27", "2024-06-19", "2024-07-04")


def minute_panel(sessions: int, columns: int = 3, seed: int = 1, *, after_hours: bool = False) -> Panel:
    """Sessions of New York with their summer time; the last session but one closed early, on the 3rd of July."""
    days = pd.bdate_range("2024-01-02", "2024-07-05").difference(pd.DatetimeIndex(HOLIDAYS))[-sessions:]
    stamps: list[pd.Timestamp] = []
    for day in days:
        close = "13:00" if day == pd.Timestamp("2024-07-03") else "16:00"
        end = pd.Timestamp(f"{day.date()} {close}", tz="America/New_York")
        stamps += pd.date_range(end=end, periods=A_DAY, freq="30min").tolist()
        stamps += [end + pd.Timedelta(hours=2)] if after_hours else []
    index = pd.DatetimeIndex(stamps)
    raw = bars(len(index), columns, seed=seed, gaps=0.05)
    utc = index.tz_convert("UTC").tz_localize(None)
    return replace(
        panel_of(raw),
        timeframe=Timeframe.parse("30m"),
        sessions=index.tz_localize(None).to_numpy().astype("datetime64[D]"),
        stamps=utc.to_numpy().astype("datetime64[s]"),
    )


def until(panel: Panel, rows: int) -> Panel:
    assert panel.stamps is not None
    fields = {name: np.ascontiguousarray(tiles[:, :rows]) for name, tiles in panel.fields.items()}
    return replace(panel, fields=fields, sessions=panel.sessions[:rows], stamps=panel.stamps[:rows])


def by_pandas(panel: Panel, field: str, rule: str, window: int = 1) -> np.ndarray:
    """Whole periods by pandas, shown from the last bar of each on."""
    days = pd.DatetimeIndex(panel.sessions)
    groups = days.to_period(rule)
    frame = pd.DataFrame(panel.matrix(field))
    made = frame.groupby(groups).agg(RULES[field])
    if field == "volume":
        made = frame.groupby(groups).sum(min_count=1)
    made = made.rolling(window).mean() if window > 1 else made
    last = pd.Series(np.arange(len(days))).groupby(groups).last().to_numpy()
    shown = np.full(frame.shape, np.nan)
    for begin, stop, row in zip(last, [*last[1:], len(days)], made.to_numpy(), strict=True):
        shown[begin:stop] = row
    return shown


@pytest.mark.parametrize(
    ("expression", "field", "rule", "window"),
    [
        ("daily(open)", "open", "D", 1), ("daily(high)", "high", "D", 1), ("daily(close)", "close", "D", 1),
        ("daily(volume)", "volume", "D", 1), ("weekly(low)", "low", "W-SUN", 1), ("weekly(close)", "close", "W-SUN", 1),
        ("monthly(high)", "high", "M", 1), ("daily(close).mean(3)", "close", "D", 3),
    ],
)  # fmt: skip
def test_as_pandas(expression: str, field: str, rule: str, window: int) -> None:
    panel = minute_panel(60)
    found, expected = values(expression, panel), by_pandas(panel, field, rule, window)
    whole = slice(None) if rule != "M" else slice(0, panel.rows - A_DAY * 5)  # July goes on, pandas cannot know
    np.testing.assert_allclose(found[whole], expected[whole], rtol=1e-12)
    assert np.isfinite(found).any()


EXPRESSIONS = (
    "daily(close)", "daily(close.mean(3)) / close", "weekly(high) - daily(low)", "monthly(close)", "daily(atr(4))",
    "close.mean(7) - daily(returns)",
)  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("after_hours", [False, True])
def test_later_bars_change_nothing(expression: str, after_hours: bool) -> None:
    panel = minute_panel(50, after_hours=after_hours)
    full = values(expression, panel)
    for rows in range(panel.rows - 22, panel.rows):
        assert same(full[:rows], values(expression, until(panel, rows))), f"truncated after {rows}"
        poisoned = {name: tiles.copy() for name, tiles in panel.fields.items()}
        for tiles in poisoned.values():
            tiles[:, rows:] = 1e9
        assert same(full[:rows], values(expression, replace(panel, fields=poisoned))[:rows]), f"poisoned after {rows}"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_row_by_row_and_from_late_is_the_same(expression: str) -> None:
    panel = minute_panel(50, after_hours=True)
    plan, full = compile_plan(parse(expression)), values(expression, panel)
    closes = closing_of(panel, calendar_of(panel)).closes
    stepper = Stepper(plan, panel.columns, sessions=panel.sessions, calendar=calendar_of(panel), closes=closes)
    fields = {name: panel.matrix(name) for name in plan.fields}
    live = [stepper.step({name: matrix[row] for name, matrix in fields.items()}) for row in range(panel.rows)]
    assert same(full, np.array(live))
    late = np.arange(panel.rows - 10, panel.rows)
    assert same(full[late], evaluate(plan, panel, 0, panel.rows, late))


def without(panel: Panel, rows: list[int]) -> Panel:
    keep = np.delete(np.arange(panel.rows), rows)
    assert panel.stamps is not None
    fields = {name: np.ascontiguousarray(tiles[:, keep]) for name, tiles in panel.fields.items()}
    return replace(panel, sessions=panel.sessions[keep], stamps=panel.stamps[keep], fields=fields)


THIN = without(minute_panel(4), [4, 19])
"""The first and the last session have no bar at their close."""


class TestWhatClosesASession:
    def test_the_scheduled_close_also_where_it_is_early(self) -> None:
        panel = minute_panel(4, after_hours=True)
        closes = closing_of(panel, calendar_of(panel)).closes
        assert closes.tolist() == [False, False, False, False, True, False] * 4

    def test_a_session_without_a_bar_at_its_close_has_none(self) -> None:
        closes = closing_of(THIN, calendar_of(THIN)).closes
        assert np.flatnonzero(closes).tolist() == [8, 13]

    def test_it_ends_when_the_next_begins(self) -> None:
        close, daily = THIN.matrix("close"), values("daily(close)", THIN)
        last = pd.DataFrame(close[:4]).ffill().iloc[-1]
        assert np.isnan(daily[:4]).all()
        np.testing.assert_array_equal(daily[4], last)

    @pytest.mark.parametrize("expression", EXPRESSIONS)
    def test_which_bar_was_the_last_is_not_known_on_it(self, expression: str) -> None:
        full = values(expression, THIN)
        for rows in range(1, THIN.rows):
            assert same(full[:rows], values(expression, until(THIN, rows))), f"truncated after {rows}"

"""Weeks and months against pandas on Apple's real bars, and by hand where the calendar is odd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.factors.apple import APPLE_DAYS, APPLE_PANEL, Bars
from tests.factors.markets import bars, panel_of, values
from tests.laws.graphs import CALLED
from tests.laws.laws import late_start_is_the_same
from tests.laws.test_each_operator import alone

from midas.core.errors import InvalidInput, StrategyInvalid
from midas.factors.graph_json import from_json, to_json
from midas.factors.lowering import lowered, walk
from midas.factors.market import Market
from midas.factors.plan import compile_plan
from midas.factors.stepper import Stepper
from midas.factors.text import parse
from midas.marketdata.panel import Panel

m = Market()
DAYS = pd.DatetimeIndex(APPLE_DAYS)
PANEL = replace(APPLE_PANEL, sessions=APPLE_DAYS)
APPLE = pd.DataFrame({name: PANEL.matrix(name)[:, 0] for name in Bars._fields}, DAYS)
RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def held(of: Callable[[pd.DataFrame], pd.Series], rule: str) -> np.ndarray:
    """What pandas makes of whole weeks or months, put on the day that ended each and carried on.

    Apple has a bar on every session, so the last bar of each but the unfinished last one is the calendar's. Nobody knew
    on Monday, 2001-09-10, that its week was over: it is told when the next one begins.
    """
    bars = APPLE.groupby(DAYS.to_period(rule)).agg(RULES)
    ends = DAYS.to_series().groupby(DAYS.to_period(rule)).last()
    ends = ends.replace({pd.Timestamp("2001-09-10"): pd.Timestamp("2001-09-17")})
    found = pd.Series(of(bars).to_numpy(), pd.DatetimeIndex(ends))
    return found.reindex(DAYS).ffill().to_numpy()[:-1]


ORACLES: dict[str, Callable[[], np.ndarray]] = {
    # a day is complete at its own close
    "daily(close)": lambda: APPLE["close"].to_numpy()[:-1],
    "weekly(open)": lambda: held(lambda w: w["open"], "W-SUN"),
    "weekly(high)": lambda: held(lambda w: w["high"], "W-SUN"),
    "weekly(low)": lambda: held(lambda w: w["low"], "W-SUN"),
    "weekly(close)": lambda: held(lambda w: w["close"], "W-SUN"),
    "weekly(volume)": lambda: held(lambda w: w["volume"], "W-SUN"),
    "monthly(high)": lambda: held(lambda w: w["high"], "M"),
    "weekly(close).mean(10)": lambda: held(lambda w: w["close"].rolling(10).mean(), "W-SUN"),
    "weekly(close.mean(10))": lambda: held(lambda w: w["close"].rolling(10).mean(), "W-SUN"),
    "monthly(returns)": lambda: held(lambda w: w["close"].pct_change(), "M"),
    "weekly(high - low).max(4)": lambda: held(lambda w: (w["high"] - w["low"]).rolling(4).max(), "W-SUN"),
    "weekly(close).shift(2)": lambda: held(lambda w: w["close"].shift(2), "W-SUN"),
    "weekly(close) / close": lambda: held(lambda w: w["close"], "W-SUN") / APPLE["close"].to_numpy()[:-1],
    "close.mean(3) - weekly(open).mean(2)": lambda: (
        APPLE["close"].rolling(3).mean().to_numpy()[:-1] - held(lambda w: w["open"].rolling(2).mean(), "W-SUN")
    ),
}


@pytest.mark.parametrize("expression", ORACLES)
def test_as_pandas_on_apple(expression: str) -> None:
    # The data ends on a Friday that is not a month's last session: pandas cannot know, so its last row is left out.
    found = values(expression, PANEL)[:-1, 0]
    np.testing.assert_allclose(found, ORACLES[expression](), rtol=1e-12, atol=1e-12)


def panel_on(days: list[str], closes: list[float]) -> Panel:
    return replace(panel_of({"close": np.array(closes)[:, None]}), sessions=np.array(days, "datetime64[D]"))


class TestWhenABarIsComplete:
    def test_the_last_session_before_a_holiday_ends_the_week(self) -> None:
        # 2024-03-29 was Good Friday; nothing in the data says so.
        panel = panel_on(["2024-03-22", "2024-03-25", "2024-03-26", "2024-03-27", "2024-03-28"], [1, 2, 3, 4, 5])
        assert values("weekly(close)", panel)[:, 0].tolist() == [1, 1, 1, 1, 5]

    def test_that_session_ends_the_month_too(self) -> None:
        panel = panel_on(["2024-03-27", "2024-03-28", "2024-04-01", "2024-04-02"], [1, 2, 3, 4])
        np.testing.assert_array_equal(values("monthly(close)", panel)[:, 0], [np.nan, 2, 2, 2])

    def test_a_missing_last_session_ends_the_week_when_the_next_begins(self) -> None:
        panel = panel_on(["2024-03-13", "2024-03-14", "2024-03-18", "2024-03-19"], [1, 2, 3, 4])
        np.testing.assert_array_equal(values("weekly(close)", panel)[:, 0], [np.nan, np.nan, 2, 2])

    def test_a_week_cut_short_without_notice_ends_when_the_next_begins(self) -> None:
        days = ["2001-09-07", "2001-09-10", "2001-09-17", "2001-09-18", "2001-09-21"]
        whole = values("weekly(close)", panel_on(days, [1, 2, 3, 4, 5]))[:, 0].tolist()
        assert whole == [1, 1, 2, 2, 5]
        for stop in range(1, 5):
            cut = panel_on(days[:stop], [1, 2, 3, 4, 5][:stop])
            assert values("weekly(close)", cut)[:, 0].tolist() == whole[:stop]

    def test_a_week_without_a_session_is_no_bar(self) -> None:
        # A venue Midas has no table for trades on weekdays; here a whole week is missing from the data.
        days = panel_on(["2020-01-17", "2020-01-23", "2020-02-03", "2020-02-07"], [1, 2, 3, 4])
        other = replace(days, venue="XZZZ")
        np.testing.assert_array_equal(values("weekly(close).shift(1)", other)[:, 0], [np.nan, np.nan, 1, 2])

    def test_the_calendar_is_the_venue_s(self) -> None:
        # Chuseok closed Seoul on 2024-09-16, 17 and 18; it traded on Monday, 2024-09-30 but not on Tuesday.
        korea = replace(panel_on(["2024-09-27", "2024-09-30", "2024-10-02"], [1, 2, 3]), venue="XKRX", currency="KRW")
        np.testing.assert_array_equal(values("monthly(close)", korea)[:, 0], [np.nan, 2, 2])


class TestWhatCountsBars:
    def test_an_operator_over_weekly_values_alone(self) -> None:
        assert m.at("1w").close.mean(10) == parse("weekly(close.mean(10))") == parse("weekly(close).mean(10)")
        assert m.at("1mo").atr(14) == parse("monthly(atr(14))")
        assert m.at("1w").close / m.at("1w").open - 1 == parse("weekly(close / open - 1)")
        assert m.at("1w").ema(m.at("1w").volume, 4) == parse("weekly(volume.ema(4))")

    def test_beside_a_daily_value_it_is_held(self) -> None:
        node = m.at("1w").close > m.close.mean(5)
        assert node == parse("weekly(close) > close.mean(5)")
        assert repr(node) == "(weekly(close) > mean(close, 5))"

    def test_weighting_and_states_are_of_the_row(self) -> None:
        assert m.at("1w").close.change(4).rank().op == "rank"
        assert parse("hold(weekly(close > open), weekly(close < open))").op == "hold"

    def test_a_formula_over_a_state_that_begins_flat_says_so(self) -> None:
        for operator in CALLED:
            within = any(node.operator.begins for node in walk(lowered(alone(operator))))
            assert within == operator.begins, operator.name

    def test_weekly_of_weekly_is_weekly(self) -> None:
        assert parse("weekly(weekly(close))") == parse("weekly(close)")

    def test_json_is_one_form(self) -> None:
        node = m.at("1w").close.mean(10) - m.at("1mo").low
        assert from_json(to_json(node)) == node
        assert from_json({"version": 1, "nodes": [["close"], ["weekly", [0]], ["mean", [1], [10]]]}) == parse(
            "weekly(close.mean(10))"
        )


class TestReach:
    def test_warm_up_and_look_back_count_whole_weeks(self) -> None:
        assert compile_plan(parse("weekly(close)")).lookback == 14
        assert compile_plan(parse("weekly(close.mean(10))")).warmup == 11 * 7
        assert compile_plan(parse("monthly(close) + close.mean(5)")).lookback == 62

    def test_the_look_back_is_enough_from_every_day_of_a_week(self) -> None:
        panel = panel_of(bars(90, 2, seed=6, gaps=0.05))
        for row in range(70, 85):
            late_start_is_the_same(parse("weekly(open.mean(3))"), panel, row)
            late_start_is_the_same(parse("monthly(low)"), panel, row)

    def test_what_is_read_is_known(self) -> None:
        assert set(compile_plan(parse("weekly(atr(5)) / close")).fields) == {"high", "low", "close"}


class TestRefusals:
    @pytest.mark.parametrize(
        "text", ["weekly(close > monthly(open))", "monthly(weekly(close))", "weekly(hold(close > open, close < open))"]
    )
    def test_what_has_no_meaning_inside(self, text: str) -> None:
        with pytest.raises(StrategyInvalid, match=r"weekly|monthly"):
            compile_plan(parse(text))

    def test_other_timeframes(self) -> None:
        with pytest.raises(StrategyInvalid, match="1y"):
            m.at("1y")

    def test_live_without_a_calendar(self) -> None:
        with pytest.raises(InvalidInput, match="calendar"):
            Stepper(compile_plan(parse("weekly(close)")), 1)

"""Runs on bars within the day: decided bar by bar, measured on the closes of sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.factors.test_intraday_periods import A_DAY, RULES, minute_panel

from midas.backtest.artifact import load, save
from midas.backtest.bias.check import check_strategy
from midas.backtest.evaluation import evaluate
from midas.backtest.result import Result
from midas.backtest.run import run, run_spec
from midas.backtest.setting import Setting
from midas.backtest.spec import spec_of
from midas.backtest.subject import subject_of, yaml_subject
from midas.backtest.sweep import base_spec, plan_sweep, sweep
from midas.backtest.walk_forward import WalkForward, walk_forward
from midas.core.errors import InvalidInput
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.execution.dealing import Dealing
from midas.execution.exchange import AccountCurrency, Rates
from midas.marketdata.panel import Panel, build_fields
from midas.reports.stored import sheet_of
from midas.reports.tearsheet import render
from midas.strategies.definition import Definition
from midas.strategies.library.ema_cross import EmaCross
from midas.strategies.mix import Share, mix
from midas.strategies.registry import build
from midas.strategies.yaml_form import load_yaml

MINUTES = minute_panel(100, columns=2, seed=5)
START = date(2024, 4, 2)
DAYS = np.unique(MINUTES.sessions)


def daily_of(panel: Panel) -> Panel:
    """The sessions of a panel as daily bars, made by Polars."""
    columns = []
    for column in range(panel.columns):
        frame = pl.DataFrame({"day": panel.sessions, **{name: panel.matrix(name)[:, column] for name in RULES}})
        made = frame.fill_nan(None).group_by("day", maintain_order=True).agg(
            pl.col("open").drop_nulls().first(), pl.col("high").max(), pl.col("low").min(),
            pl.col("close").drop_nulls().last(), pl.col("volume").sum(),
        )  # fmt: skip
        columns.append(made.fill_null(np.nan))
    fields = {name: np.column_stack([made[name].to_numpy() for made in columns]) for name in RULES}
    sessions = columns[0]["day"].to_numpy().astype("datetime64[D]")
    none = panel.actions
    return replace(
        panel, timeframe=Timeframe(1, "d"), sessions=sessions, stamps=None, fields=build_fields(fields, none)
    )


def written(targets: str, every: str) -> str:
    return f"name: crossing\ntargets: {targets}\nevery: {every}\n"


def complete(panel: Panel) -> Panel:
    """The panel with every bar there, and more volume than anyone wants."""
    matrices = {name: panel.matrix(name) for name in RULES}
    close = pl.DataFrame(matrices["close"]).fill_nan(None).fill_null(strategy="forward").fill_null(strategy="backward")
    level = np.round(close.to_numpy(), 2)
    fields = {
        "open": level,
        "high": level + 0.5,
        "low": level - 0.5,
        "close": level,
        "volume": np.full(level.shape, 1e9),
    }
    return replace(panel, fields=build_fields(fields, panel.actions))


class TestADailyStrategyOnMinutes:
    """The same rule on the same days, asked at each session's last bar, trades at the next session's first open."""

    @pytest.mark.parametrize("every", ["day", "week_end", "month_end"])
    def test_is_the_daily_run(self, every: str) -> None:
        minutes = complete(MINUTES)
        rule = "({0} / {0}.mean(5) - 0.9).clip(0, 0.4)"
        few = run(load_yaml(written(rule.format("close"), every)), daily_of(minutes), start=START)
        many = run(load_yaml(written(rule.format("daily(close)"), every)), minutes, start=START)
        assert len(few.simulation.journal.fills) > 4
        mine = many.fills().with_columns(pl.col("ts").dt.convert_time_zone("America/New_York").dt.date())
        assert mine.drop("order_id").equals(few.fills().drop("order_id"))
        assert many.equity[1:].tolist() == few.equity.tolist()
        assert many.sessions[1:].tolist() == few.sessions.tolist()
        assert many.cash[1:].tolist() == few.cash.tolist()
        assert many.positions().equals(few.positions())
        assert many.summary["total_return"] == few.summary["total_return"]
        assert many.summary["max_drawdown"] == few.summary["max_drawdown"]


@pytest.fixture(scope="module")
def result() -> Result:
    return run(build("ema_cross", {"fast": 3, "slow": 9}), MINUTES, start=START)


class TestWhatIsTold:
    def test_one_row_a_session_and_the_capital_before(self, result: Result) -> None:
        frame = result.equity_frame()
        days = np.unique(MINUTES.sessions)
        assert frame["ts"].dtype == pl.Date
        assert frame["ts"].to_list() == [date(2024, 4, 1), *days[days >= np.datetime64(START)].tolist()]
        assert frame["equity"][0] == 100_000

    def test_equity_is_that_of_the_last_bar_of_each_session(self, result: Result) -> None:
        account, first = result.simulation, result.simulation.first
        for day, worth in zip(result.sessions[1:], result.equity[1:], strict=True):
            last = np.flatnonzero(MINUTES.sessions == day)[-1]
            assert worth == account.equity[last - first] / result.scale

    def test_fills_name_their_bar(self, result: Result) -> None:
        fills = result.fills()
        assert len(fills) > 5
        assert fills["ts"].dtype == pl.Datetime("ms", "UTC")
        assert MINUTES.stamps is not None
        at = MINUTES.stamps[result.simulation.journal.fills.row]
        assert fills["ts"].to_numpy().astype("datetime64[s]").tolist() == at.tolist()
        assert fills["order_id"].str.contains(r"^2024-\d\d-\d\dT\d\d:\d\dZ-1$|-2$").all()

    def test_a_decision_fills_at_the_next_bar_over_night_too(self, result: Result) -> None:
        fills = result.simulation.journal.fills
        assert (fills.row == fills.decided + 1).all()
        assert (MINUTES.sessions[fills.row] > MINUTES.sessions[fills.decided]).any()
        opens = MINUTES.matrix("raw_open")[fills.row, fills.column]
        assert (np.abs(fills.price / opens - 1) < 0.02 / opens + 1e-12).all()

    def test_trades_count_sessions(self, result: Result) -> None:
        trips = result.round_trips
        held = [
            len(np.unique(MINUTES.sessions[begin : end + 1])) - 1
            for begin, end in zip(trips.entry_row[trips.closed], trips.exit_row[trips.closed], strict=True)
        ]
        assert result.summary["average_held"] == pytest.approx(np.mean(held))

    def test_the_year_has_the_sessions_of_the_exchange(self, result: Result) -> None:
        assert result.settings["periods_per_year"] == pytest.approx(252, abs=1.5)
        assert result.settings["frequency"] == "30m"

    def test_stored_and_on_a_sheet(self, result: Result, tmp_path: object) -> None:
        from pathlib import Path

        folder = Path(str(tmp_path)) / "run"
        save(result, folder)
        stored = load(folder)
        assert stored.fills().equals(result.fills())
        assert stored.measures("quantstats")
        assert "30m" in render(sheet_of(stored))


def test_a_name_alone_counts_its_own_bars() -> None:
    alone = MINUTES.select([1])
    there = ~np.isnan(MINUTES.matrix("close")[:, 1])
    assert alone.rows == there.sum() < MINUTES.rows
    assert alone.stamps is not None
    assert MINUTES.stamps is not None
    assert alone.stamps.tolist() == MINUTES.stamps[there].tolist()


def test_searching_agrees_with_running() -> None:
    found = sweep(EmaCross, MINUTES, {"fast": "3,4", "slow": "9,12"}, metric="volatility", start=START)
    for place, told in enumerate(found.trials.column("volatility")):
        single = run(EmaCross(**found.trials.params(place)), MINUTES, start=START)
        assert told == single.summary["volatility"]


def test_no_alarm_on_bars_within_the_day() -> None:
    report = check_strategy(
        load_yaml(written("(daily(close) / weekly(close) > 1).slot()", "change")), complete(MINUTES)
    )
    assert [finding.check for finding in report.findings if finding.verdict.value == "leak"] == []


class TestWalkForward:
    def walked(self, panel: Panel, closes: str, **options: Any) -> WalkForward:
        rule = f"hold(entry={closes} > {closes}.mean(rows), exit={closes} < {closes}.mean(rows)).slot()"
        text = f"name: above\nparams: {{rows: {{default: 4, low: 2, high: 20}}}}\ntargets: {rule}\nevery: day\n"
        plan = plan_sweep(yaml_subject(text), {"rows": "3,5,8"}, metric="total_return")
        base = base_spec(plan, panel, **options)
        return walk_forward(plan, base, Setting.of(panel, base.terms("USD")), "rolling", 3)

    @pytest.mark.parametrize("dealing", [Dealing(), Dealing(cash_rate=0.05)])
    def test_a_daily_rule_is_the_daily_walk_forward(self, dealing: Dealing) -> None:
        minutes = complete(MINUTES)
        few = self.walked(daily_of(minutes), "close", start=START, dealing=dealing)
        many = self.walked(minutes, "daily(close)", start=START, dealing=dealing)
        assert [leg.params for leg in many.legs] == [leg.params for leg in few.legs]
        assert [(leg.first, leg.last, leg.total_return) for leg in many.legs] == [
            (leg.first, leg.last, leg.total_return) for leg in few.legs
        ]
        assert many.equity.tolist() == few.equity.tolist()
        assert many.sessions.tolist() == few.sessions.tolist()
        assert len({leg.total_return for leg in few.legs}) == 3

    def test_a_rule_of_bars_is_traded_from_the_next_bar_on(self) -> None:
        plan = plan_sweep(subject_of(EmaCross), {"fast": "3,4", "slow": "9"}, metric="total_return")
        base = base_spec(plan, MINUTES)
        found = walk_forward(plan, base, Setting.of(MINUTES, base.terms("USD")), "anchored", 2)
        assert [leg.tried for leg in found.legs] == [2, 2]
        assert found.legs[0].train_last < found.legs[0].first <= found.legs[0].last < found.legs[1].first
        assert found.legs[-1].last == MINUTES.sessions[-1].item()
        assert len(found.sessions) == 1 + sum(
            np.searchsorted(DAYS, leg.last, "right") - np.searchsorted(DAYS, leg.first) for leg in found.legs
        )
        product = np.prod([1.0 + leg.total_return for leg in found.legs])
        assert found.equity[-1] / found.equity[0] == pytest.approx(product, rel=1e-12)


def test_a_session_of_many_bars() -> None:
    assert (np.diff(np.flatnonzero(np.diff(MINUTES.sessions.astype(int)))) == A_DAY).all()


def test_a_benchmark_of_daily_bars_begins_at_the_close_before() -> None:
    daily = daily_of(complete(MINUTES)).select([0])
    other = replace(daily, instruments=(Instrument(InstrumentId("INDEX", "XNAS")),))
    spec = spec_of(build("ema_cross", {"fast": 3, "slow": 9}), MINUTES, start=START, benchmark="INDEX")
    told = run_spec(spec, MINUTES, benchmark_panel=other).benchmark_equity
    closes = other.series("close", 0)[np.searchsorted(other.sessions, np.datetime64(START)) - 1 :]
    np.testing.assert_allclose(told, 100_000 * closes / closes[0], rtol=1e-12)


class TestOnePeriod:
    """Whoever needs less history begins no bar before the one that needs most."""

    def test_trials_begin_on_one_bar(self) -> None:
        tried = sweep(EmaCross, MINUTES, {"fast": [3], "slow": [5, 11]})
        begun = {
            run(build("ema_cross", tried.trials.params(trial)), MINUTES, start=tried.base.start).simulation.first
            for trial in range(len(tried.trials))
        }
        assert len(tried.trials) == 2
        assert len(begun) == 1

    def test_strategies_of_days_and_of_bars_begin_on_one_bar(self) -> None:
        panel = complete(MINUTES)
        strategies = [
            load_yaml(written("(daily(close) / daily(close).mean(20) - 0.9).clip(0, 0.4)", "day")),
            replace(load_yaml(written("(close / close.mean(7) - 0.9).clip(0, 0.4)", "bar")), name="bars"),
        ]
        found = evaluate(panel, strategies)
        for column, day in enumerate(found.begun()):
            one = panel.select([column])
            alone = [run(strategy, one, start=day) for strategy in strategies]
            assert alone[0].simulation.first == alone[1].simulation.first
            assert one.sessions[alone[0].simulation.first] == np.datetime64(day)
            returns = [result.summary["total_return"] for result in alone]
            assert found.values[column, :, found.measures.index("total_return")].tolist() == returns


def test_capital_is_converted_at_the_rate_it_is_valued_at() -> None:
    days = np.unique(MINUTES.sessions)
    rates = Rates("USD", "KRW", days, 1300.0 * 1.01 ** np.arange(len(days)), "USDKRW (made)", "v1")
    account = AccountCurrency("KRW", 10.0)
    result = run(
        build("ema_cross", {"fast": 3, "slow": 9}), MINUTES, start=START, initial_capital=10**8, account=account,
        rates=rates,
    )  # fmt: skip
    own = result.exchanged
    assert own is not None
    # 10 bps, and less than a cent of 2,200 won that no dollar was bought for
    assert 0 <= own.conversion_cost - Decimal(10**8) / 1001 < 23


class TestMixes:
    RULE = "(close / close.mean(5) - 0.9).clip(0, 0.4)"

    def part(self, every: str, name: str) -> Definition:
        return replace(load_yaml(written(self.RULE, every)), name=name)

    @pytest.mark.parametrize("every", ["day", "week_end", "month_end"])
    def test_a_session_s_last_bar_cannot_be_told_from_the_others(self, every: str) -> None:
        mixed = mix("mixed", [Share(self.part(every, "slow"), 0.5), Share(self.part("bar", "quick"), 0.5)])
        with pytest.raises(InvalidInput, match="'slow' speaks every") as refused:
            run(mixed, MINUTES, start=START)
        assert refused.value.code == "mixed_schedules"
        assert len(evaluate(MINUTES, [mixed], start=START).refused) == MINUTES.columns

    @pytest.mark.parametrize("every", ["day", "week_end", "bar"])
    def test_parts_of_one_schedule_are_that_strategy(self, every: str) -> None:
        panel, one = complete(MINUTES), self.part(every, "one")
        mixed = run(mix("mixed", [Share(one, 0.5), Share(self.part(every, "two"), 0.5)]), panel, start=START)
        alone = run(one, panel, start=START)
        assert len(alone.fills()) > 3
        assert mixed.fills().drop("order_id").equals(alone.fills().drop("order_id"))
        told = mixed.contributions()
        spoken = panel.stamps[mixed.simulation.journal.fills.decided]  # type: ignore[index]
        assert set(spoken.tolist()) <= {stamp.replace(tzinfo=None) for stamp in told["ts"]}
        last = {panel.stamps[row] for row in np.append(panel.begins[1:], panel.rows) - 1}  # type: ignore[index]
        if every != "bar":
            assert set(told["ts"].to_numpy().astype("datetime64[s]")) <= last

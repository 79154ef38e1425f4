"""Losses, quiet and runaways pull the switch exactly when their limit is reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.risk.scenes import NOW

from midas.core.order import Side
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.protections import loss_hit_utc, protections
from midas.risk.snapshot import AccountState, Recent
from midas.risk.verdict import Denial

RICH = AccountState(
    account="paper",
    live=False,
    cash=Decimal(1000),
    reserved=Decimal(0),
    equity=Decimal(1000),
    day_equity=Decimal(1000),
    peak_equity=Decimal(1000),
    gross=Decimal(0),
    positions={},
    buying={},
    selling={},
    age_s=0.0,
    reconciled=True,
)


def order(executions: int, ago_s: float = 1, run: str = "r1", side: Side = Side.BUY) -> Recent:
    return Recent("q", run, "AAPL.XNAS", side, Decimal(1), NOW - timedelta(seconds=ago_s), executions)


def pulled(account: AccountState, limits: Limits, *recent: Recent) -> list[tuple[KillLevel, Denial]]:
    return [(each.level, each.code) for each in protections(account, recent, NOW, limits)]


class TestLosses:
    @pytest.mark.parametrize(("lost", "hit"), [("49.99", False), ("50", True), ("50.01", True), ("-10", False)])
    def test_of_the_day(self, lost: str, hit: bool) -> None:
        account = replace(RICH, equity=1000 - Decimal(lost))
        limits = Limits(daily_loss=0.05)
        assert pulled(account, limits) == ([(KillLevel.REDUCE_ONLY, Denial.DAILY_LOSS)] if hit else [])
        assert loss_hit_utc(account, NOW, limits) == (NOW if hit else None)

    @pytest.mark.parametrize(("equity", "hit"), [("900.01", False), ("900", True)])
    def test_from_the_highest(self, equity: str, hit: bool) -> None:
        account = replace(RICH, equity=Decimal(equity), day_equity=Decimal(equity))
        assert bool(pulled(account, Limits(drawdown=0.1))) == hit
        assert loss_hit_utc(account, NOW, Limits(drawdown=0.1)) == (NOW if hit else None)

    def test_are_nobodys_business_without_a_limit(self) -> None:
        assert pulled(replace(RICH, equity=Decimal(1)), Limits()) == []

    @pytest.mark.parametrize("name", ["equity", "day_equity", "peak_equity"])
    def test_that_cannot_be_told_stop_what_is_new(self, name: str) -> None:
        account = replace(RICH, **{name: Decimal("NaN")})
        assert pulled(account, Limits()) == [(KillLevel.PAUSE, Denial.MISSING_DATA)]


class TestQuiet:
    @pytest.mark.parametrize(("ago_s", "quiet"), [(0, True), (59, True), (60, False)])
    def test_lasts_as_long_as_it_says(self, ago_s: int, quiet: bool) -> None:
        account = replace(RICH, last_limit_loss_utc=NOW - timedelta(seconds=ago_s))
        expected = [(KillLevel.REDUCE_ONLY, Denial.COOLDOWN)] if quiet else []
        assert pulled(account, Limits(cooldown_s=60)) == expected
        assert pulled(account, Limits()) == []

    def test_is_remembered_until_the_next_loss(self) -> None:
        before = NOW - timedelta(hours=1)
        assert loss_hit_utc(replace(RICH, last_limit_loss_utc=before), NOW, Limits(daily_loss=0.1)) == before


class TestRunaways:
    LIMITS = Limits(repeats_per_minute=5)
    STOP = [(KillLevel.CANCEL_ALL, Denial.REPEATED_EXECUTION)]  # noqa: RUF012

    def test_are_stopped_whole_beyond_the_limit(self) -> None:
        assert pulled(RICH, self.LIMITS, order(3), order(3)) == self.STOP
        assert pulled(RICH, self.LIMITS, order(3), order(2)) == []

    def test_count_a_minute_and_one_side(self) -> None:
        assert pulled(RICH, self.LIMITS, order(3), order(3, ago_s=60)) == []
        assert pulled(RICH, self.LIMITS, order(3), order(3, side=Side.SELL)) == []

    def test_of_a_run_are_its_own(self) -> None:
        of_run = replace(self.LIMITS, run="r1")
        assert pulled(RICH, of_run, order(3), order(3, run="r2")) == []
        assert pulled(RICH, of_run, order(3), order(3)) == self.STOP

    def test_come_before_losses(self) -> None:
        limits = replace(self.LIMITS, daily_loss=0.01)
        account = replace(RICH, equity=Decimal(900))
        found = pulled(account, limits, order(6))
        assert [level for level, _ in found] == [KillLevel.CANCEL_ALL, KillLevel.REDUCE_ONLY]

"""What pulls the kill switch by itself: losses, the quiet after them, and the runaway loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from midas.core.order import Side
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.snapshot import AccountState, Recent
from midas.risk.verdict import Denial

_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Protection:
    """A switch to pull: how far, for which reason, and with which numbers."""

    level: KillLevel
    code: Denial
    why: str


def protections(
    account: AccountState, recent: Iterable[Recent], now_utc: datetime, limits: Limits
) -> tuple[Protection, ...]:
    """Return what has to be pulled for an account now, strongest first; nothing where all is well.

    Losses leave open positions to be reduced; what executes over and over is stopped whole, with its open orders.
    Amounts that are no numbers stop everything that is new: nobody can tell a loss from them.
    """
    if not all(amount.is_finite() for amount in (account.equity, account.day_equity, account.peak_equity)):
        return (Protection(KillLevel.PAUSE, Denial.MISSING_DATA, "the account's equity is not known"),)
    found = [
        *_lost(Denial.DAILY_LOSS, account.equity, account.day_equity, limits.daily_loss),
        *_lost(Denial.DRAWDOWN, account.equity, account.peak_equity, limits.drawdown),
        *_quiet(account.last_limit_loss_utc, now_utc, limits.cooldown_s),
        *_runaways(recent, now_utc, limits),
    ]
    return tuple(sorted(found, key=lambda protection: -protection.level))


def loss_hit_utc(account: AccountState, now_utc: datetime, limits: Limits) -> datetime | None:
    """Return since when a loss last hit a limit, for the cool-down: now where one does, else what was known before."""
    hit = [
        *_lost(Denial.DAILY_LOSS, account.equity, account.day_equity, limits.daily_loss),
        *_lost(Denial.DRAWDOWN, account.equity, account.peak_equity, limits.drawdown),
    ]
    return now_utc if hit else account.last_limit_loss_utc


def _lost(code: Denial, equity: Decimal, before: Decimal, most: float | None) -> Iterator[Protection]:
    if most is None or before - equity < before * Decimal(str(most)):
        return
    yield Protection(KillLevel.REDUCE_ONLY, code, f"equity is {equity} after {before}, the limit is {most:.2%}")


def _quiet(loss_utc: datetime | None, now_utc: datetime, cooldown_s: float | None) -> Iterator[Protection]:
    if loss_utc is None or cooldown_s is None or now_utc >= loss_utc + timedelta(seconds=cooldown_s):
        return
    why = f"quiet for {cooldown_s:g} s after the loss of {loss_utc.isoformat()}"
    yield Protection(KillLevel.REDUCE_ONLY, Denial.COOLDOWN, why)


def _runaways(recent: Iterable[Recent], now_utc: datetime, limits: Limits) -> Iterator[Protection]:
    most = limits.repeats_per_minute
    if most is None:
        return
    executions: Counter[tuple[str, Side]] = Counter()
    for order in recent:
        if order.stored_utc > now_utc - _MINUTE and limits.run in ("", order.run):
            executions[order.instrument, order.side] += order.executions
    for (name, side), count in sorted(executions.items()):
        if count > most:
            why = f"{count} executions to {side} {name} within a minute, the limit is {most}"
            yield Protection(KillLevel.CANCEL_ALL, Denial.REPEATED_EXECUTION, why)

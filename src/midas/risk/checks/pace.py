"""Whether it comes too fast, or again: cool-down, rates, duplicates and the runaway loop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from midas.risk.limits import Limits
from midas.risk.question import Question
from midas.risk.snapshot import Recent
from midas.risk.verdict import Denial, Deny


def cooldown(asked: Question, limits: Limits) -> Deny | None:
    """It is quiet after a loss that hit a limit."""
    loss_utc = asked.account.last_limit_loss_utc
    if limits.cooldown_s is None or loss_utc is None or asked.reduces:
        return None
    if asked.now_utc < loss_utc + timedelta(seconds=limits.cooldown_s):
        return Deny(Denial.COOLDOWN, f"quiet for {limits.cooldown_s:g} s after the loss of {loss_utc.isoformat()}")
    return None


def order_rate(asked: Question, limits: Limits) -> Deny | None:
    """Not too many orders in a second, a minute, a day; closing everything need not wait."""
    if asked.flattens:
        return None
    windows = ((limits.orders_per_second, 1), (limits.orders_per_minute, 60), (limits.orders_per_day, 86_400))
    for most, seconds in windows:
        if most is None or len(asked.recent) < most:
            continue
        if sum(1 for _ in _others(asked, limits, seconds)) >= most:
            return Deny(Denial.ORDER_RATE, f"more than {most} orders in {seconds} s")
    return None


def duplicate(asked: Question, limits: Limits) -> Deny | None:
    """Not the same instrument, side and quantity as an order of a moment ago; but for closing everything."""
    if limits.duplicate_window_s is None or asked.flattens:
        return None
    for other in _alike(asked, limits, limits.duplicate_window_s):
        if other.quantity == asked.order.quantity:
            return Deny(Denial.DUPLICATE, f"the same as {other.order} of {other.stored_utc.isoformat()}")
    return None


def repeated_execution(asked: Question, limits: Limits) -> Deny | None:
    """The same instrument and side is not executed over and over."""
    if limits.repeats_per_minute is None:
        return None
    count = sum(other.executions for other in _alike(asked, limits, 60))
    if count >= limits.repeats_per_minute:
        return Deny(Denial.REPEATED_EXECUTION, f"{count} executions of this instrument and side within a minute")
    return None


def _alike(asked: Question, limits: Limits, window_s: float) -> Iterator[Recent]:
    name = str(asked.order.instrument)
    for other in _others(asked, limits, window_s):
        if other.instrument == name and other.side is asked.order.side:
            yield other


def _others(asked: Question, limits: Limits, window_s: float) -> Iterator[Recent]:
    # At the socket the order itself is among those stored.
    since = asked.now_utc - timedelta(seconds=window_s)
    for other in asked.recent:
        if other.order != asked.id and other.stored_utc > since and limits.run in ("", other.run):
            yield other

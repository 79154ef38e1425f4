"""Whether the account can carry it: size, money, short sales, concentration and losses."""

from __future__ import annotations

from decimal import Decimal

from midas.core.order import OrderKind
from midas.risk.limits import Limits
from midas.risk.question import Question
from midas.risk.verdict import Denial, Deny


def reduce_only(asked: Question) -> Deny | None:
    """What may only reduce does."""
    if (asked.order.reduce_only or asked.order.kind is OrderKind.PROTECTION) and not asked.reduces:
        return Deny(Denial.REDUCE_ONLY, f"it may only reduce, and {asked.held} is held")
    return None


def short_sale(asked: Question, limits: Limits) -> Deny | None:
    """No more is sold than is held, or short sales are allowed by owner and venue; as if all that sells fills first."""
    left = asked.held - asked.selling - asked.order.quantity
    if asked.buys or left >= 0:
        return None
    if not limits.allow_short:
        return Deny(Denial.SHORT_NOT_ALLOWED, f"{left} would be held")
    if asked.short_banned:
        return Deny(Denial.SHORT_BANNED, f"{asked.venue.mic} forbids short sales now")
    return None


def max_quantity(asked: Question, limits: Limits) -> Deny | None:
    """Not too many shares, unless it closes everything."""
    if not asked.flattens and limits.max_quantity is not None and asked.order.quantity > limits.max_quantity:
        return Deny(Denial.MAX_QUANTITY, f"{asked.order.quantity} is above {limits.max_quantity}")
    return None


def max_notional(asked: Question, limits: Limits) -> Deny | None:
    """Not too much money, unless it closes everything."""
    if not asked.flattens and limits.max_notional is not None and asked.notional > limits.max_notional:
        return Deny(Denial.MAX_NOTIONAL, f"{asked.notional} is above {limits.max_notional}")
    return None


def buying_power(asked: Question) -> Deny | None:
    """There is cash for a purchase with its fees and taxes, beside what the others may cost."""
    if not asked.buys or asked.reduces or asked.cuts_purchases:
        return None
    free = asked.account.cash - asked.account.reserved
    if asked.notional + asked.costs > free:
        return Deny(Denial.BUYING_POWER, f"{asked.notional} and {asked.costs} of costs are above the {free} there is")
    return None


def position(asked: Question, limits: Limits) -> Deny | None:
    """One name stays within its share of the equity, as if all on its side fills."""
    if limits.position is None or asked.reduces:
        return None
    quantity = asked.order.quantity
    after = asked.held + asked.buying + quantity if asked.buys else asked.selling + quantity - asked.held
    most = asked.account.equity * Decimal(str(limits.position))
    if after * asked.price > most:
        return Deny(Denial.MAX_POSITION, f"{after} at {asked.price} is above {most}")
    return None


def gross(asked: Question, limits: Limits) -> Deny | None:
    """All names together stay within their share of the equity."""
    if limits.gross is None or asked.reduces:
        return None
    after, most = asked.account.gross + asked.notional, asked.account.equity * Decimal(str(limits.gross))
    if after > most:
        return Deny(Denial.MAX_GROSS, f"{after} is above {most}")
    return None


def daily_loss(asked: Question, limits: Limits) -> Deny | None:
    """The day did not lose its limit."""
    if limits.daily_loss is None or asked.reduces:
        return None
    equity, first = asked.account.equity, asked.account.day_equity
    if first - equity >= first * Decimal(str(limits.daily_loss)):
        return Deny(Denial.DAILY_LOSS, f"{equity} after {first} this morning")
    return None


def drawdown(asked: Question, limits: Limits) -> Deny | None:
    """The account did not fall by its limit from its highest."""
    if limits.drawdown is None or asked.reduces:
        return None
    equity, peak = asked.account.equity, asked.account.peak_equity
    if peak - equity >= peak * Decimal(str(limits.drawdown)):
        return Deny(Denial.DRAWDOWN, f"{equity} after {peak} at the highest")
    return None

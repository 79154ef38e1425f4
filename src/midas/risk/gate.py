"""The gate: every order passes it when it is stored, and again at the socket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from midas.core.order import OrderIntent
from midas.risk.checks import exposure, market, pace, standing
from midas.risk.limits import Limits
from midas.risk.question import Question, question
from midas.risk.snapshot import Snapshot
from midas.risk.verdict import Allow, Denial, Deny, Verdict

FACTS: Final[tuple[Callable[[Question], Deny | None], ...]] = (
    market.quantity,
    standing.kill_switch,
    standing.paper_process,
    standing.armed,
    standing.reconciled,
    standing.quarantine,
    standing.expired,
    market.prices,
    market.kind,
    market.market_open,
    market.halted,
    market.lot,
    market.sell_lock,
    market.tick,
    market.day_limits,
    exposure.reduce_only,
    exposure.buying_power,
)
"""What must hold for every account, in the order it is asked."""

LIMITS: Final[tuple[Callable[[Question, Limits], Deny | None], ...]] = (
    standing.account_age,
    standing.restricted,
    market.quote_age,
    market.collar,
    exposure.short_sale,
    exposure.max_quantity,
    exposure.max_notional,
    exposure.position,
    exposure.gross,
    exposure.daily_loss,
    exposure.drawdown,
    pace.cooldown,
    pace.order_rate,
    pace.duplicate,
    pace.repeated_execution,
)
"""What must hold for each set of limits, asked after `FACTS`."""


def check(identity: str, order: OrderIntent, snapshot: Snapshot, *limits: Limits) -> Verdict:
    """Return whether the order may be sent, and if not, why: the first check that says no is the answer.

    identity : the order's id. limits : the account's, and those of its run; all of them must hold, and there must be
    one. What is not known is denied. An order that reduces a position is not held up by what limits positions, nor by
    losses.
    """
    asked = question(identity, order, snapshot)
    if isinstance(asked, Deny):
        return asked
    return _refusal(asked, limits) or Allow()


def all_pass(limits: Sequence[Limits], apart_s: float) -> bool:
    """Tell whether `LIMITS` could refuse no order at the market that sells no more than is held.

    It is asked about at the last price, of an account seen just now that never hit a loss limit, and `apart_s` after
    any other of its name and side.
    """
    return bool(limits) and all(_passes(each, apart_s) for each in limits)


def _passes(limits: Limits, apart_s: float) -> bool:
    of_size = (limits.max_quantity, limits.max_notional, limits.position, limits.gross)
    of_losses = (limits.daily_loss, limits.drawdown)
    of_pace = (limits.orders_per_second, limits.orders_per_minute, limits.orders_per_day, limits.repeats_per_minute)
    if limits.restricted or any(most is not None for most in (*of_size, *of_losses, *of_pace)):
        return False
    return limits.duplicate_window_s is None or limits.duplicate_window_s < apart_s


def _refusal(asked: Question, limits: tuple[Limits, ...]) -> Deny | None:
    for fact in FACTS:
        refusal = fact(asked)
        if refusal is not None:
            return refusal
    for each in limits:
        for limit in LIMITS:
            refusal = limit(asked, each)
            if refusal is not None:
                return refusal
    return None if limits else Deny(Denial.MISSING_DATA, "not known: the account's limits")

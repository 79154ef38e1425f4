"""Whether the venue would take the order as it is: session, quote, lots, ticks and the day's limits."""

from __future__ import annotations

from decimal import Decimal

from midas.core.order import OrderKind
from midas.risk.limits import Limits
from midas.risk.question import Question
from midas.risk.verdict import Denial, Deny


def quantity(asked: Question) -> Deny | None:
    """A quantity is a finite number above 0."""
    if not asked.order.quantity.is_finite() or asked.order.quantity <= 0:
        return Deny(Denial.BAD_QUANTITY, f"{asked.order.quantity} is not a quantity above 0")
    return None


def prices(asked: Question) -> Deny | None:
    """A limit has a limit price, a stop a stop price, the others neither; all are finite and above 0."""
    order = asked.order
    wanted = {OrderKind.LIMIT: ("limit_price",), OrderKind.STOP: ("stop_price",)}.get(order.kind, ())
    for name in ("limit_price", "stop_price", "reference_price"):
        price = getattr(order, name)
        if price is not None and (not price.is_finite() or price <= 0):
            return Deny(Denial.BAD_PRICE, f"{name} {price} is not a price")
        if name != "reference_price" and (price is not None) != (name in wanted):
            return Deny(Denial.BAD_PRICE, f"{name} of a {order.kind} order cannot be {price}")
    return None


def kind(asked: Question) -> Deny | None:
    """The broker takes orders of this kind."""
    if asked.order.kind not in asked.kinds:
        return Deny(Denial.KIND_NOT_TAKEN, f"the broker takes no {asked.order.kind} orders")
    return None


def market_open(asked: Question) -> Deny | None:
    """The venue takes orders now."""
    if not asked.market_open:
        return Deny(Denial.MARKET_CLOSED, f"{asked.venue.mic} takes no orders now")
    return None


def halted(asked: Question) -> Deny | None:
    """The instrument is not halted."""
    if asked.quote.halted:
        return Deny(Denial.HALTED, f"{asked.order.instrument} is halted")
    return None


def quote_age(asked: Question, limits: Limits) -> Deny | None:
    """The last price is not too old, nor of the future."""
    age_s = abs((asked.now_utc - asked.quote.stamp_utc).total_seconds())
    if limits.quote_age_s is not None and age_s > limits.quote_age_s:
        return Deny(Denial.STALE_QUOTE, f"the last price is {age_s:g} s away, limit {limits.quote_age_s:g} s")
    return None


def lot(asked: Question) -> Deny | None:
    """Whole lots only, but for all that is left over beside them: by a split, a bonus issue or a fraction."""
    if asked.fractions:
        return None
    size = asked.venue.lot(asked.session, asked.instrument.board, asked.instrument.kind)
    if asked.order.quantity % size and not (asked.reduces and asked.left % size == 0):
        return Deny(Denial.OFF_LOT, f"{asked.order.quantity} is not a multiple of {size}")
    return None


def sell_lock(asked: Question) -> Deny | None:
    """Nothing is sold on a day the venue keeps it for its buyer; what only guards a position waits by itself."""
    if asked.buys or asked.cuts_sales or not asked.locked or asked.order.kind is OrderKind.PROTECTION:
        return None
    free = asked.held - asked.locked - asked.selling
    if asked.order.quantity > free:
        return Deny(Denial.SELL_LOCKED, f"{asked.locked} were bought too late to be sold in {asked.session}")
    return None


def tick(asked: Question) -> Deny | None:
    """Prices lie on the venue's grid of the day."""
    if not asked.raw_prices:
        return None
    for price in _own_prices(asked):
        step = asked.venue.tick(price, asked.session, asked.instrument.board, asked.instrument.kind)
        if step is not None and price % step:
            return Deny(Denial.OFF_TICK, f"{price} is not a multiple of {step}")
    return None


def day_limits(asked: Question) -> Deny | None:
    """Prices lie inside the day's limits, whose base must be known where the venue has any."""
    own = _own_prices(asked)
    if not own or not asked.raw_prices:
        return None
    base = asked.quote.base
    bounds = asked.venue.limit_prices(
        base or asked.quote.last, asked.session, asked.instrument.board, asked.instrument.kind
    )
    if bounds is None:
        return None
    if base is None:
        return Deny(Denial.MISSING_DATA, "not known: the base of the day's price limits")
    for price in own:
        if not bounds[0] <= price <= bounds[1]:
            return Deny(Denial.BEYOND_LIMIT, f"{price} is outside the day's {bounds[0]} to {bounds[1]}")
    return None


def collar(asked: Question, limits: Limits) -> Deny | None:
    """The limit, or the price a market order was decided at, is near the last one."""
    if limits.collar is None:
        return None
    order = asked.order
    price = order.limit_price if order.kind is OrderKind.LIMIT else order.reference_price
    if price is None:
        return Deny(Denial.MISSING_DATA, "not known: the price the order was decided at")
    away = abs(price - asked.quote.last)
    if away > asked.quote.last * Decimal(str(limits.collar)):
        return Deny(Denial.PRICE_COLLAR, f"{price} is more than {limits.collar:.2%} from {asked.quote.last}")
    return None


def _own_prices(asked: Question) -> tuple[Decimal, ...]:
    return tuple(price for price in (asked.order.limit_price, asked.order.stop_price) if price is not None)

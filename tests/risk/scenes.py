"""Random orders with everything known about them, near every limit: just inside, exactly on it, just beyond."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from random import Random
from typing import Any

from midas.core.instrument import Instrument, InstrumentId
from midas.core.order import OrderIntent, OrderKind, Side, TimeInForce
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.snapshot import AccountState, Quote, Recent, Snapshot
from midas.venues.catalogue import venue

NOW = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
SESSION = date(2026, 3, 3)
ID = "q-asked"
ONE, CENT = Decimal(1), Decimal("0.01")
# 1.5 basis points; 2.5 and the transfer fee of 0.1; exchange and SEBI with GST on both, and STT with stamp duty
WON, FEN, PAISE = (Decimal("0.00015"),), (Decimal("0.00026"),), (Decimal("0.000036226"), Decimal("0.00115"))


@dataclass(frozen=True, slots=True)
class Place:
    """A market with its rules copied by hand: tick near `last`, day's limits of `last`, lot.

    rates : what a purchase costs, of its value, each rounded half up to `unit`.
    """

    name: str
    board: str
    last: Decimal
    tick: Decimal
    limits: tuple[Decimal, Decimal] | None
    lot: int
    unit: Decimal
    rates: tuple[Decimal, ...] = ()


PLACES = (
    # 30 % of 71,300 is 21,390, cut to 21,300 on the step of 100 there; 92,600 and 50,000 lie on their own steps
    Place("005930.XKRX", "KOSPI", Decimal(71_300), Decimal(100), (Decimal(50_000), Decimal(92_600)), 1, ONE, WON),
    # 30 % of 1,995 is 598.5, cut to 598 on the step of 1; 2,593 is off the step of 5 above 2,000
    Place("091990.XKRX", "KOSDAQ", Decimal(1_995), Decimal(1), (Decimal(1_397), Decimal(2_590)), 1, ONE, WON),
    Place("AAPL.XNAS", "", Decimal("212.37"), Decimal("0.01"), None, 1, CENT),
    # 10 % of 10.05 is 1.005, cut to 1.00
    Place(
        "600000.XSHG", "MAIN", Decimal("10.05"), Decimal("0.01"), (Decimal("9.05"), Decimal("11.05")), 100, CENT, FEN
    ),
    # no board: no band; 10 paise from 1,000 rupees on
    Place("RELIANCE.XNSE", "", Decimal("1520.50"), Decimal("0.10"), None, 1, CENT, PAISE),
)


@dataclass(frozen=True, slots=True)
class Scene:
    order: OrderIntent
    snapshot: Snapshot
    limits: tuple[Limits, ...]
    place: Place


@cache
def market(name: str) -> Any:
    return venue(name.rpartition(".")[2])


def scene(seed: int) -> Scene:
    """Return the scene of a seed; about a third of them are allowed."""
    rng = Random(seed)
    place = rng.choice(PLACES)
    order = _order(rng, place)
    quote = _quote(rng, place)
    account = _account(rng, order, place)
    snapshot = Snapshot(
        now_utc=NOW,
        venue=market(place.name),
        instrument=Instrument(InstrumentId.parse(place.name), board=place.board),
        quote=quote,
        account=account,
        kill=_rarely(rng, KillLevel.NONE, *KillLevel),
        armed=_rarely(rng, True, False),
        process_live=_rarely(rng, True, False),
        market_open=_rarely(rng, True, False),
        session=SESSION,
        short_banned=rng.random() < 0.4,
        recent=_recent(rng, order),
        locked=_locked(rng, order, account),
        fractions=rng.random() < 0.1,
        raw_prices=rng.random() < 0.9,
        kinds=_rarely(rng, frozenset(OrderKind), frozenset(OrderKind) - {order.kind}),
        cuts_purchases=rng.random() < 0.1,
        cuts_sales=rng.random() < 0.1,
    )
    limits = _limits(rng, order, account, _price(order, quote))
    return _spoiled(rng, Scene(order, snapshot, limits, place))


def limit_scenes() -> list[tuple[tuple[Limits, ...], float]]:
    """Return limits, with how far orders are apart: none, each by itself, and two sets of which one has it."""
    plain = Limits(duplicate_window_s=None)
    of_amount = ("max_quantity", "max_notional")
    of_share = ("position", "gross", "daily_loss", "drawdown", "collar", "quote_age_s", "snapshot_age_s", "cooldown_s")
    of_pace = ("orders_per_second", "orders_per_minute", "orders_per_day", "repeats_per_minute")
    some: dict[str, Any] = {
        **dict.fromkeys(of_amount, Decimal(0)), **dict.fromkeys(of_share, 0.0), **dict.fromkeys(of_pace, 0),
        "restricted": frozenset({"OTHER.XKRX"}), "allow_short": True,
    }  # fmt: skip
    each = [replace(plain, **{name: value}) for name, value in some.items()]
    each += [replace(plain, duplicate_window_s=window_s) for window_s in (0.0, 59.0, 60.0, 61.0)]
    sets = [(), (plain,), *((one,) for one in each), *((plain, one) for one in each), *((one, plain) for one in each)]
    return [(limits, 60.0) for limits in sets]


def _rarely(rng: Random, usual: Any, *others: Any, chance: float = 0.03) -> Any:
    return rng.choice(others) if rng.random() < chance else usual


def _near(rng: Random, edge: Any, step: Any) -> Any:
    # Mostly well inside (below), sometimes on the edge, sometimes a hair over.
    draw = rng.random()
    if draw < 0.8:
        return edge - step * rng.randint(1, 9)
    return edge if draw < 0.93 else edge + step


def _order(rng: Random, place: Place) -> OrderIntent:
    kind = rng.choice([*OrderKind, OrderKind.MARKET, OrderKind.LIMIT])
    last, tick = place.last, place.tick
    own = last + tick * rng.randint(-3, 3)
    if place.limits and rng.random() < 0.1:
        own = rng.choice(place.limits) + rng.choice((-place.tick * 5, 0, place.tick * 5))
    own = _rarely(rng, own, own + tick / 2, Decimal("NaN"), Decimal(0), None, Decimal("Infinity"))
    other = _rarely(rng, None, last, chance=0.02)
    quantity = Decimal(rng.randint(1, 40) * place.lot)
    if place.lot > 1 and rng.random() < 0.3:
        quantity += rng.choice((37, place.lot // 2))
    quantity = _rarely(rng, quantity, quantity + 1, quantity / 8, Decimal("NaN"), Decimal(0), -quantity)
    valid = _near(rng, 1, -1) if rng.random() < 0.2 else 60
    return OrderIntent(
        account="paper",
        run=rng.choice(("r1", "r1", "")),
        instrument=InstrumentId.parse(place.name),
        side=rng.choice(list(Side)),
        quantity=quantity,
        kind=kind,
        time_in_force=TimeInForce.DAY,
        stamp_utc=NOW,
        valid_until_utc=NOW + timedelta(seconds=valid - 1),
        leg=rng.choice(("target", "target", "flatten")),
        limit_price=own if kind is OrderKind.LIMIT else other,
        stop_price=own if kind is OrderKind.STOP else other,
        reference_price=_rarely(rng, last, *_references(place), chance=0.1),
        reduce_only=rng.random() < 0.1,
    )


def _references(place: Place) -> tuple[Decimal | None, ...]:
    last, edge = place.last, place.last * Decimal("1.05")
    return None, last + place.tick, last * 2, edge, last * 2 - edge, Decimal("NaN"), Decimal(-1)


def _quote(rng: Random, place: Place) -> Quote:
    age = _rarely(rng, 5, 30, 31, -30, -31, chance=0.1)
    base = _rarely(rng, place.last, None, chance=0.05)
    return Quote(place.last, NOW - timedelta(seconds=age), base, _rarely(rng, False, True))


def _account(rng: Random, order: OrderIntent, place: Place) -> AccountState:
    name = place.name
    amount = order.quantity if order.quantity.is_finite() else ONE
    longs = (amount, amount * 2, amount * 3, amount + 1, Decimal(50), amount + place.lot)
    held = rng.choice((Decimal(0), *longs, -amount, -amount * 2))
    equity = Decimal(1_000_000) + rng.choice((0, 0, 0, 777))
    cost = amount * _price(order, Quote(place.last, NOW))
    cost += sum(((cost * rate).quantize(place.unit, ROUND_HALF_UP) for rate in place.rates), Decimal(0))
    reserved = Decimal(rng.choice((0, 0, 500)))
    return AccountState(
        account="paper",
        live=rng.random() < 0.3,
        cash=-_near(rng, -(cost + reserved), place.unit),
        reserved=reserved,
        equity=equity,
        day_equity=equity,
        peak_equity=equity,
        gross=Decimal(rng.randint(0, 500_000)),
        positions={name: held} if held or rng.random() < 0.5 else {},
        buying={name: rng.choice((Decimal(0), amount, Decimal(7)))} if rng.random() < 0.3 else {},
        selling={name: rng.choice((Decimal(0), amount, abs(held)))} if rng.random() < 0.3 else {},
        age_s=_rarely(rng, 3.0, 0.0, 40.0, 40.5, float("inf"), chance=0.08),
        reconciled=_rarely(rng, True, False),
        quarantined=_rarely(rng, frozenset({"OTHER.XKRX"}), frozenset({name})),
        last_limit_loss_utc=_rarely(rng, None, *(NOW - timedelta(seconds=s) for s in (599, 600, 601)), chance=0.1),
    )


def _recent(rng: Random, order: OrderIntent) -> tuple[Recent, ...]:
    return tuple(
        Recent(
            order=rng.choice((ID, f"q{k}", f"q{k}")),
            run=rng.choice(("r1", "r2")),
            instrument=rng.choice((str(order.instrument), "OTHER.XKRX")),
            side=rng.choice(list(Side)),
            quantity=rng.choice((order.quantity, Decimal(3))),
            stored_utc=NOW - timedelta(seconds=rng.choice((0, 0.5, 1, 4.9, 5, 59, 60, 61, 4000, 86_400, 90_000))),
            executions=rng.randint(0, 3),
        )
        for k in range(rng.choice((0, 0, 1, 2, 4)))
    )


def _locked(rng: Random, order: OrderIntent, account: AccountState) -> Decimal:
    held = abs(account.positions.get(str(order.instrument), Decimal(0)))
    amount = order.quantity if order.quantity.is_finite() else ONE
    return _rarely(
        rng, Decimal(0), held, max(held - amount, Decimal(0)), max(held - amount + 1, Decimal(0)), chance=0.3
    )


def _price(order: OrderIntent, quote: Quote) -> Decimal:
    limit, stop = order.limit_price, order.stop_price
    if order.kind is OrderKind.STOP and stop is not None and stop.is_finite():
        return max(stop, quote.last)
    if order.kind is not OrderKind.LIMIT or limit is None or not limit.is_finite():
        return quote.last
    return limit if order.side is Side.BUY else max(limit, quote.last)


def _limits(rng: Random, order: OrderIntent, account: AccountState, price: Decimal) -> tuple[Limits, ...]:
    return tuple(_one(rng, order, account, price, run) for run in rng.choice((("",), ("",), ("", "r1"), ("", "r2"))))


def _one(rng: Random, order: OrderIntent, account: AccountState, price: Decimal, run: str) -> Limits:
    amount = order.quantity if order.quantity.is_finite() and order.quantity > 0 else ONE
    notional, name = amount * price, str(order.instrument)
    held = account.positions.get(name, Decimal(0))
    buying, selling = account.buying.get(name, Decimal(0)), account.selling.get(name, Decimal(0))
    one_name = held + buying + amount if order.side is Side.BUY else selling + amount - held

    def edge(value: Any, step: Any) -> Any:
        return None if rng.random() < 0.5 else max(step * 0, -_near(rng, -value, step))

    return Limits(
        run=run,
        max_quantity=edge(amount, ONE),
        max_notional=edge(notional, ONE),
        collar=rng.choice((None, 0.05, 0.05, 0.004)),
        position=edge(float(one_name * price / account.equity), 0.01),
        gross=edge(float((account.gross + notional) / account.equity), 0.01),
        daily_loss=rng.choice((None, 0.02, 0.05)),
        drawdown=rng.choice((None, 0.1, 0.2)),
        orders_per_second=rng.choice((None, None, 1, 2)),
        orders_per_minute=rng.choice((None, None, 2, 3)),
        orders_per_day=rng.choice((None, None, 3, 4)),
        duplicate_window_s=rng.choice((None, 5.0, 5.0)),
        repeats_per_minute=rng.choice((None, None, 2, 3)),
        quote_age_s=rng.choice((None, 30.0, 30.0)),
        snapshot_age_s=rng.choice((None, 40.0, 40.0)),
        cooldown_s=rng.choice((None, 600.0)),
        restricted=_rarely(rng, frozenset({"OTHER.XKRX"}), frozenset({name})),
        allow_short=rng.random() < 0.6,
    )


def _spoiled(rng: Random, seen: Scene) -> Scene:
    # Losses on the edge of their limits, and now and then something missing or of somebody else.
    snapshot, account = seen.snapshot, seen.snapshot.account
    assert account is not None
    if rng.random() < 0.15:
        share = Decimal(rng.choice(("0.02", "0.05", "0.1", "0.2"))) + Decimal(rng.choice((-1, 0, 0, 1))).scaleb(-4)
        highest = Decimal(2_000_000)
        account = replace(
            account, **{rng.choice(("day_equity", "peak_equity")): highest, "equity": highest * (1 - share)}
        )
        snapshot = replace(snapshot, account=account)
    if rng.random() < 0.04:
        snapshot = missing(rng.choice(MISSING), snapshot)
    return replace(seen, snapshot=snapshot)


NOT_NUMBERS = (Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"))
MISSING = (
    *(
        ("", name, None)
        for name in ("instrument", "quote", "account", "kill", "market_open", "session", "short_banned", "locked")
    ),
    ("", "instrument", Instrument(InstrumentId.parse("OTHER.XKRX"))),
    ("", "venue", "XHKG"),
    ("account", "account", "another"),
    *(
        ("account", name, value)
        for name in ("cash", "reserved", "equity", "day_equity", "peak_equity", "gross")
        for value in NOT_NUMBERS
    ),
    ("account", "reserved", Decimal(-1)),
    ("account", "age_s", float("nan")),
    ("account", "age_s", -0.5),
    *(("", "locked", value) for value in (*NOT_NUMBERS, Decimal(-1))),
    *(("account", name, value) for name in ("positions", "buying", "selling") for value in NOT_NUMBERS),
    *(("account", name, Decimal(-1)) for name in ("buying", "selling")),
    *(("quote", "last", value) for value in (*NOT_NUMBERS, Decimal(0), Decimal(-1))),
    *(("quote", "base", value) for value in (*NOT_NUMBERS, Decimal(0), Decimal(-1))),
)
"""What can be missing or make no sense: part, field, value."""


def missing(what: tuple[str, str, Any], snapshot: Snapshot) -> Snapshot:
    part, name, value = what
    if name == "venue":
        return replace(snapshot, venue=venue(value, "HKD"))
    if not part:
        return replace(snapshot, **{name: value})
    if name in ("positions", "buying", "selling"):
        value = {str(snapshot.instrument.id) if snapshot.instrument else "": value}
    return replace(snapshot, **{part: replace(getattr(snapshot, part), **{name: value})})

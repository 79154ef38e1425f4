"""A run and its twin: a replay parts nowhere, and what was planted to part is found in its own bucket."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from tests.backtest.strategies import Averaged
from tests.execution.markets import AMERICA, random_market
from tests.execution.rehearsals import ACCOUNT, first_of, replayed, tape_of

from midas.backtest.spec import BacktestSpec, spec_of
from midas.core.errors import Refused
from midas.core.order import Fill, OrderState
from midas.marketdata.actions import Actions
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel, build_fields
from midas.strategies.exits import StopLoss, TakeProfit
from midas.trading.parity import Bucket, parity
from midas.trading.recorder import Recorder
from midas.trading.tape import Tape
from midas.trading.tape_head import TapeHead


def question() -> tuple[BacktestSpec, Panel]:
    panel = random_market(11, 6, 60, AMERICA).panel
    definition = replace(Averaged().definition(), exits=(StopLoss(0.05), TakeProfit(0.08)))
    return spec_of(definition, panel, commission_bps=10.0), panel


def taped(spec: BacktestSpec, panel: Panel) -> Tape:
    recorder = Recorder(TapeHead.of("run", spec, Ground.of(panel), first_of(spec, panel), panel.version))
    return tape_of(recorder, replayed(spec, panel, watch=recorder.note))


@pytest.fixture(scope="module")
def tape() -> Tape:
    return taped(*question())


class TestReplay:
    def test_parts_nowhere(self, tape: Tape) -> None:
        found = parity(tape)
        assert found.trades > 50
        assert any(fill.cause for fill in tape.fills)
        assert (list(found.differences), dict(found.totals), found.lived) == ([], {}, found.tested)

    def test_parts_nowhere_at_the_close_of_any_session(self, tape: Tape) -> None:
        for row in range(tape.head.first, len(tape.rows), 5):
            cut = tape.until(tape.rows[row].session)
            assert len(cut.rows) == row + 1
            found = parity(cut)
            assert (list(found.differences), found.through) == ([], tape.rows[row].session)

    def test_who_is_gone_and_who_comes_back_is_as_the_run_was_told(self, tape: Tape) -> None:
        # of two names without bars the feed knew which one had ended; the bars up to a session do not say
        spec, panel = question()
        raw = {name: panel.matrix(f"raw_{name}").copy() for name in ("open", "high", "low", "close", "volume")}
        names = [str(one.id) for one in panel.instruments[:2]]
        bought = [next(row_of(tape, fill) for fill in tape.fills if str(fill.instrument) == name) for name in names]
        for values in raw.values():
            values[bought[0] + 1 : 50, 0] = values[bought[1] + 1 :, 1] = np.nan
        kept = panel.actions.instrument > 1
        actions = Actions(*(part[kept] for part in dataclasses.astuple(panel.actions)))
        whole = taped(spec, replace(panel, fields=build_fields(raw, actions), actions=actions))
        assert {str(fill.instrument) for fill in whole.fills} >= set(names)
        for row in range(20, len(whole.rows), 4):
            assert list(parity(whole.until(whole.rows[row].session)).differences) == []

    def test_before_its_first_decision_there_is_nothing_to_compare(self, tape: Tape) -> None:
        with pytest.raises(Refused):
            parity(tape.until(tape.rows[tape.head.first - 1].session))


def test_a_tape_grows_to_its_limit_and_the_comparison_ends_there() -> None:
    spec, panel = question()
    head = TapeHead.of("run", spec, Ground.of(panel), first_of(spec, panel), panel.version)
    limit, parts = 12_000, []
    recorder = Recorder(head, limit)

    def watch(what: Any) -> None:
        recorder.note(what)
        parts.extend(recorder.cut())

    rehearsal = replayed(spec, panel, watch=watch)
    size = sum(len(part.data) for part in parts)
    assert recorder.full
    assert limit <= size == recorder.size < 2 * limit
    stored = rehearsal.journal.store.accounts[ACCOUNT]  # type: ignore[attr-defined]
    fills = [book.fill for book in stored.books.values() if book.fill is not None]
    tape = Tape.of(parts, [*stored.orders.values()], fills)
    assert len(tape.rows) < panel.rows - 5
    found = parity(tape)
    assert (list(found.differences), found.through) == ([], tape.rows[-1].session)
    assert found.trades > 5


@pytest.mark.parametrize("times", [0, 2])
@pytest.mark.parametrize("exits", [False, True])
def test_what_was_booked_otherwise_than_it_was_filled_is_explained_by_nothing(times: int, exits: bool) -> None:
    spec, panel = question()
    recorder = Recorder(TapeHead.of("run", spec, Ground.of(panel), first_of(spec, panel), panel.version))
    rehearsal = replayed(spec, panel, watch=recorder.note)
    stored = rehearsal.journal.store.accounts[ACCOUNT]  # type: ignore[attr-defined]
    fills = [book.fill for book in stored.books.values() if book.fill is not None]
    gone = next(fill for fill in fills if bool(fill.cause) is exits and fill.quantity)
    booked = [*fills, *[replace(gone, execution="twice")] * (times - 1)] if times else [*fills]
    if not times:
        booked.remove(gone)
    found = parity(Tape.of(recorder.cut(), [*stored.orders.values()], booked))
    assert set(found.totals) == {Bucket.UNEXPLAINED}
    assert {one.instrument for one in found.differences} == {str(gone.instrument)}
    assert found.unexplained > 0


def plain(tape: Tape, quantity: int = 1) -> Fill:
    """Return a fill that followed a target, the only one of its order, whose quantity can be divided."""
    orders = [fill.order for fill in tape.fills]
    return next(
        fill for fill in tape.fills
        if fill.cause is None and orders.count(fill.order) == 1 and not fill.quantity % quantity
    )  # fmt: skip


def instead(tape: Tape, fill: Fill, *others: Fill) -> Tape:
    fills: list[Fill] = []
    for one in tape.fills:
        fills += others if one is fill else [one]
    return replace(tape, fills=fills)


def worth(fill: Fill, price: Decimal, quantity: Decimal | None = None) -> Fill:
    """Return a fill at another price or of another quantity, its costs as before in proportion."""
    many = fill.quantity if quantity is None else quantity
    costs = int(fill.commission * many / fill.quantity)
    return replace(fill, price=price, quantity=many, value=int(many * price * 100), commission=costs)


def row_of(tape: Tape, fill: Fill) -> int:
    return next(k for k, one in enumerate(tape.rows) if one.stamp_utc > fill.stamp_utc)


def dearer(tape: Tape) -> Tape:
    fill = plain(tape)
    return instead(tape, fill, worth(fill, fill.price + 1))


def later(tape: Tape) -> Tape:
    # met the bar after the one it should have: at the open of that
    fill = plain(tape)
    row = row_of(tape, fill)
    opened = tape.rows[row].stamp_utc + timedelta(hours=1)
    price = tape.rows[row + 1].fields["open"][tape.column(str(fill.instrument))]
    return instead(tape, fill, replace(worth(fill, Decimal(str(price))), stamp_utc=opened))


def not_yet(tape: Tape) -> Tape:
    fill = plain(tape)
    ends = {order: end for order, end in tape.ends.items() if order != fill.order}
    return replace(instead(tape, fill), ends=ends)


def smaller(tape: Tape) -> Tape:
    fill = plain(tape, 2)
    return instead(tape, fill, worth(fill, fill.price, fill.quantity / 2))


def costlier(tape: Tape) -> Tape:
    fill = plain(tape)
    return instead(tape, fill, replace(fill, commission=fill.commission + 123))


def unasked(tape: Tape) -> Tape:
    # money that no order of the run asked for
    fill = plain(tape)
    return replace(tape, fills=[*tape.fills, replace(fill, order="of-nobody", stamp_utc=_quiet(tape, fill))])


def overcharged(tape: Tape) -> Tape:
    fill = plain(tape)
    return instead(tape, fill, replace(fill, value=fill.value + 5_00))


def another_wish(tape: Tape) -> Tape:
    fill = plain(tape)
    row = next(one for one in tape.rows if one.stamp_utc > _quiet(tape, fill))
    intent = replace(tape.orders[fill.order], stamp_utc=tape.rows[row.row - 1].stamp_utc)
    mine = replace(fill, order="wish", stamp_utc=_quiet(tape, fill))
    return replace(tape, fills=[*tape.fills, mine], orders={**tape.orders, "wish": intent})


def _quiet(tape: Tape, fill: Fill) -> Any:
    # an open at which nothing of this name and side was due
    busy = {row_of(tape, one) for one in tape.fills if one.instrument == fill.instrument}
    asked = {tape.decided(one) + 1 for one in tape.orders.values() if one.instrument == fill.instrument}
    row = next(k for k in range(tape.head.first + 1, len(tape.rows)) if k not in busy | asked)
    return tape.rows[row - 1].stamp_utc + timedelta(hours=1)


def rejected(tape: Tape) -> Tape:
    fill = plain(tape)
    return replace(instead(tape, fill), ends={**tape.ends, fill.order: (OrderState.REJECTED, "margin")})


def denied(tape: Tape) -> Tape:
    fill = plain(tape)
    orders = {order: intent for order, intent in tape.orders.items() if order != fill.order}
    return replace(instead(tape, fill), orders=orders, denied=[tape.orders[fill.order]])


def later_exit(tape: Tape) -> Tape:
    fill = next(fill for fill in tape.fills if fill.cause is not None)
    row = next(k for k, one in enumerate(tape.rows) if one.stamp_utc >= fill.stamp_utc)
    busy = {one.stamp_utc for one in tape.fills if one.cause and one.instrument == fill.instrument}
    moved = next(one.stamp_utc for one in tape.rows[row + 1 :] if one.stamp_utc not in busy)
    return instead(tape, fill, replace(worth(fill, fill.price - 1), stamp_utc=moved))


Plant = Callable[[Tape], Tape]


@pytest.mark.parametrize(
    ("plant", "bucket"),
    [
        (dearer, Bucket.PRICE),
        (later, Bucket.TIMING),
        (not_yet, Bucket.TIMING),
        (later_exit, Bucket.TIMING),
        (smaller, Bucket.SIZE),
        (costlier, Bucket.COST),
        (another_wish, Bucket.SIGNAL),
        (rejected, Bucket.REJECTED),
        (denied, Bucket.REJECTED),
        (unasked, Bucket.UNEXPLAINED),
        (overcharged, Bucket.UNEXPLAINED),
    ],
)
def test_what_was_planted_lies_in_its_own_bucket(tape: Tape, plant: Plant, bucket: Bucket) -> None:
    planted = plant(tape)
    found = parity(planted)
    assert set(found.totals) == {bucket}
    assert len(found.differences) == 1
    assert found.totals[bucket] == found.total == money(planted.fills) - money(tape.fills) != 0


def money(fills: Sequence[Fill]) -> int:
    """What fills brought, counted by hand."""
    return sum((-one.value if one.side.value == "buy" else one.value) - one.commission - one.tax for one in fills)


def test_all_of_them_at_once_add_up(tape: Tape) -> None:
    planted, used = tape, set()
    for plant in (dearer, smaller, costlier, rejected, another_wish):
        # each on what the others left alone
        rest = replace(planted, fills=[fill for fill in planted.fills if fill.order not in used])
        changed = plant(rest)
        used |= {fill.order for fill in {*rest.fills} ^ {*changed.fills}}
        kept = [fill for fill in planted.fills if fill not in rest.fills]
        planted = replace(changed, fills=[*changed.fills, *kept])
    found = parity(planted)
    assert set(found.totals) == {Bucket.PRICE, Bucket.SIZE, Bucket.COST, Bucket.REJECTED, Bucket.SIGNAL}
    assert found.total == sum(found.totals.values()) == money(planted.fills) - money(tape.fills)
    assert found.lived - found.tested == found.total
    assert sum(one.total for one in found.differences) == found.total

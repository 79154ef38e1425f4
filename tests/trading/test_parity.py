"""A run and its twin: a replay parts nowhere, and what was planted to part is found in its own bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.backtest.strategies import Averaged
from tests.execution.markets import AMERICA, random_market
from tests.execution.rehearsals import mandate_of, replayed

from midas.backtest.spec import BacktestSpec, spec_of
from midas.backtest.window import window
from midas.core.order import OrderState
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel
from midas.strategies.exits import StopLoss, TakeProfit
from midas.strategies.plans import plan_of
from midas.trading.parity import Bucket, Parity, parity
from midas.trading.tape import Tape


def question() -> tuple[BacktestSpec, Panel]:
    panel = random_market(11, 6, 60, AMERICA).panel
    definition = replace(Averaged().definition(), exits=(StopLoss(0.05), TakeProfit(0.08)))
    return spec_of(definition, panel), panel


def taped(spec: BacktestSpec, panel: Panel, folder: Path) -> Tape:
    first = window(plan_of(spec.definition), panel, None, None).first
    tape = Tape("run", spec.to_json(), mandate_of(spec, panel, first).first)
    replayed(spec, panel, watch=tape.note)
    tape.write(folder / "tape.jsonl")
    return Tape.read(folder / "tape.jsonl")


@pytest.fixture
def lived(tmp_path: Path) -> tuple[Tape, BacktestSpec, Ground]:
    spec, panel = question()
    return taped(spec, panel, tmp_path), spec, Ground.of(panel)


def of(lived: tuple[Tape, BacktestSpec, Ground]) -> Parity:
    return parity(*lived)


def test_a_replay_parts_nowhere(lived: tuple[Tape, BacktestSpec, Ground]) -> None:
    found = of(lived)
    assert found.trades > 50
    assert any(fill.cause for fill in lived[0].fills)
    assert (list(found.differences), found.totals, found.holds) == ([], {}, True)


def plain(tape: Tape) -> int:
    # a fill that followed a target, the only one of its order
    orders = [fill.order for fill in tape.fills]
    return next(k for k, fill in enumerate(tape.fills) if fill.cause is None and orders.count(fill.order) == 1)


def dearer(tape: Tape) -> None:
    at = plain(tape)
    fill = tape.fills[at]
    tape.fills[at] = replace(fill, price=fill.price + 1, value=fill.value + int(fill.quantity * 100))


def later(tape: Tape) -> None:
    at = plain(tape)
    fill = tape.fills[at]
    row = next(k for k, one in enumerate(tape.rows) if one.stamp_utc >= fill.stamp_utc)
    moved = tape.rows[row + 1].stamp_utc
    tape.fills[at] = replace(fill, stamp_utc=moved, price=fill.price + 1, value=fill.value + int(fill.quantity * 100))


def smaller(tape: Tape) -> None:
    at = next(k for k in range(plain(tape), len(tape.fills)) if tape.fills[k].quantity % 2 == 0)
    fill = tape.fills[at]
    tape.fills[at] = replace(fill, quantity=fill.quantity / 2, value=fill.value // 2)


def costlier(tape: Tape) -> None:
    at = plain(tape)
    tape.fills[at] = replace(tape.fills[at], commission=tape.fills[at].commission + 123)


def unwanted(tape: Tape) -> None:
    at = plain(tape)
    name = next(one for one in {str(fill.instrument) for fill in tape.fills} if one != str(tape.fills[at].instrument))
    other = next(fill.instrument for fill in tape.fills if str(fill.instrument) == name)
    tape.fills[at] = replace(tape.fills[at], instrument=other, order="of-nobody", quantity=Decimal(7))


def refused(tape: Tape) -> None:
    order = tape.fills[plain(tape)].order
    tape.fills = [fill for fill in tape.fills if fill.order != order]
    tape.ends[order] = OrderState.REJECTED, "margin"


def denied(tape: Tape) -> None:
    order = tape.fills[plain(tape)].order
    tape.fills = [fill for fill in tape.fills if fill.order != order]
    tape.denied.append(tape.orders.pop(order))


@pytest.mark.parametrize(
    ("plant", "bucket"),
    [
        (dearer, Bucket.PRICE),
        (later, Bucket.TIMING),
        (smaller, Bucket.SIZE),
        (costlier, Bucket.COST),
        (unwanted, Bucket.SIGNAL),
        (refused, Bucket.REJECTED),
        (denied, Bucket.REJECTED),
    ],
)
def test_what_was_planted_lies_in_its_own_bucket(
    lived: tuple[Tape, BacktestSpec, Ground], plant: Callable[[Tape], None], bucket: Bucket
) -> None:
    tape = lived[0]
    before = sum(fill.value for fill in tape.fills)
    plant(tape)
    found = of(lived)
    assert set(found.totals) == {bucket}
    assert found.holds
    if bucket is Bucket.PRICE:
        assert abs(found.totals[bucket]) == sum(fill.value for fill in tape.fills) - before


def later_exit(tape: Tape) -> None:
    at = next(k for k, fill in enumerate(tape.fills) if fill.cause is not None)
    fill = tape.fills[at]
    row = next(k for k, one in enumerate(tape.rows) if one.stamp_utc >= fill.stamp_utc)
    later_rows = {one.stamp_utc for one in tape.fills if one.cause and one.instrument == fill.instrument}
    moved = next(one.stamp_utc for one in tape.rows[row + 1 :] if one.stamp_utc not in later_rows)
    tape.fills[at] = replace(fill, stamp_utc=moved, price=fill.price - 1, value=fill.value - int(fill.quantity * 100))


def test_an_exit_on_another_bar_is_one_of_timing(lived: tuple[Tape, BacktestSpec, Ground]) -> None:
    later_exit(lived[0])
    assert set(of(lived).totals) == {Bucket.TIMING}

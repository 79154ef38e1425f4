"""The parity twin: a run's tape lived through again as a backtest, and where the two part ways, money by money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

import numpy as np

from midas.backtest.run import run_spec
from midas.backtest.spec import BacktestSpec
from midas.core.order import Fill, OrderKind, Side
from midas.execution.simulation import Simulation
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel, build_fields
from midas.trading.tape import Tape


class Bucket(StrEnum):
    """Why a trade brought other money than its twin.

    SIGNAL: only one of the two wanted it. REJECTED: it was refused, by the gate or by the broker. TIMING: it traded on
    another bar, and so at another price. PRICE: at another price on the same bar. SIZE: another quantity. COST: other
    commission or tax. UNEXPLAINED: what is left, to the minor unit.
    """

    SIGNAL = "signal"
    TIMING = "timing"
    PRICE = "price"
    SIZE = "size"
    COST = "cost"
    REJECTED = "rejected"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Trade:
    """An order's executions in one: row of the first, quantity, minor units of value and of costs."""

    row: int
    side: Side
    quantity: float
    value: int
    costs: int

    @property
    def money(self) -> int:
        """What it brought, below 0 what it took, in minor units."""
        return (-self.value if self.side is Side.BUY else self.value) - self.costs


@dataclass(frozen=True, slots=True)
class Difference:
    """One trade that differs: whose, the row it was decided on, of an exit traded on, and the money in each bucket."""

    instrument: str
    decided: int
    parts: Mapping[Bucket, int]

    @property
    def total(self) -> int:
        return sum(self.parts.values())


@dataclass(frozen=True, slots=True)
class Parity:
    """All trades of both, those that differ, and the sums by bucket in minor units."""

    trades: int
    differences: Sequence[Difference]
    totals: Mapping[Bucket, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether everything that differs is explained."""
        return all(not one.parts.get(Bucket.UNEXPLAINED) for one in self.differences)


Key = tuple[str, int, str]
"""Instrument, row of the decision and side; of exits the row they traded on, and `_EXIT`."""

_EXIT = "exit"


def parity(tape: Tape, spec: BacktestSpec, ground: Ground) -> Parity:
    """Run a tape's twin and compare trade by trade; `spec` is the one the run was started with."""
    panel = panel_of(tape, ground)
    twin = run_spec(replace(spec, start=_session(tape, tape.first), end=None), panel).simulation
    lived, tested = _of_tape(tape), _of_twin(twin, panel)
    _pair_exits(lived, tested)
    refused = _refused(tape)
    found = []
    for key in {**lived, **tested}:
        parts = _parts(lived.get(key), tested.get(key), key in refused)
        if parts:
            found.append(Difference(key[0], key[1], parts))
    totals: defaultdict[Bucket, int] = defaultdict(int)
    for one in found:
        for bucket, amount in one.parts.items():
            totals[bucket] += amount
    return Parity(len({**lived, **tested}), found, dict(totals))


def panel_of(tape: Tape, ground: Ground) -> Panel:
    """Return what a tape saw as a panel; rows before the first seen do not exist."""
    raw = {name: np.array([row.fields[name] for row in tape.rows]) for name in ground.fields}
    sessions = np.array([row.session for row in tape.rows], "datetime64[D]")
    stamps = None
    if not ground.timeframe.is_daily:
        stamps = np.array([row.stamp_utc.replace(tzinfo=None) for row in tape.rows], "datetime64[s]")
    column = {instrument.id: place for place, instrument in enumerate(ground.instruments)}
    acted = sorted(
        (int(np.searchsorted(sessions, np.datetime64(one.session))), column[one.instrument], one.kind, one.value)
        for one in tape.actions
        if one.kind in tuple(ActionKind) and one.instrument in column
    )
    parts = list(zip(*(one for one in acted if one[0] < len(sessions)), strict=True)) or [(), (), (), ()]
    actions = Actions(
        np.array(parts[0], np.int64), np.array(parts[1], np.int64), np.array(parts[2], np.int8),
        np.array(parts[3], np.float64),
    )  # fmt: skip
    return Panel(
        ground.dataset, f"tape-{tape.run}", ground.venue.mic, ground.timeframe, ground.basis, ground.currency,
        ground.instruments, sessions, build_fields(raw, actions), actions, stamps,
    )  # fmt: skip


def _of_tape(tape: Tape) -> dict[Key, Trade]:
    stamps = np.array([row.stamp_utc.timestamp() for row in tape.rows])
    decided = {order: int(np.searchsorted(stamps, one.stamp_utc.timestamp())) for order, one in tape.orders.items()}
    fills: defaultdict[Key, list[tuple[int, Fill]]] = defaultdict(list)
    for fill in tape.fills:
        name, at = str(fill.instrument), int(np.searchsorted(stamps, fill.stamp_utc.timestamp()))
        intent = tape.orders.get(fill.order)
        if fill.cause is not None or (intent is not None and intent.kind is OrderKind.PROTECTION):
            key = (name, at, _EXIT)
        else:
            key = (name, decided.get(fill.order, at - 1), fill.side.value)
        fills[key].append((at, fill))
    return {key: _together(found) for key, found in fills.items()}


def _pair_exits(lived: dict[Key, Trade], tested: dict[Key, Trade]) -> None:
    # An exit that happened on another row than its twin's is the same exit: the first of a name left on either side.
    alone = sorted(key for key in lived.keys() - tested.keys() if key[2] == _EXIT)
    for key in alone:
        twin = min((one for one in tested.keys() - lived.keys() if one[0] == key[0] and one[2] == _EXIT), default=None)
        if twin is not None:
            tested[key] = tested.pop(twin)


def _together(found: Sequence[tuple[int, Fill]]) -> Trade:
    return Trade(
        found[0][0],
        found[0][1].side,
        float(sum(fill.quantity for _, fill in found)),
        sum(fill.value for _, fill in found),
        sum(fill.commission + fill.tax for _, fill in found),
    )


def _of_twin(twin: Simulation, panel: Panel) -> dict[Key, Trade]:
    fills, names = twin.journal.fills, [str(instrument.id) for instrument in panel.instruments]
    grouped: defaultdict[Key, list[int]] = defaultdict(list)
    for place in range(len(fills)):
        name, side = names[fills.column[place]], Side.BUY if fills.side[place] > 0 else Side.SELL
        if fills.cause[place]:
            grouped[name, int(fills.row[place]), _EXIT].append(place)
        else:
            grouped[name, int(fills.decided[place]), side.value].append(place)
    return {
        key: Trade(
            int(fills.row[places[0]]),
            Side.BUY if fills.side[places[0]] > 0 else Side.SELL,
            float(fills.quantity[places].sum()),
            int(fills.value[places].sum()),
            int(fills.commission[places].sum() + fills.tax[places].sum()),
        )
        for key, places in grouped.items()
    }


def _refused(tape: Tape) -> set[Key]:
    stamps = np.array([row.stamp_utc.timestamp() for row in tape.rows])
    ended = [
        tape.orders[order] for order, (state, _) in tape.ends.items() if order in tape.orders and state == "rejected"
    ]
    return {
        (str(one.instrument), int(np.searchsorted(stamps, one.stamp_utc.timestamp())), one.side.value)
        for one in (*tape.denied, *ended)
    }


def _parts(lived: Trade | None, tested: Trade | None, refused: bool) -> dict[Bucket, int]:
    if lived is None or tested is None:
        whole = (lived.money if lived else 0) - (tested.money if tested else 0)
        return {Bucket.REJECTED if refused else Bucket.SIGNAL: whole} if lived is not tested else {}
    sign = -1 if lived.side is Side.BUY else 1
    each_lived, each_tested = lived.value / lived.quantity, tested.value / tested.quantity
    size = sign * round((lived.quantity - tested.quantity) * each_tested)
    price = sign * round(lived.quantity * (each_lived - each_tested))
    cost = tested.costs - lived.costs
    rest = lived.money - tested.money - size - price - cost
    if abs(rest) <= 1:  # what rounding two parts to the minor unit leaves
        price, rest = price + rest, 0
    moved = Bucket.PRICE if lived.row == tested.row else Bucket.TIMING
    parts = {Bucket.SIZE: size, moved: price, Bucket.COST: cost, Bucket.UNEXPLAINED: rest}
    return {bucket: amount for bucket, amount in parts.items() if amount}


def _session(tape: Tape, row: int) -> date:
    return next(one.session for one in tape.rows if one.row == row)

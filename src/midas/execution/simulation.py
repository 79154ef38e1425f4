"""Running target weights through the matching kernel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import InvalidInput
from midas.execution.conditions import Conditions, read_only
from midas.execution.guards import Guards, guards
from midas.kernels import account, matching
from midas.kernels.fill import SHORTS
from midas.kernels.world import World
from midas.marketdata.tiles import Matrix
from midas.portfolio.journal import Events, Fills, Journal, Refusals


@dataclass(frozen=True, slots=True)
class Simulation:
    """An account over rows [first, stop): what happened, and equity and cash at each close in minor units.

    `carried` is the value of what a margin account holds, both ways. `ruined` is the row at whose close its equity was
    gone, or -1.
    """

    first: int
    stop: int
    journal: Journal
    equity: NDArray[np.int64]
    cash: NDArray[np.int64]
    carried: NDArray[np.int64] | None = None
    ruined: int = -1

    @property
    def gross_exposure(self) -> NDArray[np.float64]:
        """Value held, both ways, as a fraction of equity at each close; 0 where nothing is left."""
        return self.exposure_at(slice(None))

    def exposure_at(self, places: NDArray[np.int64] | slice) -> NDArray[np.float64]:
        """Return the gross exposure at some closes, counted from the first."""
        equity, cash = self.equity[places], self.cash[places]
        held = (equity - cash if self.carried is None else self.carried[places]).astype(np.float64)
        return np.divide(held, equity, out=np.zeros(len(held)), where=equity > 0)


def simulate(
    conditions: Conditions,
    speaks: NDArray[np.int64],
    weights: Matrix,
    *,
    first: int,
    stop: int,
    capital: int,
    by_change: bool,
    exits: Guards | None = None,
) -> Simulation:
    """Trade `weights` (speaking row, instrument) decided at the closes of the rows `speaks`, over rows [first, stop).

    `capital` is in minor units. `by_change` trades a name when its own target changes, else all names on every row
    that has any weight. `exits` close positions in between.

    Raises
    ------
    InvalidInput: the account outgrew what can be counted exactly.
    """
    begin = int(np.searchsorted(speaks, first))
    world = world_of(conditions, exits or guards((), {}), speaks[begin:], weights[begin:])
    run = matching.simulate(first, stop, capital, by_change, world)
    if run.overflow >= 0:
        raise outgrown()
    carried = run.gross if conditions.terms[SHORTS] > 0.0 else None
    return Simulation(first, stop, journal_of(run.journal, run.amounts), run.equity, run.cash, carried, int(run.ruined))


def world_of(conditions: Conditions, exits: Guards, speaks: NDArray[np.int64], weights: Matrix) -> World:
    """Return what surrounds an account, as the kernel reads it."""
    return World(
        conditions.opens,
        conditions.highs,
        conditions.lows,
        conditions.closes,
        conditions.volumes,
        conditions.happenings,
        conditions.class_of,
        conditions.dated,
        conditions.ladders,
        exits.rules,
        exits.ranges,
        conditions.terms,
        read_only(speaks),
        read_only(weights),
    )


def outgrown() -> InvalidInput:
    """Return the error of an account that can no longer be counted exactly."""
    return InvalidInput(
        "The account grew beyond what can be counted to the minor unit.",
        hint="Start with less capital, or check the prices for errors.",
        code="account_overflow",
    )


def journal_of(entries: NDArray[np.int64], amounts: NDArray[np.float64]) -> Journal:
    """Return entries of the kernel's journal as fills, refusals and events."""
    kind = entries[:, 0]
    filled = kind == account.FILL
    if filled.all():
        return Journal(_fills(entries.T, amounts.T), *_neither())
    refused = kind >= account.REFUSED
    happened = ~filled & ~refused
    return Journal(
        _fills(entries[filled].T, amounts[filled].T),
        _refusals(entries[refused].T, amounts[refused, 0]),
        _events(entries[happened].T, amounts[happened].T) if happened.any() else _neither()[1],
    )


@cache
def _neither() -> tuple[Refusals, Events]:
    entries, amounts = np.empty((account.WIDTH, 0), np.int64), np.empty((2, 0))
    return _refusals(entries, amounts[0]), _events(entries, amounts)


def _fills(entry: NDArray[np.int64], amount: NDArray[np.float64]) -> Fills:
    _, row, column, side, decided, number, value, commission, tax, cause = entry
    quantity, price = amount
    return Fills(row, column, side, decided, number, quantity, price, value, commission, tax, cause)


def _refusals(entry: NDArray[np.int64], quantity: NDArray[np.float64]) -> Refusals:
    kind, row, column, side, decided, number, *_, cause = entry
    return Refusals(row, column, side, decided, number, kind - account.REFUSED, quantity, cause)


def _events(entry: NDArray[np.int64], amount: NDArray[np.float64]) -> Events:
    kind, row, column, _, _, _, paid, *_ = entry
    return Events(row, column, kind, paid, *amount)

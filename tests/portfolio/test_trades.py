"""Round trips against plain loops over fills and corporate actions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import FIELDS
from tests.execution.plain_rules import exact, half_up
from tests.portfolio.accounts import ROWS, Booked, booked

from midas.portfolio.journal import EventKind


@dataclass
class PlainTrade:
    column: int
    entry_row: int
    exit_row: int = -1
    bought: Fraction = Fraction(0)
    paid: Fraction = Fraction(0)
    sold: Fraction = Fraction(0)
    received: Fraction = Fraction(0)
    held: Fraction = Fraction(0)
    value_in: int = 0
    value_out: int = 0
    costs: int = 0
    income: int = 0
    seen: list[float] = field(default_factory=lambda: [0.0])

    def scale(self, ratio: Fraction, after: Fraction) -> None:
        self.bought, self.sold, self.held = self.bought * ratio, self.sold * ratio, after

    @property
    def entry(self) -> Fraction:
        return self.paid / self.bought


def plain_trades(account: Booked) -> list[PlainTrade]:
    """Day by day: corporate actions, then fills, then a look at the bar of what is held."""
    fills, events = account.simulation.journal.fills, account.simulation.journal.events
    matrices = {name: account.market.panel.matrix(f"raw_{name}") for name in FIELDS}
    trades: list[PlainTrade] = []
    latest: dict[int, PlainTrade] = {}
    for row in range(account.simulation.stop):
        for at in np.flatnonzero(events.row == row):
            apply_event(events, int(at), row, latest)
        for at in np.flatnonzero(fills.row == row):
            apply_fill(fills, int(at), row, latest, trades)
        for trade in latest.values():
            if trade.held > 0:
                for name in ("low", "high"):
                    price = matrices[name][row, trade.column]
                    if not math.isnan(price):
                        trade.seen.append(float(exact(price) / trade.entry) - 1)
    return trades


def apply_event(events, at, row, latest):  # type: ignore[no-untyped-def]
    trade = latest[int(events.column[at])]
    if events.kind[at] == EventKind.SPLIT:
        trade.scale(exact(events.ratio[at]), exact(events.quantity[at]))
        if trade.held == 0:
            trade.exit_row = row
    else:
        trade.income += int(events.amount[at])


def apply_fill(fills, at, row, latest, trades):  # type: ignore[no-untyped-def]
    column, quantity, price = int(fills.column[at]), exact(fills.quantity[at]), exact(fills.price[at])
    trade = latest.get(column)
    if trade is None or trade.held == 0:
        trade = PlainTrade(column, row)
        latest[column] = trade
        trades.append(trade)
    trade.costs += int(fills.commission[at] + fills.tax[at])
    if fills.side[at] > 0:
        trade.bought, trade.paid, trade.held = (
            trade.bought + quantity,
            trade.paid + quantity * price,
            trade.held + quantity,
        )
        trade.value_in += int(fills.value[at])
        return
    trade.sold, trade.received, trade.held = (
        trade.sold + quantity,
        trade.received + quantity * price,
        trade.held - quantity,
    )
    trade.value_out += int(fills.value[at])
    trade.seen.append(float(price / trade.entry) - 1)
    if trade.held == 0:
        trade.exit_row = row


def last_close(account: Booked, column: int) -> Fraction:
    closes = account.market.panel.matrix("raw_close")[:, column]
    price = Fraction(0)
    for row in range(account.simulation.stop):
        price /= account.market.splits.get((row, column), Fraction(1))
        price /= account.market.rights.get((row, column), Fraction(1))
        if not math.isnan(closes[row]):
            price = exact(closes[row])
    return price


STOPS = st.integers(5, ROWS)
"""Accounts end before their market does: what happens to a name after that is none of their business."""


class TestRoundTrips:
    @settings(max_examples=80, deadline=None)
    @given(seed=st.integers(0, 2**32 - 1), by_change=st.booleans(), korea=st.booleans(), stop=STOPS)
    def test_equal_plain_loops(self, seed: int, by_change: bool, korea: bool, stop: int) -> None:
        account = booked(seed, by_change=by_change, korea=korea, stop=stop)
        ours, plain = account.trades, plain_trades(account)
        assert len(ours) == len(plain)
        scale = 1 if korea else 100
        for at, trade in enumerate(plain):
            assert (ours.column[at], ours.entry_row[at], ours.exit_row[at]) == (
                trade.column, trade.entry_row, trade.exit_row,
            )  # fmt: skip
            value_out = trade.value_out
            if trade.exit_row < 0:
                value_out += half_up(trade.held * last_close(account, trade.column) * scale)
            assert (ours.value_in[at], ours.value_out[at]) == (trade.value_in, value_out)
            assert (ours.costs[at], ours.income[at]) == (trade.costs, trade.income)
            assert ours.quantity[at] == pytest.approx(float(trade.bought), rel=1e-12)
            assert ours.entry_price[at] == pytest.approx(float(trade.entry), rel=1e-12)
            assert ours.worst[at] == pytest.approx(min(trade.seen), abs=1e-9)
            assert ours.best[at] == pytest.approx(max(trade.seen), abs=1e-9)
            if trade.exit_row >= 0 and trade.sold:
                expected = float(trade.received / trade.sold)
                assert math.isnan(ours.exit_price[at]) or ours.exit_price[at] == pytest.approx(expected, rel=1e-12)

    @settings(max_examples=80, deadline=None)
    @given(seed=st.integers(0, 2**32 - 1), by_change=st.booleans(), korea=st.booleans(), stop=STOPS)
    def test_gains_add_up_to_the_change_in_equity(self, seed: int, by_change: bool, korea: bool, stop: int) -> None:
        account = booked(seed, by_change=by_change, korea=korea, stop=stop)
        assert account.trades.pnl.sum() == account.simulation.equity[-1] - account.capital

"""Random strategies on raw Korean prices: no fill off tick, beyond the limit, in a halted name or on a closed day.

Ticks and limits are written down here again, from the exchange's notices, in whole won.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from midas.backtest.run import run
from midas.core.basis import Basis
from midas.core.instrument import Instrument, InstrumentId
from midas.core.money import Money
from midas.core.timeframe import Timeframe
from midas.execution.conditions import conditions
from midas.execution.simulation import Simulation, simulate
from midas.execution.terms import AccountTerms
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel, build_fields
from midas.strategies.registry import build
from midas.venues.arrays import rule_arrays
from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance
FIELDS = ("open", "high", "low", "close", "volume")


OLD = [(0, 1), (1000, 5), (5000, 10), (10_000, 50), (50_000, 100), (100_000, 500), (500_000, 1000)]
NEW = [(0, 1), (2000, 5), (5000, 10), (20_000, 50), (50_000, 100), (200_000, 500), (500_000, 1000)]
CHANGED = np.datetime64("2023-01-25")
Whole = NDArray[np.int64]


class Market:
    def __init__(self, panel: Panel, board: NDArray[np.str_]) -> None:
        self.panel = panel
        self.board = board
        """Of each row and name: names move from one board to another, and the panel knows the latest only."""

    def __repr__(self) -> str:
        return "the Korean market"

    @cached_property
    def raw(self) -> dict[str, NDArray[np.float64]]:
        return {name: self.panel.matrix(f"raw_{name}") for name in FIELDS}

    @cached_property
    def base(self) -> NDArray[np.float64]:
        """The last known close before each row."""
        rows = np.where(np.isnan(self.raw["close"]), -1, np.arange(self.panel.rows)[:, None])
        latest = np.maximum.accumulate(rows, axis=0)
        known = np.where(latest >= 0, np.take_along_axis(self.raw["close"], np.maximum(latest, 0), axis=0), np.nan)
        return np.vstack((np.full((1, self.panel.columns), np.nan), known[:-1]))


def tick(price: Whole, days: NDArray[np.datetime64], kosdaq: NDArray[np.bool_]) -> Whole:
    found = np.zeros(len(price), np.int64)
    for table, on in ((OLD, days < CHANGED), (NEW, days >= CHANGED)):
        for floor, step in table:
            if table is OLD and step > 100:  # KOSDAQ had no steps above 100 won
                found[on & ~kosdaq & (price >= floor)] = step
            else:
                found[on & (price >= floor)] = step
    return found


def assert_possible(simulation: Simulation, market: Market, cap: float) -> None:
    fills, panel = simulation.journal.fills, market.panel
    at = (fills.row, fills.column)
    opened, high, low, _, volume = (market.raw[name][at] for name in FIELDS)
    days = panel.sessions[fills.row]
    board = market.board[at]
    price = fills.price.astype(np.int64)
    assert (price == fills.price).all()
    assert (fills.row > fills.decided).all()
    assert not np.isnan(opened).any(), "a halted or absent bar traded"
    assert ((low <= price) & (price <= high)).all(), "outside the bar"
    assert (fills.quantity <= cap * volume * (1 + 1e-12)).all()
    assert len(set(zip(fills.row.tolist(), fills.column.tolist(), strict=True))) == len(fills), "filled twice"
    kosdaq = board == "KOSDAQ"
    assert (price % tick(price, days, kosdaq) == 0).all(), "off tick"
    with_base = ~np.isnan(market.base[at])
    price, days, kosdaq = price[with_base], days[with_base], kosdaq[with_base]
    base = market.base[at][with_base].astype(np.int64)
    step = tick(base, days, kosdaq)
    known = np.array([instrument.board for instrument in panel.instruments])[fills.column][with_base]
    room = base * np.where(known == "KONEX", 15, 30) // 100 // step * step
    upper, lower = base + room, base - room
    upper -= upper % tick(upper, days, kosdaq)
    lower += -lower % tick(lower, days, kosdaq)
    assert ((lower <= price) & (price <= upper)).all(), "beyond the limit"
    locked = (high == low)[with_base] & ((price == upper) | (price == lower))
    assert not locked.any(), "a locked bar traded"
    assert (simulation.cash >= 0).all()


@pytest.fixture(scope="module")
def korea(shared: Path) -> Market:
    frame = pl.read_parquet(shared / "data" / "kr" / "krx_marcap_raw_janfeb_2022_2025.parquet")
    days = frame["date"].unique().sort()
    latest = frame.group_by("symbol").agg(pl.col("market").last()).sort("symbol")
    row = days.search_sorted(frame["date"]).to_numpy()
    column = latest["symbol"].search_sorted(frame["symbol"]).to_numpy()
    halted = (frame["open"] == 0).to_numpy()
    raw = {}
    for name in FIELDS:
        values = frame[name].cast(pl.Float64).to_numpy().copy()
        if name in ("open", "high", "low"):
            values[halted] = np.nan
        matrix = np.full((len(days), len(latest)), np.nan)
        matrix[row, column] = values
        raw[name] = matrix
    boards = [board.split()[0] for board in latest["market"]]
    instruments = tuple(
        Instrument(InstrumentId(symbol, "XKRX"), currency="KRW", board=board)
        for symbol, board in zip(latest["symbol"], boards, strict=True)
    )
    panel = Panel(
        "marcap", "1", "XKRX", Timeframe(1, "d"), Basis.RAW, "KRW", instruments,
        days.to_numpy().astype("datetime64[D]"), build_fields(raw, Actions.none()),
    )  # fmt: skip
    board = np.full((len(days), len(latest)), "", dtype="U6")
    board[row, column] = [text.split()[0] for text in frame["market"]]
    return Market(panel, board)


every = st.sampled_from(["bar", "week_end", "month_end", "change"])
strategies = st.one_of(
    st.builds(
        lambda lookback, top, when: build("momentum", {"lookback": lookback, "skip": 0, "top": top, "every": when}),
        st.integers(1, 40), st.integers(1, 300), every,
    ),
    st.builds(lambda fast, gap, when: build("sma_cross", {"fast": fast, "slow": fast + gap, "every": when}),
              st.integers(2, 15), st.integers(1, 30), every),
    st.builds(lambda period, when: build("rsi_reversion", {"period": period, "every": when}), st.integers(2, 4), every),
    st.builds(lambda when: build("buy_and_hold", {"every": when}), st.sampled_from(["once", "bar", "month_end"])),
)  # fmt: skip


class TestEveryFillIsPossible:
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        strategy=strategies,
        capital=st.sampled_from([10**6, 10**8, 10**11, 10**13]),
        slippage=st.sampled_from([0.0, 5.0, 33.3, 250.0]),
        cap=st.sampled_from([0.1, 0.01, 0.5]),
    )
    def test_random_strategies(self, korea: Market, strategy, capital: int, slippage: float, cap: float) -> None:
        result = run(strategy, korea.panel, initial_capital=capital, slippage_bps=slippage, volume_cap=cap)
        assert_possible(result.simulation, korea, cap)
        result.ledger().verify(result.simulation.cash, result.simulation.first)
        calendar = venue("XKRX").calendar
        assert all(calendar.is_session(day) for day in result.fills()["ts"].unique().to_list())

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32 - 1), by_change=st.booleans())
    def test_random_weights_seek_out_the_odd_names(self, korea: Market, seed: int, by_change: bool) -> None:
        draw, panel = np.random.default_rng(seed), korea.panel
        wild = np.abs(korea.raw["close"] / korea.base - 1) > 0.25
        odd = np.flatnonzero((wild | np.isnan(korea.raw["open"])).any(axis=0))
        weights = np.zeros((panel.rows, panel.columns))
        chosen = draw.choice(odd, 300, replace=False)
        weights[:, chosen] = draw.choice([0.0, 1 / 100, 1 / 300, np.nan], (panel.rows, 300))
        rules = rule_arrays(venue("XKRX"), panel.instruments, panel.sessions)
        world = conditions(panel, rules, AccountTerms(Money.of(Decimal(10**9), "KRW"), slippage_bps=10))
        simulation = simulate(
            world, np.arange(panel.rows), weights, first=0, stop=panel.rows, capital=10**9, by_change=by_change
        )
        assert len(simulation.journal.fills) > 1000
        assert_possible(simulation, korea, 0.1)

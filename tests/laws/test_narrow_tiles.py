"""A few instruments in a tile of their own width: the same bits as among 32 lanes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.execution.markets import AMERICA, made, random_market, random_weights
from tests.execution.test_simulation import run_midas
from tests.factors.markets import bars, panel_of, same, values
from tests.laws.graphs import graphs

from midas.factors import rooms
from midas.factors.node import Node
from midas.kernels.table import LOOPS
from midas.marketdata.panel import Panel, build_fields
from midas.marketdata.tiles import NARROW, narrow_lanes, to_matrix, to_tiles


def narrow(panel: Panel) -> Panel:
    lanes = {id(tiles): to_tiles(to_matrix(tiles, panel.columns), panel.columns) for tiles in panel.fields.values()}
    return replace(panel, fields={name: lanes[id(tiles)] for name, tiles in panel.fields.items()})


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    node=graphs(), rows=st.integers(1, 90), columns=st.integers(1, NARROW), seed=st.integers(0, 2**32 - 1),
    threads=st.sampled_from([1, 2]),
)  # fmt: skip
def test_graphs(node: Node, rows: int, columns: int, seed: int, threads: int) -> None:
    wide = panel_of(bars(rows, columns, seed, gaps=0.08))
    assert same(values(node, wide, threads=threads), values(node, narrow(wide), threads=threads))


@pytest.mark.parametrize("expression", ["weekly(close).mean(3) - close.ema(5)", "day_of_week + board", "close.rank()"])
def test_longer_bars_and_what_is_known(expression: str) -> None:
    wide = panel_of(bars(400, 3, gaps=0.05))
    assert same(values(expression, wide), values(expression, narrow(wide)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), names=st.integers(1, NARROW), by_change=st.booleans())
def test_matching(seed: int, names: int, by_change: bool) -> None:
    market = random_market(seed, names, 40, AMERICA)
    weights = random_weights(seed, 40, names)
    one, other = (
        run_midas(replace(market, panel=panel), AMERICA, weights, 10_000_000, by_change)
        for panel in (market.panel, narrow(market.panel))
    )
    assert other.equity.tolist() == one.equity.tolist()
    assert other.journal.fills.price.tolist() == one.journal.fills.price.tolist()


def test_how_wide() -> None:
    assert [narrow_lanes(columns) for columns in (0, 1, 5, NARROW, NARROW + 1, 40)] == [1, 1, 5, NARROW, 32, 32]
    matrix = np.arange(12.0).reshape(4, 3)
    tiles = to_tiles(matrix, 3)
    assert tiles.shape == (1, 4, 3)
    assert not np.shares_memory(tiles, matrix)
    assert build_fields({"close": matrix}, made(panel_of(bars(4, 3)), AMERICA).panel.actions, 3)["close"].shape[2] == 3


def test_a_loop_that_forgets_the_last_lane_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = LOOPS["negate"]
    source = honest.source.replace("range(LANES)", "range(LANES - 1)")
    assert source != honest.source
    monkeypatch.setattr(rooms, "LOOPS", {**LOOPS, "negate": replace(honest, source=source)})
    wide = panel_of(bars(50, 3))
    assert not same(values("-close", wide), values("-close", narrow(wide)))

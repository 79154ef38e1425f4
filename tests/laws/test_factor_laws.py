"""The laws of the strategy graph, over random graphs and random markets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factors.markets import Matrix, bars, panel_of, same, values
from tests.laws import laws
from tests.laws.graphs import graphs

from midas.factors import evaluate, rooms
from midas.factors.graph_json import canonical, from_json, to_json
from midas.factors.lowering import walk
from midas.factors.node import Node
from midas.factors.text import parse

often = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
rows_at = st.floats(0, 1, exclude_max=True)


class Market(NamedTuple):
    rows: int
    columns: int
    seed: int

    @property
    def raw(self) -> dict[str, Matrix]:
        return bars(self.rows, self.columns, self.seed, gaps=0.08)


markets = st.builds(Market, st.integers(1, 90), st.integers(1, 70), st.integers(0, 2**32 - 1))


class TestCausality:
    @often
    @given(node=graphs(), market=markets, at=rows_at)
    def test_truncation(self, node: Node, market: Market, at: float) -> None:
        laws.causal_by_truncation(node, market.raw, int(at * market.rows))

    @often
    @given(node=graphs(), market=markets, at=rows_at)
    def test_poison(self, node: Node, market: Market, at: float) -> None:
        laws.causal_by_poison(node, market.raw, int(at * market.rows))


class TestOnce:
    """Batch, chunk, single row, and few rows only: the same bits."""

    @often
    @given(node=graphs(), market=markets, at=rows_at)
    def test_row_by_row(self, node: Node, market: Market, at: float) -> None:
        laws.batch_is_row_by_row(node, panel_of(market.raw), int(at * market.rows))

    @often
    @given(node=graphs(), market=markets, data=st.data())
    def test_few_rows(self, node: Node, market: Market, data: st.DataObject) -> None:
        rows = data.draw(st.sets(st.integers(0, market.rows - 1)))
        laws.some_rows_are_the_same_rows(node, panel_of(market.raw), np.array(sorted(rows), np.int64))

    @often
    @given(
        node=graphs(), market=markets, stretch=st.integers(1, 40), span=st.integers(1, 40), block=st.integers(1, 99),
        threads=st.integers(1, 3),
    )  # fmt: skip
    def test_any_chunking(self, node: Node, market: Market, stretch: int, span: int, block: int, threads: int) -> None:
        panel = panel_of(market.raw)
        whole = values(node, panel)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rooms, "STRETCH", stretch)
            patch.setattr(rooms, "BLOCK", block)
            patch.setattr(evaluate, "SPAN", span)
            patch.setattr(evaluate, "SPAN_TILES", 1)
            assert same(whole, values(node, panel, threads=threads))
            few = np.arange(market.rows - 1, -1, -5)[::-1]
            assert same(whole[few], values(node, panel, few, threads=threads))

    @often
    @given(node=graphs(), market=markets, at=rows_at)
    def test_late_start(self, node: Node, market: Market, at: float) -> None:
        laws.late_start_is_the_same(node, panel_of(market.raw), int(at * market.rows))


class TestNeighbours:
    @often
    @given(node=graphs(across=False), market=markets, seed=st.integers(0, 2**32 - 1))
    def test_order_and_tile(self, node: Node, market: Market, seed: int) -> None:
        laws.neighbours_do_not_matter(node, market.raw, seed)

    @often
    @given(node=graphs(), market=markets, more=st.integers(1, 40))
    def test_absent_names(self, node: Node, market: Market, more: int) -> None:
        if all(step.op != "slot" for step in walk(node)):
            laws.absent_names_do_not_matter(node, market.raw, more)


class TestForms:
    @often
    @given(node=graphs())
    def test_json_round_trip(self, node: Node) -> None:
        again = from_json(to_json(node))
        assert again == node
        assert hash(again) == hash(node)
        assert canonical(again) == canonical(node)

    @often
    @given(node=graphs(depth=6))
    def test_text_round_trip(self, node: Node) -> None:
        if not repr(node).endswith("…"):
            assert parse(repr(node)) == node

"""Plans: warm-up and look-back derived from the graph, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factors.markets import bars, panel_of, values

from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.factors.node import Node
from midas.factors.operator import EVERY_ROW
from midas.factors.plan import compile_plan
from midas.factors.text import parse

m = Market()


class TestWarmUp:
    @pytest.mark.parametrize(
        ("text", "rows"),
        [
            ("close", 0),
            ("close * 2 > open", 0),
            ("close.mean(20)", 19),
            ("close.shift(5).mean(20)", 24),
            ("returns", 1),
            ("returns.std(60)", 60),
            ("close.shift(21).change(252).top(50).normalise()", 273),
            ("hold(cross_above(sma(10), sma(50)), cross_below(sma(10), sma(50))).slot()", 50),
            ("close.mean(20) + open.mean(50).shift(3)", 52),
            ("close.rank().mean(5)", 4),
            ("close.zscore(7)", 6),
            # alpha = 2 / 21, so (1 - alpha) ** k <= 1e-10 from k = 230.07… on: 231 rows
            ("ema(20)", 231),
            # alpha = 1 / 14: 23.02585 / 0.0741080 = 310.7, and one row for the first move
            ("rsi(14)", 312),
            ("atr(14)", 312),
            ("ema(1)", 0),
            # the mean is read on this row only: the n values of close are those since 9 rows ago
            ("mean_distance(close, close.mean(10), 10)", 9),
            ("mean_distance(close, close.mean(30), 10)", 29),
            ("hull(16)", 15 + 3),
            # 10 rows of steps; then the weight of a random walk: (10 ** -0.5 * (2/3 - 2/31) + 2/31) ** 2 = 0.0649908,
            # and 23.02585 / 0.0671989 = 342.65
            ("kama(10)", 10 + 343),
        ],
    )
    def test_rows(self, text: str, rows: int) -> None:
        assert compile_plan(parse(text)).warmup == rows

    def test_infinite_memory_by_its_definition(self) -> None:
        for n in (2, 9, 200):
            assert compile_plan(m.ema(n)).warmup == math.ceil(math.log(1e-10) / math.log(1 - 2 / (n + 1)))
            assert compile_plan(m.close.wilder(n)).warmup == math.ceil(math.log(1e-10) / math.log(1 - 1 / n))

    @settings(deadline=None, max_examples=40)
    @given(n=st.integers(2, 30), k=st.integers(1, 12), op=st.sampled_from(["mean", "std", "max", "sum", "zscore"]))
    def test_is_the_first_row_with_a_value(self, n: int, k: int, op: str) -> None:
        node = m.close.change(k)
        node = getattr(node, op)(n)
        found = values(node, panel_of(bars(60, 2)))
        warmup = compile_plan(node).warmup
        assert np.isnan(found[:warmup]).all()
        assert not np.isnan(found[warmup:]).any()

    @pytest.mark.parametrize("node", [m.ema(5), m.close.wilder(3), m.rsi(4), m.atr(3), m.ema(3).ema(4)], ids=str)
    def test_after_it_the_start_no_longer_matters(self, node: Node) -> None:
        panel = panel_of(bars(300, 3))
        plan = compile_plan(node)
        late = values(node, panel, np.arange(100 + plan.warmup, 300), first_row=100)
        full = values(node, panel, np.arange(100 + plan.warmup, 300))
        np.testing.assert_allclose(late, full, rtol=1e-7)


class TestLookBack:
    @pytest.mark.parametrize(
        ("text", "rows"),
        [
            ("close.shift(5).mean(20)", 24),
            ("close.shift(21).change(252).top(50)", 273),
            ("hold(close > close.mean(9), close < open)", 8),
            ("ema(20)", EVERY_ROW),
            ("ema(20).mean(5)", EVERY_ROW),
            ("since(close > open)", EVERY_ROW),
        ],
    )
    def test_rows(self, text: str, rows: int) -> None:
        assert compile_plan(parse(text)).lookback == rows


class TestPlan:
    def test_fields_are_those_read(self) -> None:
        assert set(compile_plan(m.atr(5)).fields) == {"high", "low", "close"}
        assert set(compile_plan(m.turnover.rank()).fields) == {"turnover", "close"}

    def test_says_when_a_cross_section_is_widened(self) -> None:
        assert compile_plan(m.close.rank().mean(5)).widened
        assert not compile_plan(m.close.mean(5).rank().shift(3)).widened
        assert not compile_plan((m.close.rank() > 0.5).where(m.close.top(3))).widened

    def test_equal_parts_run_once(self) -> None:
        one = compile_plan(m.close.mean(20) / m.close.std(20))
        again = compile_plan(m.close.mean(20) / m.close.std(20) + m.close.mean(20) / m.close.std(20))
        assert len(again.nodes) == len(one.nodes) + 1

    def test_composed_operators_share_parts(self) -> None:
        both = compile_plan(m.sma(10).cross_above(m.sma(50)) | m.sma(10).cross_below(m.sma(50)))
        assert sum(node.op == "mean" for node in both.nodes) == 2


class TestRefuses:
    def test_too_many_nodes(self) -> None:
        node = m.close
        for k in range(500):
            node = node + k
        with pytest.raises(StrategyInvalid, match="nodes; 500 are allowed"):
            compile_plan(node)

    def test_too_much_memory(self) -> None:
        node = m.close
        for _ in range(11):
            node = node.mean(5000)
        with pytest.raises(StrategyInvalid, match="remember 55,000 rows"):
            compile_plan(node)

    def test_doubling_is_no_explosion(self) -> None:
        node = m.close
        for k in range(1, 60):
            node = node.change(k) + node
        assert len(compile_plan(node).nodes) < 500

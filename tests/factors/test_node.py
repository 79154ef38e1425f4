"""Nodes: what can be built, and what cannot."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.factors.node import Node, field
from midas.factors.unit import Unit

m = Market()


class TestRefuses:
    def test_a_truth_value(self) -> None:
        with pytest.raises(StrategyInvalid, match="no truth value"):
            bool(m.close > m.open)
        with pytest.raises(StrategyInvalid, match="no truth value"):
            _ = m.close > 1 and m.open > 1
        with pytest.raises(StrategyInvalid, match="no truth value"):
            _ = 1 < m.close < 2

    @pytest.mark.parametrize("n", [-1, -0.5, 0.5, 5001, math.nan, math.inf, True, "5", None, np.array([1, 2])])
    def test_a_shift_that_is_not_a_whole_number_of_rows_back(self, n: object) -> None:
        with pytest.raises(StrategyInvalid, match=r"shift: n"):
            m.close.shift(n)

    @pytest.mark.parametrize("n", [0, -3, 2.5, 5001, 10**30, math.nan])
    def test_a_window_outside_1_to_5000(self, n: float) -> None:
        for name in ("mean", "sum", "max", "ema", "change", "wilder"):
            with pytest.raises(StrategyInvalid, match="whole number from 1 to 5000"):
                getattr(m.close, name)(n)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan"), 10**400])
    def test_a_number_that_is_not_finite(self, value: float) -> None:
        with pytest.raises(StrategyInvalid, match="not a number a strategy may use"):
            m.close * value
        with pytest.raises(StrategyInvalid, match="clip: high"):
            m.close.clip(0, value)

    @pytest.mark.parametrize("value", [True, "5", None, [1], 1j, {}])
    def test_what_is_neither_a_node_nor_a_number(self, value: object) -> None:
        with pytest.raises(StrategyInvalid, match="nodes and numbers"):
            m.close + value  # type: ignore[operator]

    def test_double_equals_on_a_number(self) -> None:
        with pytest.raises(StrategyInvalid, match=r"\.equal\(\)"):
            _ = m.close == 5
        with pytest.raises(StrategyInvalid, match=r"\.equal\(\)"):
            m.close.where(m.close == m.open)

    def test_a_change(self) -> None:
        with pytest.raises(AttributeError, match="never changes"):
            m.close.op = "open"  # type: ignore[misc]
        with pytest.raises(AttributeError, match="never changes"):
            del m.close.op

    def test_an_unknown_operator(self) -> None:
        with pytest.raises(AttributeError, match="Did you mean 'mean'"):
            m.close.meen(3)
        with pytest.raises(AttributeError, match="'rsi'"):
            m.rsi2(3)
        with pytest.raises(StrategyInvalid, match="'close'"):
            field("closse")

    def test_iteration_and_indexing(self) -> None:
        with pytest.raises(TypeError):
            list(m.close)  # type: ignore[call-overload]
        with pytest.raises(TypeError):
            _ = m.close[0]  # type: ignore[index]


class TestUnits:
    @pytest.mark.parametrize(
        "build",
        [
            lambda: m.close + m.raw_close,
            lambda: m.raw_close - m.open,
            lambda: m.close > m.raw_close,
            lambda: m.close / m.raw_close,
            lambda: m.close * m.raw_close,
            lambda: m.close.max2(m.raw_high),
            lambda: m.close.where(m.close > 1, m.raw_close),
            lambda: m.close.fill(m.raw_close),
            lambda: m.close.mean(5).cross_above(m.raw_close.shift(3)),
            lambda: m.close * m.raw_volume,
            lambda: m.volume + m.raw_volume,
            lambda: m.true_range(m.high, m.low, m.raw_close),
            lambda: m.close.power(m.raw_close),
        ],
    )
    def test_adjusted_and_raw_never_mix(self, build: object) -> None:
        with pytest.raises(StrategyInvalid, match="do not mix"):
            build()  # type: ignore[operator]

    @pytest.mark.parametrize(
        "build",
        [lambda: m.close + m.volume, lambda: m.turnover > m.close, lambda: m.raw_close.min2(m.turnover)],
    )
    def test_unlike_kinds_are_not_added_or_compared(self, build: object) -> None:
        with pytest.raises(StrategyInvalid, match="cannot be added or compared"):
            build()  # type: ignore[operator]

    @pytest.mark.parametrize("build", [lambda: m.close & (m.close > 1), lambda: ~m.close, lambda: m.close.slot()])
    def test_only_flags_are_joined(self, build: object) -> None:
        with pytest.raises(StrategyInvalid, match="must be a flag"):
            build()  # type: ignore[operator]

    @pytest.mark.parametrize(
        ("node", "unit"),
        [
            (m.close.mean(5) * 1.02 - 2 * m.atr(14), Unit.PRICE),
            (m.close / m.open, Unit.NUMBER),
            (m.returns, Unit.NUMBER),
            (m.raw_close * m.raw_volume, Unit.MONEY),
            (m.turnover / m.raw_volume, Unit.RAW_PRICE),
            (m.turnover.mean(20) > 1e9, Unit.FLAG),
            ((m.close > m.open).sum(5), Unit.NUMBER),
            ((m.close > m.open).shift(5), Unit.FLAG),
            ((m.close > 1) * m.close, Unit.PRICE),
            (m.close.std(5), Unit.PRICE),
            (m.close.var(5), Unit.NUMBER),
            (m.volume.zscore(5), Unit.NUMBER),
            (m.close.rank(), Unit.NUMBER),
            (m.close.top(3), Unit.FLAG),
        ],
    )
    def test_units_that_follow(self, node: Node, unit: Unit) -> None:
        assert node.unit is unit


class TestSameness:
    def test_the_same_expression_is_equal_and_hashes_alike(self) -> None:
        one, other = m.close.shift(5).mean(20), m.close.shift(5.0).mean(np.int64(20))
        assert one == other
        assert hash(one) == hash(other)
        assert len({one, other}) == 1
        assert one != m.close.shift(5).mean(21)
        assert (one == object()) is False

    def test_every_part_tells(self) -> None:
        nodes = [
            m.close, m.open, m.close + m.open, m.open + m.close, m.close.mean(2), m.close.sum(2), m.close.mean(12),
            m.close + 1, m.close + 2, m.close.clip(1, 2), m.close.clip(1, 3), m.close.where(m.close > 1),
            m.close.where(m.close > 1, 0),
        ]  # fmt: skip
        assert len(set(nodes)) == len(nodes)

    def test_shift_by_nothing_is_nothing(self) -> None:
        assert m.close.shift(0) == m.close

    def test_survives_copy_and_pickle(self) -> None:
        node = m.hold(entry=m.sma(3).cross_above(m.sma(5)), exit=m.rsi(4) > 70).slot()
        assert pickle.loads(pickle.dumps(node)) == node
        assert copy.deepcopy(node) == node

    def test_reflected_operators(self) -> None:
        assert repr(1 - m.close) == "(1 - close)"
        assert repr(2 / m.close) == "(2 / close)"
        assert repr(2**m.close) == "(2 ** close)"
        assert repr(np.float64(2) * m.close) == "(2 * close)"
        assert repr(m.close > 5) == "(close > 5)"

    def test_a_long_graph_is_shown_short(self) -> None:
        node = m.close
        for _ in range(100):
            node = node + node
        assert len(repr(node)) == 2000


class TestArguments:
    def test_fields_left_out(self) -> None:
        assert m.rsi() == m.close.rsi(14)
        assert m.atr(7) == m.atr(m.high, m.low, m.close, 7) == m.atr(n=7)
        assert m.volume.rsi(3) == m.rsi(m.volume, 3)

    def test_optional_inputs(self) -> None:
        assert len(m.close.where(m.close > 1).inputs) == 2
        assert m.close.where(m.close > 1, None) == m.close.where(m.close > 1)

    def test_the_methods_are_listed(self) -> None:
        assert {"mean", "rsi", "normalise"} <= set(dir(m.close))
        assert {"close", "rsi"} <= set(dir(m))

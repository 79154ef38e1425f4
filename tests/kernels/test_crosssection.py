"""Rows of the market against numpy, at the sizes where sorting goes wrong."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from midas.kernels import crosssection
from midas.kernels.lanes import LANES
from midas.kernels.loop import ROW_INTEGERS, ROW_POINTERS, Loop

Array = np.ndarray
often = settings(max_examples=150, deadline=None)
rows = arrays(
    float,
    st.integers(1, 90),
    elements=st.one_of(
        st.just(np.nan),
        st.sampled_from([0.0, -0.0, 1.0, 2.0]),
        st.floats(-1e300, 1e300),
        st.sampled_from([np.inf, -np.inf]),
    ),
)


def run(loop: Loop, row: Array, param: float = 0.0) -> Array:
    tiles = -(-len(row) // LANES)
    values = np.full((tiles, 2, LANES), 7.0)
    for i, value in enumerate(row):
        values[i // LANES, :, i % LANES] = value
    out = np.empty((tiles, 3, LANES))
    scratch = np.empty(crosssection.scratch_size(tiles))
    params = np.array([float(param)])
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * ROW_POINTERS, *[ctypes.c_int64] * ROW_INTEGERS)(loop.address)
    pointers = [out.ctypes.data, values.ctypes.data, 0, scratch.ctypes.data, params.ctypes.data]
    call(*pointers, tiles, len(row), 2, 3, 2, 0, LANES)
    flat = out.transpose(1, 0, 2).reshape(3, -1)
    assert np.array_equal(flat[0], flat[1], equal_nan=True)
    assert np.isnan(flat[0, len(row) :]).all()
    return flat[0, : len(row)]


def by_place(row: Array, *, descending: bool) -> list[int]:
    present = [i for i in range(len(row)) if not np.isnan(row[i])]
    return sorted(present, key=lambda i: (-row[i] if descending else row[i], i))


class TestOrder:
    @often
    @given(row=rows, n=st.integers(1, 100))
    def test_top(self, row: Array, n: int) -> None:
        expected = np.where(np.isnan(row), np.nan, 0.0)
        expected[by_place(row, descending=True)[:n]] = 1.0
        assert np.array_equal(run(crosssection.top, row, n), expected, equal_nan=True)

    @often
    @given(row=rows, n=st.integers(1, 100))
    def test_bottom(self, row: Array, n: int) -> None:
        expected = np.where(np.isnan(row), np.nan, 0.0)
        expected[by_place(row, descending=False)[:n]] = 1.0
        assert np.array_equal(run(crosssection.bottom, row, n), expected, equal_nan=True)

    @often
    @given(row=rows)
    def test_rank(self, row: Array) -> None:
        expected = np.full(len(row), np.nan)
        order = by_place(row, descending=True)
        for place, i in enumerate(order):
            expected[i] = (len(order) - place) / len(order)
        assert np.array_equal(run(crosssection.rank, row), expected, equal_nan=True)

    @pytest.mark.parametrize(
        "row",
        [
            np.arange(3000.0),
            -np.arange(3000.0),
            np.zeros(3000),
            np.tile([1.0, 2.0], 1500),
            np.random.default_rng(1).normal(size=3000) * 10.0 ** np.random.default_rng(2).integers(-300, 300, 3000),
        ],
        ids=["rising", "falling", "equal", "two values", "every size"],
    )
    def test_a_whole_market(self, row: Array) -> None:
        place = run(crosssection.rank, row)
        assert sorted(place) == [(k + 1) / 3000 for k in range(3000)]
        assert np.array_equal(run(crosssection.top, row, 50) == 1, place > 1 - 50 / 3000 + 1e-9)


class TestSpread:
    @often
    @given(row=arrays(float, st.integers(1, 70), elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6))))
    def test_winsorise(self, row: Array) -> None:
        found = run(crosssection.winsorise, row, 0.05)
        if np.isnan(row).all():
            assert np.isnan(found).all()
            return
        low, high = np.nanquantile(row, [0.05, 0.95])
        np.testing.assert_allclose(found, np.clip(row, low, high), rtol=1e-12, atol=1e-9)

    @often
    @given(row=arrays(float, st.integers(1, 70), elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6))))
    def test_normalise(self, row: Array) -> None:
        found = run(crosssection.normalise, row, 1.5)
        if np.isnan(row).all():
            assert np.isnan(found).all()
            return
        assert not np.isnan(found).any()
        assert (found[np.isnan(row)] == 0).all()
        assert np.abs(found).sum() == pytest.approx(1.5 if np.nansum(np.abs(row)) > 0 else 0.0)
        assert (np.sign(found) == np.sign(np.nan_to_num(row)))[np.abs(np.nan_to_num(row)) > 1e-300].all()

    def test_no_name_at_all(self) -> None:
        nothing = np.full(5, np.nan)
        for loop in crosssection.LOOPS:
            assert np.isnan(run(loop, nothing, 1.0)).all(), loop.name

    def test_one_name(self) -> None:
        assert run(crosssection.rank, np.array([3.0])).tolist() == [1.0]
        assert run(crosssection.demean, np.array([3.0])).tolist() == [0.0]
        assert np.isnan(run(crosssection.standardise, np.array([3.0]))).all()
        assert run(crosssection.winsorise, np.array([3.0]), 0.5).tolist() == [3.0]

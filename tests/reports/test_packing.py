from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.page import Page

from midas.reports.packing import Arrays, decimals, packed_json, words

COUNTS = st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), max_size=40)


def page(arrays: Arrays, data: object = None) -> Page:
    scripts = {"data": packed_json(data), "arrays": arrays.packed()}  # type: ignore[arg-type]
    return Page("".join(f'<script id="{name}">{source}</script>' for name, source in scripts.items()))


class TestArrays:
    @given(COUNTS, COUNTS)
    def test_every_count_comes_back(self, one, other):
        arrays = Arrays()
        found = []
        for counts in (one, other):
            known = np.array([count is not None for count in counts], np.bool_)
            found.append(arrays.add(np.array([count or 0 for count in counts], np.int64), known))
        read = page(arrays)
        assert [read.counts(place) for place in found] == [one, other]

    @given(st.lists(st.one_of(st.just(float("nan")), st.floats(-1e9, 1e9)), max_size=40), st.booleans())
    def test_numbers_come_back_rounded(self, values, steps):
        arrays = Arrays()
        found = arrays.numbers(np.array(values), 2, steps=steps)
        read = page(arrays).values(found)  # type: ignore[arg-type]
        for value, shown in zip(values, read, strict=True):
            assert (shown is None) == np.isnan(value)
            assert shown is None or shown == pytest.approx(value, abs=0.00500001)

    def test_what_a_script_cannot_hold_is_refused(self):
        with pytest.raises(OverflowError, match="more than a page can hold"):
            Arrays().add(np.array([2**60]))

    def test_days_are_counted_in_days_and_minutes_in_seconds(self):
        arrays = Arrays()
        days = arrays.times(pl.Series([date(2024, 1, 2), date(2024, 1, 5)]))
        noon = arrays.times(pl.Series([datetime(2024, 1, 2, 12, 30, tzinfo=UTC)]))
        read = page(arrays)
        assert days["unit_s"] == 86_400  # type: ignore[index, call-overload]
        assert read.counts(days) == [19_724, 19_727]  # type: ignore[arg-type]
        assert noon["unit_s"] == 1  # type: ignore[index, call-overload]
        assert read.counts(noon) == [1_704_198_600]  # type: ignore[arg-type]


@given(st.recursive(st.none() | st.text() | st.integers(-999, 999), lambda inner: st.lists(inner, max_size=3)))
def test_json_comes_back_and_holds_nothing_that_ends_a_script(data):
    packed = packed_json(words([data]) if isinstance(data, str) else data)
    assert set(packed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


class TestDecimals:
    def test_fewest_that_are_exact(self):
        assert decimals(np.array([1.0, 250.0]), 4) == 0
        assert decimals(np.array([1.25, np.nan]), 4) == 2
        assert decimals(np.array([1 / 3]), 4) == 4

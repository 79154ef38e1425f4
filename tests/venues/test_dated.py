from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.venues.dated import Dated

dated = st.lists(st.dates(date(1990, 1, 1), date(1990, 3, 1)), max_size=5, unique=True).flatmap(
    lambda starts: st.lists(st.integers(), min_size=len(starts) + 1, max_size=len(starts) + 1).map(
        lambda values: Dated(tuple(sorted(starts)), tuple(values))
    )
)
days = st.dates(date(1989, 12, 15), date(1990, 3, 15))


class TestAt:
    def test_the_day_itself_has_the_new_value(self) -> None:
        rate = Dated((date(2025, 1, 1),), ("old", "new"))
        assert rate.at(date(2024, 12, 31)) == "old"
        assert rate.at(date(2025, 1, 1)) == "new"

    def test_rows_without_a_date_hold_since_ever(self) -> None:
        rows = [(date.min, "first"), (date(2025, 1, 1), "second")]
        assert Dated.from_rows(rows, "none").at(date(1900, 1, 1)) == "first"
        assert Dated.from_rows(rows[1:], "none").at(date(1900, 1, 1)) == "none"

    @given(dated, days)
    def test_along_agrees(self, rate: Dated[int], day: date) -> None:
        index = rate.along(np.array([day], "datetime64[D]"))
        assert rate.values[index[0]] == rate.at(day)


@given(dated, dated, days)
def test_joined_is_the_join_of_each_day(one: Dated[int], other: Dated[int], day: date) -> None:
    assert one.joined(other, lambda a, b: (a, b)).at(day) == (one.at(day), other.at(day))


@pytest.mark.parametrize(
    ("starts", "values"),
    [
        ((date(2025, 1, 2), date(2025, 1, 1)), (1, 2, 3)),
        ((date(2025, 1, 1), date(2025, 1, 1)), (1, 2, 3)),
        ((date(2025, 1, 1),), (1,)),
    ],
)
def test_disorder_is_refused(starts: tuple[date, ...], values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        Dated(starts, values)

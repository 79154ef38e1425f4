"""Laws of every way to split the past, and the counts the book gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from midas.backtest.folds import Gap, combinatorial, paths, purged_k_fold, walk_forward
from midas.core.errors import InvalidInput

GAPS = st.builds(Gap, st.integers(0, 15), st.integers(0, 15), st.integers(0, 10))
ROWS = st.integers(40, 200)


def split(make, *args, **named):
    try:
        return make(*args, **named)
    except InvalidInput as error:
        assume(error.code not in ("too_short", "bad_folds"))
        raise


def leaks(fold, gap: Gap) -> list[tuple[int, int]]:
    """Pairs (train row, test row) one of which knows the other, from the meaning of the words alone."""
    found = []
    for train in fold.train.tolist():
        for test in fold.test.tolist():
            plays_out = train <= test <= train + gap.holding or test <= train <= test + gap.holding
            is_read = test <= train <= test + gap.warm_up
            if plays_out or is_read or 0 <= train - test - max(gap.holding, gap.warm_up) <= gap.embargo:
                found.append((train, test))
    return found


class TestPurgedKFold:
    @given(ROWS, st.integers(2, 8), GAPS)
    def test_nothing_chosen_on_knows_what_is_judged_on(self, rows, folds, gap):
        for fold in split(purged_k_fold, rows, folds, gap):
            assert leaks(fold, gap) == []

    @given(ROWS, st.integers(2, 8), GAPS)
    def test_every_row_is_judged_on_once(self, rows, folds, gap):
        found = split(purged_k_fold, rows, folds, gap)
        assert np.concatenate([fold.test for fold in found]).tolist() == list(range(rows))

    @given(ROWS, st.integers(2, 8), GAPS)
    def test_nothing_is_left_out_that_need_not_be(self, rows, folds, gap):
        for fold in split(purged_k_fold, rows, folds, gap):
            first, last = fold.test[0], fold.test[-1]
            kept = [t for t in range(rows) if t < first - gap.before or t > last + gap.after]
            assert fold.train.tolist() == kept


class TestCombinatorial:
    @given(st.integers(30, 120), st.integers(3, 6), st.integers(1, 3), GAPS)
    def test_nothing_chosen_on_knows_what_is_judged_on(self, rows, groups, tested, gap):
        assume(tested < groups)
        for fold in split(combinatorial, rows, groups, tested, gap):
            assert leaks(fold, gap) == []

    def test_the_book_s_example(self):
        # López de Prado 2018, figure 12.1: 6 groups, 2 of them tested, are 15 splits and 5 paths
        found = combinatorial(600, 6, 2)
        assert len(found) == 15
        assert [fold.groups for fold in found[:5]] == [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)]
        assert len(paths(6, 2)) == 5

    @given(st.integers(2, 9), st.integers(1, 8))
    def test_paths_use_every_test_once(self, groups, tested):
        assume(tested < groups)
        found = paths(groups, tested)
        assert len(found) == math.comb(groups, tested) * tested // groups
        members = [fold.groups for fold in combinatorial(groups * 3, groups, tested)]
        used = [(fold, group) for path in found for group, fold in enumerate(path)]
        assert sorted(used) == sorted((n, group) for n, of in enumerate(members) for group in of)

    @pytest.mark.parametrize(("groups", "tested"), [(1, 1), (5, 0), (5, 5), (40, 20), (0, 0), (2000, 1)])
    def test_what_cannot_be_split(self, groups, tested):
        with pytest.raises(InvalidInput) as refusal:
            combinatorial(5000, groups, tested)
        assert refusal.value.hint


class TestWalkForward:
    @given(ROWS, st.integers(1, 9), st.sampled_from(["anchored", "rolling"]), GAPS)
    def test_training_ends_before_what_is_judged_begins(self, rows, folds, mode, gap):
        for fold in split(walk_forward, rows, folds, mode, gap=gap):
            assert fold.train[-1] + gap.before < fold.test[0]
            assert fold.train[-1] + gap.before + 1 == fold.test[0], "and not earlier than it must"

    @given(ROWS, st.integers(1, 9), st.sampled_from(["anchored", "rolling"]), GAPS)
    def test_tests_follow_each_other_to_the_end(self, rows, folds, mode, gap):
        found = split(walk_forward, rows, folds, mode, gap=gap)
        tests = np.concatenate([fold.test for fold in found]).tolist()
        assert tests == list(range(tests[0], rows))
        assert len(found) == folds
        sizes = [len(fold.test) for fold in found]
        assert max(sizes) - min(sizes) <= 1

    @given(ROWS, st.integers(1, 9), GAPS)
    def test_rolling_windows_keep_their_length_and_anchored_ones_their_beginning(self, rows, folds, gap):
        rolling = split(walk_forward, rows, folds, "rolling", gap=gap)
        assert {len(fold.train) for fold in rolling} == {rows // (folds + 1)}
        assert {int(fold.train[0]) for fold in walk_forward(rows, folds, "anchored", gap=gap)} == {0}

    def test_by_hand(self):
        found = walk_forward(12, 3, "rolling", gap=Gap(holding=1))
        assert [(f.train.tolist(), f.test.tolist()) for f in found] == [
            ([0, 1, 2], [4, 5, 6]), ([3, 4, 5], [7, 8, 9]), ([6, 7, 8], [10, 11]),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("rows", "folds", "train"), [(5, 5, None), (100, 0, None), (100, 5, 99), (100, 5, 0), (3, 2, 3), (10, -1, None)]
    )
    def test_what_cannot_be_split(self, rows, folds, train):
        with pytest.raises(InvalidInput) as refusal:
            walk_forward(rows, folds, "rolling", train_rows=train)
        assert refusal.value.hint


def test_a_negative_gap_is_none():
    with pytest.raises(InvalidInput):
        Gap(holding=-1)


def test_nothing_left_to_choose_on_is_said():
    with pytest.raises(InvalidInput, match="Nothing is left"):
        purged_k_fold(40, 2, Gap(warm_up=60, holding=30))

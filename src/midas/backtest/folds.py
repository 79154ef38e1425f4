"""Ways to choose on one part of the past and judge on another without the first knowing the second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import InvalidInput

Places = NDArray[np.int64]
Mode = Literal["anchored", "rolling"]

MOST_FOLDS = 1_000


@dataclass(frozen=True, slots=True)
class Gap:
    """How far apart the two parts must be, in rows.

    holding : rows over which what is decided on a row plays out. warm_up : rows before it that a decision reads.
    embargo : rows more after a test, for what lingers.
    """

    holding: int = 0
    warm_up: int = 0
    embargo: int = 0

    def __post_init__(self) -> None:
        if min(self.holding, self.warm_up, self.embargo) < 0:
            raise InvalidInput("A gap cannot be negative.", hint="Use 0 rows or more.", code="bad_gap")

    @property
    def before(self) -> int:
        """Rows left out before a test: what is decided there plays out within it."""
        return self.holding

    @property
    def after(self) -> int:
        """Rows left out after a test: the test's outcomes reach there, and decisions there read the test."""
        return max(self.holding, self.warm_up) + self.embargo


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to choose on and rows to judge on, each ascending; `groups` are the parts of time that are judged on."""

    train: Places
    test: Places
    groups: tuple[int, ...]


def walk_forward(
    rows: int, folds: int, mode: Mode, *, train_rows: int | None = None, gap: Gap | None = None
) -> list[Fold]:
    """Return windows that move on: each test follows its training, and the tests together cover the rest in order.

    Anchored windows begin at the first row, rolling ones hold `train_rows` (default: rows / (folds + 1)) before the
    gap. Source: Pardo 2008, "The evaluation and optimization of trading strategies".

    Raises
    ------
    InvalidInput: too few rows for so many folds.
    """
    gap = gap or Gap()
    _require(folds, 1)
    first = rows // (folds + 1) if train_rows is None else train_rows
    begin = first + gap.before
    if first < 1 or rows - begin < folds:
        raise _too_few(rows, folds)
    found = []
    for number, test in enumerate(np.array_split(np.arange(begin, rows, dtype=np.int64), folds)):
        stop = int(test[0]) - gap.before
        start = 0 if mode == "anchored" else stop - first
        found.append(Fold(np.arange(start, stop, dtype=np.int64), test, (number,)))
    return found


def purged_k_fold(rows: int, folds: int, gap: Gap | None = None) -> list[Fold]:
    """Return folds that are each judged on once, and chosen on whatever is far enough from that.

    Source: López de Prado 2018, "Advances in financial machine learning", section 7.4.

    Raises
    ------
    InvalidInput: fewer than two folds, or too few rows for them.
    """
    return combinatorial(rows, folds, 1, gap)


def combinatorial(rows: int, groups: int, tested: int = 2, gap: Gap | None = None) -> list[Fold]:
    """Return a fold for every way to judge on `tested` of so many groups of neighbouring rows, purged.

    Source: as `purged_k_fold`, section 12.4 (combinatorial purged cross-validation). The folds hold
    C(groups, tested) · tested / groups whole paths, see `paths`.

    Raises
    ------
    InvalidInput: fewer than two groups, none or all of them tested, too many folds, or too few rows.
    """
    gap = gap or Gap()
    _require(groups, 2)
    if not 1 <= tested < groups:
        raise InvalidInput(
            f"{tested} of {groups} groups cannot be tested.", hint="Leave one group to choose on.", code="bad_folds"
        )
    if rows < groups:
        raise _too_few(rows, groups)
    chosen = _chosen(groups, tested)
    parts = np.array_split(np.arange(rows, dtype=np.int64), groups)
    return [_fold(rows, parts, members, gap) for members in chosen]


def paths(groups: int, tested: int) -> list[tuple[int, ...]]:
    """Return the whole paths through combinatorial folds: for each group the number of the fold that judges it.

    Every fold is used once for each of its groups. Source: as `combinatorial`.
    """
    of_group: list[list[int]] = [[] for _ in range(groups)]
    for number, members in enumerate(_chosen(groups, tested)):
        for group in members:
            of_group[group].append(number)
    return list(zip(*of_group, strict=True))


def _chosen(groups: int, tested: int) -> list[tuple[int, ...]]:
    found = []
    for members in combinations(range(groups), tested):
        found.append(members)
        if len(found) > MOST_FOLDS:
            raise InvalidInput(
                f"{tested} of {groups} groups are more than {MOST_FOLDS:,} folds.",
                hint="Use fewer groups.",
                code="bad_folds",
            )
    return found


def _fold(rows: int, parts: Sequence[Places], members: Iterable[int], gap: Gap) -> Fold:
    tested = tuple(members)
    free = np.ones(rows, bool)
    for group in tested:
        first, last = int(parts[group][0]), int(parts[group][-1])
        free[max(0, first - gap.before) : last + gap.after + 1] = False
    train = np.flatnonzero(free).astype(np.int64)
    if not len(train):
        raise InvalidInput(
            f"Nothing is left to choose on: {rows} rows, and {gap.before} before and {gap.after} after each test are "
            "left out.",
            hint="Use fewer folds, more data or shorter lookbacks.",
            code="too_short",
        )
    return Fold(train, np.concatenate([parts[group] for group in tested]), tested)


def _require(folds: int, least: int) -> None:
    if not least <= folds <= MOST_FOLDS:
        raise InvalidInput(f"There cannot be {folds} folds.", hint=f"Use {least} to {MOST_FOLDS:,}.", code="bad_folds")


def _too_few(rows: int, folds: int) -> InvalidInput:
    return InvalidInput(
        f"{rows} rows are too few for {folds} folds.", hint="Use fewer folds or more data.", code="too_short"
    )

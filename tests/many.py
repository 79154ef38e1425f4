"""The same check for many seeds, on all cores when there are many of them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from tests.scale import scale

T = TypeVar("T")


def many(check: Callable[[int], T], seeds: Sequence[int]) -> Iterator[T]:
    """Yield what `check` returns for each seed, in order; what it raises is raised with the seed in a note."""
    if scale() < 10:
        yield from map(_Noted(check), seeds)
        return
    # unlike a Pool it ends, with an error, when one of its processes is killed
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), context) as pool:
        yield from pool.map(_Noted(check), seeds, chunksize=max(1, min(500, len(seeds) // 20)))


class _Noted:
    def __init__(self, check: Callable[[int], T]) -> None:
        self._check = check

    def __call__(self, seed: int) -> T:
        try:
            return self._check(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise

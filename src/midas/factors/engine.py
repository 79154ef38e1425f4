"""A program at work: stages one after the other, threads that pull what is next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import count

import numpy as np
from numpy.typing import NDArray

from midas.factors.program import Program
from midas.factors.rooms import Numbers, Rooms, StageTable
from midas.kernels import drive
from midas.kernels.lanes import LANES

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Pool = ThreadPoolExecutor | None


class Engine:
    """Runs a program.

    fields : (tile, time, lane) each, one number of lanes for all; time begins at row 0, or, when the engine is
        `resumable`, at the first row of each `run`, whose state then outlives it.
    wanted : rows asked for, ascending.
    lowest : rows before it do not exist.
    span : rows after which one stage hands over to the next.
    """

    def __init__(
        self,
        program: Program,
        fields: Mapping[str, Floats],
        columns: int,
        wanted: Rows,
        *,
        lowest: int,
        span: int,
        state_from: int,
        threads: int,
        resumable: bool,
    ) -> None:
        self._columns, self._span, self._lowest = columns, span, lowest
        self._wanted = np.array(wanted, np.int64)
        self._places = np.arange(len(wanted))
        self._lanes = next(iter(fields.values())).shape[2] if fields else LANES
        self._tiles = max(1, -(-columns // self._lanes))
        self._threads = max(1, min(threads, self._tiles))
        numbers = Numbers(program.all_stages, state_from, self._lanes)
        self._rooms = Rooms(
            program, fields, numbers,
            tiles=self._tiles, rows=len(wanted), columns=columns, span=span, threads=self._threads, follow=resumable,
            lanes=self._lanes,
        )  # fmt: skip
        self._params = numbers.params
        self._stages = self._rooms.tables[: len(program.stages)]
        self._tail = self._rooms.tables[len(program.stages) :]
        # A single stage runs each tile from first row to last, so that tiles can take turns with one state.
        self._turns = not resumable and len(program.stages) <= 1
        self.state = np.full((self._threads if self._turns else self._tiles, max(1, numbers.state_size)), np.nan)
        # asking an array where it is takes as long as many a row
        self._params_at, self._state_at = address(self._params), [address(state) for state in self.state]
        self._out: tuple[Floats | None, int] = (None, 0)
        self._spare_at = [address(spare) for spare in self._rooms.spare]

    def run(self, first: int, stop: int, out: Floats) -> None:
        """Run rows first..stop and write the rows asked for to out[k, instrument], or out[result, k, instrument]."""
        with ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else nullcontext() as pool:
            for start in range(first, stop, self._span):
                end = min(start + self._span, stop)
                for table in self._stages:
                    table.begin(start)
                    if table.across:
                        self._across(pool, table, start, end, out, picked=False)
                    else:
                        self._over_time(pool, table, start, end, out)
            for table in self._tail:
                self._across(pool, table, 0, len(self._wanted), out, picked=True)

    def step(self, row: int, rows: int, out: Floats) -> None:
        """Run rows from `row` on, no more than were asked for at first, and write them to out[k, instrument]."""
        np.add(self._places, row, out=self._wanted)
        self.run(row, row + rows, out)

    def _over_time(self, pool: Pool, table: StageTable, first: int, stop: int, out: Floats) -> None:
        size, at = self.state.shape[1], self._address_of(out)
        # A few tiles at a time: little talk, and no thread is left with much at the end.
        group = -(-self._tiles // (1 if pool is None else 16 * self._threads))

        def work(thread: int, item: int) -> None:
            drive.run_tiles(
                table.calls, table.places[thread], self._params_at,
                self._state_at[thread if self._turns else 0], 0 if self._turns else size * 8,
                size if self._turns else 0, self._wanted, at, self._columns, item * group,
                min((item + 1) * group, self._tiles), first, stop, self._rooms.stretch, self._lanes,
            )  # fmt: skip

        self._pull(pool, work, -(-self._tiles // group))

    def _across(self, pool: Pool, table: StageTable, first: int, stop: int, out: Floats, *, picked: bool) -> None:
        share, at = stop - first if pool is None else self._rooms.block, self._address_of(out)

        def work(thread: int, item: int) -> None:
            start = first + item * share
            drive.run_rows(
                table.calls, table.places[thread], self._params_at, self._spare_at[thread],
                self._wanted, self._lowest, at, self._columns, self._tiles, start,
                min(start + share, stop), self._rooms.block, picked, self._lanes,
            )  # fmt: skip

        self._pull(pool, work, -(-(stop - first) // share))

    def _address_of(self, out: Floats) -> int:
        if out is not self._out[0]:
            self._out = out, address(out)
        return self._out[1]

    def _pull(self, pool: Pool, work: Callable[[int, int], None], items: int) -> None:
        if pool is None or items == 1:
            for item in range(items):
                work(0, item)
            return
        queue = count()

        def pull(thread: int) -> None:
            while (item := next(queue)) < items:
                work(thread, item)

        others = [pool.submit(pull, thread) for thread in range(1, self._threads)]
        pull(0)
        for other in others:
            other.result()


def address(array: Floats) -> int:
    """Return where the numbers of an array begin."""
    return int(array.__array_interface__["data"][0])

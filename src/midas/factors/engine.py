"""A program with its rooms: the tables the driver reads, and the threads that pull work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from midas.factors.node import Node
from midas.factors.program import Does, Place, Program, Room, Stage
from midas.kernels import drive
from midas.kernels.crosssection import scratch_size
from midas.kernels.lanes import LANES, ROW_BYTES
from midas.kernels.loop import Loop
from midas.kernels.table import LOOPS

Tiles = NDArray[np.float64]
Rows = NDArray[np.int64]
Table = NDArray[np.int64]
Result = NDArray[np.float64]

STRETCH = 256
"""Rows of one tile that are run through all calls before the next rows: slots of 64 KB stay in the second cache."""

BLOCK = 1024
"""Rows times tiles that are run across the market at once: slots of 256 KB."""

_KINDS = MappingProxyType(
    {
        Does.RUN: drive.RUN,
        Does.ACROSS: drive.ACROSS,
        Does.PICK: drive.PICK,
        Does.LEAF: drive.LEAF,
        Does.EMIT: drive.EMIT,
    }
)


def _first_whole(node: Node) -> int:
    return int(node.arguments[0]) if node.arguments and node.operator.parameters[0].whole else 0


def _loop_of(node: Node) -> Loop:
    return LOOPS["choose" if node.op == "where" and len(node.inputs) == 3 else node.op]


@dataclass(frozen=True, slots=True)
class _Table:
    """A stage as the driver reads it, its places once for each thread."""

    calls: Table
    places: list[Table]
    moving: list[int]

    def begin(self, row: int) -> None:
        for places in self.places:
            places[self.moving, drive.ORIGIN] = row


class Engine:
    """Runs a program.

    fields : (tile, time, lane) each; time begins at row 0, or, when the engine is `resumable`, at the first row of
        each `run`, whose state then outlives it.
    wanted : rows asked for, ascending.
    lowest : rows before it do not exist.
    span : rows after which one stage hands over to the next.
    """

    def __init__(
        self,
        program: Program,
        fields: Mapping[str, Tiles],
        columns: int,
        wanted: Rows,
        *,
        lowest: int,
        span: int,
        state_from: int,
        threads: int,
        resumable: bool,
    ) -> None:
        self._program = program
        self._columns = columns
        self._wanted = np.array(wanted, np.int64)
        self._lowest = lowest
        self._fields = {name: np.ascontiguousarray(tiles) for name, tiles in fields.items()}
        self._tiles = max(1, -(-columns // LANES))
        self._threads = max(1, min(threads, self._tiles))
        self._follows = resumable
        self._span = span
        self._stretch = min(STRETCH, span)
        self._block = max(1, BLOCK // self._tiles)
        stages = [*program.stages, *([program.tail] if program.tail else [])]
        self._number(stages, state_from)
        self._shared = resumable or len(program.stages) > 1
        self.state = np.full((self._tiles if self._shared else self._threads, max(1, self._state_size)), np.nan)
        self._kept = [np.empty((self._tiles, span, LANES)) for _ in range(program.kept)]
        self._picked = [np.full((self._tiles, len(wanted), LANES), np.nan) for _ in range(program.picked)]
        room = max((self._room(stage) for stage in stages), default=0)
        self._scratch = [np.empty(max(1, room)) for _ in range(self._threads)]
        self._spare = [np.empty(scratch_size(self._tiles)) for _ in range(self._threads)]
        self._tables = [self._table(stage) for stage in stages]

    def run(self, first: int, stop: int, out: Result) -> None:
        """Run rows first..stop and write the rows asked for to out[k, instrument]."""
        with ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else nullcontext() as pool:
            for start in range(first, stop, self._span):
                end = min(start + self._span, stop)
                for stage, table in zip(self._program.stages, self._tables, strict=False):
                    table.begin(start)
                    if stage.across:
                        self._rows(pool, table, start, end, out, picked=False)
                    else:
                        self._time(pool, table, start, end, out)
            if self._program.tail:
                self._rows(pool, self._tables[-1], 0, len(self._wanted), out, picked=True)

    def step(self, row: int, out: Result) -> None:
        """Run one row and write it to out[0, instrument]."""
        self._wanted[0] = row
        self.run(row, row + 1, out)

    def _time(self, pool: ThreadPoolExecutor | None, table: _Table, first: int, stop: int, out: Result) -> None:
        blank = 0 if self._shared else self.state.shape[1]
        state_step = self.state.shape[1] * 8 if self._shared else 0
        # A few tiles at a time: little talk, and no thread is left with much at the end.
        group = -(-self._tiles // (1 if pool is None else 16 * self._threads))

        def work(thread: int, item: int) -> None:
            drive.run_tiles(
                table.calls, table.places[thread], self._params.ctypes.data,
                self.state.ctypes.data if self._shared else self.state[thread].ctypes.data, state_step, blank,
                self._wanted, out.ctypes.data, self._columns, item * group, min((item + 1) * group, self._tiles),
                first, stop, self._stretch,
            )  # fmt: skip

        self._pull(pool, work, -(-self._tiles // group))

    def _rows(
        self, pool: ThreadPoolExecutor | None, table: _Table, first: int, stop: int, out: Result, *, picked: bool
    ) -> None:
        share = stop - first if pool is None else self._block

        def work(thread: int, item: int) -> None:
            start = first + item * share
            drive.run_rows(
                table.calls, table.places[thread], self._params.ctypes.data, self._spare[thread].ctypes.data,
                self._wanted, self._lowest, out.ctypes.data, self._columns, self._tiles, start,
                min(start + share, stop), self._block, picked,
            )  # fmt: skip

        self._pull(pool, work, -(-(stop - first) // share))

    def _pull(self, pool: ThreadPoolExecutor | None, work: Callable[[int, int], None], items: int) -> None:
        queue = count()

        def pull(thread: int) -> None:
            while (item := next(queue)) < items:
                work(thread, item)

        others = [pool.submit(pull, thread) for thread in range(1, self._threads)] if pool and items > 1 else []
        pull(0)
        for other in others:
            other.result()

    def _number(self, stages: list[Stage], state_from: int) -> None:
        numbers: list[float] = []
        self._params_at: dict[Node, int] = {}
        self._state_at: dict[Node, int] = {}
        self._state_size = 0
        constants: dict[float, int] = {}
        for stage in stages:
            for call, (_, reads) in zip(stage.calls, stage.places, strict=True):
                for room, value in reads:
                    if room is Room.CONSTANT:
                        constants.setdefault(float(value), len(constants))
                if call.does in (Does.RUN, Does.ACROSS) and call.makes and call.makes[0] not in self._params_at:
                    node = call.makes[0]
                    self._params_at[node] = len(numbers)
                    numbers += [float(state_from)] if node.op == "hold" else [float(a) for a in node.arguments] or [0.0]
                    self._state_at[node] = self._state_size
                    self._state_size += _loop_of(node).state(_first_whole(node))
        self._params = np.array([*numbers, 0.0])
        self._constant_at = constants
        self._constants = np.repeat(np.array([*constants, 0.0])[:, None], LANES, axis=1)

    def _room(self, stage: Stage) -> int:
        rows = self._tiles * self._block if stage.across else self._stretch
        return stage.slots * rows * LANES

    def _table(self, stage: Stage) -> _Table:
        order: dict[Place, int] = {}
        calls = np.zeros((len(stage.calls), len(drive.CALL)), np.int64)
        for line, call, (out, reads) in zip(calls, stage.calls, stage.places, strict=True):
            line[drive.KIND] = _KINDS[call.does]
            line[drive.N] = call.back
            if out:
                line[drive.OUT] = order.setdefault(out, len(order))
            for k, place in enumerate(reads):
                line[drive.A + k] = order.setdefault(place, len(order))
            if call.does in (Does.RUN, Does.ACROSS) and call.makes:
                node = call.makes[0]
                line[drive.ADDRESS] = _loop_of(node).address
                line[drive.STATE] = self._state_at[node]
                line[drive.PARAMS] = self._params_at[node]
                line[drive.N] = _first_whole(node)
                line[drive.CONSTANTS] = sum(1 << k for k, (room, _) in enumerate(reads) if room is Room.CONSTANT)
        places = [np.array([self._where(p, stage, t) for p in order], np.int64) for t in range(self._threads)]
        moving = [at for (room, _), at in order.items() if room is Room.KEPT or (room is Room.FIELD and self._follows)]
        return _Table(calls, places, moving)

    def _where(self, place: Place, stage: Stage, thread: int) -> tuple[int, int, int, int]:
        room, name = place
        if room is Room.FIELD:
            tiles = self._fields[str(name)]
            return tiles.ctypes.data, tiles.shape[1] * ROW_BYTES, ROW_BYTES, 0
        if room is Room.CONSTANT:
            return self._constants.ctypes.data + self._constant_at[float(name)] * ROW_BYTES, 0, 0, 0
        if room is Room.KEPT:
            return self._kept[int(name)].ctypes.data, self._span * ROW_BYTES, ROW_BYTES, -1
        if room is Room.PICKED:
            return self._picked[int(name)].ctypes.data, len(self._wanted) * ROW_BYTES, ROW_BYTES, 0
        base = self._scratch[thread].ctypes.data
        if stage.across:
            return base + int(name) * self._tiles * self._block * ROW_BYTES, self._block * ROW_BYTES, 0, 0
        return base + int(name) * self._stretch * ROW_BYTES, 0, 0, 0

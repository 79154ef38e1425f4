"""Where a program's numbers live: addresses and tables for the driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from midas.factors.node import Node
from midas.factors.program import Does, Place, Program, Room, Stage
from midas.kernels import drive
from midas.kernels.crosssection import scratch_size
from midas.kernels.lanes import LANES
from midas.kernels.loop import Loop
from midas.kernels.table import LOOPS

Floats = NDArray[np.float64]
Table = NDArray[np.int64]

STRETCH = 256
"""Rows of a tile of 32 lanes that are run through all calls before the next rows: slots of 64 KB stay in cache."""

BLOCK = 1024
"""Rows times tiles of 32 lanes that are run across the market at once: slots of 256 KB."""

_KINDS = MappingProxyType(
    {
        Does.RUN: drive.RUN,
        Does.ACROSS: drive.ACROSS,
        Does.PICK: drive.PICK,
        Does.LEAF: drive.LEAF,
        Does.EMIT: drive.EMIT,
    }
)


@dataclass(frozen=True, slots=True)
class StageTable:
    """A stage as the driver reads it, its places once for each thread; `moving` ones begin where a span does."""

    across: bool
    calls: Table
    places: tuple[Table, ...]
    moving: list[int]

    def begin(self, row: int) -> None:
        """Let a new span begin at `row`."""
        for places in self.places:
            for line in self.moving:
                places[line, drive.ORIGIN] = row


class Numbers:
    """The parameters, constants and places in the state of everything a program runs."""

    def __init__(self, stages: Sequence[Stage], state_from: int, lanes: int) -> None:
        self.params_at: dict[Node, int] = {}
        self.state_at: dict[Node, int] = {}
        self.state_size = 0
        self._constant_at: dict[float, int] = {}
        numbers: list[float] = []
        for stage in stages:
            for node in stage.runs():
                if node not in self.params_at:
                    self.params_at[node] = len(numbers)
                    self.state_at[node] = self.state_size
                    self.state_size += loop_of(node).state(first_whole(node), lanes)
                    numbers += [float(a) for a in node.arguments]
                    numbers += [float(state_from)] if node.operator.begins else []
            for _, reads in stage.places:
                for room, value in reads:
                    if room is Room.CONSTANT:
                        self._constant_at.setdefault(float(value), len(self._constant_at))
        self.params = np.array([*numbers, 0.0])
        self._constants = np.repeat(np.array([*self._constant_at, 0.0])[:, None], LANES, axis=1)

    def constant(self, value: float) -> int:
        """Return the address of one row of lanes that holds the number."""
        return int(self._constants.ctypes.data) + self._constant_at[value] * LANES * 8


class Rooms:
    """Everything a program writes to, and its stages as tables.

    fields : (tile, time, lane) each, from row 0, or from the row a span begins with where they `follow`.
    """

    def __init__(
        self,
        program: Program,
        fields: Mapping[str, Floats],
        numbers: Numbers,
        *,
        tiles: int,
        rows: int,
        columns: int,
        span: int,
        threads: int,
        follow: bool,
        lanes: int,
    ) -> None:
        self.stretch = min(STRETCH * LANES // lanes, span)
        self.block = max(1, BLOCK * LANES // (tiles * lanes))
        self._lanes, self._row_bytes = lanes, lanes * 8
        self._numbers, self._follow, self._tiles = numbers, follow, tiles
        self._result_bytes = rows * columns * 8
        self._fields = {name: _by_rows(field, lanes) for name, field in fields.items()}
        self._kept = [np.empty((tiles, span, lanes)) for _ in range(program.kept)]
        self._picked = [np.full((tiles, rows, lanes), np.nan) for _ in range(program.picked)]
        self.spare = [np.empty(scratch_size(tiles, lanes)) for _ in range(threads)]
        stages = program.all_stages
        slots = max(s.slots * (tiles * self.block if s.across else self.stretch) for s in stages)
        self._slots = [np.empty((max(1, slots), lanes)) for _ in range(threads)]
        self.tables = [self._table(stage) for stage in stages]

    def _table(self, stage: Stage) -> StageTable:
        order: dict[Place, int] = {}
        calls = np.zeros((len(stage.calls), len(drive.CALL)), np.int64)
        for line, call, (out, reads) in zip(calls, stage.calls, stage.places, strict=True):
            line[drive.KIND] = _KINDS[call.does]
            line[drive.BACK] = call.back
            line[drive.N] = call.result * self._result_bytes
            if out:
                line[drive.OUT] = order.setdefault(out, len(order))
            for k, place in enumerate(reads):
                line[drive.A + k] = order.setdefault(place, len(order))
            if (node := call.runs) is not None:
                loop = loop_of(node)
                line[drive.ADDRESS] = loop.address if self._lanes == LANES else loop.narrow_address
                line[drive.FLAT] = loop.address if self._lanes < LANES and loop.flat else 0
                line[drive.STATE] = self._numbers.state_at[node]
                line[drive.PARAMS] = self._numbers.params_at[node]
                line[drive.N] = first_whole(node)
                line[drive.CONSTANTS] = sum(1 << k for k, (room, _) in enumerate(reads) if room is Room.CONSTANT)
        places = tuple(np.array([self._where(p, stage, slots) for p in order], np.int64) for slots in self._slots)
        moves = {Room.KEPT, Room.FIELD} if self._follow else {Room.KEPT}
        return StageTable(stage.across, calls, places, [at for (room, _), at in order.items() if room in moves])

    def _where(self, place: Place, stage: Stage, slots: Floats) -> tuple[int, int, int, int]:
        room, name = place
        if room is Room.CONSTANT:
            return self._numbers.constant(float(name)), 0, 0, 0
        if room is Room.SLOT:
            rows, step = (self._tiles * self.block, self.block) if stage.across else (self.stretch, 0)
            return slots.ctypes.data + int(name) * rows * self._row_bytes, step * self._row_bytes, 0, 0
        if room is Room.FIELD:
            array = self._fields[str(name)]
        else:
            array = (self._kept if room is Room.KEPT else self._picked)[int(name)]
        step = array.strides[0] if len(array) > 1 else array.shape[1] * self._row_bytes
        return array.ctypes.data, step, self._row_bytes, 0


# Tiles may be one and the same (a date is the same for all); the rows of a tile follow each other.
def _by_rows(field: Floats, lanes: int) -> Floats:
    laid = field.dtype == np.float64 and field.strides[1:] == (lanes * 8, 8)
    return field if laid else np.ascontiguousarray(field, np.float64)


def loop_of(node: Node) -> Loop:
    """Return the loop that runs a node."""
    return LOOPS["choose" if node.op == "where" and len(node.inputs) == 3 else node.op]


def first_whole(node: Node) -> int:
    """Return the node's number of rows, 0 when it has none."""
    return int(node.arguments[0]) if node.arguments and node.operator.parameters[0].whole else 0

"""A run's tape while it grows: what the run heard, in parts that are stored with where it is then.

A part is committed in the batch of the checkpoint that knows it. So the tape holds what the run goes on from, no more
and no less, however the process died; what was heard after it is heard again.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from midas.backtest.identity import engine_version
from midas.core.instrument import InstrumentId
from midas.core.order import OrderIntent
from midas.execution.intent_json import intent_from_json, intent_to_json
from midas.execution.loop_events import Denied
from midas.execution.state_bytes import from_bytes, to_bytes
from midas.marketdata.feed import BarRow, CorporateAction
from midas.trading.journal import TapePart
from midas.trading.tape_head import TapeHead

LIMIT_BYTES = 512 << 20
"""A tape grows to this and no further; what comes after is traded and not recorded."""

_PACK_BYTES = 8 << 20
"""So much is packed at once: history of a whole market would be held twice otherwise."""

_LEVEL = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Recorder:
    """Takes down what one run hears: bars, corporate actions, and the orders the gate refused.

    Its orders and fills are in the journal already. parts, size : what was cut so far, and its bytes. full : the limit
    was reached.
    """

    def __init__(self, head: TapeHead, limit: int = LIMIT_BYTES) -> None:
        self.full = False
        self._head: TapeHead | None = head
        self._run, self._limit = head.run, limit
        self.parts, self.size = 0, 0
        self._rows: list[BarRow] = []
        self._actions: list[CorporateAction] = []
        self._denied: list[OrderIntent] = []
        self._waiting = 0
        self._packed: list[tuple[int, bytes]] = []
        self._last = -1

    def resume(self, parts: int, size: int, row: int) -> None:
        """Go on behind what was stored, which ends with `row`."""
        self.parts, self.size, self._last = parts, size, row
        if parts:
            self._head = None
        self.full = size >= self._limit

    def note(self, what: BarRow | CorporateAction | Denied) -> None:
        """Take down a row of bars, an action, or an order that was refused before it was one."""
        if self.full:
            return
        match what:
            case BarRow():
                self._last = what.row
                self._rows.append(what)
                self._waiting += sum(values.nbytes for values in what.fields.values())
                if self._waiting >= _PACK_BYTES:
                    self._pack()
            case CorporateAction():
                self._actions.append(what)
            case Denied():
                self._denied.append(what.intent)

    def cut(self) -> Sequence[TapePart]:
        """Return what was taken down since the last cut, to be stored as a whole."""
        self._pack()
        parts = []
        for row, data in self._packed:
            parts.append(TapePart(self._run, self.parts, row, data))
            self.parts, self.size = self.parts + 1, self.size + len(data)
        self._packed = []
        self.full = self.full or self.size >= self._limit
        return parts

    def _pack(self) -> None:
        if not (self._rows or self._actions or self._denied):
            return
        tree = {
            "head": None if self._head is None else self._head.to_json(), "engine": engine_version(),
            **_columns(self._rows),
            "actions": [[str(one.instrument), one.session.isoformat(), one.kind, one.value] for one in self._actions],
            "denied": [intent_to_json(intent) for intent in self._denied],
        }  # fmt: skip
        self._packed.append((self._last, zlib.compress(to_bytes(tree), _LEVEL)))
        self._head, self._rows, self._actions, self._denied, self._waiting = None, [], [], [], 0


class Recorded:
    """What a part holds."""

    def __init__(self, part: TapePart) -> None:
        """Unpack a part.

        Raises
        ------
        ValueError: it is of another version, or damaged.
        """
        try:
            tree: Mapping[str, Any] = from_bytes(zlib.decompress(part.data))
        except zlib.error as error:
            raise ValueError(f"part {part.n} cannot be unpacked: {error}") from error
        self.head = None if tree["head"] is None else TapeHead(**tree["head"])
        self.engine: str = tree["engine"]
        self.rows = _rows(tree)
        self.actions = [
            CorporateAction(InstrumentId.parse(name), date.fromisoformat(day), kind, value)
            for name, day, kind, value in tree["actions"]
        ]
        self.denied = [intent_from_json(values) for values in tree["denied"]]


def _columns(rows: Sequence[BarRow]) -> dict[str, Any]:
    names = list(rows[0].fields) if rows else []
    return {
        "row": np.array([one.row for one in rows], np.int64),
        "stamp": np.array([(one.stamp_utc - _EPOCH) // _MICROSECOND for one in rows], np.int64),
        "session": np.array([one.session.toordinal() for one in rows], np.int64),
        "marks": np.array([one.gap + 2 * one.closes for one in rows], np.uint8),
        "fields": {name: np.array([one.fields[name] for one in rows], np.float64) for name in names},
    }


def _rows(tree: Mapping[str, Any]) -> list[BarRow]:
    parts = (tree["row"], tree["stamp"], tree["session"], tree["marks"])
    return [
        BarRow(
            row, _EPOCH + stamp * _MICROSECOND, date.fromordinal(session),
            {name: values[place] for name, values in tree["fields"].items()}, gap=bool(marks & 1),
            closes=bool(marks & 2),
        )
        for place, (row, stamp, session, marks) in enumerate(zip(*(part.tolist() for part in parts), strict=True))
    ]  # fmt: skip

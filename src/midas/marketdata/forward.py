"""The fields of a panel, made a row at a time from raw bars and corporate actions: what factors read live."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked
from midas.core.instrument import Instrument
from midas.marketdata.actions import ActionKind
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.known import KNOWN, known_tiles
from midas.marketdata.tiles import last_known
from midas.venues.venue import Venue

Values = NDArray[np.float64]
Tree = dict[str, object]

_PRICES = ("open", "high", "low", "close")


class ForwardFields:
    """Follows the forward factors of `actions.forward_factors`; the same rows give the same bits as a panel's fields.

    Rows must come from the first there is: a factor is the product of all actions so far. `wanted` are names of a
    panel's fields, raw ones and those of `known.py` among them.
    """

    def __init__(self, venue: Venue, instruments: Sequence[Instrument], wanted: Collection[str]) -> None:
        columns = len(instruments)
        self._venue, self._instruments, self._wanted = venue, tuple(instruments), tuple(dict.fromkeys(wanted))
        self._column = {instrument.id: column for column, instrument in enumerate(instruments)}
        self._price, self._shares = np.ones(columns), np.ones(columns)
        self._close = np.full(columns, np.nan)
        self._waiting: list[tuple[date, int, int, float]] = []
        self._session: date | None = None
        self._known: dict[str, Values] = {}

    def act(self, action: CorporateAction) -> None:
        """Hear of an action; it counts from the first row of its session or later. Others' actions are passed over."""
        column = self._column.get(action.instrument)
        if column is not None and action.kind in tuple(ActionKind):
            self._waiting.append((action.session, column, action.kind, action.value))

    def step(self, row: BarRow) -> dict[str, Values]:
        """Return the wanted fields of the next row, one number per instrument.

        Raises
        ------
        DataBlocked: the feed has not what a wanted field is made of.
        """
        if self._waiting:
            self._apply(row.session)
        close = row.fields["close"]
        np.copyto(self._close, close, where=~np.isnan(close))
        return {name: self._field(name, row) for name in self._wanted}

    def stop(self, block: BarBlock, at: int) -> int:
        """Return before which row, behind `at`, an action takes effect; the end of the block where none does."""
        later = [day for day, *_ in self._waiting if day > block.session(at)]
        return int(np.searchsorted(block.sessions, np.datetime64(min(later), "D"))) if later else len(block)

    def steps(self, block: BarBlock, at: int, stop: int) -> dict[str, Values]:
        """Return what `step` would of rows up to before `stop`, one after the other: (row, instrument) each.

        Raises
        ------
        DataBlocked: as `step` does.
        """
        if self._waiting:
            self._apply(block.session(at))
        close = last_known(block.fields["close"][at:stop])
        np.copyto(self._close, close, where=~np.isnan(close))
        fields = {name: values[at:stop] for name, values in block.fields.items()}
        return {name: self._fields(name, fields, block.sessions[at:stop]) for name in self._wanted}

    def snapshot(self) -> Tree:
        """Return all there is to know to go on, as plain values and arrays."""
        waiting = [[day.isoformat(), column, kind, value] for day, column, kind, value in self._waiting]
        kept = {"price": self._price.copy(), "shares": self._shares.copy(), "close": self._close.copy()}
        return {**kept, "waiting": waiting}

    def restore(self, tree: Mapping[str, object]) -> None:
        """Go back to a snapshot of the same instruments."""
        self._price[:], self._shares[:], self._close[:] = tree["price"], tree["shares"], tree["close"]  # type: ignore[call-overload]
        waiting: list[tuple[str, int, int, float]] = tree["waiting"]  # type: ignore[assignment]
        self._waiting = [(date.fromisoformat(day), column, kind, value) for day, column, kind, value in waiting]

    def _apply(self, session: date) -> None:
        due = [entry for entry in self._waiting if entry[0] <= session]
        if not due:
            return
        self._waiting = [entry for entry in self._waiting if entry[0] > session]
        due.sort(key=lambda entry: entry[1:3])
        column, kind, value = (np.array(part) for part in list(zip(*due, strict=True))[1:])
        ratios = np.where(kind == ActionKind.SPLIT, value, 1.0)
        rights = kind == ActionKind.RIGHTS
        previous = self._close[column]
        paid = (kind == ActionKind.CASH_DIVIDEND) & (previous > value)
        kept = np.divide(previous, previous - value, out=np.ones(len(value)), where=paid)
        price, shares = np.ones_like(self._price), np.ones_like(self._shares)
        np.multiply.at(shares, column, ratios)
        np.multiply.at(price, column, np.where(rights, value, ratios))
        np.multiply.at(price, column, kept)
        self._price *= price
        self._shares *= shares

    def _field(self, name: str, row: BarRow) -> Values:
        return self._of_session(name, row.session) if name in KNOWN else self._adjusted(name, row.fields)

    def _fields(self, name: str, fields: Mapping[str, Values], sessions: NDArray[np.datetime64]) -> Values:
        if name not in KNOWN:
            return self._adjusted(name, fields)
        days, counts = np.unique(sessions, return_counts=True)
        return np.repeat(np.array([self._of_session(name, day) for day in days.tolist()]), counts, axis=0)

    def _adjusted(self, name: str, fields: Mapping[str, Values]) -> Values:
        stored = name.removeprefix("raw_")
        if stored not in fields:
            raise DataBlocked(f"The feed has no {name!r}.", hint=f"It has: {', '.join(fields)}.", code="field_missing")
        values = np.asarray(fields[stored], np.float64)
        if name in _PRICES:
            return values * self._price
        return values / self._shares if name == "volume" else values

    def _of_session(self, name: str, session: date) -> Values:
        if session != self._session:
            self._session, self._known = session, {}
        if name not in self._known:
            tiles = known_tiles(name, self._venue, self._instruments, np.array([session], "datetime64[D]"))
            self._known[name] = np.ascontiguousarray(tiles.reshape(-1)[: len(self._instruments)])
        return self._known[name]

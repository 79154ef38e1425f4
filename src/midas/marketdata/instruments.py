"""Instruments as plain values, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from midas.core.instrument import Alias, Instrument, InstrumentId


def to_json(instruments: Sequence[Instrument]) -> dict[str, list[Any]]:
    """Return instruments as columns of plain values."""
    return {
        "symbol": [one.id.symbol for one in instruments],
        "venue": [one.id.venue for one in instruments],
        "name": [one.name for one in instruments],
        "currency": [one.currency for one in instruments],
        "board": [one.board for one in instruments],
        "kind": [one.kind for one in instruments],
        "aliases": [[_alias_to_json(alias) for alias in one.aliases] for one in instruments],
    }


def from_json(columns: Mapping[str, Sequence[Any]]) -> tuple[Instrument, ...]:
    """Read what `to_json` wrote."""
    ids = map(InstrumentId, columns["symbol"], columns["venue"])
    aliases = [_aliases(stored) if stored else () for stored in columns["aliases"]]
    rest = (columns[name] for name in ("name", "currency", "board", "kind"))
    return tuple(map(Instrument, ids, *rest, aliases))


def _alias_to_json(alias: Alias) -> list[str | None]:
    return [alias.symbol, _day_to_json(alias.valid_from), _day_to_json(alias.valid_to)]


def _day_to_json(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _aliases(stored: Iterable[Sequence[str | None]]) -> tuple[Alias, ...]:
    return tuple(Alias(str(symbol), _day(first), _day(last)) for symbol, first, last in stored)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)

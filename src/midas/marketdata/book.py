"""The names instruments go by, and whose a name was on which day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from midas.core.errors import InvalidInput, NotFound, did_you_mean
from midas.core.instrument import Alias, Instrument, InstrumentId

_ON = "@"


class Book:
    """Instruments by id, by symbol, and by every symbol they ever had.

    Exchanges give a symbol to another company once its owner has left, so a bare symbol may mean several;
    `FB@2015-01-02` is whose it was on that day. A full id is always one.
    """

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self._known = {one.id: one for one in instruments}
        self._ids: dict[str, set[InstrumentId]] = {}
        for one in instruments:
            for name in (str(one.id), one.id.symbol, *(alias.symbol for alias in one.aliases)):
                self._ids.setdefault(name, set()).add(one.id)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, in no order."""
        return tuple(self._ids)

    def find(self, text: str) -> set[InstrumentId]:
        """Return the instruments a text may mean; empty where there is none."""
        name, at, day = text.rpartition(_ON)
        if not at:
            return self._named(text)
        on = _day(day)
        return {one for one in self._named(name) if on is not None and _bore(self._known[one], name.upper(), on)}

    def require(self, text: str) -> InstrumentId:
        """Return the one instrument a text means.

        Raises
        ------
        NotFound: none goes by it.
        InvalidInput: several do, or did.
        """
        ids = sorted(self.find(text))
        if not ids:
            name, at, _ = text[:64].rpartition(_ON)
            when = (
                f"{name!r} was nobody's symbol on that day" if at and self._named(name) else f"{text[:64]!r} is unknown"
            )
            raise NotFound(f"{when}.", hint=did_you_mean(name or text, list(self._ids)), code="unknown_symbol")
        if len(ids) > 1:
            raise self._ambiguous(text, ids)
        return ids[0]

    def _named(self, name: str) -> set[InstrumentId]:
        return self._ids.get(name) or self._ids.get(name.upper()) or set()

    def _ambiguous(self, text: str, ids: Sequence[InstrumentId]) -> InvalidInput:
        name = text.rpartition(_ON)[0].upper() or text.upper()
        told = [f"{one}{_when(self._known[one], name)}" for one in ids]
        dated = next((_first(self._known[one], name) for one in ids if _first(self._known[one], name)), None)
        hint = "Write the full id, SYMBOL.MIC"
        hint += "." if dated is None else f", or the symbol on a day it was used, {name}@{dated}."
        return InvalidInput(f"{text!r} is {' and '.join(told)}.", hint=hint, code="ambiguous_symbol")


def _bore(one: Instrument, name: str, day: date) -> bool:
    spans = [alias for alias in one.aliases if alias.symbol == name]
    return any(_covers(alias, day) for alias in spans) if spans else one.id.symbol == name or str(one.id) == name


def _covers(alias: Alias, day: date) -> bool:
    return (alias.valid_from is None or alias.valid_from <= day) and (alias.valid_to is None or day <= alias.valid_to)


def _when(one: Instrument, name: str) -> str:
    spans = [_span(alias) for alias in one.aliases if alias.symbol == name]
    return f" ({', '.join(spans)})" if any(spans) else ""


def _span(alias: Alias) -> str:
    if alias.valid_to is None:
        return "" if alias.valid_from is None else f"since {alias.valid_from}"
    return f"until {alias.valid_to}" if alias.valid_from is None else f"{alias.valid_from} to {alias.valid_to}"


def _first(one: Instrument, name: str) -> date | None:
    return next((alias.valid_from or alias.valid_to for alias in one.aliases if alias.symbol == name), None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

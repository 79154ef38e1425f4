"""The symbols an instrument had, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from midas.core.instrument import Alias

_DAY = timedelta(days=1)


def aliases_of(days: Iterable[tuple[date, str]], now: date | None = None) -> tuple[Alias, ...]:
    """Return the symbols of one instrument by day, ascending, as spans.

    A symbol holds up to the day before the next one's first. The last one is open-ended, except where its days end
    before `now`: then somebody else may have it.
    """
    found: list[Alias] = []
    day = None
    for day, symbol in days:
        if not found:
            found.append(Alias(symbol, day))
        elif symbol != found[-1].symbol:
            found[-1] = replace(found[-1], valid_to=day - _DAY)
            found.append(Alias(symbol, day))
    if day is not None and now is not None and day < now:
        found[-1] = replace(found[-1], valid_to=day)
    return tuple(found)


def joined(before: tuple[Alias, ...], new: tuple[Alias, ...]) -> tuple[Alias, ...]:
    """Return what is known from two imports; within the days of the new one it stands."""
    if not before or not new or new[0].valid_from is None or new[-1].valid_from is None:
        return new or before
    start, last = new[0].valid_from, new[-1].valid_from
    earlier = [one for one in before if one.valid_from is None or one.valid_from < start]
    later = [one for one in before if one.valid_from is not None and one.valid_from > last]
    if earlier and (earlier[-1].valid_to is None or earlier[-1].valid_to >= start):
        earlier[-1] = replace(earlier[-1], valid_to=start - _DAY)
    whole = [*earlier, *new[:-1], new[-1] if not later else _until(new[-1], later[0]), *later]
    return tuple(_merged(whole))


def _until(one: Alias, following: Alias) -> Alias:
    assert following.valid_from is not None
    return replace(one, valid_to=following.valid_from - _DAY)


def _merged(spans: list[Alias]) -> list[Alias]:
    merged = spans[:1]
    for one in spans[1:]:
        if one.symbol == merged[-1].symbol:
            merged[-1] = replace(merged[-1], valid_to=one.valid_to)
        else:
            merged.append(one)
    return merged

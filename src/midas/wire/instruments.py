"""Instruments and their bars."""

from __future__ import annotations

from datetime import date

from midas.wire.shape import Answer, Number


class Alias(Answer):
    """A symbol an instrument had, both days inclusive; null is open-ended."""

    symbol: str
    valid_from: date | None
    valid_to: date | None


class Instrument(Answer):
    """A tradable thing and the datasets that hold bars of it."""

    id: str
    symbol: str
    venue: str
    name: str
    currency: str
    board: str
    kind: str
    aliases: list[Alias]
    datasets: list[str]


class Bar(Answer):
    """Raw prices of one session; null where nothing traded. `ts` is the session's date."""

    ts: date
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    turnover: Number

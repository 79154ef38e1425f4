"""Instruments and their bars."""

from __future__ import annotations

from datetime import date

from midas.wire.shape import Answer, Number


class Instrument(Answer):
    """A tradable thing and the datasets that hold bars of it."""

    id: str
    symbol: str
    venue: str
    name: str
    currency: str
    board: str
    kind: str
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

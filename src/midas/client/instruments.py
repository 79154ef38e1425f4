"""Instruments and their bars."""

from __future__ import annotations

import builtins
from datetime import date
from urllib.parse import quote

from midas.client.link import Link
from midas.wire.instruments import Bar, Instrument


class Instruments:
    """`client.instruments`; an instrument is named by its id (`005930.XKRX`) or display symbol."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def list(self, query: str | None = None, dataset: str | None = None, limit: int | None = None) -> list[Instrument]:
        """Return instruments by id; `query` is part of an id or a name."""
        return self._link.all(Instrument, "/api/v1/instruments", {"query": query, "dataset": dataset}, limit)

    def show(self, instrument: str) -> Instrument:
        return self._link.get(Instrument, _path(instrument))

    def bars(
        self,
        instrument: str,
        start: date | str | None = None,
        end: date | str | None = None,
        dataset: str | None = None,
        limit: int | None = None,
    ) -> builtins.list[Bar]:
        """Return bars, oldest first, both ends inclusive."""
        query = {"start": _text(start), "end": _text(end), "dataset": dataset}
        return self._link.all(Bar, f"{_path(instrument)}/bars", query, limit)

    def latest(self, instrument: str, dataset: str | None = None) -> Bar:
        """Return the last bar of a dataset, or else of all that hold the instrument."""
        return self._link.get(Bar, f"{_path(instrument)}/latest", {"dataset": dataset})


def _path(instrument: str) -> str:
    return f"/api/v1/instruments/{quote(instrument, safe='')}"


def _text(day: date | str | None) -> str | None:
    return None if day is None else str(day)

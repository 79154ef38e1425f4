"""A dataset: what its bars are, apart from the bars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from midas.core.basis import Basis
from midas.core.errors import InvalidInput
from midas.core.timeframe import Timeframe

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Dataset:
    """One version of one dataset.

    `version` is a hash of its content: bars, instruments, actions and what they mean. `first` and `last` are the
    sessions of its oldest and newest bar; `rows` counts bars, `symbols` instruments.
    """

    name: str
    version: str
    venue: str
    timeframe: Timeframe
    basis: Basis
    currency: str
    source: str
    rows: int
    symbols: int
    first: date
    last: date
    imported_at_utc: datetime
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the dataset as plain values."""
        return {
            "name": self.name,
            "version": self.version,
            "venue": self.venue,
            "timeframe": str(self.timeframe),
            "basis": self.basis.value,
            "currency": self.currency,
            "source": self.source,
            "rows": self.rows,
            "symbols": self.symbols,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "imported_at_utc": self.imported_at_utc.isoformat(),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Dataset:
        """Read what `to_json` wrote.

        Raises
        ------
        KeyError, ValueError, TypeError: the document is not one.
        """
        return cls(
            name=document["name"],
            version=document["version"],
            venue=document["venue"],
            timeframe=Timeframe.parse(document["timeframe"]),
            basis=Basis(document["basis"]),
            currency=document["currency"],
            source=document["source"],
            rows=int(document["rows"]),
            symbols=int(document["symbols"]),
            first=date.fromisoformat(document["first"]),
            last=date.fromisoformat(document["last"]),
            imported_at_utc=datetime.fromisoformat(document["imported_at_utc"]),
            notes=tuple(document["notes"]),
        )


def check_name(name: str) -> str:
    """Return `name` if a dataset may have it.

    Raises
    ------
    InvalidInput: it could not be a folder's name.
    """
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise InvalidInput(
            f"{name!r} cannot name a dataset.",
            hint="Use 1 to 64 of letters, digits, '.', '-', '_', beginning with a letter or digit.",
            code="bad_dataset_name",
        )
    return name


def default_name(venue: str, timeframe: Timeframe, basis: Basis) -> str:
    """Return the name an import gets when none is asked for, e.g. `xkrx-1d` or `xkrx-1d-adjusted`."""
    name = f"{venue.lower()}-{timeframe}"
    return name if basis.is_raw else f"{name}-adjusted"


def other_kind(name: str, has: str, given: str) -> InvalidInput:
    """Return the error for bars where ticks are, or the other way round."""
    return InvalidInput(
        f"Dataset {name!r} has {has}, these are {given}: they cannot be one dataset.",
        hint="Import them under another name with --name.",
        code="dataset_mismatch",
    )

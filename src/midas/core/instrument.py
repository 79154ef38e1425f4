"""Tradable things and their permanent names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from midas.core.errors import InvalidInput

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._^=-]{0,19}")
_MIC = re.compile(r"[A-Z0-9]{4}")


@dataclass(frozen=True, slots=True, order=True)
class InstrumentId:
    """`SYMBOL.MIC`, permanent and never reused; ordered by its text."""

    symbol: str
    venue: str

    def __post_init__(self) -> None:
        if not _SYMBOL.fullmatch(self.symbol):
            raise InvalidInput(
                f"{self.symbol!r} is not a symbol.",
                hint="Use 1 to 20 of A-Z, 0-9, '.', '-', '_', '^', '=', beginning with a letter or digit.",
                code="bad_symbol",
            )
        if not _MIC.fullmatch(self.venue):
            raise InvalidInput(
                f"{self.venue!r} is not a venue.",
                hint="Use a four-character MIC such as XKRX or XNAS.",
                code="bad_venue",
            )

    @classmethod
    def parse(cls, text: str) -> InstrumentId:
        """Split `text` at its last dot.

        Raises
        ------
            InvalidInput: no dot, or a part that is not a symbol or a MIC.
        """
        symbol, dot, venue = text.rpartition(".")
        if not dot:
            raise InvalidInput(
                f"{text!r} names no venue.", hint="Write SYMBOL.MIC, e.g. 005930.XKRX.", code="bad_symbol"
            )
        return cls(symbol, venue)

    def __str__(self) -> str:
        return f"{self.symbol}.{self.venue}"


@dataclass(frozen=True, slots=True)
class Alias:
    """A display symbol an instrument had from `valid_from` to `valid_to`, both inclusive; None is open-ended."""

    symbol: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is known of an instrument apart from its prices."""

    id: InstrumentId
    name: str = ""
    currency: str = ""
    board: str = ""
    """Market segment, e.g. KOSPI, KOSDAQ, KONEX; empty where the venue has one."""
    kind: str = "stock"
    """stock | etf | etn | index."""
    aliases: tuple[Alias, ...] = ()

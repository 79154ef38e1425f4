"""Yahoo's symbols and ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from midas.core.errors import InvalidInput
from midas.core.instrument import InstrumentId

_SUFFIXES: Final[Mapping[str, tuple[str, str]]] = {
    "KS": ("XKRX", "KOSPI"), "KQ": ("XKRX", "KOSDAQ"), "KN": ("XKRX", "KONEX"), "T": ("XTKS", ""), "HK": ("XHKG", ""),
    "SS": ("XSHG", ""), "SZ": ("XSHE", ""), "NS": ("XNSE", ""), "BO": ("XBOM", ""), "L": ("XLON", ""),
    "DE": ("XETR", ""), "PA": ("XPAR", ""), "AS": ("XAMS", ""), "MI": ("XMIL", ""), "SW": ("XSWX", ""),
    "TO": ("XTSE", ""), "AX": ("XASX", ""),
}  # fmt: skip
_AMERICAN: Final[Mapping[str, str]] = {
    "NMS": "XNAS", "NGM": "XNAS", "NCM": "XNAS", "NAS": "XNAS", "NYQ": "XNYS", "NYS": "XNYS", "PCX": "ARCX",
    "ASE": "XASE", "BTS": "BATS",
}  # fmt: skip
AMERICAN_MICS: Final = frozenset(_AMERICAN.values())
_DEFAULT_AMERICAN: Final = "XNYS"


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a Yahoo symbol trades; `group` is the dataset its bars belong to."""

    id: InstrumentId
    board: str
    group: str
    venue: str


def candidates(symbol: str) -> tuple[str, ...]:
    """Return the Yahoo symbols to try for a symbol of theirs or an id of ours, in order."""
    head, _, mic = symbol.upper().rpartition(".")
    if head and mic in AMERICAN_MICS:
        return (head.replace(".", "-"),)
    known = [f"{head}.{suffix}" for suffix, (known_mic, _) in _SUFFIXES.items() if known_mic == mic]
    return tuple(known) if head and known else (symbol.upper(),)


def listing(symbol: str, exchange: str) -> Listing:
    """Return where a Yahoo symbol trades; `exchange` is Yahoo's code, which tells American venues apart.

    Raises
    ------
    InvalidInput: not a stock or fund of a venue Midas can name.
    """
    head, dot, suffix = symbol.upper().rpartition(".")
    if dot and suffix in _SUFFIXES:
        mic, board = _SUFFIXES[suffix]
        return Listing(InstrumentId(head, mic), board, f"yahoo-{'kr' if mic == 'XKRX' else mic.lower()}", mic)
    if symbol.startswith("^") or "=" in symbol or dot:
        raise InvalidInput(
            f"{symbol!r} is no stock or fund of a venue Midas knows.",
            hint=f"Known suffixes: {', '.join(_SUFFIXES)}; American symbols have none.",
            code="unsupported_symbol",
        )
    mic = _AMERICAN.get(exchange, _DEFAULT_AMERICAN)
    return Listing(InstrumentId(symbol.upper().replace("-", "."), mic), "", "yahoo-us", "XNAS")

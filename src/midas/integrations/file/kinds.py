"""What kind of instrument a name belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

KINDS: Final = ("stock", "etf", "etn", "index")

_KOREAN_FUNDS: Final = (
    "KODEX", "TIGER", "KBSTAR", "RISE", "ARIRANG", "PLUS", "KINDEX", "ACE", "KOSEF", "KIWOOM", "HANARO", "SOL",
    "TIMEFOLIO", "TREX", "FOCUS", "히어로즈", "마이티", "WON", "1Q", "BNK", "UNICORN", "KOACT", "에셋플러스",
)  # fmt: skip
"""Brands that begin the names of Korean exchange-traded funds."""

_CHINESE_FUNDS: Final = {"XSHG": ("50", "51", "52", "53", "55", "56", "58"), "XSHE": ("15", "16")}
"""How the symbols of listed funds begin."""


def kinds_of(mic: str, symbols: Sequence[str], names: Sequence[str], stated: Sequence[str]) -> tuple[list[str], str]:
    """Return a kind for each instrument and a note about those told by their names.

    Funds have other ticks and pay no transaction tax, so taking them for stocks would cost them money they do not owe.
    """
    kinds, told = [], 0
    for symbol, name, word in zip(symbols, names, stated, strict=True):
        kind = word.strip().lower()
        if kind not in KINDS:
            kind = _korean(symbol, name) if mic == "XKRX" else _other(mic, symbol)
            told += kind != "stock"
        kinds.append(kind)
    note = (
        f"{told} symbols are taken as ETFs or ETNs by their names or symbols; a kind column would say for certain."
        if told
        else ""
    )
    return kinds, note


def _other(mic: str, symbol: str) -> str:
    return "etf" if symbol.startswith(_CHINESE_FUNDS.get(mic, ("\0",))) else "stock"


def _korean(symbol: str, name: str) -> str:
    words = name.upper().split()
    if symbol.startswith("Q") or name.upper().endswith("ETN"):
        return "etn"
    return "etf" if len(words) > 1 and words[0] in _KOREAN_FUNDS else "stock"

"""Whose bars a row holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import polars as pl

from midas.core.errors import InvalidInput
from midas.core.instrument import InstrumentId
from midas.marketdata.finding import Finding, Severity
from midas.venues.catalogue import known_venues

_KOREAN: Final = re.compile(r"Q?[0-9][0-9A-Z]{5}")
"""Six characters beginning with a digit; exchange-traded notes are often written with a Q before."""

_KOREAN_ISIN: Final = re.compile(r"KR[0-9A-Z]([0-9][0-9A-Z]{5})[0-9A-Z]{3}")
_KOREAN_SUFFIX: Final = re.compile(r"\.(KS|KQ|KRX|KN)$")
_FEW: Final = 0.05


@dataclass(frozen=True, slots=True)
class Symbols:
    """Ids as text for each row, null where the row's symbol is wrong."""

    ids: pl.Series
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]


def read_symbols(column: pl.Series, mic: str, expected: str | None, first_line: int) -> Symbols:
    """Turn a column of symbols into ids of a venue, leading zeros kept or put back.

    `expected` is the symbol the file is said to hold, or its name suggests; others among its rows are wrong.
    """
    words = column.cast(pl.String).str.strip_chars()
    ids: dict[str, str] = {}
    bad: dict[str, str] = {}
    padded: list[str] = []
    for word in words.unique(maintain_order=True).drop_nulls():
        try:
            one = symbol_id(word, mic)
        except InvalidInput:
            bad[word] = f"{word!r} is no symbol of {mic}"
            continue
        ids[word] = str(one)
        if len(word) < len(one.symbol):
            padded.append(word)
    if expected is not None:
        for word, text in list(ids.items()):
            if text != expected:
                bad[word] = f"{word!r} among the bars of {expected}"
                del ids[word]
    found = words.replace_strict(list(ids), list(ids.values()), default=None, return_dtype=pl.String)
    warnings: tuple[str, ...] = ()
    if padded:
        warnings = (
            f"Leading zeros were missing and put back: {padded[0]} is {ids[padded[0]]} ({len(padded)} symbols).",
        )
    return Symbols(found, tuple(_wrong(words, bad, first_line)), warnings)


def symbol_id(word: str, mic: str) -> InstrumentId:
    """Return the id a vendor's symbol means at a venue; a full id keeps its own venue.

    India's M&M, in files also M%26M, is M_M: an id has no &.

    Raises
    ------
    InvalidInput: it is no symbol there.
    """
    text = word.strip().upper()
    head, dot, tail = text.rpartition(".")
    if dot and (tail == mic or tail in known_venues()):
        text, mic = head, tail
    if mic == "XKRX":
        text = _korean(text)
    if mic == "XNSE":
        text = text.replace("%26", "&").replace("&", "_")
    return InstrumentId(text, mic)


def expected_id(column: pl.Series | None, stated: str | None, stem: str, mic: str) -> str | None:
    """Return the one id a file is about: the stated one, or the one its name says if nearly all rows agree."""
    if stated is not None:
        return str(symbol_id(stated, mic))
    if column is None:
        return _from_stem(stem, mic)
    counts = column.cast(pl.String).drop_nulls().value_counts(sort=True)
    if counts.is_empty() or not 1 - _FEW <= counts["count"][0] / len(column) < 1:
        return None
    try:
        most = str(symbol_id(counts.to_series(0)[0], mic))
    except InvalidInput:
        return None
    return most if most == _from_stem(stem, mic) else None


def _from_stem(stem: str, mic: str) -> str | None:
    for word in re.split(r"[\s_()\[\]-]+", stem):
        try:
            return str(symbol_id(word, mic))
        except InvalidInput:
            continue
    return None


def _korean(text: str) -> str:
    text = _KOREAN_SUFFIX.sub("", text)
    isin = _KOREAN_ISIN.fullmatch(text)
    if isin:
        return isin[1]
    if len(text) == 7 and text[0] == "A":
        text = text[1:]
    if text.isdigit() and len(text) < 6:
        # A spreadsheet took the code for a number.
        text = text.zfill(6)
    if not _KOREAN.fullmatch(text):
        raise InvalidInput(f"{text!r} is no KRX code.", hint="Use six characters such as 005930.", code="bad_symbol")
    return text


def _wrong(words: pl.Series, bad: dict[str, str], first_line: int) -> list[Finding]:
    found = []
    for word, detail in bad.items():
        rows = (words == word).arg_true()
        where = f"line {int(rows[0]) + first_line}: "
        found.append(Finding("wrong_symbol", Severity.ERROR, word, "", where + detail, len(rows)))
    missing = words.is_null().arg_true()
    if len(missing):
        where = f"line {int(missing[0]) + first_line}: the row has no symbol"
        found.append(Finding("wrong_symbol", Severity.ERROR, "", "", where, len(missing)))
    return found

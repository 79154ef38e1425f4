"""Numbers, as files write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from midas.core.errors import InvalidInput
from midas.marketdata.finding import Finding, Severity

_NOTHING: Final = ("", "-", "--", "n/a", "na", "nan", "null", "none", "#n/a", "nil")
_SIGNS: Final = {"$": "USD", "₩": "KRW", "￦": "KRW", "€": "EUR", "£": "GBP", "¥": "JPY"}
_GROUPED: Final = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers, null where there is none; `currencies` are those its cells name."""

    values: pl.Series
    findings: tuple[Finding, ...]
    currencies: frozenset[str]


def read_numbers(column: pl.Series, name: str, first_line: int) -> Numbers:
    """Read a column as Float64: thousands may be grouped by commas, a currency sign may stand before or after."""
    if column.dtype != pl.String:
        return Numbers(_as_floats(column, name), (), frozenset())
    values = column.cast(pl.Float64, strict=False)
    unread = values.is_null() & column.is_not_null()
    if not unread.any():
        return Numbers(values, (), frozenset())
    signs = "[" + "".join(_SIGNS) + "]|[A-Z]{3}"
    found = column.filter(unread).str.extract(rf"({signs})", 1).drop_nulls().unique().to_list()
    currencies = frozenset(_SIGNS.get(sign, sign) for sign in found if sign in _SIGNS or sign in _SIGNS.values())
    bare = column.str.replace_all(signs, "").str.strip_chars()
    plain = pl.select(
        pl.when(bare.str.contains(_GROUPED)).then(bare.str.replace_all(",", "")).otherwise(bare)
    ).to_series()
    values = values.fill_null(plain.cast(pl.Float64, strict=False))
    bad = values.is_null() & column.is_not_null() & ~column.str.to_lowercase().is_in(_NOTHING)
    return Numbers(values, _unread(column, bad, name, first_line), currencies)


def _as_floats(column: pl.Series, name: str) -> pl.Series:
    if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
        raise InvalidInput(
            f"The column for {name} holds {column.dtype}, not numbers.",
            hint=f"Say which column it is with --map {name}=COLUMN.",
            code="column_type",
        )
    return column.cast(pl.Float64, strict=False)


def _unread(column: pl.Series, bad: pl.Series, name: str, first_line: int) -> tuple[Finding, ...]:
    rows = bad.arg_true()
    if rows.is_empty():
        return ()
    line = int(rows[0]) + first_line
    detail = f"line {line}: {name} {column[int(rows[0])]!r} is no number"
    return (Finding("bad_number", Severity.ERROR, "", "", detail, len(rows)),)

"""Tables that the page's script sorts, filters and pages; the first page is there without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl

from midas.reports.layout import scrolling
from midas.reports.markup import Html, element
from midas.reports.numbers import MISSING, grouped, last_digits
from midas.reports.packing import Arrays, Json, epoch_seconds, words

PAGE_ROWS = 25

Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `kind` is text, side, time (minutes since 1970) or number (counts of the last of `digits`)."""

    label: str
    kind: str
    cells: Sequence[Cell]
    digits: int = 0
    suffix: str = ""
    toned: bool = False
    """True where the sign is a gain or a loss: it is always written, and coloured."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length under one name."""

    name: str
    caption: str
    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        return len(self.columns[0].cells)


def text_column(label: str, values: pl.Series, kind: str = "text") -> Column:
    """Return a column of words."""
    return Column(label, kind, values.cast(pl.String).to_list())


def time_column(label: str, values: pl.Series) -> Column:
    """Return a column of dates or times; null stays null."""
    known = iter((epoch_seconds(values.drop_nulls()) // 60).tolist())
    return Column(label, "time", [None if null else next(known) for null in values.is_null()])


def number_column(label: str, values: pl.Series, digits: int, *, suffix: str = "", toned: bool = False) -> Column:
    """Return a column of numbers; a percentage comes already multiplied by 100."""
    floats = values.cast(pl.Float64).to_list()
    return Column(label, "number", [last_digits(value, digits) for value in floats], digits, suffix, toned)


def table_data(table: Table, arrays: Arrays) -> Json:
    """Return what the script needs to show any row."""
    return {
        "rows": table.rows,
        "page": PAGE_ROWS,
        "columns": [_column_data(column, arrays) for column in table.columns],
    }


def table_html(table: Table) -> Html:
    """Return the table with its first page of rows."""
    head = [
        element("th", column.label, scope="col", class_=None if column.kind == "text" else column.kind)
        for column in table.columns
    ]
    body = [
        element("tr", *(_cell(column, column.cells[row]) for column in table.columns))
        for row in range(min(table.rows, PAGE_ROWS))
    ]
    content = element(
        "table",
        element("caption", table.caption, class_="unseen"),
        element("thead", element("tr", *head)),
        element("tbody", *body),
    )
    shown = f"{min(table.rows, PAGE_ROWS):,} of {table.rows:,}"
    return element(
        "div",
        element("div", class_="tools", data_tools=""),
        scrolling(table.caption, content),
        element("p", shown, class_="note", data_shown=""),
        class_="rows",
        data_table=table.name,
    )


def _column_data(column: Column, arrays: Arrays) -> Json:
    if column.kind in ("text", "side"):
        cells: Json = words([None if cell is None else str(cell) for cell in column.cells])
    else:
        known = np.array([cell is not None for cell in column.cells], np.bool_)
        cells = arrays.add(np.array([cell or 0 for cell in column.cells], np.int64), known)
    return {
        "label": column.label,
        "kind": column.kind,
        "digits": column.digits,
        "suffix": column.suffix,
        "toned": column.toned,
        "cells": cells,
    }


def _cell(column: Column, cell: Cell) -> Html:
    tone = None
    if column.toned and isinstance(cell, int) and cell != 0:
        tone = "gain" if cell > 0 else "loss"
    classes = " ".join(name for name in (column.kind if column.kind != "text" else "", tone) if name)
    return element("td", _WRITE[column.kind](column, cell), class_=classes or None)


def _text(_: Column, cell: Cell) -> str:
    return MISSING if cell is None else str(cell)


def _side(_: Column, cell: Cell) -> str:
    return {"buy": "▲ buy", "sell": "▼ sell"}.get(str(cell), _text(_, cell))


def _time(_: Column, cell: Cell) -> str:
    if not isinstance(cell, int):
        return MISSING
    moment = datetime.fromtimestamp(cell * 60, UTC)
    return moment.strftime("%Y-%m-%d" if cell % 1440 == 0 else "%Y-%m-%d %H:%M")


def _number(column: Column, cell: Cell) -> str:
    count = cell if isinstance(cell, int) else None
    return grouped(count, column.digits, signed=column.toned) + (column.suffix if count is not None else "")


_WRITE: dict[str, Callable[[Column, Cell], str]] = {"text": _text, "side": _side, "time": _time, "number": _number}

"""What trading cost, and every measure with its definition."""

from __future__ import annotations

import polars as pl

from midas.reports.layout import grid, note, nothing, row, section
from midas.reports.markup import Html, element
from midas.reports.numbers import MISSING, money, number, percent
from midas.reports.sheet import MeasureText, TearSheetInput

_DIGITS = {"count": 0, "days": 0, "sessions": 1}
_UNNAMED = MeasureText("", "", "")


def costs_html(sheet: TearSheetInput) -> Html:
    """Return the cost breakdown: by kind, and by year."""
    if sheet.fills.is_empty():
        return nothing("costs", "Costs", "No fills, no costs.")
    value = pl.col("quantity").cast(pl.Float64) * pl.col("price").cast(pl.Float64)
    fills = sheet.fills.with_columns(value.alias("value"), pl.col("commission", "tax").cast(pl.Float64))
    traded = float(fills["value"].sum())
    by_kind = grid(
        "Costs by kind",
        ("Kind", "Amount", "Of traded value", "Of initial capital"),
        [_kind(sheet, name, paid, traded) for name, paid in _paid(sheet, fills).items()],
        captioned=True,
    )
    years = fills.group_by(pl.col("ts").dt.year().alias("year")).agg(
        pl.len(), pl.col("value").sum(), pl.col("commission").sum(), pl.col("tax").sum()
    )
    by_year = grid(
        "Costs by year",
        ("Year", "Fills", "Traded value", "Commission", "Tax"),
        [_year(sheet, *year) for year in years.sort("year").iter_rows()],
        captioned=True,
    )
    told = f"Amounts in {sheet.currency}. Traded value {money(traded, sheet.currency)}, both sides."
    if "slippage" in sheet.costs:
        told += " Slippage is already in the prices of the fills; commission and tax were paid on top."
    return section("costs", "Costs", element("div", by_kind, by_year, class_="pair"), note(told))


def measures_html(sheet: TearSheetInput) -> Html:
    """Return every measure with its value, unit and definition."""
    rows = [_measure(sheet, name, value) for name, value in sheet.summary.items()]
    head = ("Measure", "Value", "Unit", "Definition")
    return section("measures", "All measures", grid("All measures", head, rows, class_="measures"))


def measured(value: float | int | None, unit: str, currency: str) -> str:
    """Return a measure as its unit asks for."""
    if unit == "fraction":
        return percent(value)
    if unit == "currency":
        return money(value, currency)
    return number(value, 0 if isinstance(value, int) else _DIGITS.get(unit, 4))


def _measure(sheet: TearSheetInput, name: str, value: float | int | None) -> Html:
    text = sheet.measures.get(name, _UNNAMED)
    shown = measured(value, text.unit, sheet.currency)
    why = sheet.absent.get(name) if shown == MISSING else None
    unit = {"currency": sheet.currency, "fraction": ""}.get(text.unit, text.unit)  # a percentage carries its sign
    return element(
        "tr",
        element("th", text.label or name.replace("_", " "), scope="row", title=name),
        element("td", shown, class_="number", title=why, data_value=name),
        element("td", unit),
        element("td", f"{text.definition} {why or ''}".strip()),
    )


def _paid(sheet: TearSheetInput, fills: pl.DataFrame) -> dict[str, float | int | None]:
    return {"commission": float(fills["commission"].sum()), "tax": float(fills["tax"].sum()), **sheet.costs}


def _kind(sheet: TearSheetInput, name: str, paid: float | None, traded: float) -> Html:
    of_value = percent(paid / traded, 3) if paid is not None and traded else MISSING
    of_capital = percent(paid / sheet.initial_capital) if paid is not None and sheet.initial_capital else MISSING
    return row(name.replace("_", " ").capitalize(), (money(paid, sheet.currency), of_value, of_capital))


def _year(sheet: TearSheetInput, year: int, fills: int, *amounts: float) -> Html:
    return row(str(year), (f"{fills:,}", *(money(amount, sheet.currency) for amount in amounts)))

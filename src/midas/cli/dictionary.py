"""The measures dictionary on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from midas.cli.backtest_sheet import in_unit
from midas.cli.printer import Column, Printer
from midas.core.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    from midas.wire.backtests import Backtest, Measured, MeasureEntry

_DETAIL = ("label", "formula", "unit", "frequency", "day_count", "open_trades", "source")


def entry(found: Sequence[MeasureEntry], name: str) -> MeasureEntry:
    """Return the measure of that name or label.

    Raises
    ------
    NotFound: there is none.
    """
    wanted = name.strip().lower()
    for each in found:
        if wanted in (each.name.lower(), each.label.lower()):
            return each
    raise NotFound(
        f"There is no measure {name!r}.",
        hint=did_you_mean(wanted, [each.name for each in found]),
        code="unknown_measure",
    )


def show_dictionary(out: Printer, found: Sequence[MeasureEntry]) -> None:
    """Print measures, one a line."""
    columns = (Column("measure", keep=True), "formula", Column("counts", spare=2), Column("year", spare=1))
    out.table(columns, [(each.name, each.formula, each.frequency, each.day_count) for each in found])


def show_entry(out: Printer, one: MeasureEntry) -> None:
    """Print all that is said of a measure."""
    said = one.model_dump()
    out.line(one.name)
    out.facts([(field.replace("_", " "), said[field]) for field in _DETAIL if said[field]])


def show_measured(out: Printer, found: Measured, backtest: Backtest) -> None:
    """Print a result's numbers as another library has them."""
    currency = str(backtest.settings.get("currency") or "")
    out.line(f"{found.id} as {found.library} {found.version} measures it")
    out.text(f"Fed with {found.fed}.")
    out.line()
    columns = (Column("measure", keep=True), Column("value", right=True, keep=True), Column("formula", spare=1))
    out.table(columns, [(each.name, in_unit(each.value, each.unit, currency), each.formula) for each in found.measures])

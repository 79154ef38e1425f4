"""Leaves: what a bar says."""

from __future__ import annotations

from midas.factors.operator import Kind, Operator
from midas.factors.unit import Unit, number


def _field(name: str, unit: Unit, summary: str) -> Operator:
    return Operator(name, Kind.FIELD, summary, number, fixed=unit, missing="NaN where there is no bar.")


ENTRIES = (
    _field("open", Unit.PRICE, "First price of the bar, corrected for splits and dividends."),
    _field("high", Unit.PRICE, "Highest price of the bar, corrected for splits and dividends."),
    _field("low", Unit.PRICE, "Lowest price of the bar, corrected for splits and dividends."),
    _field("close", Unit.PRICE, "Last price of the bar, corrected for splits and dividends."),
    _field("volume", Unit.VOLUME, "Shares traded, corrected for splits."),
    _field("turnover", Unit.MONEY, "Value traded, in the venue's currency."),
    _field("raw_open", Unit.RAW_PRICE, "First price of the bar as it was traded."),
    _field("raw_high", Unit.RAW_PRICE, "Highest price of the bar as it was traded."),
    _field("raw_low", Unit.RAW_PRICE, "Lowest price of the bar as it was traded."),
    _field("raw_close", Unit.RAW_PRICE, "Last price of the bar as it was traded."),
    _field("raw_volume", Unit.RAW_VOLUME, "Shares traded as they were counted."),
    Operator(
        "returns",
        Kind.FIELD,
        "Close over the previous row's close, less 1.",
        number,
        fixed=Unit.NUMBER,
        formula="close.change(1)",
        missing="NaN where this row or the one before has no close.",
    ),
)

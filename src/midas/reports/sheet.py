"""What a tear sheet is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from midas.backtest.luck import Luck

Summary = Mapping[str, float | int | None]


@dataclass(frozen=True, slots=True)
class MeasureText:
    """How a measure is called and defined.

    `unit` decides how it is shown: `fraction` as a percentage, `currency` as an amount, `count` as a whole number,
    anything else as a plain number followed by the unit.
    """

    label: str
    unit: str
    definition: str


@dataclass(frozen=True, slots=True)
class TearSheetInput:
    """One backtest, ready to be shown.

    Frames: `equity` ts, equity, cash, gross_exposure, benchmark (nullable); `fills` ts, symbol, side, quantity, price,
    commission, tax, order_id; `trades` symbol, side, entry_ts, entry_price, exit_ts, exit_price (null while open),
    quantity, pnl, return, commission, tax and, where it is known, income; `rejects` ts, symbol, side, quantity
    (nullable), reason. Fills are at raw prices, amounts in `currency`, returns fractions. `ts` is a date of daily bars.
    """

    strategy: str
    identity: str
    currency: str
    equity: pl.DataFrame
    fills: pl.DataFrame
    trades: pl.DataFrame
    rejects: pl.DataFrame
    summary: Summary
    periods_per_year: float
    initial_capital: float
    basis: str = "raw"
    """What the price history holds; see `core.basis`."""
    risk_free: float = 0.0
    """A year's risk-free return as a fraction."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    universe: str = ""
    symbols: tuple[str, ...] = ()
    benchmark: str = ""
    """What the benchmark column holds, in words; empty where there is none."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Further lines of the header by label, e.g. the versions of data, venue tables and engine."""
    costs_assumed: Mapping[str, str] = field(default_factory=dict)
    """Commission, tax, slippage and limits on size by label, in words."""
    costs: Mapping[str, float | int | None] = field(default_factory=dict)
    """What was paid, by kind; commission and tax are taken from the fills where they are missing."""
    measures: Mapping[str, MeasureText] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    """Why a measure of the summary has no value, by its name."""
    method: tuple[str, ...] = ()
    """How the measures were computed: frequency, periods a year, risk-free rate, net of costs, warm-up."""
    warnings: tuple[str, ...] = ()
    luck: Luck | None = None
    """The result weighed against everything that was tried; None where that is not known."""

"""Equity and benchmark as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from midas.portfolio.measures.sample import DAYS_PER_YEAR, QUARTER_DAYS
from midas.reports.packing import epoch_seconds
from midas.reports.series import Curve, Days
from midas.reports.sheet import TearSheetInput


@dataclass(frozen=True, slots=True)
class Curves:
    """Equity and benchmark by row; `benchmark` is None unless it has a value on every row."""

    ts: pl.Series
    equity: Curve
    benchmark: Curve | None

    @property
    def rows(self) -> int:
        return len(self.equity)

    @property
    def days(self) -> Days:
        return (epoch_seconds(self.ts) // 86_400).astype("datetime64[D]")

    def day(self, row: int) -> date:
        """Return the calendar day of a row, UTC."""
        found: date = self.days[row].item()
        return found


def curves(sheet: TearSheetInput) -> Curves:
    """Return the curves of a sheet."""
    benchmark = sheet.equity["benchmark"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = bool(sheet.benchmark) and len(benchmark) > 0 and bool(np.isfinite(benchmark).all())
    equity = sheet.equity["equity"].cast(pl.Float64).to_numpy()
    return Curves(sheet.equity["ts"], equity, benchmark if known else None)


def growth(shown: Curves, curve: Curve | None) -> tuple[float | None, float | None]:
    """Return a curve's total return and its compound return a year, None where there is none or it is too short."""
    if curve is None or shown.rows < 2 or curve[0] <= 0:
        return None, None
    ratio = float(curve[-1] / curve[0])
    days = (shown.day(-1) - shown.day(0)).days
    if days < QUARTER_DAYS or ratio <= 0:
        return ratio - 1, None
    return ratio - 1, ratio ** (DAYS_PER_YEAR / days) - 1

"""What an account begins with, in the currency it trades in."""

from __future__ import annotations

from midas.backtest.spec import BacktestSpec
from midas.backtest.window import Window, sessions_of
from midas.core.errors import InvalidInput
from midas.core.money import Money
from midas.execution.exchange import Rates, converted
from midas.marketdata.panel import Panel


def paid_in(spec: BacktestSpec, panel: Panel, rates: Rates | None, rows: Window) -> Money | None:
    """Return the capital in the panel's currency, by the rate of the first row; None where it is in that anyway.

    Raises
    ------
    InvalidInput: it is in another currency and these are not its rates.
    DataBlocked: the rate is missing.
    """
    if spec.account is None:
        return None
    if rates is None or (rates.base, rates.quote) != (panel.currency, spec.account.currency):
        raise InvalidInput(
            f"An account in {spec.account.currency} needs the rates of {panel.currency} in it.",
            hint="Give them with rates=.",
            code="rate_missing",
        )
    [rate] = rates.at(sessions_of(panel, rows)[:1])
    return converted(spec.brought(panel.currency), panel.currency, rate, spec.account.spread_bps)


def paid_from(spec: BacktestSpec, panel: Panel, rates: Rates | None, first: int, stop: int) -> Money | None:
    """Return the same of an account that begins on row `first` and ends before row `stop`."""
    return paid_in(spec, panel, rates, Window(first, first, first, stop))

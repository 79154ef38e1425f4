"""What every question about the past says beside its strategy, as the arguments of a spec."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypedDict

from midas.app.rates import rates_of
from midas.core.timeframe import Timeframe
from midas.wire.run_options import RunOptions

if TYPE_CHECKING:
    from midas.backtest.spec import BacktestSpec
    from midas.execution.dealing import Dealing
    from midas.execution.exchange import AccountCurrency, Rates
    from midas.marketdata.lake import Lake
    from midas.marketdata.panel import Panel


class Terms(TypedDict):
    """Arguments of `spec_of` and of `base_spec`."""

    start: date | None
    end: date | None
    initial_capital: Decimal | None
    commission_bps: float | None
    slippage_bps: float
    lots: Literal["whole", "fractional"]
    dealing: Dealing
    account: AccountCurrency | None


def terms_of(request: RunOptions) -> Terms:
    """Return when, with how much and at which cost a question asks.

    Raises
    ------
    InvalidInput: an option makes no sense.
    """
    from midas.execution.dealing import Dealing

    return {
        "start": request.start,
        "end": request.end,
        "initial_capital": request.initial_capital,
        "commission_bps": request.commission_bps,
        "slippage_bps": request.slippage_bps,
        "lots": request.lots,
        "dealing": Dealing(**request.dealing.model_dump()),
        "account": account_of(request),
    }


def account_of(request: RunOptions) -> AccountCurrency | None:
    """Return the account's own currency, None where nobody asked for one.

    Raises
    ------
    InvalidInput: an unknown currency, or a spread no conversion has.
    """
    from midas.execution.exchange import AccountCurrency

    if request.account_currency is None:
        return None
    return AccountCurrency(request.account_currency.upper(), request.conversion_bps)


def rates_for(lake: Lake, panel: Panel, spec: BacktestSpec) -> Rates | None:
    """Return the rates that the account of a spec needs, None where it needs none.

    Raises
    ------
    NotFound: no dataset has them.
    """
    return None if spec.account is None else rates_of(lake, panel.currency, spec.account.currency)


def asked_timeframe(text: str | None) -> Timeframe | None:
    """Return the length of a bar that was asked for, None where nobody did.

    Raises
    ------
    InvalidInput: there is no such length.
    """
    return None if text is None else Timeframe.parse(text)

"""The options that every command that runs on the past has: on what, when, with how much, at which cost."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Concatenate, Literal, ParamSpec, TypedDict

import typer

from midas.cli.arguments import amount, basis_points, day, names

P = ParamSpec("P")

Strategy = Annotated[
    str, typer.Option("--strategy", metavar="NAME|FILE.yaml", help="Of the library, stored, or a file.")
]
Universe = Annotated[str | None, typer.Option("--universe", metavar="NAME", help="A dataset, or a market (XKRX).")]
Symbols = Annotated[list[str] | None, typer.Option("--symbols", "-s", metavar="A,B", help="Instruments.")]
Timeframe = Annotated[
    str | None,
    typer.Option("--timeframe", metavar="1m", help="How long a bar is: 1m, 5m, 15m, 30m, 1h.  [default: 1d]"),
]
CommissionBps = Annotated[
    str | None, typer.Option("--commission-bps", metavar="X", help="Instead of the market's table; taxes still apply.")
]
SlippageBps = Annotated[str, typer.Option("--slippage-bps", metavar="X", help="Against you, each fill.")]
TradedLots = Annotated[Literal["whole", "fractional"], typer.Option("--lots", help="What may be bought.")]
Metric = Annotated[str, typer.Option("--metric", metavar="NAME", help="What to judge by.")]
TableFormat = Annotated[
    Literal["csv", "parquet"] | None,
    typer.Option("--format", help="How to write it.  [default: by the file's ending, else csv]"),
]


class Asked(TypedDict):
    """What the options say, as the client takes it."""

    universe: str | None
    symbols: list[str]
    timeframe: str | None
    start: date | None
    end: date | None
    initial_capital: Decimal | None
    commission_bps: float | None
    slippage_bps: float
    lots: str
    account_currency: str | None
    conversion_bps: float
    dealing: Mapping[str, bool | float | str | None]
    fresh: bool


def _asked(  # house: function-length: one line per option
    *,
    universe: Universe = None,
    symbols: Symbols = None,
    timeframe: Timeframe = None,
    start: Annotated[str | None, typer.Option("--start", metavar="DATE", help="First day that may decide.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day, inclusive.")] = None,
    initial_capital: Annotated[
        str | None,
        typer.Option(
            "--initial-capital",
            metavar="N",
            help="Of each account, in the market's currency.  [default: 100,000; KRW 100M]",
        ),
    ] = None,
    commission_bps: CommissionBps = None,
    slippage_bps: SlippageBps = "0",
    lots: TradedLots = "whole",
    account_currency: Annotated[
        str | None,
        typer.Option("--account-currency", metavar="KRW", help="The capital is in this one; needs rates (USDKRW)."),
    ] = None,
    conversion_bps: Annotated[
        str, typer.Option("--conversion-bps", metavar="X", help="What converting the capital costs, of the rate.")
    ] = "10",
    slippage: Annotated[
        str,
        typer.Option(
            "--slippage",
            metavar="MODEL=X",
            help="On top: bps=5, half_spread=1tick, sqrt=0.1, volume_share=0.1; join with commas.",
        ),
    ] = "",
    carry: Annotated[
        bool, typer.Option("--carry", help="Keep trying what the market left of a scheduled order; else it is dropped.")
    ] = False,
    cash_rate: Annotated[
        str, typer.Option("--cash-rate", metavar="X", help="Interest a year on cash: 0.03 is 3 %.")
    ] = "0",
    delisting_recovery: Annotated[
        str,
        typer.Option(
            "--delisting-recovery", metavar="X", help="Paid for a name that is gone: share of its last price."
        ),
    ] = "1",
    reinvest_dividends: Annotated[
        bool, typer.Option("--reinvest-dividends", help="Dividends buy shares of their payer.")
    ] = False,
    entry_limit: Annotated[
        str | None,
        typer.Option("--entry-limit", metavar="X", help="Buy by limit order: -0.01 is 1 % below the decision's close."),
    ] = None,
    allow_short: Annotated[
        bool, typer.Option("--allow-short", help="Negative weights sell short, in a margin account.")
    ] = False,
    borrow_bps: Annotated[str, typer.Option("--borrow-bps", metavar="X", help="A year, on what is sold short.")] = "50",
    initial_margin: Annotated[
        str, typer.Option("--initial-margin", metavar="X", help="To open, of the value.")
    ] = "0.5",
    maintenance_margin: Annotated[
        str, typer.Option("--maintenance-margin", metavar="X", help="To keep; below it all is closed.")
    ] = "0.3",
    settlement: Annotated[
        Literal["ignore", "venue"],
        typer.Option("--settlement", help="venue: proceeds of a sale buy what the venue lets them before they settle."),
    ] = "ignore",
    fill_at: Annotated[
        Literal["open", "close"], typer.Option("--fill-at", help="Of the bar after the decision.")
    ] = "open",
    fresh: Annotated[bool, typer.Option("--fresh", help="Run again even if the result is stored.")] = False,
) -> Asked:
    return {
        "universe": universe,
        "symbols": names(symbols or ()),
        "timeframe": timeframe,
        "start": day(start, "--start"),
        "end": day(end, "--end"),
        "initial_capital": amount(initial_capital, "--initial-capital"),
        "commission_bps": basis_points(commission_bps, "--commission-bps"),
        "slippage_bps": basis_points(slippage_bps, "--slippage-bps") or 0.0,
        "lots": lots,
        "account_currency": account_currency,
        "conversion_bps": basis_points(conversion_bps, "--conversion-bps") or 0.0,
        "dealing": {
            "slippage": slippage,
            "carry": carry,
            "cash_rate": _share(cash_rate, "--cash-rate"),
            "delisting_recovery": _share(delisting_recovery, "--delisting-recovery"),
            "reinvest_dividends": reinvest_dividends,
            "entry_limit": None if entry_limit is None else _share(entry_limit, "--entry-limit"),
            "allow_short": allow_short,
            "borrow_bps": _share(borrow_bps, "--borrow-bps"),
            "initial_margin": _share(initial_margin, "--initial-margin"),
            "maintenance_margin": _share(maintenance_margin, "--maintenance-margin"),
            "settlement": settlement,
            "fill_at": fill_at,
        },
        "fresh": fresh,
    }


def with_run_options(command: Callable[Concatenate[typer.Context, Asked, P], None]) -> Callable[..., None]:
    """Give a command every option that a run on the past has; it gets what they say as its second argument."""
    shared = inspect.signature(_asked, eval_str=True).parameters
    own = inspect.signature(command, eval_str=True)
    context, _, *rest = own.parameters.values()

    @wraps(command)
    def asking(ctx: typer.Context, **given: Any) -> None:  # noqa: ANN401  # whatever the options of both say
        asked = _asked(**{name: given.pop(name) for name in shared})
        command(ctx, asked, **given)  # type: ignore[call-arg]  # typer calls it by names

    by_name = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in rest]
    first = [one for one in by_name if one.default is inspect.Parameter.empty]
    last = [one for one in by_name if one not in first]
    parameters = [context, *first, *last, *shared.values()]
    asking.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # what typer reads
    asking.__annotations__ = {one.name: one.annotation for one in parameters}
    return asking


def table_format(given: Literal["csv", "parquet"] | None, output: Path | None) -> Literal["csv", "parquet"]:
    """Return how a table is written: as asked, else by the file's ending, else as CSV."""
    return given or ("parquet" if output is not None and output.suffix == ".parquet" else "csv")


def _share(text: str, flag: str) -> float:
    return float(amount(text, flag) or 0)

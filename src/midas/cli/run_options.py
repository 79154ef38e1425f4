"""The options that every command that runs on the past has: on what, when, with how much, at which cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Strategy = Annotated[
    str, typer.Option("--strategy", metavar="NAME|FILE.yaml", help="Of the library, stored, or a file.")
]
Universe = Annotated[str | None, typer.Option("--universe", metavar="NAME", help="A dataset, or a market (XKRX).")]
Symbols = Annotated[list[str] | None, typer.Option("--symbols", "-s", metavar="A,B", help="Instruments.")]
Timeframe = Annotated[
    str | None,
    typer.Option("--timeframe", metavar="1m", help="How long a bar is: 1m, 5m, 15m, 30m, 1h.  [default: 1d]"),
]
Start = Annotated[str | None, typer.Option("--start", metavar="DATE", help="First day that may decide.")]
End = Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day, inclusive.")]
InitialCapital = Annotated[
    str | None,
    typer.Option(
        "--initial-capital",
        metavar="N",
        help="Of each account, in the market's currency.  [default: 100,000; KRW 100M]",
    ),
]
CommissionBps = Annotated[
    str | None, typer.Option("--commission-bps", metavar="X", help="Instead of the market's table; taxes still apply.")
]
SlippageBps = Annotated[str, typer.Option("--slippage-bps", metavar="X", help="Against you, each fill.")]
TradedLots = Annotated[Literal["whole", "fractional"], typer.Option("--lots", help="What may be bought.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Run again even if the result is stored.")]
Metric = Annotated[str, typer.Option("--metric", metavar="NAME", help="What to judge by.")]
TableFormat = Annotated[
    Literal["csv", "parquet"] | None,
    typer.Option("--format", help="How to write it.  [default: by the file's ending, else csv]"),
]


def table_format(given: Literal["csv", "parquet"] | None, output: Path | None) -> Literal["csv", "parquet"]:
    """Return how a table is written: as asked, else by the file's ending, else as CSV."""
    return given or ("parquet" if output is not None and output.suffix == ".parquet" else "csv")

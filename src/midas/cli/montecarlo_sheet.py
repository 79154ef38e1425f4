"""Monte Carlo on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from midas.cli.numbers import count, number, percent
from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.wire.montecarlo import MonteCarlo, Spread

_HOW = {
    "trades": "The same closed trades in another order: where it ends is fixed, how deep it falls is not.",
    "bootstrap": "The same sessions drawn again, in blocks that keep calm and wild times together.",
    "noise": "The same rules on prices that are each moved a little.",
}


def show_monte_carlo(out: Printer, found: MonteCarlo) -> None:
    """Print what else might have happened."""
    out.text(f"{count(found.paths)} paths of backtest {found.backtest}. {_HOW[found.method]}")
    out.line()
    titles = ("observed", "5 % below", "25 %", "median", "75 %", "5 % above")
    rows = [
        ("total return", *(percent(value) for value in _shown(found.total_return))),
        ("Sharpe", *(number(value) for value in _shown(found.sharpe))),
        ("max drawdown", *(percent(value) for value in _shown(found.max_drawdown))),
    ]
    out.table((Column("", keep=True), *(Column(title, right=True) for title in titles)), rows)
    out.line()
    out.text(
        f"{percent(found.losing, 1)} of the paths lose money; {percent(found.deeper, 1)} fall deeper than the backtest "
        f"did."
    )


def _shown(spread: Spread) -> tuple[float | None, ...]:
    return spread.observed, spread.p5, spread.p25, spread.p50, spread.p75, spread.p95

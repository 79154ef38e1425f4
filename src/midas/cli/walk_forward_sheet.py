"""A walk-forward on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from midas.cli.luck_sheet import show_luck
from midas.cli.numbers import count, number, percent
from midas.cli.plain import plain
from midas.cli.printer import Column, Printer
from midas.cli.sparkline import ASCII, BLOCKS, sparkline
from midas.cli.terminal import columns, shows_blocks

if TYPE_CHECKING:
    from midas.wire.walk_forward import Leg, WalkForward

_WIDEST = 80


def show_walk_forward(out: Printer, found: WalkForward) -> None:
    """Print each choice and what became of it, the account that followed them, and its luck."""
    out.line(f"walk-forward, {found.mode}, {len(found.legs)} folds: what was chosen on the past, traded after it")
    heads = (Column("traded", keep=True), Column("chosen on", keep=True, spare=1), Column("choice"))
    numbers = (
        Column(found.metric, right=True),
        Column("return after", right=True),
        Column("tried", right=True, spare=2),
    )
    out.table((*heads, *numbers), [_row(leg) for leg in found.legs])
    out.line()
    heights = BLOCKS if shows_blocks(sys.stdout) else ASCII
    out.line(sparkline(found.equity, min(columns(sys.stdout) - 2, _WIDEST), heights))
    summary = found.summary
    out.facts(
        (
            ("total return", percent(summary.get("total_return"))),
            ("Sharpe", number(summary.get("sharpe"))),
            ("max drawdown", percent(summary.get("max_drawdown"))),
            ("trades", count(summary.get("trades"))),
            ("efficiency", _efficiency(found)),
        )
    )
    show_luck(out, found.luck)


def _row(leg: Leg) -> tuple[str, ...]:
    chosen = " ".join(f"{name}={value}" for name, value in leg.params.items()) or "nothing"
    return (
        f"{leg.first} to {leg.last}",
        f"{leg.train_first} to {leg.train_last}",
        plain(chosen),
        number(leg.train_score),
        percent(leg.total_return),
        count(leg.tried),
    )


def _efficiency(found: WalkForward) -> str:
    if found.efficiency is None:
        return ""
    return f"{number(found.efficiency)}, the {found.metric} after the choice over that before it"

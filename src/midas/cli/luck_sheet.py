"""Luck on a terminal: one sentence, and the numbers behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from midas.cli.numbers import count, number, percent

if TYPE_CHECKING:
    from midas.cli.printer import Printer
    from midas.wire.luck import Luck


def show_luck(out: Printer, luck: Luck) -> None:
    """Print what a result is worth once everything that was tried is counted."""
    out.text(luck.sentence)
    told = "; ".join(part for part in (_interval(luck), _beliefs(luck), _record(luck), _overfitting(luck)) if part)
    if told:
        out.text(f"{told[:1].upper()}{told[1:]}.")


def _interval(luck: Luck) -> str:
    if luck.sharpe_low is None or luck.sharpe_high is None:
        return ""
    return f"Sharpe between {number(luck.sharpe_low)} and {number(luck.sharpe_high)} with 95 %"


def _beliefs(luck: Luck) -> str:
    if luck.psr is None or luck.deflated_sharpe is None:
        return ""
    above = f"above 0 with {percent(luck.psr, 1)}"
    tried = f"above the luck of {count(luck.trials)} tries with {percent(luck.deflated_sharpe, 1)} (deflated)"
    return above if luck.trials == 1 else f"{above}, {tried}"


def _record(luck: Luck) -> str:
    needed = luck.min_track_record_sessions
    return "" if needed is None else f"{count(needed)} sessions are needed to believe it is above 0"


def _overfitting(luck: Luck) -> str:
    return "" if luck.pbo is None else f"the best of the past fell below the middle in {percent(luck.pbo, 0)} of splits"

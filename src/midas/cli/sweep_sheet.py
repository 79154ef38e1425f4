"""A sweep on a terminal: the best, what it is worth, and a map of the scores."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from midas.cli.luck_sheet import show_luck
from midas.cli.numbers import count, number, percent
from midas.cli.plain import plain
from midas.cli.printer import Column, Printer
from midas.cli.terminal import columns, shows_blocks, shows_colour
from midas.cli.walk_forward_sheet import show_walk_forward

if TYPE_CHECKING:
    from midas.wire.shape import Scalar
    from midas.wire.sweeps import HeatMap, Sweep

_SHADES = " ░▒▓█"
_PLAIN_SHADES = " .:*#"
_COLOURS = (17, 18, 25, 31, 37, 71, 107, 143, 179, 214, 220)
"""Of the 256 terminals have: from blue, low, to yellow, high."""

_HIGHEST = 20


def show_sweep(out: Printer, sweep: Sweep) -> None:
    """Print what was tried, the best of it, its luck, and the map."""
    out.line(f"{sweep.id}  {sweep.strategy} on {_where(sweep)}, {sweep.start} to {sweep.end}")
    out.line(_tried(sweep))
    if sweep.best is None:
        out.line(f"No trial has a {sweep.metric}.")
        return
    out.line()
    out.line(f"best {sweep.metric} {number(sweep.best.score, 4)} at {_params(sweep.best.params)}")
    facts = (
        ("total return", percent(sweep.summary.get("total_return"))),
        ("CAGR", percent(sweep.summary.get("cagr"))),
        ("Sharpe", number(sweep.summary.get("sharpe"))),
        ("max drawdown", percent(sweep.summary.get("max_drawdown"))),
        ("trades", count(sweep.summary.get("trades"))),
        ("flatness", _flatness(sweep)),
    )
    out.facts(facts)
    if sweep.luck is not None:
        show_luck(out, sweep.luck)
    if sweep.heat is not None:
        out.line()
        _show_heat(out, sweep.heat, sweep.metric)
    if sweep.walk_forward is not None:
        out.line()
        show_walk_forward(out, sweep.walk_forward)


def show_list(out: Printer, found: Sequence[Sweep]) -> None:
    """Print sweeps, one a line."""
    if not found:
        out.line("No sweep yet. Try `midas sweep run --strategy sma_cross --symbols AAPL --grid fast=5:50:5`.")
        return
    rows = [
        (
            each.id,
            each.strategy,
            _where(each),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            count(each.trials),
            each.metric,
            "" if each.best is None else number(each.best.score),
            "" if each.best is None else _params(each.best.params),
            each.status,
        )
        for each in found
    ]
    heads = (Column("id", keep=True), "strategy", "on", Column("run (UTC)", keep=True, spare=2))
    scores = (Column("trials", right=True), "metric", Column("best", right=True), Column("at", spare=1))
    out.table((*heads, *scores, Column("status", spare=3)), rows)


def _where(sweep: Sweep) -> str:
    return ", ".join(sweep.symbols[:3]) + ("…" if len(sweep.symbols) > 3 else "") or sweep.universe or ""


def _tried(sweep: Sweep) -> str:
    told = f"{count(sweep.trials)} trials ({sweep.sampler})"
    told += f", {count(sweep.skipped)} combinations refused: {sweep.skipped_because}" if sweep.skipped else ""
    return told + ("; stopped before the end" if sweep.status == "cancelled" else "")


def _params(params: dict[str, Scalar]) -> str:
    return plain(" ".join(f"{name}={value}" for name, value in params.items()))


def _flatness(sweep: Sweep) -> str:
    if sweep.flatness is None:
        return ""
    worth = "a plateau" if sweep.flatness > 0.8 else "a slope" if sweep.flatness > 0.5 else "a lonely peak"
    return f"{number(sweep.flatness)}, the neighbours' mean over the best: {worth}"


def _show_heat(out: Printer, heat: HeatMap, metric: str) -> None:
    known = [score for row in heat.scores for score in row if score is not None]
    if not known:
        return
    low, high = min(known), max(known)
    rows = heat.scores[::-1]
    labels = [str(value) for value in heat.y_values[::-1]] or [""]
    step = max(1, math.ceil(len(rows) / _HIGHEST))
    wide = 2 if 2 * len(heat.x_values) + 12 <= columns(sys.stdout) else 1
    margin = max(len(plain(label)) for label in [*labels, heat.y or ""])
    out.line(f"{(heat.y or '').rjust(margin)}  {metric} from {number(low)} to {number(high)}")
    for label, row in list(zip(labels, rows, strict=False))[::step]:
        cells = "".join(_cell(out, score, low, high) * wide for score in row)
        out.line(f"{plain(label).rjust(margin)}  {cells}{_off(out)}")
    first, last = plain(str(heat.x_values[0])), plain(str(heat.x_values[-1]))
    middle = plain(heat.x).center(max(len(heat.x) + 2, wide * len(heat.x_values) - len(first) - len(last)))
    out.line(f"{' ' * margin}  {first}{middle}{last}")


def _cell(out: Printer, score: float | int | None, low: float, high: float) -> str:
    if score is None:
        return f"{_off(out)} "
    share = 1.0 if high <= low else (score - low) / (high - low)
    if shows_colour(sys.stdout, out.no_color):
        return f"\x1b[48;5;{_COLOURS[round(share * (len(_COLOURS) - 1))]}m "
    shades = _SHADES if shows_blocks(sys.stdout) else _PLAIN_SHADES
    return shades[1 + round(share * (len(shades) - 2))]


def _off(out: Printer) -> str:
    return "\x1b[0m" if shows_colour(sys.stdout, out.no_color) else ""

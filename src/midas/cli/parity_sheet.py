"""A run beside its backtest, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.wire.parities import Parity, ParityDifference, ParityTrade

_BECAUSE = ("signal", "timing", "price", "size", "cost", "rejected", "unexplained")
_SHOWN = 40


def show_parity(out: Printer, found: Parity) -> None:
    """Print where a run and its twin part ways, and what that comes to."""
    out.text(found.sentence)
    if found.differences:
        used = [each for each in _BECAUSE if each in found.totals]
        columns: list[Column | str] = [
            Column("decided", keep=True), Column("instrument", keep=True), "side", Column("run", spare=1),
            Column("backtest", spare=1), *(Column(each, right=True) for each in used), Column("total", right=True),
        ]  # fmt: skip
        rows = [_row(each, used) for each in found.differences[:_SHOWN]]
        if found.differing > len(rows):
            rows.append([f"and {found.differing - len(rows)} more", *[""] * (len(columns) - 1)])
        totals = [_amount(found.totals.get(each, Decimal(0))) for each in used]
        rows.append(["total", "", "", "", "", *totals, _amount(found.total)])
        out.line()
        out.table(columns, rows)
    out.line()
    out.facts(
        [
            ("run", found.run),
            ("through", f"{found.through}"),
            ("trades", f"{found.trades}, {found.differing} of them differ"),
            ("money", f"{_amount(found.run_money)} {found.currency} by the run's trades"),
            ("twin's", f"{_amount(found.twin_money)} {found.currency} by the backtest's"),
            ("identity", found.identity),
        ]
    )
    out.warn(found.notes)


def _row(one: ParityDifference, used: Sequence[str]) -> list[str]:
    parts = {str(name): amount for name, amount in one.parts.items()}
    amounts = ["" if each not in parts else _amount(parts[each]) for each in used]
    return [f"{one.session}", one.instrument, one.side, _trade(one.run), _trade(one.twin), *amounts, _amount(one.total)]


def _trade(trade: ParityTrade | None) -> str:
    return "none" if trade is None else f"{trade.quantity:g} at {trade.price:g}"


def _amount(amount: Decimal) -> str:
    return f"{amount:,}"

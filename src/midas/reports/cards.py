"""The numbers a reader looks for first."""

from __future__ import annotations

from dataclasses import dataclass

from midas.reports.curves import Curves, growth
from midas.reports.markup import Html, element
from midas.reports.numbers import MISSING, money, number, percent, tone
from midas.reports.series import worst_drawdowns
from midas.reports.sheet import TearSheetInput

_NORMAL_95 = 1.959964
_NO_VALUE = "It is not defined for this run."


@dataclass(frozen=True, slots=True)
class Card:
    """One headline: its measure's name, what is shown, and a line that puts it in context."""

    name: str
    label: str
    shown: str
    context: str = ""
    tone: str | None = None


def cards_html(sheet: TearSheetInput, shown: Curves) -> Html:
    """Return the headline cards and how they were measured."""
    method = element("p", " · ".join(sheet.method), class_="note") if sheet.method else Html("")
    return element(
        "section",
        element("h2", "Headlines", class_="unseen"),
        element("div", *(_card(card, sheet) for card in headline(sheet, shown)), class_="cards"),
        method,
        id="headlines",
    )


def headline(sheet: TearSheetInput, shown: Curves) -> tuple[Card, ...]:
    """Return the cards in reading order."""
    value = sheet.summary.get
    final = float(shown.equity[-1]) if shown.rows else None
    paid = _sum(value("fees"), value("taxes"))
    total, yearly = growth(shown, shown.benchmark)
    return (
        Card("final_equity", "Final equity", money(final, sheet.currency), f"{sheet.currency}, from {_capital(sheet)}"),
        _signed("total_return", "Total return", value("total_return"), total),
        _signed("cagr", "CAGR", value("cagr"), yearly),
        Card("volatility", "Volatility", percent(value("volatility")), "a year"),
        Card("sharpe", "Sharpe ratio", number(value("sharpe")), _interval(sheet)),
        Card("sortino", "Sortino ratio", number(value("sortino")), "downside risk only"),
        Card("max_drawdown", "Max drawdown", percent(value("max_drawdown")), _fall(shown), tone(value("max_drawdown"))),
        Card("trades", "Trades", number(value("trades"), 0), _round_trips(sheet)),
        Card("win_rate", "Win rate", percent(value("win_rate"), 1), "of closed trades"),
        Card("fees", "Fees and taxes", money(paid, sheet.currency), _costs_context(sheet)),
    )


def _card(card: Card, sheet: TearSheetInput) -> Html:
    reason = (sheet.absent.get(card.name) or _NO_VALUE) if card.shown == MISSING else None
    return element(
        "div",
        element("h3", card.label),
        element("p", card.shown, class_=f"value {card.tone or ''}".strip(), title=reason, data_measure=card.name),
        element("p", reason or card.context, class_="context"),
        class_="card",
    )


def _signed(name: str, label: str, value: float | None, benchmark: float | None) -> Card:
    context = "" if benchmark is None else f"benchmark {percent(benchmark, signed=True)}"
    return Card(name, label, percent(value, signed=True), context, tone(value))


def _interval(sheet: TearSheetInput) -> str:
    ratio, error = sheet.summary.get("sharpe"), sheet.summary.get("sharpe_error")
    if ratio is None or error is None:
        return f"risk-free {percent(sheet.risk_free)}"
    return f"95% interval {number(ratio - _NORMAL_95 * error)} to {number(ratio + _NORMAL_95 * error)}"


def _round_trips(sheet: TearSheetInput) -> str:
    still_open = sheet.summary.get("open_trades")
    return f"closed round trips, {number(still_open, 0)} open" if still_open else "closed round trips"


def _fall(shown: Curves) -> str:
    worst = worst_drawdowns(shown.equity, 1)
    if not worst:
        return "never below a peak"
    return f"{shown.day(worst[0].peak)} to {shown.day(worst[0].trough)}"


def _costs_context(sheet: TearSheetInput) -> str:
    fees, taxes = sheet.summary.get("fees"), sheet.summary.get("taxes")
    return f"fees {money(fees, sheet.currency)} · taxes {money(taxes, sheet.currency)}"


def _capital(sheet: TearSheetInput) -> str:
    return money(sheet.initial_capital, sheet.currency)


def _sum(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None

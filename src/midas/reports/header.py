"""Top of the page: what was run, on what, at what cost, and what to be wary of."""

from __future__ import annotations

from collections.abc import Mapping

from midas.reports.curves import Curves
from midas.reports.markup import Html, element
from midas.reports.numbers import money, number, percent
from midas.reports.sheet import TearSheetInput

_SYMBOLS_SHOWN = 12
_SYMBOLS_OF_MANY = 4


def header_html(sheet: TearSheetInput) -> Html:
    """Return the title, the parameters and what luck has to do with it."""
    chips = [element("li", f"{name} = {_value(value)}") for name, value in sheet.parameters.items()]
    parameters = element("ul", *chips, class_="chips", aria_label="Parameters") if chips else ""
    luck = element("p", sheet.luck.sentence, class_="luck") if sheet.luck is not None else ""
    kicker = element("p", "Midas backtest", class_="kicker")
    return element("header", kicker, element("h1", sheet.strategy), parameters, luck)


def facts_html(sheet: TearSheetInput, shown: Curves) -> Html:
    """Return what was run, the costs assumed, and what identifies the run."""
    run = {
        "Universe": _universe(sheet),
        "Period": _period(shown),
        "Initial capital": f"{money(sheet.initial_capital, sheet.currency)} {sheet.currency}",
        "Benchmark": sheet.benchmark or "none",
    }
    identity = {**sheet.facts, "Identity hash": sheet.identity}
    lists = (
        _facts("Run", run),
        _facts("Costs assumed", sheet.costs_assumed),
        _facts("Identity", identity),
        _luck(sheet),
    )
    return element("div", *lists, class_="facts")


def warnings_html(sheet: TearSheetInput) -> Html:
    """Return what a reader should be wary of; nothing where there is nothing."""
    if not sheet.warnings:
        return Html("")
    title = "1 warning" if len(sheet.warnings) == 1 else f"{len(sheet.warnings)} warnings"
    items = element("ul", *(element("li", warning) for warning in sheet.warnings))
    return element("aside", element("h2", f"⚠ {title}"), items, class_="warnings", aria_label="Warnings")


def _luck(sheet: TearSheetInput) -> Html:
    luck = sheet.luck
    if luck is None or luck.sharpe is None:
        return Html("")
    needed = luck.min_track_record_sessions
    told = {
        "Settings tried": number(luck.trials, 0),
        "95% resampled": f"{number(luck.sharpe_low)} to {number(luck.sharpe_high)}",
        "Above 0": f"{percent(luck.psr, 1)} probable",
        "Above luck": f"{percent(luck.deflated_sharpe, 1)} probable (deflated)",
        "Needed": "none is long enough" if needed is None else f"{number(needed, 0)} sessions",
    }
    return _facts("Luck and the Sharpe ratio", told)


def _period(shown: Curves) -> str:
    return f"{shown.day(0)} to {shown.day(-1)}, {shown.rows:,} bars" if shown.rows else "no bars"


def _universe(sheet: TearSheetInput) -> str:
    some = sheet.symbols if len(sheet.symbols) <= _SYMBOLS_SHOWN else sheet.symbols[:_SYMBOLS_OF_MANY]
    more = len(sheet.symbols) - len(some)
    listed = ", ".join(some) + (f" and {more:,} more" if more else "")
    if not sheet.universe or sheet.universe == listed:
        return listed
    return f"{sheet.universe}: {listed}" if listed else sheet.universe


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _facts(title: str, facts: Mapping[str, str]) -> Html:
    if not facts:
        return Html("")
    rows = [element("div", element("dt", label), element("dd", text)) for label, text in facts.items()]
    return element("section", element("h2", title), element("dl", *rows))

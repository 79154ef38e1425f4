"""A backtest on a terminal: where the money went, and how sure one may be of it."""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from midas.cli.luck_sheet import show_luck
from midas.cli.numbers import count, money, number, percent
from midas.cli.printer import Column, Printer
from midas.cli.sparkline import ASCII, BLOCKS, sparkline
from midas.cli.terminal import columns, shows_blocks

if TYPE_CHECKING:
    from midas.wire.backtests import Backtest, ComparedMeasure, Comparison
    from midas.wire.shape import Scalar

Unit = Literal["fraction", "", "currency", "count"]

_RETURN: tuple[tuple[str, str, Unit], ...] = (
    ("total_return", "total return", "fraction"),
    ("cagr", "CAGR", "fraction"),
    ("benchmark_return", "benchmark", "fraction"),
    ("volatility", "volatility", "fraction"),
    ("max_drawdown", "max drawdown", "fraction"),
)
_RISK: tuple[tuple[str, str, Unit], ...] = (
    ("sharpe", "Sharpe", ""),
    ("sortino", "Sortino", ""),
    ("calmar", "Calmar", ""),
    ("time_in_market", "time in market", "fraction"),
    ("turnover", "turnover a year", "fraction"),
)
_TRADING: tuple[tuple[str, str, Unit], ...] = (
    ("trades", "trades", "count"),
    ("win_rate", "win rate", "fraction"),
    ("profit_factor", "profit factor", ""),
    ("fees", "fees", "currency"),
    ("taxes", "taxes", "currency"),
)
_NARROW = 76
_WIDEST_CURVE = 100


@dataclass(frozen=True, slots=True)
class Curve:
    """An equity curve and the first and last day of it."""

    days: tuple[str, str]
    values: tuple[float, ...]

    @classmethod
    def read(cls, text: bytes) -> Curve | None:
        """Read the exported equity series; None when it has no rows."""
        rows = list(csv.DictReader(io.StringIO(text.decode())))
        if not rows:
            return None
        return cls((rows[0]["ts"], rows[-1]["ts"]), tuple(float(row["equity"]) for row in rows))


def show_backtest(
    out: Printer, result: Backtest, curve: Curve | None, measures: Sequence[ComparedMeasure] = ()
) -> None:
    """Print what was run, its curve, the headline measures, its luck, what was not filled and how it was computed.

    `measures`, where there are any, are all printed with their units, and every setting with them.
    """
    currency = _currency(result)
    out.text(_headline(result, curve))
    out.line(f"{result.id}  {'from the store; --fresh runs it again' if result.cached else 'stored'}")
    out.line()
    if curve is not None:
        out.line(_curve_line(curve, currency))
        out.line()
    _show_headlines(out, result.summary, currency)
    out.line()
    if result.luck is not None:
        show_luck(out, result.luck)
    for line in (
        _own_currency(result.settings),
        _exited(result.settings),
        _unfilled(result.rejects),
        method(result.settings),
    ):
        if line:
            out.text(line)
    if measures:
        rows = [(each.measure, in_unit(each.values[0], each.unit, currency)) for each in measures]
        out.line()
        out.table((Column("measure", keep=True), Column("value", right=True)), rows)
        out.line()
        out.facts(
            [(name.replace("_", " "), str(value)) for name, value in result.settings.items() if value is not None]
        )


def show_list(out: Printer, found: Sequence[Backtest]) -> None:
    """Print backtests, one a line."""
    if not found:
        out.line("No backtest yet. Try `midas backtest run --strategy sma_cross --universe sample`.")
        return
    rows = [
        (
            each.id,
            each.strategy,
            _where(each),
            _given(each),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            percent(each.summary.get("total_return")),
            percent(each.summary.get("cagr")),
            number(each.summary.get("sharpe")),
            percent(each.summary.get("max_drawdown")),
            count(each.summary.get("trades")),
        )
        for each in found
    ]
    heads = (Column("id", keep=True), "strategy", "on", Column("parameters", spare=3))
    run = Column("run (UTC)", keep=True, spare=2)
    growth = (Column("return", right=True), Column("CAGR", right=True, spare=1), Column("Sharpe", right=True))
    out.table((*heads, run, *growth, Column("drawdown", right=True), Column("trades", right=True)), rows)


def show_comparison(out: Printer, found: Comparison, backtests: Sequence[Backtest]) -> None:
    """Print measures as rows and backtests as columns."""
    for each in backtests:
        out.text(f"{each.id}  {_headline(each, None)}")
    currency = _currency(backtests[0]) if len({_currency(each) for each in backtests}) == 1 else ""
    rows = [(row.measure, *(in_unit(value, row.unit, currency) for value in row.values)) for row in found.rows]
    out.table((Column("measure", keep=True), *(Column(each, right=True) for each in found.ids)), rows)


def in_unit(value: float | None, unit: str, currency: str) -> str:
    """Return a measure the way its unit is read."""
    match unit:
        case "fraction":
            return percent(value)
        case "currency":
            return money(value, currency)
        case "count" | "days" | "sessions":
            return count(value)
        case _:
            return number(value)


def _show_headlines(out: Printer, summary: Mapping[str, float | None], currency: str) -> None:
    groups = [
        [(label, in_unit(summary.get(name), unit, currency)) for name, label, unit in group if name in summary]
        for group in (_RETURN, _RISK, _TRADING)
    ]
    if columns(sys.stdout) < _NARROW:
        groups = [[row for group in groups for row in group]]
    height = max(len(group) for group in groups)
    cells = [group + [("", "")] * (height - len(group)) for group in groups]
    out.grid([[text for pair in row for text in pair] for row in zip(*cells, strict=True)])


def _curve_line(curve: Curve, currency: str) -> str:
    heights = BLOCKS if shows_blocks(sys.stdout) else ASCII
    words = f"  {money(curve.values[0], currency)} to {money(curve.values[-1], currency)}"
    room = min(columns(sys.stdout), _WIDEST_CURVE) - len(words)
    # on a log scale the same height is the same growth, early and late
    grown = [math.log(value) for value in curve.values] if min(curve.values) > 0 else curve.values
    return sparkline(grown, max(room, 10), heights) + words


def _headline(result: Backtest, curve: Curve | None) -> str:
    first, last = curve.days if curve is not None else (result.start or "", result.end or "")
    when = f", {first} to {last}" if first and last else ""
    return f"{_strategy(result)} on {_where(result)}{when}"


def _strategy(result: Backtest) -> str:
    return f"{result.strategy} {_given(result)}".strip()


def _given(result: Backtest) -> str:
    # when it speaks is told with how it was computed
    return " ".join(f"{name}={value}" for name, value in result.params.items() if name != "every")


def _where(result: Backtest) -> str:
    if result.universe is not None:
        return result.universe
    shown = ", ".join(result.symbols[:3])
    return shown + (f" and {len(result.symbols) - 3} more" if len(result.symbols) > 3 else "")


def _currency(result: Backtest) -> str:
    found = result.settings.get("currency")
    return found if isinstance(found, str) else ""


def _exited(settings: Mapping[str, Scalar]) -> str:
    fills = settings.get("exit_fills")
    return "" if fills in (None, "none") else f"Positions closed by exits: {_words(fills)}."


def _unfilled(rejects: Mapping[str, int]) -> str:
    if not rejects:
        return ""
    reasons = ", ".join(
        f"{reason.replace('_', ' ')} {count(n)}" for reason, n in sorted(rejects.items(), key=lambda pair: -pair[1])
    )
    return f"Orders not filled, or not wholly: {reasons}."


def _own_currency(settings: Mapping[str, Scalar]) -> str:
    own = settings.get("account_currency")
    if not isinstance(own, str):
        return ""
    number_of = {name: value for name, value in settings.items() if isinstance(value, float)}

    def told(name: str) -> str:
        return money(number_of.get(name), own)

    return (
        f"In {own}: {told('account_capital')} became {told('account_equity')} "
        f"({percent(number_of.get('account_return'))}): {told('trading_gain')} by trading, {told('currency_gain')} by "
        f"the rate, {told('conversion_cost')} for converting. All other figures are in the market's currency."
    )


def method(settings: Mapping[str, Scalar]) -> str:
    """Return one sentence on how a result was computed, from those settings it has."""
    periods, free = settings.get("periods_per_year"), settings.get("risk_free")
    parts = (
        _said("{} bars", settings.get("frequency")),
        _said("{} prices", _words(settings.get("basis"))),
        _said("speaks: {}", _words(settings.get("every"))),
        _said("fills at the {}", settings.get("fill")),
        _said("commission: {}", settings.get("commission")),
        _said("slippage {} bps", settings.get("slippage_bps")),
        _said("dealing: {}", None if settings.get("dealing") == "plain" else _words(settings.get("dealing"))),
        f"{periods:.1f} periods a year" if isinstance(periods, float) else "",
        f"risk-free {percent(free)}" if isinstance(free, float) else "",
        "net of costs" if settings.get("net_of_costs") is True else "before costs",
        _said("warm-up of {} sessions left out", settings.get("warm_up_sessions")),
        _said("benchmark: {}", settings.get("benchmark")),
    )
    told = "; ".join(part for part in parts if part)
    return f"{told[:1].upper()}{told[1:]}." if settings else ""


def _words(name: Scalar) -> Scalar:
    return name.replace("_", " ") if isinstance(name, str) else name


def _said(sentence: str, value: Scalar) -> str:
    return "" if value is None else sentence.format(f"{value:g}" if isinstance(value, float) else value)

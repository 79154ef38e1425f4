"""Charts of equity, drawdown and rolling Sharpe: their places on the page, and their data."""

from __future__ import annotations

import numpy as np

from midas.reports.curves import Curves
from midas.reports.layout import grid, note, nothing, section
from midas.reports.markup import Content, Html, element
from midas.reports.numbers import money, money_digits, number, percent
from midas.reports.packing import Arrays, Json
from midas.reports.series import Drawdown, Rows, rolling_sharpe, thinned, worst_drawdowns
from midas.reports.sheet import TearSheetInput

MOST_POINTS = 10_000
_ZOOM_HINT = "Drag to zoom, double-click or All to reset."


def figure(name: str, label: str, *controls: Content) -> Html:
    """Return the place where the script draws chart `name`; `label` says in words what it shows."""
    return element(
        "figure",
        element("div", *controls, class_="tools"),
        element("div", class_="plot", data_chart=name, role="img", aria_label=label),
    )


def button(label: str, name: str, value: str, *, pressed: bool | None = None) -> Html:
    """Return a button that the script finds by `data-<name>`."""
    state = None if pressed is None else str(pressed).lower()
    return element("button", label, type="button", aria_pressed=state, **{f"data_{name}": value})


def equity_html(sheet: TearSheetInput, shown: Curves) -> Html:
    """Return the section of equity against the benchmark."""
    if shown.rows < 2:
        return nothing("equity", "Equity", "There are too few bars to draw.")
    first, last = money(float(shown.equity[0]), sheet.currency), money(float(shown.equity[-1]), sheet.currency)
    label = f"Equity from {first} to {last} {sheet.currency}"
    ranges = [button(name, "years", years) for name, years in (("1Y", "1"), ("3Y", "3"), ("5Y", "5"), ("All", "0"))]
    log = button("Log scale", "log", "equity", pressed=False)
    told = f"Account value in {sheet.currency} at each close, after costs."
    if shown.benchmark is not None:
        told += f" Benchmark, from the same capital and without costs: {sheet.benchmark}."
    told += f" {_ZOOM_HINT}"
    if shown.rows > MOST_POINTS:
        told += f" Drawn from the highs and lows of {MOST_POINTS // 2:,} stretches of its {shown.rows:,} bars."
    drawing = figure("equity", label, element("span", *ranges, class_="group"), log)
    return section("equity", "Equity", drawing, note(told))


def drawdown_html(shown: Curves) -> Html:
    """Return the underwater chart and the table of the worst five falls."""
    worst = worst_drawdowns(shown.equity)
    if not worst:
        return nothing("drawdown", "Drawdown", "Equity never fell below an earlier peak.")
    head = ("#", "Depth", "Peak", "Trough", "Recovered", "Days down", "Days under water")
    rows = [_fall(shown, rank, fall) for rank, fall in enumerate(worst, 1)]
    return section(
        "drawdown",
        "Drawdown",
        figure("drawdown", f"Drawdown, {percent(worst[0].depth)} at worst"),
        grid("Worst drawdowns", head, rows, class_="falls"),
        note("Fall of equity from its highest close so far. Days are calendar days."),
    )


def sharpe_html(sheet: TearSheetInput, shown: Curves) -> Html:
    """Return the rolling Sharpe section."""
    window = sharpe_window(sheet)
    if shown.rows <= window:
        have = max(shown.rows - 1, 0)
        return nothing("sharpe", "Rolling Sharpe", f"It needs {window:,} returns, one year; this run has {have:,}.")
    told = (
        f"Sharpe ratio of the last {window:,} returns (one year), annualised with {number(sheet.periods_per_year, 0)} "
        f"periods, risk-free {percent(sheet.risk_free)}. Gaps: returns did not vary."
    )
    drawing = figure("sharpe", "Sharpe ratio over a rolling year")
    return section("sharpe", "Rolling Sharpe", drawing, note(told))


def sharpe_window(sheet: TearSheetInput) -> int:
    """Return how many returns make a year."""
    return max(round(sheet.periods_per_year), 2)


def figures_data(sheet: TearSheetInput, shown: Curves, arrays: Arrays) -> Json:
    """Return the series of all three charts on one time axis."""
    digits = money_digits(sheet.currency)
    pair = [shown.equity] if shown.benchmark is None else [shown.equity, shown.benchmark]
    rows = np.unique(np.concatenate([thinned(curve, MOST_POINTS) for curve in pair]))
    ratios = [rolling_sharpe(curve, sharpe_window(sheet), sheet.periods_per_year, sheet.risk_free) for curve in pair]
    labels = ["Strategy", "Benchmark"][: len(pair)]
    return {
        "times": arrays.times(shown.ts.gather(rows)),
        "labels": labels,
        "equity": [arrays.numbers(curve[rows], digits) for curve in pair],
        "sharpe": [arrays.numbers(ratio[rows], 2) for ratio in ratios],
        "falls": _falls(shown, rows),
    }


def _falls(shown: Curves, rows: Rows) -> list[Json]:
    return [int(np.searchsorted(rows, fall.trough)) for fall in worst_drawdowns(shown.equity)]


def _fall(shown: Curves, rank: int, fall: Drawdown) -> Html:
    peak, trough = shown.day(fall.peak), shown.day(fall.trough)
    end = None if fall.recovery is None else shown.day(fall.recovery)
    under_water = f"{((end or shown.day(-1)) - peak).days:,}" + ("" if end else " so far")
    cells = (str(rank), percent(fall.depth), str(peak), str(trough), str(end or "not recovered"))
    return element("tr", *(element("td", cell) for cell in (*cells, f"{(trough - peak).days:,}", under_water)))

"""Monthly returns, a row per year."""

from __future__ import annotations

from midas.reports.curves import Curves
from midas.reports.layout import grid, note, section
from midas.reports.markup import Html, element, joined
from midas.reports.numbers import percent
from midas.reports.series import YearReturns, monthly_returns

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHADES = (0.005, 0.02, 0.05, 0.10)
"""A return at least this large takes the next stronger of five shades."""


def heatmap_html(shown: Curves) -> Html:
    """Return the table of monthly and yearly returns, the benchmark's years beside them."""
    if not shown.rows:
        return Html("")
    years = monthly_returns(shown.days, shown.equity)
    beside = () if shown.benchmark is None else monthly_returns(shown.days, shown.benchmark)
    columns = ["Year", *_MONTHS, "Total", *(["Benchmark"] if beside else [])]
    rows = [_row(year, beside[row].total if beside else None) for row, year in enumerate(years)]
    told = f"Percent, compounded, after costs. From {shown.day(0)} to {shown.day(-1)}: the months at the ends are cut."
    title = joined(("Monthly returns ", element("span", "월별 수익률", lang="ko")))
    return section("months", title, grid("Monthly returns, percent", columns, rows[::-1], class_="heat"), note(told))


def _row(year: YearReturns, benchmark: float | None) -> Html:
    cells = [_cell(value) for value in year.months]
    total = _cell(year.total, "total")
    compared = [] if benchmark is None else [element("td", _shown(benchmark), class_="total")]
    return element("tr", element("th", str(year.year), scope="row"), *cells, total, *compared)


def _cell(value: float | None, extra: str = "") -> Html:
    if value is None:
        return element("td")
    shade = sum(abs(value) >= least for least in _SHADES) + 1
    name = "" if round(value, 4) == 0 else f"{'up' if value > 0 else 'down'}{shade}"
    return element("td", _shown(value), class_=f"{name} {extra}".strip() or None)


def _shown(value: float) -> str:
    return percent(value, 1, signed=True).removesuffix("%")

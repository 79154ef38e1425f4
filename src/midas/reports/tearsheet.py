"""The tear sheet: one HTML file that shows a backtest and needs nothing else, online or off."""

from __future__ import annotations

import polars as pl

from midas.reports.accounts import costs_html, measures_html
from midas.reports.cards import cards_html
from midas.reports.curves import curves
from midas.reports.document import document
from midas.reports.figures import drawdown_html, equity_html, figures_data, sharpe_html
from midas.reports.header import facts_html, header_html, warnings_html
from midas.reports.heatmap import heatmap_html
from midas.reports.numbers import money_digits
from midas.reports.packing import Arrays, Json
from midas.reports.prices import prices_data, prices_html
from midas.reports.sheet import TearSheetInput
from midas.reports.tables import table_data
from midas.reports.trades import rejects_html, rejects_table, trades_html, trades_table


def render(sheet: TearSheetInput, prices: pl.DataFrame | None = None) -> str:
    """Return the page as HTML. The same input gives the same text.

    `prices` holds raw bars of the traded instruments (symbol, ts, close, and open, high, low where they are known; NaN
    or null where there is none); `prices.most_traded` names those that can be shown. Without it the section says so.
    """
    shown = curves(sheet)
    trades, rejects = trades_table(sheet), rejects_table(sheet)
    top = (header_html(sheet), facts_html(sheet, shown), warnings_html(sheet))
    sections = (
        cards_html(sheet, shown),
        equity_html(sheet, shown),
        drawdown_html(shown),
        heatmap_html(shown),
        sharpe_html(sheet, shown),
        prices_html(sheet, prices),
        trades_html(sheet, trades),
        rejects_html(sheet, rejects),
        costs_html(sheet),
        measures_html(sheet),
    )
    arrays = Arrays()
    data: dict[str, Json] = {
        "currency": sheet.currency,
        "digits": money_digits(sheet.currency),
        "figures": figures_data(sheet, shown, arrays),
        "prices": prices_data(sheet, prices, arrays),
        "tables": {table.name: table_data(table, arrays) for table in (trades, rejects)},
    }
    return document(f"{sheet.strategy} – Midas", top, sections, data, arrays)

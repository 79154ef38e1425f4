"""Round trips, and orders that came to nothing."""

from __future__ import annotations

import polars as pl

from midas.core.order import Reject
from midas.reports.layout import grid, note, nothing, section
from midas.reports.markup import Html, element
from midas.reports.numbers import money_digits
from midas.reports.packing import decimals
from midas.reports.sheet import TearSheetInput
from midas.reports.tables import Table, number_column, table_html, text_column, time_column

MOST_TRADES = 10_000
MOST_REJECTS = 2_000

_REASONS = {
    Reject.NO_BAR: "The name had no bar that session, so nothing could trade.",
    Reject.HALTED: "Trading in the name was halted.",
    Reject.NO_VOLUME: "Nothing traded in the name that session.",
    Reject.LOCKED_LIMIT: "The price stood at its daily limit all session.",
    Reject.VOLUME_CAP: "The order was larger than the share of the bar's volume that may be taken.",
    Reject.NO_CASH: "Cash at the open did not cover the order; the rest of it was dropped.",
    Reject.BELOW_LOT: "The quantity was smaller than one lot.",
    Reject.SHORT_NOT_ALLOWED: "More was to be sold than was held, and the account may not sell short.",
    Reject.LIMIT_NOT_REACHED: "The price of the order was not reached.",
    Reject.SHORT_BANNED: "Short sales were banned that session.",
    Reject.MARGIN: "The margin account had too little equity for it.",
    Reject.NOT_SELLABLE_YET: "It was bought too lately to be sold that session.",
    Reject.BAD_QUANTITY: "The quantity was no number above zero.",
    Reject.BAD_PRICE: "The limit or stop was no price, or there were both.",
    Reject.UNKNOWN_INSTRUMENT: "The strategy named a place where there is no instrument.",
    Reject.BEYOND_LIMIT: "Its price was outside the day's price limits.",
    Reject.DENIED: "The gate refused it.",
    Reject.POSITION_CLOSED: "Nothing was left that it could close.",
    Reject.ADJUSTED: "A split made its shares others.",
}


def trades_table(sheet: TearSheetInput) -> Table:
    """Return the round trips in order of entry."""
    trades = sheet.trades
    if trades.height > MOST_TRADES:
        largest = pl.col("pnl").cast(pl.Float64).abs().rank("ordinal", descending=True) <= MOST_TRADES
        trades = trades.filter(largest)
    trades = trades.sort("entry_ts", maintain_order=True)
    amount = money_digits(sheet.currency)
    columns = (
        text_column("Symbol", trades["symbol"]),
        text_column("Side", trades["side"], "side"),
        time_column("Entry", trades["entry_ts"]),
        number_column("Entry price", trades["entry_price"], _price_digits(trades["entry_price"], amount)),
        time_column("Exit", trades["exit_ts"]),
        number_column("Exit price", trades["exit_price"], _price_digits(trades["exit_price"], amount)),
        number_column("Quantity", trades["quantity"], _digits(trades["quantity"], 9)),
        number_column("Profit", trades["pnl"], amount, toned=True),
        number_column("Return", trades["return"].cast(pl.Float64) * 100, 2, suffix="%", toned=True),
        number_column("Commission", trades["commission"], amount),
        number_column("Tax", trades["tax"], amount),
        *([number_column("Dividends", trades["income"], amount)] if "income" in trades.columns else []),
        *([text_column("Closed by", trades["cause"].fill_null("open"))] if "cause" in trades.columns else []),
    )
    return Table("trades", "Round trips", columns)


def rejects_table(sheet: TearSheetInput) -> Table:
    """Return the rejected orders in order of time."""
    rejects = sheet.rejects.head(MOST_REJECTS)
    columns = (
        time_column("Session", rejects["ts"]),
        text_column("Symbol", rejects["symbol"]),
        text_column("Side", rejects["side"], "side"),
        number_column("Quantity", rejects["quantity"], _digits(rejects["quantity"], 9)),
        text_column("Reason", rejects["reason"]),
    )
    return Table("rejects", "Rejected orders", columns)


def trades_html(sheet: TearSheetInput, table: Table) -> Html:
    """Return the section of round trips."""
    if not table.rows:
        why = sheet.absent.get("trades") or "This run made no trades; the warnings and rejected orders say why."
        return nothing("trades", "Trades", why)
    told = (
        "A row is a round trip from flat to flat at average prices; prices and quantities allow for splits in between. "
        f"Without an exit it is still open and marked at the last close. Amounts in {sheet.currency}, after costs."
    )
    if sheet.trades.height > table.rows:
        told += f" Shown: {table.rows:,} of {sheet.trades.height:,}, those with the largest profit or loss."
    return section("trades", "Trades", table_html(table), note(told))


def rejects_html(sheet: TearSheetInput, table: Table) -> Html:
    """Return the section of rejected orders: how many for each reason, then one by one."""
    title = "Rejected orders"
    if not table.rows:
        return nothing("rejects", title, "None.")
    reasons = sheet.rejects.group_by(pl.col("reason").cast(pl.String)).len()
    rows = [_reason(*counted) for counted in reasons.sort(["len", "reason"], descending=[True, False]).iter_rows()]
    by_reason = grid("Rejected orders by reason", ("Reason", "Orders", "What happened"), rows, class_="reasons")
    listed = element("details", element("summary", "One by one"), table_html(table))
    if sheet.rejects.height == table.rows:
        return section("rejects", title, by_reason, listed)
    told = f"Listed: the first {table.rows:,} of {sheet.rejects.height:,}; the counts above are of all."
    return section("rejects", title, by_reason, listed, note(told))


def _reason(reason: str, count: int) -> Html:
    orders = element("td", f"{count:,}", class_="number")
    return element("tr", element("th", reason, scope="row"), orders, element("td", _meaning(reason)))


def _meaning(reason: str) -> str:
    return _REASONS[Reject(reason)] if reason in set(Reject) else ""


def _digits(values: pl.Series, limit: int) -> int:
    return decimals(values.cast(pl.Float64).drop_nulls().to_numpy(), limit)


def _price_digits(values: pl.Series, least: int) -> int:
    # Averages of fills may have any number of decimals: two beyond the currency's own are enough.
    return max(_digits(values, least + 2), least)

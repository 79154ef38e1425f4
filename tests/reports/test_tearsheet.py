"""The page as a whole: what is on it, that its numbers are right, that it needs nothing and lets nothing in."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.reports.page import Page

from midas.reports.tearsheet import render

SECTIONS = (
    "headlines", "equity", "drawdown", "months", "sharpe", "prices", "trades", "rejects", "costs", "measures",
)  # fmt: skip


def pandas(frame: pl.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.to_dict(as_series=False))


def cards(page: Page) -> dict[str, str]:
    shown = page.section("headlines").all("p")
    return {str(node.attributes["data-measure"]): node.text for node in shown if "data-measure" in node.attributes}


class TestContents:
    def test_every_section_is_there_once_and_linked(self, page):
        found = [node.attributes["id"] for node in page.root.all("section") if "id" in node.attributes]
        assert tuple(found) == SECTIONS
        links = [node.attributes["href"] for node in page.root.one("nav").all("a")]
        assert links == [f"#{name}" for name in SECTIONS[1:]]

    def test_header_says_what_was_run(self, page, sheet):
        assert page.root.one("h1").text == "sma_cross"
        assert [chip.text for chip in page.root.one("ul", class_="chips").all("li")] == ["fast = 20", "slow = 60"]
        facts = page.root.one("div", class_="facts").text
        shown = [sheet.identity, *sheet.facts.values(), *sheet.costs_assumed.values(), *sheet.symbols, sheet.benchmark]
        assert [text for text in shown if text not in facts] == []
        first, last = sheet.equity["ts"].item(0), sheet.equity["ts"].item(-1)
        assert f"{first} to {last}, 3,210 bars" in facts

    def test_warnings_and_method_are_told(self, page, sheet):
        assert [item.text for item in page.root.one("aside").all("li")] == list(sheet.warnings)
        assert " · ".join(sheet.method) in page.section("headlines").text

    def test_equal_input_gives_equal_text(self, run, source):
        assert render(*run) == source

    def test_title(self, page):
        assert page.root.one("title").text == "sma_cross – Midas"


class TestNumbers:
    """Against pandas and plain Python, from the frames."""

    def test_headlines(self, page, sheet):
        equity = pandas(sheet.equity).set_index("ts")["equity"]
        change = equity.pct_change().dropna()
        years = (equity.index[-1] - equity.index[0]).days / 365.2425
        down = np.sqrt((np.minimum(change, 0) ** 2).sum() / len(change))
        closed = pandas(sheet.trades).dropna(subset=["exit_ts"])
        paid = sum(fill["commission"] + fill["tax"] for fill in sheet.fills.to_dicts())
        assert cards(page) == {
            "final_equity": f"{equity.iloc[-1]:,.2f}",
            "total_return": f"{(equity.iloc[-1] / equity.iloc[0] - 1) * 100:+,.2f}%",
            "cagr": f"{((equity.iloc[-1] / equity.iloc[0]) ** (1 / years) - 1) * 100:+,.2f}%",
            "volatility": f"{change.std() * 252**0.5 * 100:.2f}%",
            "sharpe": f"{change.mean() / change.std() * 252**0.5:.2f}",
            "sortino": f"{change.mean() / down * 252**0.5:.2f}",
            "max_drawdown": f"{(equity / equity.cummax() - 1).min() * 100:.2f}%",
            "trades": f"{len(closed):,}",
            "win_rate": f"{(closed['pnl'] > 0).mean() * 100:.1f}%",
            "fees": f"{paid:,.2f}",
        }

    def test_benchmark_beside_them(self, page, sheet):
        first, last = sheet.equity["benchmark"].item(0), sheet.equity["benchmark"].item(-1)
        assert f"benchmark {(last / first - 1) * 100:+.2f}%" in page.section("headlines").text

    def test_charts_hold_the_curves(self, page, sheet):
        figures = page.data()["figures"]
        equity, benchmark = (page.values(found) for found in figures["equity"])
        assert equity == pytest.approx(sheet.equity["equity"].to_list(), abs=0.005001)
        assert benchmark == pytest.approx(sheet.equity["benchmark"].to_list(), abs=0.005001)
        days = [date(1970, 1, 1) + timedelta(days=count) for count in page.counts(figures["times"])]  # type: ignore[arg-type]
        assert days == sheet.equity["ts"].to_list()

    def test_rolling_sharpe_is_a_year_long(self, page, sheet):
        change = pandas(sheet.equity)["equity"].pct_change()
        expected = (change.rolling(252).mean() / change.rolling(252).std() * np.sqrt(252)).to_numpy()
        shown = np.array([np.nan if v is None else v for v in page.values(page.data()["figures"]["sharpe"][0])])
        np.testing.assert_allclose(shown, expected, atol=0.005001)

    def test_worst_drawdowns(self, page, sheet):
        equity = pandas(sheet.equity).set_index("ts")["equity"]
        depth = equity / equity.cummax() - 1
        rank, deepest, peak, trough, recovered, down, under = page.section("drawdown").rows()[0]
        assert (rank, deepest) == ("1", f"{depth.min() * 100:.2f}%")
        low = depth.idxmin()
        top = equity[:low].idxmax()
        back = equity[low:][equity[low:] >= equity[top]].index[0]
        assert [peak, trough, recovered] == [str(stamp)[:10] for stamp in (top, low, back)]
        assert [down, under] == [f"{(end - top).days:,}" for end in (low, back)]
        depths = [float(row[1].rstrip("%")) for row in page.section("drawdown").rows()]
        assert len(depths) == 5
        assert depths == sorted(depths)

    def test_monthly_returns(self, page, sheet):
        frame = pandas(sheet.equity).set_index("ts")
        frame.index = pd.DatetimeIndex(frame.index)
        months = frame["equity"].resample("ME").last()
        change = months / months.shift(1).fillna(frame["equity"].iloc[0]) - 1
        rows = {row[0]: row[1:] for row in page.section("months").rows()}
        for stamp, value in change.items():
            assert rows[str(stamp.year)][stamp.month - 1] == _signed(value * 100), stamp
        assert rows["2010"][:2] == ["", ""]
        years = frame["benchmark"].resample("YE").last()
        compared = years / years.shift(1).fillna(frame["benchmark"].iloc[0]) - 1
        assert [rows[str(stamp.year)][13] for stamp in compared.index] == [_signed(v * 100) for v in compared]

    def test_trades_first_page_and_the_rest(self, page, sheet):
        expected = sheet.trades.sort("entry_ts", maintain_order=True).to_dicts()
        rows = page.section("trades").rows()
        assert len(rows) == 25
        for row, trade in zip(rows, expected, strict=False):
            assert row == [
                trade["symbol"], "▲ buy", str(trade["entry_ts"]), f"{trade['entry_price']:,.2f}", str(trade["exit_ts"]),
                f"{trade['exit_price']:,.2f}", f"{trade['quantity']:,.0f}", f"{trade['pnl']:+,.2f}",
                f"{trade['return'] * 100:+,.2f}%", f"{trade['commission']:,.2f}", f"{trade['tax']:,.2f}",
            ]  # fmt: skip
        columns = {column["label"]: column for column in page.data()["tables"]["trades"]["columns"]}
        profits = page.counts(columns["Profit"]["cells"])
        assert profits == [round(trade["pnl"] * 100) for trade in expected]
        assert columns["Symbol"]["cells"] == [trade["symbol"] for trade in expected]

    def test_costs(self, page, sheet):
        fills = pandas(sheet.fills)
        value = (fills["quantity"] * fills["price"]).sum()
        by_kind, by_year = page.section("costs").all("table")
        commission = fills["commission"].sum()
        assert by_kind.rows()[0] == [
            "Commission", f"{commission:,.2f}", f"{commission / value * 100:.3f}%", f"{commission / 1e5 * 100:.2f}%",
        ]  # fmt: skip
        years = pd.DatetimeIndex(fills["ts"]).year
        assert [row[:2] for row in by_year.rows()] == [
            [str(year), f"{count}"] for year, count in years.value_counts().sort_index().items()
        ]
        assert [row[3] for row in by_year.rows()] == [f"{v:,.2f}" for v in fills.groupby(years)["commission"].sum()]

    def test_prices_and_their_fills(self, page, run):
        sheet, prices = run
        shown = page.data()["prices"]
        value = (sheet.fills["quantity"] * sheet.fills["price"]).to_list()
        total: dict[str, float] = {}
        for name, amount in zip(sheet.fills["symbol"], value, strict=True):
            total[name] = total.get(name, 0) + amount
        assert [found["symbol"] for found in shown] == sorted(total, key=lambda name: -total[name])
        for found in shown:
            bars = prices.filter((pl.col("symbol") == found["symbol"]) & (pl.col("ts") >= sheet.equity["ts"].item(0)))
            close = np.array(page.values(found["close"]))
            np.testing.assert_allclose(close, bars["close"], atol=1e-9)
            opened = close + page.values(found["open_above_close"])
            np.testing.assert_allclose(opened, bars["open"], atol=1e-9)
            np.testing.assert_allclose(np.maximum(opened, close) + page.values(found["high_above_body"]), bars["high"])
            np.testing.assert_allclose(np.minimum(opened, close) - page.values(found["body_above_low"]), bars["low"])
            fills = sheet.fills.filter(pl.col("symbol") == found["symbol"])
            assert page.values(found["fills"]["price"]) == pytest.approx(fills["price"].to_list())
            assert page.values(found["fills"]["quantity"]) == fills["quantity"].to_list()
            assert page.counts(found["fills"]["bought"]) == (fills["side"] == "buy").to_list()

    def test_measures_with_unit_and_definition(self, page, sheet):
        rows = {row[0]: row[1:] for row in page.section("measures").rows()}
        assert len(rows) == len(sheet.summary)
        assert rows["Sharpe ratio"] == [f"{sheet.summary['sharpe']:.4f}", "ratio", sheet.measures["sharpe"].definition]
        assert rows["Win rate"][:2] == [f"{sheet.summary['win_rate'] * 100:.2f}%", ""]
        assert rows["Fees"][:2] == [f"{sheet.summary['fees']:,.2f}", "USD"]
        assert rows["Trades"][:2] == ["160", "count"]


class TestAlone:
    def test_nothing_on_the_page_points_outside(self, source, page):
        assert re.findall(r"(?:https?|wss?|ftp):|//[a-z0-9-]+\.|@import|url\(", source.split('id="data"')[0]) == []
        own = [node.text for node in page.root.all("script") if node.attributes == {}]
        for script in own:
            assert re.findall(r"https?:|wss?:|\bimport\s*\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", script) == []
        for node in page.root.all():
            assert not {"src", "srcset", "action", "data", "poster", "ping"} & set(node.attributes)
            assert node.attributes.get("href", "#").startswith("#")  # type: ignore[union-attr]
            assert node.tag not in ("link", "img", "iframe", "object", "embed", "base", "form")

    def test_policy_admits_exactly_its_own_style_and_scripts(self, page):
        policy = page.root.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
        rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}  # type: ignore[union-attr]
        scripts = [node.text for node in page.root.all("script") if node.attributes == {}]
        assert rules["default-src"] == ["'none'"]
        assert rules["script-src"] == [_hash(script) for script in scripts]
        assert rules["style-src"] == [_hash(page.root.one("style").text)]
        assert len(scripts) == 2

    def test_no_inline_handlers_or_styles(self, page):
        names = {name for node in page.root.all() for name in node.attributes}
        assert [name for name in names if name.startswith("on") or name == "style"] == []

    def test_licence_of_the_chart_code_travels_along(self, source):
        assert "Copyright (c) 2022 Leon Sorokin" in source
        assert "Permission is hereby granted, free of charge" in source

    def test_ids_are_unique(self, page):
        ids = [node.attributes["id"] for node in page.root.all() if "id" in node.attributes]
        assert len(set(ids)) == len(ids)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _signed(value: float) -> str:
    shown = f"{value:+.1f}"
    return shown[1:] if float(shown) == 0 else shown

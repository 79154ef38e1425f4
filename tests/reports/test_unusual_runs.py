"""Large, foreign, empty and oddly shaped runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from tests.reports.page import Page
from tests.reports.synthetic import backtest

from midas.reports.tearsheet import render


class TestSize:
    def test_of_the_sample(self, source):
        assert len(source.encode()) < 250_000

    def test_of_a_large_run_and_what_it_leaves_out_is_said(self):
        names = tuple(f"{number:06d}.XKRX" for number in range(40))
        sheet, prices = backtest(names, 1_500, currency="KRW", fast=2, slow=5)
        trades = pl.concat([sheet.trades] * 4)
        rejects = pl.DataFrame(
            {"ts": [date(2020, 1, 2)] * 9_000, "symbol": names[0], "side": "buy", "quantity": 1.0, "reason": "no_cash"}
        )
        large = replace(sheet, trades=trades, rejects=rejects)
        source = render(large, prices)
        assert len(source.encode()) < 1_500_000
        page = Page(source)
        assert trades.height > 10_000
        assert f"10,000 of {trades.height:,}, those with the largest profit or loss" in page.section("trades").text
        kept = page.counts(page.data()["tables"]["trades"]["columns"][7]["cells"])
        assert min(abs(profit) for profit in kept if profit is not None) >= np.sort(trades["pnl"].abs())[-10_001] - 1
        assert "the first 2,000 of 9,000" in page.section("rejects").text
        assert page.section("rejects").all("table")[0].rows()[0][:2] == ["no_cash", "9,000"]
        assert "000003.XKRX and 36 more" in page.root.one("div", class_="facts").text
        assert "12 of 40 traded names" in page.section("prices").text

    def test_long_histories_are_merged_and_fills_capped_and_it_is_said(self):
        names = tuple(f"L{number}.XNAS" for number in range(6))
        sheet, prices = backtest(names, 11_000, fast=2, slow=3)
        source = render(sheet, prices)
        assert len(source.encode()) < 1_500_000
        page = Page(source)
        bars = prices.filter(pl.col("ts") >= sheet.equity["ts"].item(0))
        for shown in page.data()["prices"]:
            closes = bars.filter(pl.col("symbol") == shown["symbol"])["close"].to_list()
            expected = [closes[min(row + 2, len(closes)) - 1] for row in range(0, len(closes), 2)]
            assert page.values(shown["close"]) == pytest.approx(expected)
            fills = sheet.fills.filter(pl.col("symbol") == shown["symbol"]).height
            assert shown["fills"]["price"]["rows"] == min(fills, 3_000) == 3_000
        assert "more than 10,000 bars are drawn with neighbouring bars merged" in page.section("prices").text
        assert "At most 3,000 fills" in page.section("prices").text
        equity = page.values(page.data()["figures"]["equity"][0])
        assert max(v for v in equity if v is not None) == pytest.approx(sheet.equity["equity"].max(), abs=0.01)
        assert "stretches of its" in page.section("equity").text


class TestKorea:
    def test_won_has_no_decimals_and_tax_is_shown(self):
        sheet, prices = backtest(("005930.XKRX", "000660.XKRX"), 400, currency="KRW")
        page = Page(render(sheet, prices))
        assert page.root.one("p", data_measure="final_equity").text == f"{sheet.equity['equity'].item(-1):,.0f}"
        assert page.section("costs").all("table")[0].rows()[1][1] == f"{sheet.fills['tax'].sum():,.0f}"
        assert "100,000,000 KRW" in page.root.one("div", class_="facts").text
        assert page.section("trades").rows()[0][0].endswith(".XKRX")


class TestNothingHappened:
    @pytest.fixture
    def empty(self):
        sheet, prices = backtest(("ONLY.XNAS",), 120)
        none = {name: getattr(sheet, name).clear() for name in ("fills", "trades", "rejects")}
        summary = dict.fromkeys(sheet.summary) | {"total_return": 0.0, "trades": 0, "fees": 0.0, "taxes": 0.0}
        flat = sheet.equity.with_columns(equity=pl.lit(100_000.0), benchmark=pl.lit(None, pl.Float64))
        return Page(render(replace(sheet, **none, summary=summary, equity=flat, benchmark=""), prices))

    def test_missing_values_are_dashes_with_a_reason(self, empty):
        (rate,) = empty.root.all("p", data_measure="win_rate")
        assert rate.text == "–"
        assert rate.attributes["title"] == "No trade was closed."
        (sharpe,) = empty.root.all("p", data_measure="sharpe")
        assert sharpe.attributes["title"]
        (value,) = empty.root.all("td", data_value="average_profit")
        assert (value.text, value.attributes["title"]) == ("–", "No trade was closed.")

    def test_every_section_says_why_it_is_empty(self, empty):
        assert "made no trades" in empty.section("trades").text
        assert "no fills" in empty.section("prices").text
        assert "None." in empty.section("rejects").text
        assert "never fell" in empty.section("drawdown").text
        assert "needs 252 returns, one year; this run has 59" in empty.section("sharpe").text
        assert "none" in empty.root.one("div", class_="facts").text

    @pytest.mark.parametrize("rows", [0, 1])
    def test_hardly_any_equity(self, run, rows):
        sheet, prices = run
        none = {name: getattr(sheet, name).clear() for name in ("fills", "trades", "rejects")}
        page = Page(render(replace(sheet, **none, equity=sheet.equity.head(rows)), prices))
        assert "too few bars" in page.section("equity").text

    def test_benchmark_with_a_hole_is_not_compared_with(self, sheet):
        hole = sheet.equity.with_columns(benchmark=pl.when(pl.int_range(pl.len()) > 5).then("benchmark"))
        page = Page(render(replace(sheet, equity=hole)))
        assert len(page.data()["figures"]["equity"]) == 1
        assert "Benchmark" not in page.section("months").text
        assert "benchmark" not in page.section("headlines").text

    def test_without_prices(self, sheet):
        assert "No price history was at hand." in Page(render(sheet)).section("prices").text


class TestShapes:
    def test_times_within_a_day(self, run):
        sheet, prices = run
        hour = pl.lit(timedelta(hours=14, minutes=30))
        moved = {
            "equity": sheet.equity.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")) + hour),
            "fills": sheet.fills.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")) + hour),
            "trades": sheet.trades.with_columns(pl.col("entry_ts", "exit_ts").cast(pl.Datetime("us", "UTC")) + hour),
        }
        page = Page(
            render(replace(sheet, **moved), prices.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")) + hour))
        )
        first = sheet.trades.sort("entry_ts", maintain_order=True)["entry_ts"].item(0)
        assert page.section("trades").rows()[0][2] == f"{first} 14:30"
        stamp = page.counts(page.data()["figures"]["times"])[0]
        assert stamp == int(datetime.fromisoformat(f"{sheet.equity['ts'].item(0)}T14:30+00:00").timestamp())

    def test_fractional_quantities_and_an_open_trade(self, sheet):
        half = sheet.trades.tail(1).with_columns(quantity=pl.lit(0.125), exit_ts=None, exit_price=None)
        half = half.with_columns(pl.col("exit_ts").cast(pl.Date), pl.col("exit_price").cast(pl.Float64))
        (row,) = Page(render(replace(sheet, trades=half))).section("trades").rows()
        assert (row[4], row[5], row[6]) == ("–", "–", "0.125")

    def test_rejects_by_reason(self, sheet):
        rejects = pl.DataFrame(
            {
                "ts": [date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 3)],
                "symbol": ["A.XNAS", "B.XNAS", "A.XNAS"],
                "side": ["buy", "sell", "buy"],
                "quantity": [10.0, 5.0, 1.0],
                "reason": ["no_cash", "halted", "no_cash"],
            }
        )
        by_reason, listed = Page(render(replace(sheet, rejects=rejects))).section("rejects").all("table")
        assert [row[:2] for row in by_reason.rows()] == [["no_cash", "2"], ["halted", "1"]]
        assert all(row[2] for row in by_reason.rows())
        assert listed.rows()[1] == ["2020-01-03", "B.XNAS", "▼ sell", "5", "halted"]

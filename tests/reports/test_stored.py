"""A real run of the sample market, from the lake to the page."""

from __future__ import annotations

import pytest
from tests.reports.page import Page

from midas.backtest.artifact import load, save
from midas.backtest.run import run
from midas.core.clock import SystemClock
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.portfolio.measures.registry import by_key
from midas.reports.prices import most_traded
from midas.reports.stored import sheet_of
from midas.reports.tearsheet import render
from midas.strategies.registry import build


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("lake"), SystemClock())
    for raw in SampleSource().fetch(PullRequest()):
        import_bars(lake, raw, skip_bad=True)
    return lake


@pytest.fixture(scope="module")
def result(lake):
    return run(build("sma_cross", {"fast": 10, "slow": 50}), lake.panel("sample"), slippage_bps=5)


@pytest.fixture(scope="module")
def stored(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "one"
    save(result, folder)
    return load(folder)


@pytest.fixture(scope="module")
def source(lake, stored):
    sheet = sheet_of(stored)
    return render(sheet, lake.bars("sample", most_traded(sheet.fills)))


def test_a_stored_result_gives_the_page_of_the_result_itself(lake, result, source):
    sheet = sheet_of(result)
    assert render(sheet, lake.bars("sample", most_traded(sheet.fills))) == source


def test_page_of_the_sample_is_small(source):
    assert len(source.encode()) < 250_000


def test_header_repeats_the_run(result, source):
    page = Page(source)
    facts = page.root.one("div", class_="facts").text
    chips = [chip.text for chip in page.root.one("ul", class_="chips").all("li")]
    assert chips == ["fast = 10", "slow = 50", "every = change"]
    told = ("data_version", "venue_tables", "engine", "benchmark", "commission", "tax")
    assert [key for key in told if str(result.settings[key]) not in facts] == []
    assert result.identity in facts
    assert "5 bps against us" in facts
    assert "10% of a bar's volume" in facts


def test_every_measure_is_listed_as_the_summary_has_it(result, source):
    page = Page(source)
    cells = {
        str(cell.attributes["data-value"]): cell.text for cell in page.root.all("td") if "data-value" in cell.attributes
    }
    assert list(cells) == list(result.summary)
    assert len(cells) >= 40
    assert cells["sharpe"] == f"{result.summary['sharpe']:.4f}"
    assert cells["max_drawdown"] == f"{result.summary['max_drawdown'] * 100:.2f}%"
    assert cells["final_equity"] == f"{result.equity[-1]:,.2f}"
    assert cells["trades"] == f"{result.trades()['exit_ts'].count()}"
    told = {row[0]: row[3] for row in page.section("measures").rows()}
    assert told["Sharpe ratio"] == by_key()["sharpe"].formula
    missing = {name for name, value in result.summary.items() if value is None}
    assert {name for name, shown in cells.items() if shown == "–"} == missing


def test_headline_agrees_with_the_curve(result, source):
    (total,) = Page(source).root.all("p", data_measure="total_return")
    assert total.text == f"{(result.equity[-1] / result.equity[0] - 1) * 100:+,.2f}%"


def test_costs_are_those_of_the_fills(result, source):
    fills = result.fills()
    rows = {row[0]: row[1] for row in Page(source).section("costs").all("table")[0].rows()}
    assert rows["Commission"] == f"{fills['commission'].sum():,.2f}"
    assert rows["Tax"] == f"{fills['tax'].sum():,.2f}"
    assert set(rows) == {"Commission", "Tax", "Slippage", "Total"}


def test_closes_without_opens(lake):
    result = run(build("momentum", {"top": 5}), lake.panel("sp20"))
    sheet = sheet_of(result)
    page = Page(render(sheet, lake.bars("sp20", most_traded(sheet.fills))))
    assert [row for warning in page.root.all("aside") for row in warning.all("li")]
    shown = page.data()["prices"][0]
    assert set(page.counts(shown["open_above_close"])) == {None}
    assert None not in page.counts(shown["close"])
    text = page.section("prices").text
    assert "candles" not in text
    assert "The data has closes only." in text


def test_a_run_that_traded_nothing_says_why(lake):
    result = run(build("rsi_reversion", {"lower": 1}), lake.panel("sample"))
    assert result.fills().is_empty()
    page = Page(render(sheet_of(result)))
    assert "Nothing was traded" in page.root.one("aside").text
    (rate,) = page.root.all("p", data_measure="win_rate")
    assert rate.text == "–"
    assert rate.attributes["title"] == result.absent["win_rate"]

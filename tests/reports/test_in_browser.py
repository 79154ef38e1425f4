"""The page in a real Chromium: everything is drawn, nothing complains, nothing leaves the machine."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import polars as pl
import pytest
from tests.reports.browser import browser, chromium
from tests.reports.test_hostile import PIECES, written_everywhere

from midas.api.security_headers import TEAR_SHEET
from midas.reports.markup import clean
from midas.reports.tearsheet import render

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

INK = """[...document.querySelectorAll('[data-chart] canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
  return [canvas.closest('[data-chart]').dataset.chart, painted / (data.length / 4)];
})"""
DIALOGS = "Page.javascriptDialogOpening"


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def file(tmp_path_factory, source):
    path = tmp_path_factory.mktemp("page") / "sheet.html"
    path.write_text(source, "utf-8")
    return path


@pytest.fixture
def opened(chrome, file):
    chrome.events.clear()
    chrome.open(file)
    return chrome


def cells(chrome, name):
    rows = f"[...document.querySelectorAll('[data-table={name}] tbody tr')]"
    return chrome.run(f"{rows}.map((row) => [...row.cells].map((cell) => cell.textContent))")


def legend(chrome, chart):
    rows = f"[...document.querySelectorAll('[data-chart={chart}] .u-series')]"
    return dict(chrome.run(f"{rows}.map((row) => [...row.cells].map((cell) => cell.textContent))"))


def point(chrome, chart, across):
    """Move the pointer over a chart, `across` of its width from the left."""
    chrome.run(f"document.querySelector('[data-chart={chart}]').scrollIntoView({{block: 'center'}})")
    box = f"(() => {{ const b = document.querySelector('[data-chart={chart}] .u-over').getBoundingClientRect();"
    x, y, width, height = chrome.run(box + " return [b.x, b.y, b.width, b.height]; })()")
    chrome.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + width * across, y=y + height / 2)


def click(chrome, selector):
    chrome.run(f"document.querySelector({selector!r}).click()")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_every_chart_is_drawn_without_a_complaint_or_a_request(chrome, file, width, dark):
    chrome.events.clear()
    chrome.open(file, width=width, dark=dark)
    painted = dict(chrome.run(INK))
    assert set(painted) == {"equity", "drawdown", "sharpe", "price"}
    assert all(0.005 < share < 0.9 for share in painted.values()), painted
    assert chrome.complaints() == []
    assert set(chrome.requests()) == {file.as_uri()}
    assert chrome.run("document.documentElement.scrollWidth") <= width
    assert chrome.run("getComputedStyle(document.body).backgroundColor") == (
        "rgb(16, 18, 20)" if dark else "rgb(247, 247, 245)"
    )


def test_script_writes_what_the_page_already_said(opened, page):
    assert cells(opened, "trades") == page.section("trades").rows()


def test_legend_rests_on_the_last_bar(opened, sheet):
    assert legend(opened, "equity") == {
        "Date": str(sheet.equity["ts"].item(-1)),
        "Strategy": f"{sheet.equity['equity'].item(-1):,.2f}",
        "Benchmark": f"{sheet.equity['benchmark'].item(-1):,.2f}",
    }
    curve = sheet.equity["equity"].to_numpy()
    assert legend(opened, "drawdown")["Strategy"] == f"{(curve[-1] / curve.max() - 1) * 100:.2f}%"


def test_trades_are_sorted_paged_and_filtered(opened, sheet):
    by_profit = sorted(sheet.trades["pnl"].to_list())
    profit = "[data-table=trades] th:nth-child(8)"
    click(opened, f"{profit} button")
    assert [row[7] for row in cells(opened, "trades")] == [f"{value:+,.2f}" for value in by_profit[:25]]
    assert opened.run(f"document.querySelector('{profit}').ariaSort") == "ascending"
    click(opened, f"{profit} button")
    assert cells(opened, "trades")[0][7] == f"{by_profit[-1]:+,.2f}"
    click(opened, "[data-table=trades] .group button:last-child")
    assert [row[7] for row in cells(opened, "trades")] == [f"{value:+,.2f}" for value in by_profit[::-1][25:50]]
    opened.run(
        "(() => { const field = document.querySelector('[data-table=trades] input');"
        " field.value = 'alfa'; field.dispatchEvent(new Event('input')); })()"
    )
    count = sheet.trades.filter(pl.col("symbol") == "ALFA.XNAS").height
    assert {row[0] for row in cells(opened, "trades")} == {"ALFA.XNAS"}
    assert opened.run("document.querySelector('[data-table=trades] [data-shown]').textContent").endswith(f" of {count}")


def test_open_trades_sort_last_either_way(opened, sheet):
    open_trades = sheet.trades["exit_ts"].null_count()
    assert open_trades
    last = "[data-table=trades] .group button:last-child"
    for _ in range(2):
        click(opened, "[data-table=trades] th:nth-child(5) button")
        while not opened.run(f"document.querySelector('{last}').disabled"):
            click(opened, last)
        assert [row[4] for row in cells(opened, "trades")][-open_trades:] == ["–"] * open_trades


def test_range_log_scale_and_instrument(opened, sheet):
    click(opened, "[data-years='1']")
    click(opened, "[data-log]")
    assert opened.run("document.querySelector('[data-log]').ariaPressed") == "true"
    point(opened, "equity", 0.001)
    shown = legend(opened, "equity")["Date"]
    last = sheet.equity["ts"].item(-1)
    assert shown[:7] == f"{last.year - 1}-{last.month:02d}"
    other = opened.run("document.querySelector('[data-instrument]').options[1].text")
    opened.run(
        "(() => { const picker = document.querySelector('[data-instrument]');"
        " picker.value = 1; picker.dispatchEvent(new Event('change')); })()"
    )
    assert opened.run("document.querySelector('[data-fill]').textContent").startswith(f"{other}: ")
    assert dict(opened.run(INK))["price"] > 0.005
    assert opened.complaints() == []


def test_pointing_at_a_marker_tells_the_fill(opened, run):
    sheet, prices = run
    name = opened.run("document.querySelector('[data-instrument]').options[0].text")
    days = prices.filter((pl.col("symbol") == name) & (pl.col("ts") >= sheet.equity["ts"].item(0)))["ts"]
    fills = sheet.fills.filter(pl.col("symbol") == name).to_dicts()
    first, last = days.item(0), days.item(-1)
    fill = max(fills, key=lambda one: min(abs((one["ts"] - two["ts"]).days) for two in fills if two is not one))
    point(opened, "price", (fill["ts"] - first) / (last - first))
    opened.wait("document.querySelector('[data-fill]').textContent.includes(' at ')")
    word = "▲ bought" if fill["side"] == "buy" else "▼ sold"
    assert opened.run("document.querySelector('[data-fill]').textContent") == (
        f"{fill['ts']} {word} {fill['quantity']:,.0f} at {fill['price']:,.2f}; "
        f"commission {fill['commission']:,.2f}, tax {fill['tax']:,.2f} USD"
    )


def test_hostile_names_are_only_ever_text(chrome, tmp_path):
    text = "x" + "".join(piece for piece in PIECES if "\ud800" not in piece)
    path = tmp_path / "hostile.html"
    path.write_text(render(*written_everywhere(text)), "utf-8", newline="")
    chrome.events.clear()
    chrome.open(path)
    click(chrome, "[data-table=trades] th:first-child button")
    shown = clean(text)
    assert cells(chrome, "trades")[0][0] == shown
    assert chrome.run("document.querySelector('[data-instrument]').options.length") == 1
    assert chrome.complaints() == []
    assert [event for event in chrome.events if event["method"] == DIALOGS] == []
    assert set(chrome.requests()) == {path.as_uri()}


def test_works_under_the_policy_it_is_served_with(chrome, source):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-security-policy", TEAR_SHEET)
            self.end_headers()
            self.wfile.write(source.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        chrome.events.clear()
        chrome.visit(url)
        painted = dict(chrome.run(INK))
        server.shutdown()
    assert all(share > 0.005 for share in painted.values())
    assert len(painted) == 4
    assert chrome.complaints() == []
    assert set(chrome.requests()) <= {url, f"{url}favicon.ico"}


def test_a_script_that_got_in_would_not_run(chrome, source, tmp_path):
    path = tmp_path / "broken.html"
    smuggled = "<main><script>window.got = 1</script><img src=x onerror='window.got = 1'>"
    path.write_text(source.replace("<main>", smuggled), "utf-8")
    chrome.events.clear()
    chrome.open(path)
    assert chrome.run("window.got") is None
    assert any("Content Security Policy" in complaint for complaint in chrome.complaints())
    failed = [event["params"] for event in chrome.events if event["method"] == "Network.loadingFailed"]
    assert [failure["blockedReason"] for failure in failed] == ["csp"]

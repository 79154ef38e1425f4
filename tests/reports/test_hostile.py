"""Names made to break out of the page."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reports.page import Page
from tests.reports.synthetic import backtest

from midas.reports.markup import clean
from midas.reports.sheet import MeasureText, TearSheetInput
from midas.reports.tearsheet import render

PIECES = (
    "</script>", "<script>alert(1)</script>", "<!--", "-->", "]]>", "<img src=x onerror=alert(1)>", "</title>",
    '" onload="alert(1)', "' autofocus onfocus=alert(1) '", "&lt;", "&#x3c;", "\u2028", "\u2029", "\x00", "\ud800",
    "\u202e", "</style>", "</td></table>", "javascript:alert(1)", "{{7*7}}", "${alert(1)}", "`", "\\", "\r\n", "=cmd()",
    "삼성전자",
)  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), min_size=1, max_size=6).map(
    lambda pieces: "x" + "".join(pieces)
)
SHEET, PRICES = backtest(("AAAA.XNAS", "BBBB.XNAS"), 130, fast=3, slow=10)
REJECTS = pl.DataFrame(
    {
        "ts": [SHEET.equity["ts"].item(0)],
        "symbol": ["AAAA.XNAS"],
        "side": ["buy"],
        "quantity": [1.0],
        "reason": ["halted"],
    }
)


def written_everywhere(text: str) -> tuple[TearSheetInput, pl.DataFrame]:
    """A run in which everything a person or a file can name is called `text`."""
    # A lone surrogate can reach the page through Python strings only: a frame cannot hold one.
    storable = text.encode("utf-8", "replace").decode()
    name = pl.lit(storable)
    sheet = replace(
        SHEET,
        strategy=text,
        identity=text,
        parameters={text: text},
        universe=text,
        symbols=(text,),
        benchmark=text,
        facts={text: text},
        costs_assumed={text: text},
        costs={text: 1.0},
        measures={"sharpe": MeasureText(text, text, text), text: MeasureText(text, text, text)},
        summary={**SHEET.summary, text: None},
        absent={text: text},
        method=(text,),
        warnings=(text,),
        fills=SHEET.fills.with_columns(symbol=name, order_id=name),
        trades=SHEET.trades.with_columns(symbol=name, side=name),
        rejects=REJECTS.with_columns(symbol=name, side=name, reason=name),
    )
    return sheet, PRICES.filter(pl.col("symbol") == "AAAA.XNAS").with_columns(symbol=name)


PLAIN = Page(render(*written_everywhere("plain")))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE)
def test_no_text_changes_the_page_s_shape(text):
    source = render(*written_everywhere(text))
    source.encode("utf-8")
    page = Page(source)
    assert page.shape() == PLAIN.shape()
    assert page.root.one("h1").text == clean(text)
    own = [node.text for node in page.root.all("script") if node.attributes == {}]
    assert own == [node.text for node in PLAIN.root.all("script") if node.attributes == {}]
    storable = clean(text.encode("utf-8", "replace").decode())
    assert page.data()["prices"][0]["symbol"] == storable
    assert set(page.data()["tables"]["trades"]["columns"][0]["cells"]) == {storable}


@pytest.mark.parametrize("piece", PIECES)
def test_each_piece_alone(piece):
    page = Page(render(*written_everywhere(piece)))
    assert page.shape() == PLAIN.shape()
    assert page.root.one("h1").text == clean(piece)

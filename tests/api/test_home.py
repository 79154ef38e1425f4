from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest

from midas.db import backtests
from midas.db.backtests import BacktestRecord

HOSTILE = "<script>alert(1)</script>\" onload='x"


def record(n, **changed):
    identity = hashlib.sha256(f"home {n}".encode()).hexdigest()
    fields = {
        "id": identity[:12], "identity": identity, "status": "done", "strategy": "sma_cross", "definition": {},
        "params": {}, "universe": "sample", "symbols": [], "start": date(2004, 1, 2), "end": date(2013, 12, 31),
        "created_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC) + timedelta(minutes=n),
        "summary": {"total_return": 0.4213, "sharpe": 0.834, "max_drawdown": -0.2341}, "costs": {}, "warnings": [],
        "rejects": {}, "settings": {},
    }  # fmt: skip
    return BacktestRecord(**{**fields, **changed})


@pytest.fixture
def shown(http, workspace):
    def show(*records):
        for each in asyncio.run(workspace.database.read(backtests.page, 1000)):
            asyncio.run(workspace.database.write(backtests.remove, each.identity))
        for each in records:
            asyncio.run(workspace.database.write(backtests.save, each))
        return http.get("/").text

    return show


class Cells(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found, self.links, self.tags, self._in = {}, [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "td":
            self._in = given["data-label"]
        if tag == "a":
            self.links.append(given["href"])

    def handle_endtag(self, tag):
        if tag == "td":
            self._in = None

    def handle_data(self, data):
        if self._in:
            self.found.setdefault(self._in, []).append(data)


def test_nothing_yet_says_what_to_type(shown):
    page = shown()
    assert "midas data pull sample" in page
    assert "midas backtest run" in page
    assert "<table" not in page


def test_every_result_with_its_numbers_and_a_link_to_its_tear_sheet(shown):
    one, two = record(1), record(2, universe=None, symbols=["A.XNAS", "B.XNAS", "C.XNAS", "D.XNAS"])
    cells = Cells(shown(one, two))
    assert cells.found["Backtest"] == [two.id, one.id], "latest first"
    assert f"/api/v1/backtests/{one.id}/tearsheet" in cells.links
    assert cells.found["Return"] == ["+42.13%"] * 2
    assert cells.found["Sharpe"] == ["0.83"] * 2
    assert cells.found["Max drawdown"] == ["-23.41%"] * 2
    assert cells.found["Universe"] == ["A.XNAS, B.XNAS, C.XNAS and 1 more", "sample"]
    assert cells.found["Dates"] == ["2004-01-02 to 2013-12-31"] * 2


def test_what_is_undefined_is_a_dash(shown):
    cells = Cells(shown(record(1, summary={"sharpe": None}, start=None, end=None)))
    assert cells.found["Return"] == cells.found["Sharpe"] == cells.found["Max drawdown"] == ["–"]


def test_hostile_text_stays_text(shown):
    page = shown(record(1, strategy=HOSTILE, universe=HOSTILE, id=HOSTILE[:16]))
    cells = Cells(page)
    assert "script" not in cells.tags
    assert "".join(cells.found["Strategy"]) == HOSTILE
    assert not re.search(r"<[^>]*onload", page)


def test_only_the_latest_are_listed(shown):
    page = shown(*(record(n) for n in range(105)))
    assert len(Cells(page).found["Backtest"]) == 100
    assert "The latest 100 backtests" in page


def test_it_fetches_nothing_and_fits_a_phone(shown):
    page = shown(record(1))
    assert not re.search(r"<script|<link|<img|https?://|@import|url\(", page)
    assert 'name="viewport"' in page
    assert "prefers-color-scheme:dark" in page

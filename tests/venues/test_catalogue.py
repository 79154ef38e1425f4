"""Which venues there are, and what their tables promise."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from importlib.resources import files
from time import perf_counter

import pytest

from midas.core.errors import InvalidInput
from midas.venues.catalogue import known_venues, venue
from midas.venues.session_table import calendar_of, read_table
from midas.venues.tables import read_rules, version_of


class TestKnown:
    def test_list(self) -> None:
        assert set(known_venues()) == {
            "XKRX", "XNYS", "XNAS", "ARCX", "XASE", "BATS", "XNSE", "XSHG", "XSHE", "BJSE",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("mic", "currency", "timezone", "country"),
        [("XKRX", "KRW", "Asia/Seoul", "KR"), ("XNAS", "USD", "America/New_York", "US")],
    )
    def test_facts(self, mic: str, currency: str, timezone: str, country: str) -> None:
        place = venue(mic)
        assert (place.mic, place.currency, place.timezone, place.country) == (mic, currency, timezone, country)
        assert place.warnings == ()

    def test_korean_boards(self) -> None:
        place = venue("XKRX")
        assert place.boards == ("KOSPI", "KOSDAQ", "KONEX")
        assert place.default_board == "KOSPI"
        assert [place.board(word) for word in ("", "kosdaq", "코넥스", "KOSDAQ GLOBAL", "STK")] == [
            "KOSPI", "KOSDAQ", "KONEX", "KOSDAQ", "KOSPI",
        ]  # fmt: skip

    def test_venues_without_boards_take_any(self) -> None:
        assert venue("XNAS").board("Global Select") == ""

    def test_lots_are_one_share(self) -> None:
        assert venue("XKRX").lot(date(2024, 1, 2)) == venue("XNYS").lot(date(2024, 1, 2)) == Decimal(1)

    def test_the_same_object_each_time(self) -> None:
        assert venue("XKRX") is venue("XKRX")


class TestGeneric:
    def test_says_what_it_does_not_know(self) -> None:
        place = venue("XBOM", "INR")
        assert place.currency == "INR"
        assert "no dated rules for XBOM" in place.warnings[0]

    def test_needs_a_currency(self) -> None:
        with pytest.raises(InvalidInput, match="currency must be given") as caught:
            venue("XBOM")
        assert caught.value.code == "currency_needed"

    def test_unknown_currency(self) -> None:
        with pytest.raises(InvalidInput, match="'XXX' is not a known currency"):
            venue("XBOM", "XXX")


class TestRefusals:
    @pytest.mark.parametrize("mic", ["", "KRX", "xkrx", "NASDAQ", "X KR"])
    def test_what_is_no_mic(self, mic: str) -> None:
        with pytest.raises(InvalidInput, match="is not a venue"):
            venue(mic)

    def test_another_currency(self) -> None:
        with pytest.raises(InvalidInput, match="XKRX trades in KRW, not USD"):
            venue("XKRX", "USD")


class TestTables:
    @pytest.mark.parametrize("rules", ["korea", "united_states", "india", "china"])
    def test_every_row_has_a_source(self, rules: str) -> None:
        tables = read_rules(rules)
        rows = [row for table in tables.values() if isinstance(table, list) for row in table]
        assert rows
        assert all(len(row["source"]) > 2 for row in rows)

    def test_sources_are_told_with_their_doubts(self) -> None:
        lines = venue("XKRX").sources
        assert any(line.startswith("tax 2026-01-01 KOSPI KOSDAQ stock:") for line in lines)
        assert any(line.endswith("[unverified]") for line in lines)

    def test_version_ignores_notes_and_sees_numbers(self) -> None:
        rules = read_rules("korea")
        version = version_of(rules)
        rules["tax"][0]["source"] = "another note"
        assert version_of(rules) == version
        rules["tax"][0]["rate"] += Decimal("0.0001")
        assert version_of(rules) != version

    def test_version_sees_the_calendar(self) -> None:
        table = read_table("xkrx")
        version = version_of(table)
        table["closed"]["2026"].remove("07-17")
        assert version_of(table) != version

    def test_versions_name_the_country(self) -> None:
        assert venue("XNAS").table_version == venue("XNYS").table_version != venue("XKRX").table_version
        assert re.fullmatch("[0-9a-f]{16}", venue("XKRX").table_version)


class TestCost:
    def test_tables_are_small(self) -> None:
        sizes = [len(file.read_bytes()) for file in files("midas.venues").joinpath("tables").iterdir()]
        assert sum(sizes) < 100_000

    @pytest.mark.parametrize("name", ["xkrx", "xnys", "xnse", "xshg"])
    def test_a_calendar_loads_in_ten_milliseconds(self, name: str) -> None:
        def once() -> float:
            start = perf_counter()
            calendar_of(read_table(name))
            return perf_counter() - start

        assert min(once() for _ in range(5)) < 0.010

    def test_nothing_heavy_is_imported(self) -> None:
        code = (
            "import sys, midas.venues.arrays; from midas.venues.catalogue import venue; venue('XKRX'); venue('XNAS');"
            "print(sorted({'pandas', 'exchange_calendars', 'polars', 'numba'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"

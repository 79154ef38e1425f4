from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from midas.cli.arguments import amount, day, names, pairs
from midas.core.errors import InvalidInput


class TestPairs:
    @pytest.mark.parametrize("text", ["fast", "=3", " =3", ""])
    def test_what_is_not_a_pair_is_refused_with_the_flag(self, text: str) -> None:
        with pytest.raises(InvalidInput, match=r"--set .* is not NAME=VALUE"):
            pairs([text], "--set")

    def test_the_same_name_twice_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="says 'fast' twice"):
            pairs(["fast=1", "fast=2"], "--set")

    def test_several_may_stand_in_one_text(self) -> None:
        assert pairs(["fast=10,slow=50", "every=week_end"], "--set") == {
            "fast": "10",
            "slow": "50",
            "every": "week_end",
        }

    def test_a_comma_inside_a_value_is_part_of_it(self) -> None:
        assert pairs(["title=a,b"], "--set") == {"title": "a,b"}

    def test_names_in_any_language(self) -> None:
        assert pairs(["close=종가,open=시가"], "--map") == {"close": "종가", "open": "시가"}


class TestNames:
    def test_commas_and_repetition_mean_the_same(self) -> None:
        assert names(["AAPL, IBM", "MSFT,AAPL", ","]) == ["AAPL", "IBM", "MSFT"]


class TestDay:
    @pytest.mark.parametrize("text", ["2020-02-30", "yesterday", "2020", "20-01-01", "2020-1-1", "2020-W01-1", ""])
    def test_what_is_no_day_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="is not a day") as refused:
            day(text, "--start")
        assert refused.value.hint == "Write it as YYYY-MM-DD."

    @pytest.mark.parametrize("text", ["2024-02-29", "20240229", " 2024-02-29 "])
    def test_both_spellings(self, text: str) -> None:
        assert day(text, "--start") == date(2024, 2, 29)

    def test_none_is_none(self) -> None:
        assert day(None, "--start") is None


class TestAmount:
    @pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity", "sNaN", "lots", "", "1e", "٣٣x"])
    def test_what_is_no_amount_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="is not an amount"):
            amount(text, "--initial-capital")

    @pytest.mark.parametrize("text", ["1000000", "1,000,000", "1_000_000", "1e6"])
    def test_ways_to_write_a_million(self, text: str) -> None:
        assert amount(text, "--initial-capital") == Decimal(1_000_000)

    def test_nothing_is_lost(self) -> None:
        assert amount("0.1", "--initial-capital") == Decimal("0.1")

"""Symbols that pass from one company to another."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.core.errors import InvalidInput, NotFound
from midas.core.instrument import Alias, Instrument, InstrumentId
from midas.marketdata.aliases import aliases_of, joined
from midas.marketdata.book import Book

DAY = date(2020, 1, 1)

FACEBOOK = Instrument(
    InstrumentId("FB", "XNAS"),
    aliases=(Alias("FB", date(2012, 5, 18), date(2022, 6, 8)), Alias("META", date(2022, 6, 9))),
)
FAIRBANK = Instrument(InstrumentId("FB.1", "XNAS"), aliases=(Alias("FB", date(1999, 9, 29), date(2003, 3, 28)),))
OTHER = Instrument(InstrumentId("IBM", "XNAS"))
BOOK = Book((FACEBOOK, FAIRBANK, OTHER))


def day(number: int) -> date:
    return DAY + timedelta(days=number)


class TestBook:
    def test_a_symbol_two_had_names_both_and_when(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            BOOK.require("fb")
        assert str(caught.value).startswith(
            "'fb' is FB.XNAS (2012-05-18 to 2022-06-08) and FB.1.XNAS (1999-09-29 to 2003-03-28)."
        )
        assert "FB@2012-05-18" in caught.value.hint
        assert caught.value.code == "ambiguous_symbol"

    @pytest.mark.parametrize(
        ("text", "one"),
        [
            ("FB.XNAS", FACEBOOK), ("FB.1.XNAS", FAIRBANK), ("fb.1", FAIRBANK), ("META", FACEBOOK), ("IBM", OTHER),
            ("FB@2012-05-18", FACEBOOK), ("FB@2022-06-08", FACEBOOK), ("fb@2001-01-01", FAIRBANK),
            ("IBM@1970-01-01", OTHER), ("META@2030-01-01", FACEBOOK),
        ],
    )  # fmt: skip
    def test_a_full_id_a_dated_symbol_and_one_that_only_one_had_are_clear(self, text: str, one: Instrument) -> None:
        assert BOOK.require(text) == one.id

    @pytest.mark.parametrize("text", ["FB@2008-01-01", "META@2022-06-08", "FB@yesterday", "FB@", "NONE", "@2020-01-01"])
    def test_what_was_nobodys_is_not_found(self, text: str) -> None:
        with pytest.raises(NotFound):
            BOOK.require(text)


symbols = st.lists(st.sampled_from("ABC"), min_size=1, max_size=30)


def borne(aliases: tuple[Alias, ...], when: date) -> str | None:
    hits = [one.symbol for one in aliases if (one.valid_from or DAY) <= when <= (one.valid_to or date.max)]
    assert len(hits) <= 1
    return hits[0] if hits else None


class TestAliasesOf:
    @given(symbols)
    def test_say_of_every_day_what_the_bars_said(self, names: list[str]) -> None:
        aliases = aliases_of((day(2 * place), name) for place, name in enumerate(names))
        assert [borne(aliases, day(2 * place)) for place in range(len(names))] == names
        assert aliases[-1].valid_to is None
        assert all(one.symbol != other.symbol for one, other in pairwise(aliases))

    @given(symbols, st.integers(0, 30), st.booleans())
    def test_two_imports_say_what_one_would(self, names: list[str], cut: int, swapped: bool) -> None:
        days = [(day(place), name) for place, name in enumerate(names)]
        parts = [aliases_of(days[:cut]), aliases_of(days[cut:])]
        assert joined(*(reversed(parts) if swapped else parts)) == aliases_of(days)

"""The last prices, across a split."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from midas.core.clock import ManualClock
from midas.core.instrument import InstrumentId
from midas.marketdata.actions import ActionKind
from midas.marketdata.feed import CorporateAction, Tick
from midas.trading.quotes import Quotes

NAME, OTHER = InstrumentId("AAPL", "XNAS"), InstrumentId("IBM", "XNYS")
FIRST = datetime(2024, 3, 4, 20, tzinfo=UTC)


def told(*kinds: tuple[int, float]) -> Quotes:
    """Prices of 90 and 100 on two days, and what happened before the third."""
    quotes = Quotes(ManualClock(FIRST))
    for day, price in enumerate((90.0, 100.0)):
        at = FIRST + timedelta(days=day)
        quotes.hear(Tick(NAME, price, 1.0, at, at), [NAME])
    for kind, value in kinds:
        quotes.hear(CorporateAction(NAME, date(2024, 3, 6), kind, value), [NAME])
    return quotes


class TestSplit:
    @pytest.mark.parametrize("ratio", [2.0, 0.1, 1.5])
    def test_the_days_limits_go_by_what_a_share_is_worth_now(self, ratio: float) -> None:
        quotes = told((ActionKind.SPLIT, ratio))
        worth = 100 / Decimal(str(ratio))
        last = quotes.last(NAME)
        assert last is not None
        assert abs(last - worth) < Decimal("1e-8")
        at = FIRST + timedelta(days=2)
        quotes.hear(Tick(NAME, 51.0, 1.0, at, at), [NAME])
        quote = quotes.of(NAME)
        assert quote is not None
        assert quote.base is not None
        assert abs(quote.base - worth) < Decimal("1e-8")

    def test_other_actions_and_other_names_change_no_price(self) -> None:
        before = told().of(NAME)
        quotes = told((ActionKind.CASH_DIVIDEND, 2.0))
        quotes.hear(CorporateAction(OTHER, date(2024, 3, 6), ActionKind.SPLIT, 2.0), [NAME])
        assert (quotes.of(NAME), quotes.of(OTHER)) == (before, None)

    @pytest.mark.parametrize("session", [date(2020, 8, 31), date(2024, 3, 5)])
    def test_an_old_one_that_is_told_again_changes_no_price_that_knows_of_it(self, session: date) -> None:
        quotes = restored(told())
        quotes.hear(CorporateAction(NAME, session, ActionKind.SPLIT, 4.0), [NAME])
        assert quotes.last(NAME) == 100

    def test_one_since_the_last_price_is_told_again_and_divides_it_once(self) -> None:
        quotes = restored(told())
        for _ in range(2):
            quotes.hear(CorporateAction(NAME, date(2024, 3, 6), ActionKind.SPLIT, 4.0), [NAME])
            assert quotes.last(NAME) == 25
            quotes = restored(quotes)

    def test_the_next_session_at_the_venue_may_be_the_same_day_by_utc(self) -> None:
        quotes = Quotes(ManualClock(FIRST), timezones={"XNAS": "America/New_York"})
        evening = datetime(2024, 3, 6, 0, 30, tzinfo=UTC)
        quotes.hear(Tick(NAME, 100.0, 1.0, evening, evening), [NAME])
        quotes.hear(CorporateAction(NAME, date(2024, 3, 6), ActionKind.SPLIT, 4.0), [NAME])
        assert quotes.last(NAME) == 25


def restored(quotes: Quotes) -> Quotes:
    again = Quotes(ManualClock(FIRST))
    again.restore(quotes.to_bytes())
    return again

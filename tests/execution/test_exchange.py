"""Accounts in another currency: rates by day, what a conversion buys, and where the gain came from."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.core.errors import DataBlocked, InvalidInput
from midas.core.money import Money
from midas.execution.exchange import STALE_SESSIONS, AccountCurrency, Rates, converted, exchanged

MONDAY = np.datetime64("2024-01-01")
SESSIONS = np.busday_offset(MONDAY, np.arange(20)).astype("datetime64[D]")


def rates(days: list[int], values: list[float] | None = None) -> Rates:
    quoted = np.array(values or [1300.0 + day for day in days])
    return Rates("USD", "KRW", SESSIONS[days], quoted, "USDKRW (made)", "v1")


class TestRates:
    def test_a_day_without_one_has_the_last_before_it(self) -> None:
        found = rates([0, 1, 4]).at(SESSIONS[:6])
        assert found == tuple(map(Decimal, ("1300.0", "1301.0", "1301.0", "1301.0", "1304.0", "1304.0")))

    def test_five_sessions_long_and_no_longer(self) -> None:
        assert STALE_SESSIONS == 5
        assert rates([0]).at(SESSIONS[:6])[-1] == Decimal(1300)
        with pytest.raises(DataBlocked, match="no rate of USD in KRW for 2024-01-09") as caught:
            rates([0]).at(SESSIONS[:7])
        assert caught.value.code == "rate_missing"

    @pytest.mark.parametrize("days", [[], [3]])
    def test_before_the_first_there_is_none(self, days: list[int]) -> None:
        with pytest.raises(DataBlocked, match="2024-01-01"):
            rates(days).at(SESSIONS[:5])

    def test_a_rate_on_a_day_without_a_session_counts_from_the_next(self) -> None:
        saturday = Rates(
            "USD", "KRW", np.array(["2024-01-01", "2024-01-06"], "datetime64[D]"), np.array([1.0, 2.0]), "", "v"
        )
        assert saturday.at(SESSIONS[:7]) == (*[Decimal("1.0")] * 5, *[Decimal("2.0")] * 2)

    @given(st.sets(st.integers(0, 19), min_size=1), st.integers(0, 19))
    def test_against_a_walk_back_through_the_sessions(self, known: set[int], first: int) -> None:
        asked = range(first, 20)
        series = rates(sorted(known))
        backs = [next((back for back in range(row + 1) if row - back in known), None) for row in asked]
        if any(back is None for back in backs):
            with pytest.raises(DataBlocked):
                series.at(SESSIONS[first:])
            return
        found = [1300 + row - back for row, back in zip(asked, backs, strict=True) if back is not None]
        stale = any(back > STALE_SESSIONS for back in backs if back)
        if stale:
            with pytest.raises(DataBlocked):
                series.at(SESSIONS[first:])
        else:
            assert list(series.at(SESSIONS[first:])) == found

    @pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
    def test_a_rate_that_is_none(self, value: float) -> None:
        with pytest.raises(InvalidInput, match="not above 0"):
            rates([0, 1], [1300.0, value])


class TestConverted:
    def test_by_hand(self) -> None:
        # 1,000,000 won at 1,300 and a tenth of a percent: 1,301.3 won a dollar, 768.462... dollars, cents cut off
        bought = converted(Money.of(1_000_000, "KRW"), "USD", Decimal(1300), 10.0)
        assert bought == Money(76_846, "USD")

    @pytest.mark.parametrize(
        ("currency", "spread"), [("XXX", 10.0), ("KRW", -1.0), ("KRW", float("nan")), ("KRW", 1e6)]
    )
    def test_what_no_account_has(self, currency: str, spread: float) -> None:
        with pytest.raises(InvalidInput):
            AccountCurrency(currency, spread)


class TestExchanged:
    def test_by_hand(self) -> None:
        # 768.46 dollars: at 1,300, then 800.00 at 1,310, then 800.00 at 1,250
        own = exchanged(
            Money.of(1_000_000, "KRW"), 10.0, rates([0, 1, 2], [1300.0, 1310.0, 1250.0]), SESSIONS[:3],
            (Decimal("768.46"), Decimal("800.00"), Decimal("800.00")),
        )  # fmt: skip
        assert own.equity == (Decimal(998_998), Decimal(1_048_000), Decimal(1_000_000))
        assert own.conversion_cost == 1_002
        # 768.46 x 10 - 800 x 60
        assert own.currency_gain == Decimal(-40_315)
        # 31.54 dollars at 1,310
        assert own.trading_gain == Decimal(41_317)
        assert own.total_return == 0.0

    @given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 10**6)), min_size=1, max_size=20))
    def test_the_gain_splits_without_a_rest(self, closes: list[tuple[int, int]]) -> None:
        worth = tuple(Decimal(cents) / 100 for cents, _ in closes)
        quoted = [rate / 1000 for _, rate in closes]
        own = exchanged(
            Money.of(10**9, "KRW"), 0.0, rates(list(range(len(closes))), quoted), SESSIONS[: len(closes)], worth
        )
        whole = own.brought.amount - own.conversion_cost + own.trading_gain + own.currency_gain
        assert whole == own.equity[-1]
        at = [Fraction(rate, 1000) for _, rate in closes]
        traded = sum((Fraction(after - before, 100) * rate for (before, _), (after, _), rate in
                      zip(closes, closes[1:], at[1:], strict=False)), start=Fraction(0))  # fmt: skip
        assert abs(traded - Fraction(own.trading_gain)) <= 2  # three amounts were rounded to the won

"""What was bought too late to be sold is the same however it is kept, and keeping it costs no more for many parts."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from midas.core.instrument import InstrumentId
from midas.core.order import Fill, Side
from midas.risk.locks import locked_in
from midas.trading.purchases import Purchases
from midas.venues.catalogue import venue

NAME = InstrumentId("600519", "XSHG")
BEGIN = datetime(2024, 3, 4, tzinfo=UTC)


def fill(number: int, stamp_utc: datetime, quantity: int, side: Side = Side.BUY) -> Fill:
    return Fill("a", "q", f"E{number}", NAME, side, Decimal(quantity), Decimal(10), 1000, 0, 0, stamp_utc)


def plainly(fills: list[Fill], session: datetime) -> Decimal:
    """Return what was bought on the session or later: China sells from the next one on."""
    zone = ZoneInfo(venue("XSHG").timezone)
    bought = [one for one in fills if one.side is Side.BUY and one.stamp_utc.astimezone(zone).date() >= session.date()]
    return max(sum((one.quantity for one in bought), Decimal(0)), Decimal(0))


class TestLocked:
    def test_is_what_a_plain_sum_says(self) -> None:
        rng = random.Random(7)
        market = venue("XSHG")
        seen = defaultdict[bool, int](int)
        for _ in range(300):
            # around midnight in Shanghai, some taken back, some told late
            stamps = [BEGIN + timedelta(minutes=rng.randint(0, 3 * 24 * 60)) for _ in range(rng.randint(1, 20))]
            sides = [Side.BUY, Side.BUY, Side.SELL]
            fills = [fill(n, at, rng.choice((-3, 1, 5, 9)), rng.choice(sides)) for n, at in enumerate(stamps)]
            known = Purchases()
            known.begin(fills)
            session = BEGIN + timedelta(days=rng.choice((0, 1)))
            found = locked_in(market, known.of(NAME), session.date())
            assert found == plainly(fills, session)
            seen[bool(found)] += 1
        assert min(seen[True], seen[False]) > 10

    def test_a_purchase_in_many_parts_is_kept_as_few(self) -> None:
        known = Purchases()
        for number in range(5_000):
            known.executed(fill(number, BEGIN + timedelta(seconds=number), 1))
        assert len(known.of(NAME)) <= 6
        assert sum(quantity for _, quantity in known.of(NAME)) == 5_000

    def test_what_no_venue_locks_any_more_is_forgotten(self) -> None:
        known = Purchases()
        for number in range(200):
            known.executed(fill(number, BEGIN + timedelta(days=number), 1))
        assert len(known.of(NAME)) == 41

"""Orders by hand beside a run that follows a dataset: none is filled by a bar that was there when it was placed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.backtest.strategies import MonthEnd
from tests.execution.markets import panel_of
from tests.marketdata.growing import clock
from tests.trading.followed import Follows

from midas.app import orders
from midas.core.clock import ManualClock
from midas.wire.orders import OrderRequest

BARS = 12


def rising(tmp_path: Path, time: ManualClock | None = None) -> Follows:
    """A name at 100, 101, 102 and on, of which eight bars are there and a run that buys nothing yet follows them."""
    closes = 100.0 + np.arange(BARS)
    prices = dict.fromkeys(("open", "high", "low", "close"), closes) | {"volume": np.full(BARS, 1e6)}
    home = Follows(tmp_path, None, panel_of(prices, start="2024-03-04"), time or clock())
    home.grow(8)
    home.start(MonthEnd().definition(), commission_bps=0)
    home.grow(9)
    home.live()
    return home


def place(home: Follows) -> None:
    asked = OrderRequest(account="paper", instrument="N000", side="buy", quantity=Decimal(1), time_in_force="gtc")
    home.inside(lambda workspace: orders.place(workspace, asked, "once"))


def bought(home: Follows) -> list[float]:
    place(home)
    home.live()
    return [float(fill.price) for fill in home.fills()]


def test_it_meets_the_next_bar_there_will_be(tmp_path: Path) -> None:
    home = rising(tmp_path)
    assert bought(home) == []
    home.grow(10)
    home.live()
    assert [float(fill.price) for fill in home.fills()] == [109.0]


def test_it_meets_no_bar_that_the_trader_did_not_know_of_yet(tmp_path: Path) -> None:
    home = rising(tmp_path)
    home.grow(11)
    assert bought(home) == []
    home.grow(12)
    home.live()
    assert [float(fill.price) for fill in home.fills()] == [111.0]


def test_placed_while_no_trader_was_at_work_it_waits_until_one_knows_that_all_is_told(tmp_path: Path) -> None:
    # 108 was there when it was placed, 109 and 110 came in one import after it: nobody can tell them apart
    home = rising(tmp_path)
    home.grow(10)
    place(home)
    home.time.advance(timedelta(seconds=1))
    home.grow(11)
    home.live()
    assert home.fills() == []
    home.grow(12)
    home.live()
    assert [float(fill.price) for fill in home.fills()] == [111.0]


@pytest.mark.parametrize(("hour", "price"), [(13, 109.0), (14, 110.0)])
def test_placed_before_the_bar_began_it_meets_that_bar_and_later_the_next_one(
    tmp_path: Path, hour: int, price: float
) -> None:
    # the tenth bar is that of 2024-03-15, which begins at 13:30 in UTC
    home = rising(tmp_path, ManualClock(datetime(2024, 3, 14, 22, tzinfo=UTC)))
    home.time.advance(timedelta(hours=hour + 2))
    place(home)
    for stop in (10, 11):
        home.time.advance(timedelta(days=4))
        home.grow(stop)
        home.live()
    assert [float(fill.price) for fill in home.fills()] == [price]

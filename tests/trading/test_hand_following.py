"""Orders by hand beside a run that follows a dataset: none is filled by a bar that was there when it was placed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.backtest.strategies import MonthEnd
from tests.execution.markets import panel_of
from tests.trading.followed import Follows

from midas.app import accounts, orders
from midas.wire.accounts import AccountRequest
from midas.wire.orders import OrderRequest

BARS = 12


def following(tmp_path: Path) -> Follows:
    """A name at 100, 101, 102 and on, of which eight bars are there."""
    closes = 100.0 + np.arange(BARS)
    prices = dict.fromkeys(("open", "high", "low", "close"), closes) | {"volume": np.full(BARS, 1e6)}
    home = Follows(tmp_path, None, panel_of(prices, start="2024-01-02"))
    home.grow(8)
    return home


def begun(home: Follows) -> str:
    """Start a run that buys nothing yet, and tell it of one bar more."""
    run = home.start(MonthEnd().definition(), commission_bps=0)
    home.grow(9)
    home.live()
    return run


def rising(tmp_path: Path) -> Follows:
    home = following(tmp_path)
    begun(home)
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


def test_it_meets_the_bar_that_came_after_it_while_no_trader_was_at_work(tmp_path: Path) -> None:
    home = rising(tmp_path)
    place(home)
    home.time.advance(timedelta(seconds=1))
    home.grow(10)
    home.live()
    assert [float(fill.price) for fill in home.fills()] == [109.0]


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_it_goes_to_the_market_of_the_last_run_when_that_is_over(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home = following(tmp_path)
    home.database = request.getfixturevalue("postgres").fresh() if store == "postgresql" else None
    home.stop(begun(home))
    assert bought(home) == []
    home.grow(10)
    home.live()
    assert [float(fill.price) for fill in home.fills()] == [109.0]
    # nothing is left to do, though something is held
    assert home.live() == []


def test_it_waits_where_there_never_was_a_run(tmp_path: Path) -> None:
    home = following(tmp_path)
    home.inside(lambda workspace: accounts.add(workspace, AccountRequest(name="paper", capital=Decimal(10_000))))
    assert bought(home) == []
    home.grow(10)
    assert home.live() == []
    assert home.fills() == []

from __future__ import annotations

from datetime import date

import pytest

from midas.trading.parity import Parity
from midas.trading.verdict import verdict


@pytest.mark.parametrize(
    ("trades", "sentence"),
    [
        (0, "Neither the run nor its backtest has traded yet."),
        (1, "The one trade of the run is that of the backtest, to the cent."),
        (2, "All 2 trades of the run are those of the backtest, to the cent."),
    ],
)
def test_what_does_not_part_is_said_in_the_number_there_is_of_it(trades: int, sentence: str) -> None:
    assert verdict(Parity(date(2010, 1, 8), trades, -5, -5, [], {}), "USD") == sentence

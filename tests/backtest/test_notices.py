"""What a reader must know is said."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from tests.backtest.strategies import Rebalanced
from tests.execution.markets import FIELDS, panel_of

from midas.backtest.run import run
from midas.core.basis import Basis
from midas.execution.dealing import Dealing
from midas.factors.text import parse
from midas.strategies.definition import Definition
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.schedule import Every

NAN = math.nan


def told(result, part: str) -> str:  # type: ignore[no-untyped-def]
    (found,) = [warning for warning in result.warnings if part in warning]
    return str(found)


def bars(columns: int, rows: int = 120) -> dict[str, np.ndarray]:
    return {name: np.full((rows, columns), 1e9 if name == "volume" else 100.0) for name in FIELDS}


class TestNotices:
    def test_a_clean_run_says_nothing(self) -> None:
        assert run(BuyAndHold(), panel_of(bars(2))).warnings == ()

    def test_prices_that_were_never_quoted(self) -> None:
        result = run(BuyAndHold(), panel_of(bars(1), basis=Basis.SPLIT_ADJUSTED))
        assert "no tick or limit rule applies" in told(result, "Prices are split_adjusted")

    def test_closes_alone(self) -> None:
        result = run(BuyAndHold(), panel_of({"close": bars(1)["close"]}, basis=Basis.CLOSE_ONLY))
        assert "next close" in told(result, "closes alone")

    def test_an_assumed_board(self) -> None:
        result = run(BuyAndHold(), panel_of(bars(3), currency="KRW", venue="XKRX"))
        assert told(result, "board").startswith("The board of 3 of 3 names is not in the data: KOSPI is assumed")

    def test_names_that_never_had_a_bar(self) -> None:
        market = bars(40)
        for name in FIELDS:
            market[name][:, [3, 35]] = NAN
        assert told(run(BuyAndHold(), panel_of(market)), "never had a bar") == (
            "2 of 40 names never had a bar in these dates: N003.XNAS, N035.XNAS."
        )

    def test_positions_that_stopped_trading(self) -> None:
        market = bars(40)
        for name in FIELDS:
            market[name][110:, 33] = NAN
        assert "last known close: N033.XNAS" in told(run(BuyAndHold(), panel_of(market)), "1 positions have no bar")

    def test_a_name_that_is_gone_for_good(self) -> None:
        market = bars(40)
        for name in FIELDS:
            market[name][60:, 33] = NAN
        result = run(BuyAndHold(), panel_of(market), dealing=Dealing(delisting_recovery=0.25), commission_bps=0)
        assert "paid out at 25% of the last price: N033.XNAS" in told(result, "ended for good")
        # 25 shares at 100.00 each: a quarter comes back
        assert result.equity[-1] == 40 * 2_500 - 0.75 * 2_500
        assert result.cash[-1] == 625.0
        (trade,) = result.trades().filter(pl.col("exit_ts").is_not_null()).to_dicts()
        assert (trade["exit_price"], trade["pnl"], trade["symbol"]) == (25.0, -1875.0, "N033.XNAS")
        result.ledger().verify(result.simulation.cash, result.simulation.first)

    def test_what_was_borrowed_to_buy_and_at_which_rate(self) -> None:
        twice = Definition("twice", {}, (), parse("(close > 0).normalise(2.0)"), Every.ONCE)
        result = run(twice, panel_of(bars(1)), dealing=Dealing(allow_short=True), commission_bps=0)
        assert told(result, "borrowed") == (
            "Up to 100,000 USD was borrowed to buy, without interest: set a cash rate to pay for it."
        )
        paying = Dealing(allow_short=True, cash_rate=0.05)
        assert "at 5.00% a year" in told(run(twice, panel_of(bars(1)), dealing=paying), "borrowed")

    def test_short_sales_whose_bans_are_not_known(self) -> None:
        short = Definition("short", {}, (), parse("(close > 0) * -0.5"), Every.ONCE)
        selling = Dealing(allow_short=True)

        def sold(start: str, venue: str, currency: str) -> str:
            market = panel_of(bars(1), currency=currency, venue=venue, start=start)
            return told(run(short, market, dealing=selling), "short from")

        assert "no ban on short sales of XNAS is known: none was applied" in sold("2024-01-02", "XNAS", "USD")
        assert "for which no ban is known" in sold("2015-01-02", "XKRX", "KRW")
        unseen = sold("2024-01-02", "XKRX", "KRW")
        assert "banned 2023-11-06 to 2025-03-30 (dates not verified); no other ban is known." in unseen
        seen = sold("2020-02-03", "XKRX", "KRW")
        assert "banned 2020-03-16 to 2021-05-02; no other" in seen
        assert seen.endswith("Look up the regulator's orders before trusting what shorts earned.")
        assert "short" not in " ".join(run(short, panel_of(bars(1))).warnings).replace("allow_short", "").replace(
            "may not sell short", ""
        )

    def test_nobody_is_warned_who_only_may_sell_short(self) -> None:
        assert run(BuyAndHold(), panel_of(bars(2)), dealing=Dealing(allow_short=True)).warnings == ()

    def test_a_venue_without_rules(self) -> None:
        result = run(Rebalanced(), panel_of(bars(1), venue="XLON", currency="GBP"))
        assert "no dated rules for XLON" in told(result, "XLON")

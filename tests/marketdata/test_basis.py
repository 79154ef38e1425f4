"""What prices mean, and what a base price says about them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.marketdata.market import clean_bars

from midas.core.basis import Basis
from midas.marketdata.base_price import derive_from_base
from midas.marketdata.basis_detection import detect_basis, stated_adjusted
from midas.venues.catalogue import venue

BARS = clean_bars()


class TestDetectBasis:
    def test_prices_on_the_tick_grid_are_raw(self) -> None:
        assert detect_basis(BARS, venue("XNYS")).basis is Basis.RAW

    def test_prices_off_the_grid_were_adjusted(self) -> None:
        found = detect_basis(BARS.with_columns(close=pl.col("close") * 0.731), venue("XNYS"))
        assert found.basis is Basis.SPLIT_ADJUSTED
        assert "lie on no tick of XNYS" in found.warning

    def test_won_that_no_korean_tick_allows_were_adjusted(self) -> None:
        won = BARS.with_columns(close=(pl.col("close") * 10).round() * 100)
        assert detect_basis(won, venue("XKRX")).basis is Basis.RAW
        tenth_adjusted = pl.when(pl.int_range(pl.len()) % 10 == 0).then(pl.col("close") - 37).otherwise("close")
        assert detect_basis(won.with_columns(close=tenth_adjusted), venue("XKRX")).basis is Basis.SPLIT_ADJUSTED

    def test_a_fund_on_its_own_finer_grid_is_raw(self) -> None:
        # Korean funds move by 5 won where stocks move by 10 or more.
        fund = BARS.with_columns(close=(pl.col("close") * 200 / 5).round() * 5)
        assert detect_basis(fund, venue("XKRX")).basis is Basis.RAW

    def test_a_venue_without_ticks_says_nothing(self) -> None:
        odd = BARS.with_columns(close=pl.col("close") * 0.731)
        assert detect_basis(odd, venue("XTST", "USD")).basis is Basis.RAW

    def test_few_rows_say_nothing(self) -> None:
        assert detect_basis(BARS[:50].with_columns(close=pl.col("close") * 0.731), venue("XNYS")).basis is Basis.RAW

    def test_closes_alone(self) -> None:
        assert detect_basis(BARS.select("symbol", "ts", "close"), venue("XNYS")).basis is Basis.CLOSE_ONLY


class TestStatedAdjusted:
    @pytest.mark.parametrize(
        ("adj_close", "basis"),
        [
            (pl.col("close"), Basis.TOTAL_RETURN),
            (pl.col("close") * 0.9, Basis.SPLIT_ADJUSTED),
            (None, Basis.SPLIT_ADJUSTED),
        ],
    )
    def test_by_adj_close(self, adj_close: pl.Expr | None, basis: Basis) -> None:
        frame = BARS if adj_close is None else BARS.with_columns(adj_close=adj_close)
        assert stated_adjusted(frame) is basis


def with_base(row: int, base: float, symbol: str = "S00.XNYS") -> pl.DataFrame:
    one = BARS.filter(pl.col("symbol") == symbol)
    usual = pl.col("close").shift(1).fill_null(pl.col("close"))
    return one.with_columns(base=pl.when(pl.int_range(pl.len()) == row).then(base).otherwise(usual))


class TestDeriveFromBase:
    def test_a_base_that_is_always_the_previous_close_says_nothing_happened(self) -> None:
        derived = derive_from_base(with_base(-1, 0.0))
        assert derived is not None
        assert derived.actions.is_empty()

    def test_half_the_previous_close_is_a_split(self) -> None:
        previous = BARS["close"][99]
        derived = derive_from_base(with_base(100, round(previous / 2, 2)))
        assert derived is not None
        assert derived.actions.select("ts", "kind", "value").rows() == [(BARS["ts"][100], "split", 2.0)]

    def test_a_little_less_is_the_worth_of_what_was_detached(self) -> None:
        derived = derive_from_base(with_base(100, BARS["close"][99] - 3))
        assert derived is not None
        [(kind, value)] = derived.actions.select("kind", "value").rows()
        close = BARS["close"][99]
        assert (kind, value) == ("rights", pytest.approx(close / (close - 3)))

    @pytest.mark.parametrize(("base", "kinds"), [(0.93, []), (10.0, ["split"])])
    def test_after_a_halt_only_a_clean_split_counts(self, base: float, kinds: list[str]) -> None:
        frame = with_base(100, round(BARS["close"][99] * base, 2)).with_columns(
            open=pl.when(pl.int_range(pl.len()) == 99).then(None).otherwise("open")
        )
        derived = derive_from_base(frame)
        assert derived is not None
        assert derived.actions["kind"].to_list() == kinds

    def test_a_column_that_is_something_else_is_not_believed(self) -> None:
        rate = np.random.default_rng(2).normal(0, 0.01, 250)
        one = BARS[:250].with_columns(base=pl.col("close") - pl.Series(rate))
        assert derive_from_base(one) is None

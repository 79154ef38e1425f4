"""Orders of code that make no sense are refused with the reason, and code that fails is named with its bar."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.execution.markets import panel_of
from tests.trading.coding import FLAT, ran

from midas.core.errors import StrategyInvalid
from midas.execution.dealing import Dealing
from midas.strategies.event import Context, EventBar, EventStrategy


class Careless(EventStrategy):
    """Orders what no market could fill, each on a bar of its own."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        asked = MISTAKES[bar.row] if bar.row < len(MISTAKES) else None
        if asked is not None:
            getattr(ctx, asked[0])(*asked[1], **asked[2])


MISTAKES: list[tuple[str, tuple[Any, ...], dict[str, float], str]] = [
    ("buy", (math.nan,), {}, "bad_quantity"),
    ("buy", (math.inf,), {"limit": 9.0}, "bad_quantity"),
    ("sell", (-3,), {}, "bad_quantity"),
    ("buy", (0,), {}, "bad_quantity"),
    ("buy", (0.4,), {}, "below_lot"),
    ("buy", (1, 2), {}, "unknown_instrument"),
    ("buy", (1, -1), {}, "unknown_instrument"),
    ("close", (2,), {}, "unknown_instrument"),
    ("cancel", (-1,), {}, "unknown_instrument"),
    ("buy", (1,), {"limit": math.nan}, "bad_price"),
    ("buy", (1,), {"stop": -1.0}, "bad_price"),
    ("buy", (1,), {"limit": 9.0, "stop": 11.0}, "bad_price"),
    ("buy", (1,), {"limit": 0.00001}, "bad_price"),
    ("sell", (1,), {}, "short_not_allowed"),
    ("sell", (1,), {"stop": 9.0}, "short_not_allowed"),
]


class TestOrdersThatMakeNoSense:
    def test_are_refused_one_by_one_with_the_reason(self) -> None:
        result = ran(Careless(), panel_of(FLAT))
        rejects = result.rejects()
        assert rejects["reason"].to_list() == [mistake[3] for mistake in MISTAKES]
        assert rejects["ts"].to_list() == result.panel.sessions[: len(MISTAKES)].tolist()
        places = [None if mistake[3] == "unknown_instrument" else "N000.XNAS" for mistake in MISTAKES]
        assert rejects["symbol"].to_list() == places
        assert len(result.fills()) == 0
        assert sum(result.reject_counts.values()) == len(MISTAKES)
        [told] = [warning for warning in result.warnings if warning.startswith("Nothing was traded")]
        assert "every order was refused or dropped (below_lot 1" in told

    def test_a_price_beyond_the_days_limits_is_refused(self) -> None:
        class Far(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == 1:
                    ctx.buy(1, limit=14_000.0)

        prices = {name: values * 1_000.0 for name, values in FLAT.items()}
        result = ran(Far(), panel_of(prices, currency="KRW", venue="XKRX"))
        assert result.reject_counts == {"beyond_limit": 1}

    def test_a_price_between_two_ticks_goes_to_the_better_one_and_that_is_said(self) -> None:
        class Between(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == 1:
                    ctx.buy(1, limit=10.019)

        dipped = {name: values.copy() for name, values in FLAT.items()}
        dipped["open"][2:, 0] = dipped["high"][2:, 0] = 10.5
        result = ran(Between(), panel_of(dipped))
        assert result.fills()["price"].to_list() == [10.01]
        assert any("between two ticks" in warning and warning.endswith(": 1.") for warning in result.warnings)

    def test_what_waits_at_the_end_is_told(self) -> None:
        class Patient(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == 1:
                    ctx.buy(1, limit=5.0)
                    ctx.buy(1, limit=6.0)

        assert "Orders that still waited when the run ended: 2." in ran(Patient(), panel_of(FLAT)).warnings


class TestSellingMoreThanIsHeld:
    """Fifteen of ten: in a cash account a mistake, in a margin account what closes and what opens."""

    class Hasty(EventStrategy):
        """Buys ten, then sells fifteen."""

        def on_bar(self, ctx: Context, bar: EventBar) -> None:
            if bar.row == 1:
                ctx.buy(10)
            if bar.row == 4:
                ctx.sell(15)

    def fills(self, start: str, dealing: Dealing) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        prices = {name: values * 1_000.0 for name, values in FLAT.items()}
        panel = panel_of(prices, currency="KRW", venue="XKRX", start=start)
        result = ran(self.Hasty(), panel, initial_capital=1_000_000, dealing=dealing)
        return result.fills()["side", "quantity"].rows(), result.rejects()["reason", "quantity"].rows()

    def test_is_refused_whole_in_a_cash_account(self) -> None:
        assert self.fills("2023-01-02", Dealing()) == ([("buy", 10)], [("short_not_allowed", 15)])

    def test_is_done_in_a_margin_account(self) -> None:
        filled = [("buy", 10), ("sell", 10), ("sell", 5)]
        assert self.fills("2023-01-02", Dealing(allow_short=True)) == (filled, [])

    def test_closes_what_is_held_where_short_sales_are_banned(self) -> None:
        filled = [("buy", 10), ("sell", 10)]
        assert self.fills("2024-01-02", Dealing(allow_short=True)) == (filled, [("short_banned", 5)])


class TestCodeThatFails:
    @pytest.mark.parametrize("row", [0, 4])
    def test_what_it_is_shown_cannot_be_changed(self, row: int) -> None:
        class Forging(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == row:
                    bar.close[0] = 1.0

        with pytest.raises(StrategyInvalid, match="read-only"):
            ran(Forging(), panel_of(FLAT))

    @pytest.mark.parametrize("row", [0, 4])
    def test_names_strategy_and_bar_and_keeps_the_cause(self, row: int) -> None:
        class Failing(EventStrategy):
            name = "my_idea"

            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == row:
                    raise KeyError("missing")

        panel = panel_of(FLAT)
        with pytest.raises(
            StrategyInvalid, match=f"'my_idea' failed at the bar of {panel.sessions[row]}: KeyError"
        ) as it:
            ran(Failing(), panel)
        assert it.value.code == "strategy_failed"
        assert isinstance(it.value.__cause__, KeyError)

    def test_so_does_a_place_that_is_none(self) -> None:
        class Failing(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                ctx.position(-1)

        with pytest.raises(StrategyInvalid, match="no instrument -1, only 0 to 1"):
            ran(Failing(), panel_of(FLAT))

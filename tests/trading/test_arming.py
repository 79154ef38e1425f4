"""Nothing is armed while anything is in the way, and all of it is told."""

from __future__ import annotations

import itertools

import pytest

from midas.trading.arming import PAPER_DAYS, Readiness, obstacles

READY = Readiness(True, True, PAPER_DAYS, "kis", frozenset({"kis"}))


def codes(known: Readiness) -> list[str]:
    return [each.code for each in obstacles(known)]


class TestObstacles:
    def test_who_is_ready_has_none(self) -> None:
        assert codes(READY) == []

    @pytest.mark.parametrize(
        ("confirmed", "limited", "days", "adapters"),
        list(
            itertools.product(
                (True, False), (True, False), (0, PAPER_DAYS - 1, PAPER_DAYS),
                (frozenset[str](), frozenset({"kiwoom"}), frozenset({"kis"})),
            )
        ),
    )  # fmt: skip
    def test_each_is_told_with_what_to_do_next(
        self, confirmed: bool, limited: bool, days: int, adapters: frozenset[str]
    ) -> None:
        known = Readiness(confirmed, limited, days, "kis", adapters)
        expected = {
            "no_adapter": "kis" not in adapters,
            "paper_days_missing": days < PAPER_DAYS,
            "limits_missing": not limited,
            "live_not_confirmed": not confirmed,
        }
        assert codes(known) == [code for code, there in expected.items() if there]
        assert all(each.why and each.next.endswith(".") for each in obstacles(known))

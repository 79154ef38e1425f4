"""Exit policies: values, their JSON, and refusals."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midas.core.errors import StrategyInvalid
from midas.strategies.exits import Exit, StopLoss, TakeProfit, TimeStop, TrailingStop, exit_from_json, exit_to_json

ALL: list[tuple[Exit, dict[str, object]]] = [
    (StopLoss(0.15), {"stop_loss": 0.15}),
    (TakeProfit(0.5), {"take_profit": 0.5}),
    (TrailingStop(0.2), {"trailing_stop": 0.2}),
    (TimeStop(20), {"time_stop": 20}),
]


class TestExits:
    @pytest.mark.parametrize(("policy", "json"), ALL)
    def test_json_both_ways(self, policy: Exit, json: dict[str, object]) -> None:
        assert exit_to_json(policy) == json
        assert exit_from_json(json) == policy
        assert exit_from_json({key: str(value) for key, value in json.items()}) == policy

    def test_never_changes(self) -> None:
        with pytest.raises(FrozenInstanceError):
            StopLoss(0.15).fraction = 0.2  # type: ignore[misc]

    @pytest.mark.parametrize("value", [0, -0.1, 1, 15, float("nan"), float("inf"), "x", True, None, [0.1]])
    def test_a_stop_is_a_fraction(self, value: object) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            StopLoss(value)  # type: ignore[arg-type]
        assert "Exit 'stop_loss' cannot be" in caught.value.message
        assert "0.15 for 15 %" in caught.value.hint

    @pytest.mark.parametrize("value", [0, -1, 1.5, 10_001, float("nan"), True])
    def test_a_time_stop_is_whole_bars(self, value: object) -> None:
        with pytest.raises(StrategyInvalid, match="Exit 'time_stop' cannot be"):
            TimeStop(value)  # type: ignore[arg-type]

    def test_a_misspelt_exit_is_suggested(self) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            exit_from_json({"stoploss": 0.15})
        assert "no exit 'stoploss'" in caught.value.message
        assert "'stop_loss'" in caught.value.hint

    @pytest.mark.parametrize("value", [None, 0.15, "stop_loss", [], {}, {"stop_loss": 0.1, "take_profit": 0.2}])
    def test_anything_else_is_no_exit(self, value: object) -> None:
        with pytest.raises(StrategyInvalid, match="one policy with one number"):
            exit_from_json(value)

    @settings(deadline=None)
    @given(
        st.dictionaries(
            st.text(max_size=12) | st.sampled_from(["stop_loss", "time_stop"]),
            st.none() | st.floats() | st.text() | st.integers(),
            max_size=2,
        )
    )
    def test_anything_is_read_or_refused(self, value: dict[str, object]) -> None:
        try:
            policy = exit_from_json(value)
        except StrategyInvalid:
            return
        assert exit_from_json(exit_to_json(policy)) == policy

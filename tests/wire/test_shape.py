from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from midas.wire.backtests import BacktestRequest
from midas.wire.instruments import Bar
from midas.wire.strategies import StrategyRef


class TestNumber:
    @given(st.floats(allow_nan=True, allow_infinity=True))
    def test_what_is_sent_is_always_json(self, value):
        bar = Bar(ts="2024-01-02", open=value, high=None, low=None, close=value, volume=None, turnover=None)
        sent = json.loads(bar.model_dump_json(), parse_constant=pytest.fail)
        assert sent["close"] == (value if math.isfinite(value) else None)
        assert set(sent) == {"ts", "open", "high", "low", "close", "volume", "turnover"}


class TestQuestion:
    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_nan_and_infinity_are_refused(self, value):
        with pytest.raises(ValidationError):
            BacktestRequest(strategy=StrategyRef(name="momentum"), slippage_bps=value)

    def test_unknown_keys_are_refused(self):
        with pytest.raises(ValidationError):
            BacktestRequest.model_validate({"strategy": {"name": "momentum"}, "comission_bps": 5})

    def test_a_refusal_does_not_repeat_the_input(self):
        with pytest.raises(ValidationError) as refusal:
            BacktestRequest.model_validate({"strategy": {"name": "momentum"}, "slippage_bps": "hunter2"})
        assert "hunter2" not in str(refusal.value)


class TestStrategyRef:
    @pytest.mark.parametrize("fields", [{}, {"name": "a", "yaml": "b"}, {"graph": {}, "backtest": "abcd"}])
    def test_is_said_in_exactly_one_way(self, fields):
        with pytest.raises(ValidationError, match="exactly one"):
            StrategyRef.model_validate(fields)

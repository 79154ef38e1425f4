"""Instrument ids: split at the last dot, refuse anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.core.errors import InvalidInput
from midas.core.instrument import InstrumentId

SYMBOLS = st.from_regex(r"[A-Z0-9][A-Z0-9._^=-]{0,19}", fullmatch=True)


class TestParse:
    @pytest.mark.parametrize(
        "text", ["", "AAPL", ".XNAS", "AAPL.", "AAPL.NAS", "aapl.XNAS", "../etc.XNAS", "A B.XNAS", "AAPL.XNAS\n"]
    )
    def test_refuses(self, text: str) -> None:
        with pytest.raises(InvalidInput):
            InstrumentId.parse(text)

    def test_splits_at_the_last_dot(self) -> None:
        assert InstrumentId.parse("BRK.B.XNYS") == InstrumentId("BRK.B", "XNYS")

    def test_keeps_leading_zeros(self) -> None:
        assert str(InstrumentId.parse("005930.XKRX")) == "005930.XKRX"

    @given(SYMBOLS, st.from_regex(r"[A-Z0-9]{4}", fullmatch=True))
    def test_round_trip(self, symbol: str, venue: str) -> None:
        assert InstrumentId.parse(f"{symbol}.{venue}") == InstrumentId(symbol, venue)

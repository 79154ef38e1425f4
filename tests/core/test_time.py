"""Clocks, time zones and bar lengths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from midas.core.clock import ManualClock, SystemClock, require_utc
from midas.core.errors import InvalidInput
from midas.core.timeframe import Timeframe


class TestRequireUtc:
    def test_refuses_a_naive_moment(self) -> None:
        with pytest.raises(InvalidInput, match="no time zone"):
            require_utc(datetime(2024, 1, 1))  # noqa: DTZ001 -- the naive moment is the point

    def test_seoul_becomes_utc(self) -> None:
        seoul = datetime(2024, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
        assert require_utc(seoul) == datetime(2024, 1, 1, 0, tzinfo=UTC)


class TestClocks:
    def test_the_machine_is_aware(self) -> None:
        assert SystemClock().now_utc().tzinfo is UTC

    def test_a_manual_clock_moves_only_when_told(self) -> None:
        clock = ManualClock(datetime(2024, 1, 1, tzinfo=UTC))
        clock.advance(timedelta(seconds=90))
        assert clock.now_utc() == datetime(2024, 1, 1, 0, 1, 30, tzinfo=UTC)
        assert clock.monotonic_s() == 90


class TestTimeframe:
    @pytest.mark.parametrize("text", ["", "1", "d", "0d", "1y", "1D", "1000m", "-1d"])
    def test_refuses(self, text: str) -> None:
        with pytest.raises(InvalidInput):
            Timeframe.parse(text)

    @pytest.mark.parametrize(("text", "seconds"), [("1d", 86_400), ("5m", 300), ("1h", 3600), ("1w", 604_800)])
    def test_reads(self, text: str, seconds: int) -> None:
        assert Timeframe.parse(text).seconds == seconds
        assert str(Timeframe.parse(text)) == text

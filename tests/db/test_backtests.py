from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from midas.core.errors import InvalidInput, NotFound
from midas.db import backtests
from midas.db.backtests import BacktestRecord

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def record(n: int, minutes: int = 0, strategy: str = "momentum") -> BacktestRecord:
    identity = hashlib.sha256(str(n).encode()).hexdigest()
    return BacktestRecord(
        id=identity[:12], identity=identity, status="done", strategy=strategy, definition={"format": 1},
        params={"lookback": 126}, universe="sample", symbols=["AAPL.XNAS"], start=date(2020, 1, 2), end=None,
        created_at=NOW + timedelta(minutes=minutes), summary={"sharpe": None, "cagr": 0.12}, costs={"tax": 0.0},
        warnings=["한글"], rejects={"no_cash": 2}, settings={"rf": 0.0},
    )  # fmt: skip


class TestShow:
    def test_a_record_comes_back_as_it_was(self, database):
        database.write(backtests.save, record(1))
        assert database.read(backtests.show, record(1).id) == record(1)
        assert database.read(backtests.by_identity, record(1).identity) == record(1)
        assert database.read(backtests.by_identity, record(2).identity) is None

    @pytest.mark.parametrize("length", [4, 6, 12, 30, 64])
    def test_the_beginning_is_enough(self, database, length):
        for n in range(5):
            database.write(backtests.save, record(n))
        assert database.read(backtests.show, record(3).identity[:length]) == record(3)

    @pytest.mark.parametrize("ref", ["", "a", "zzzz", "%", "____", "' OR 1=1", "f" * 65, "\x00", "한글한글"])
    def test_anything_else_is_not_found(self, database, ref):
        database.write(backtests.save, record(1))
        # PostgreSQL has no text with a NUL in it to look for
        with pytest.raises((NotFound, InvalidInput)):
            database.read(backtests.show, ref)

    def test_several_that_begin_alike_are_not_guessed_among(self, database):
        first = record(1)
        second = replace(record(2), id="x", identity=first.identity[:10] + "z" * 54)
        for each in (first, second):
            database.write(backtests.save, each)
        with pytest.raises(InvalidInput) as refusal:
            database.read(backtests.show, first.identity[:8])
        assert refusal.value.code == "ambiguous_id"


class TestSave:
    def test_the_same_question_is_stored_once(self, database):
        database.write(backtests.save, record(1))
        again = replace(record(1, minutes=5), warnings=["fresh"])
        database.write(backtests.save, again)
        assert database.read(backtests.page, 10) == [again]

    def test_removing_is_final_and_may_be_repeated(self, database):
        database.write(backtests.save, record(1))
        for _ in range(2):
            database.write(backtests.remove, record(1).identity)
        assert database.read(backtests.page, 10) == []


class TestPage:
    @given(minutes=st.lists(st.integers(0, 3), min_size=1, max_size=12), limit=st.integers(1, 5), only=st.booleans())
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def test_pages_together_are_the_whole_list_in_order(self, database, minutes, limit, only):
        every = [record(n, minute, "ab"[n % 2]) for n, minute in enumerate(minutes)]
        for each in database.read(backtests.page, 100):
            database.write(backtests.remove, each.identity)
        for each in every:
            database.write(backtests.save, each)
        strategy = "a" if only else None
        wanted = [each for each in every if strategy in (None, each.strategy)]
        seen, after = [], None
        while found := database.read(backtests.page, limit, after, strategy):
            seen += found
            after = (found[-1].created_at, found[-1].id)
        assert seen == sorted(wanted, key=lambda each: (each.created_at, each.id), reverse=True)

"""A run goes where the table says, and paper never becomes real money."""

from __future__ import annotations

import itertools

import pytest

from midas.core.errors import Refused
from midas.trading.lifecycle import MOVES, RunState, require_move


class TestMove:
    @pytest.mark.parametrize("live", [False, True])
    @pytest.mark.parametrize(("before", "after"), [*itertools.product(RunState, RunState)])
    def test_is_in_the_table_and_of_the_kind_of_its_account(
        self, before: RunState, after: RunState, live: bool
    ) -> None:
        money = after in (RunState.ARMED, RunState.LIVE)
        wrong_kind = (money and not live) or (after is RunState.PAPER and live)
        if after in MOVES[before] and not wrong_kind:
            require_move(before, after, live=live)
        else:
            with pytest.raises(Refused):
                require_move(before, after, live=live)

    def test_nothing_follows_the_end(self) -> None:
        assert MOVES[RunState.STOPPED] == frozenset()

    def test_real_money_is_armed_first(self) -> None:
        assert [before for before in RunState if RunState.LIVE in MOVES[before]] == [RunState.ARMED]

"""What each level of the kill switch stops."""

from __future__ import annotations

import pytest

from midas.risk.kill import KillLevel, blocks, blocks_cancel, strongest

# level: stops what opens, what reduces, what closes everything, cancels
TABLE = """
NONE         .  .  .  .
REDUCE_ONLY  x  .  .  .
PAUSE        x  x  x  .
CANCEL_ALL   x  x  x  .
FLATTEN      x  x  .  .
HALT         x  x  x  x
"""
LINES = [line.split() for line in TABLE.strip().splitlines()]


class TestLevels:
    @pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
    def test_stop_what_the_table_says(self, line: list[str]) -> None:
        level, stopped = KillLevel[line[0]], [cell == "x" for cell in line[1:]]
        assert stopped == [
            blocks(level, reduces=False, flattens=False),
            blocks(level, reduces=True, flattens=False),
            blocks(level, reduces=True, flattens=True),
            blocks_cancel(level),
        ]

    def test_all_are_in_the_table(self) -> None:
        assert [line[0] for line in LINES] == [level.name for level in KillLevel]

    @pytest.mark.parametrize("level", [KillLevel.REDUCE_ONLY, KillLevel.FLATTEN])
    def test_what_says_it_closes_but_opens_is_stopped(self, level: KillLevel) -> None:
        assert blocks(level, reduces=False, flattens=True)

    def test_any_one_stops(self) -> None:
        assert strongest(KillLevel.NONE, KillLevel.HALT, KillLevel.PAUSE) is KillLevel.HALT
        assert strongest() is KillLevel.NONE

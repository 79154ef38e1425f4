"""Instruments by id and by the symbols they had."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from tests.app.loop import now
from tests.marketdata.market import clean_bars, snapshot

from midas.app import instruments
from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput, NotFound
from midas.core.instrument import Alias

BARS = clean_bars(symbols=1)


@pytest.fixture
def reused(workspace: Workspace) -> Workspace:
    """NEW.XNYS, once called S00; and S00.XNYS, which has the symbol since."""
    made = snapshot(pl.concat([BARS.with_columns(symbol=pl.lit("NEW.XNYS")), BARS]))
    new, old = made.instruments
    spans = (Alias("S00", None, date(2018, 6, 1)), Alias("NEW", date(2018, 6, 2)))
    named = (replace(new, aliases=spans), replace(old, aliases=(Alias("S00", date(2019, 1, 2)),)))
    workspace.lake.write("made", replace(made, instruments=named))
    return workspace


class TestShow:
    def test_never_takes_the_first_of_two(self, reused: Workspace) -> None:
        with pytest.raises(InvalidInput, match=r"NEW\.XNYS \(until 2018-06-01\) and S00\.XNYS \(since 2019-01-02\)"):
            now(instruments.show(reused, "s00"))

    def test_by_id_by_day_and_by_a_symbol_of_one(self, reused: Workspace) -> None:
        found = [now(instruments.show(reused, text)).id for text in ("S00.XNYS", "S00@2018-01-02", "new")]
        assert found == ["S00.XNYS", "NEW.XNYS", "NEW.XNYS"]

    def test_tells_the_symbols_it_had(self, reused: Workspace) -> None:
        had = now(instruments.show(reused, "NEW")).aliases
        assert [(each.symbol, each.valid_from, each.valid_to) for each in had] == [
            ("S00", None, date(2018, 6, 1)), ("NEW", date(2018, 6, 2), None),
        ]  # fmt: skip

    def test_what_nobody_is_called(self, reused: Workspace) -> None:
        with pytest.raises(NotFound, match="No dataset holds 'NOPE'"):
            now(instruments.show(reused, "NOPE"))

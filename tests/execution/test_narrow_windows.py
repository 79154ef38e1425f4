"""A paper account and a book of a few names, which were once kept among 32 lanes, go on from what was kept then."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.backtest.strategies import Averaged
from tests.execution.markets import AMERICA, random_market
from tests.execution.rehearsals import mandate_of, rehearsal_of, replayed

from midas.backtest.spec import spec_of
from midas.execution.state_bytes import to_bytes
from midas.trading.memory_journal import MemoryJournal

LANES = 32


def wide(tiles: Any) -> Any:
    """The same tiles among 32 lanes."""
    found = np.full((*tiles.shape[:-1], LANES), np.nan)
    found[..., : tiles.shape[-1]] = tiles
    return found


def test_kept_among_32_lanes() -> None:
    panel = random_market(3, 3, 60, AMERICA).panel
    spec = spec_of(Averaged().definition(), panel)
    rehearsal = replayed(spec, panel)
    other = rehearsal_of(spec, mandate_of(spec, panel, 0), MemoryJournal())
    paper, book = rehearsal.paper.snapshot(), rehearsal.loop.book.snapshot()
    assert paper["market"]["bars"].shape[-1] == book["window"]["closes"].shape[-1] == 3
    other.paper.restore({**paper, "market": {**paper["market"], "bars": wide(paper["market"]["bars"])}})
    other.loop.book.restore({**book, "window": {**book["window"], "closes": wide(book["window"]["closes"])}})
    assert to_bytes(other.paper.snapshot()) == to_bytes(paper)
    assert to_bytes(other.loop.book.snapshot()) == to_bytes(book)

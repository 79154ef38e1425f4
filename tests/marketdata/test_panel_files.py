"""The panel on disk says what the bars say."""

from __future__ import annotations

import errno
import math
import os
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.marketdata.market import clean_bars, clock, snapshot

from midas.core.errors import InvalidInput, StorageCorrupt, StorageFull
from midas.marketdata.lake import Lake

BARS = clean_bars(symbols=70, last=date(2019, 2, 15))
ACTIONS = pl.DataFrame(
    {
        "symbol": ["S01.XNYS", "S40.XNYS", "S40.XNYS"],
        "ts": [date(2019, 1, 10), date(2019, 1, 19), date(2019, 2, 1)],
        "kind": ["split", "cash_dividend", "split"],
        "value": [2.0, 0.5, 0.1],
        "origin": ["stated"] * 3,
    }
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", clock())


class TestOpenPanel:
    def test_holds_every_bar_and_nothing_else(self, lake: Lake) -> None:
        holes = BARS.filter(pl.int_range(pl.len()) % 7 != 3)
        lake.write("made", snapshot(holes))
        panel = lake.panel("made")
        assert [str(one.id) for one in panel.instruments] == sorted(set(holes["symbol"]))
        assert panel.sessions.tolist() == sorted(set(holes["ts"]))
        at = {(symbol, ts): row for symbol, ts, *row in holes.iter_rows()}
        for number, name in enumerate(("raw_open", "raw_high", "raw_low", "raw_close", "raw_volume")):
            matrix = panel.matrix(name)
            for row, session in enumerate(panel.sessions.tolist()):
                for column, one in enumerate(panel.instruments):
                    stored = at.get((str(one.id), session))
                    value = matrix[row, column]
                    assert math.isnan(value) if stored is None else value == stored[number]

    def test_pads_the_last_tile_with_nothing(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        tiles = lake.panel("made").tiles("close")
        assert tiles.shape == (3, len(set(BARS["ts"])), 32)
        assert np.isnan(tiles[2, :, 6:]).all()

    def test_without_actions_adjusted_fields_are_the_raw_ones(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        panel = lake.panel("made")
        assert panel.tiles("close") is panel.tiles("raw_close")
        assert not list(lake.root.rglob("close.npy"))

    def test_with_actions_they_follow_the_forward_factors(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS, actions=ACTIONS))
        panel = lake.panel("made")
        raw, close = panel.matrix("raw_close"), panel.matrix("close")
        row = panel.sessions.tolist().index(date(2019, 1, 10))
        np.testing.assert_array_equal(close[:row, 1], raw[:row, 1])
        np.testing.assert_array_equal(close[row:, 1], raw[row:, 1] * 2)
        np.testing.assert_array_equal(panel.matrix("volume")[row:, 1], panel.matrix("raw_volume")[row:, 1] / 2)
        np.testing.assert_array_equal(close[:, 2], raw[:, 2])

    def test_an_ex_date_without_a_session_takes_effect_on_the_next(self, lake: Lake) -> None:
        # 2019-01-19 is a Saturday, and Monday 21 a holiday.
        lake.write("made", snapshot(BARS, actions=ACTIONS))
        panel = lake.panel("made")
        days = panel.sessions[panel.actions.row].tolist()
        assert days == [date(2019, 1, 10), date(2019, 1, 22), date(2019, 2, 1)]
        assert panel.actions.instrument.tolist() == [1, 40, 40]

    def test_cannot_be_written_to(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        with pytest.raises(ValueError, match="read-only"):
            lake.panel("made").tiles("close")[0, 0, 0] = 1.0

    def test_of_no_instrument_is_refused(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        with pytest.raises(InvalidInput, match="needs an instrument"):
            lake.panel("made").select([])

    def test_only_fields_that_exist(self, lake: Lake) -> None:
        lake.write("closes", snapshot(BARS.select("symbol", "ts", "close")))
        assert set(lake.panel("closes").fields) == {"raw_close", "close"}

    @pytest.mark.parametrize("name", ["raw_close.npy", "sessions.bin", "actions.bin", "panel.json"])
    def test_a_file_cut_short_is_refused_when_opened(self, lake: Lake, name: str) -> None:
        dataset = lake.write("made", snapshot(BARS, actions=ACTIONS))
        lake.panel("made")
        file = lake.root / "made" / dataset.version / "panel-1" / name
        file.write_bytes(file.read_bytes()[:-9])
        with pytest.raises(StorageCorrupt, match="panel"):
            lake.panel("made")

    def test_belongs_to_its_version(self, lake: Lake) -> None:
        lake.write("made", snapshot(BARS))
        old = lake.panel("made")
        lake.write("made", snapshot(BARS[:100]))
        new = lake.panel("made")
        assert (old.rows, old.columns) != (new.rows, new.columns)
        assert old.version != new.version
        assert not np.isnan(old.matrix("close")).all()


class TestBuildPanel:
    def test_a_full_disk_leaves_nothing_half_built(self, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
        lake.write("made", snapshot(BARS))

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(StorageFull):
                lake.panel("made")
        assert not list(lake.root.rglob("panel-1"))
        assert not list(lake.root.rglob(".tmp-*"))
        assert lake.panel("made").rows

    @settings(max_examples=15, deadline=None)
    @given(st.sets(st.integers(0, 69), min_size=1), st.integers(0, 10**6))
    def test_any_subset_of_names_and_rows(self, tmp_path_factory, chosen: set[int], seed: int) -> None:
        names = [f"S{number:02d}.XNYS" for number in sorted(chosen)]
        part = BARS.filter(pl.col("symbol").is_in(names))
        part = part.sample(fraction=0.5, seed=seed) if part.height > 4 else part
        lake = Lake(tmp_path_factory.mktemp("lake"), clock())
        made = snapshot(part)
        lake.write("made", made)
        panel = lake.panel("made")
        assert panel.columns == part["symbol"].n_unique()
        assert int((~np.isnan(panel.matrix("close"))).sum()) == part.height
        assert float(np.nansum(panel.matrix("close"))) == pytest.approx(part["close"].sum())

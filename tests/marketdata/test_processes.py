"""Real processes that die, or that write at the same time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.marketdata.market import clean_bars, clock, snapshot

from midas.core.errors import Busy, StorageFull
from midas.marketdata.lake import Lake
from midas.marketdata.snapshot import content_hash

PROJECT = Path(__file__).resolve().parents[2]
OLD, NEW = clean_bars()[:400], clean_bars()[:700]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def start(root: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.marketdata.writer", str(root), "made", *words]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out + err


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", clock(), wait_s=0.2)


def state(lake: Lake) -> str:
    """Which content the dataset has; fails unless it is exactly one of the two, to the last file."""
    dataset = lake.dataset("made")
    stored = snapshot(lake.bars("made"))
    assert content_hash(stored) == dataset.version
    assert int((~np.isnan(lake.panel("made").matrix("close"))).sum()) == dataset.rows
    return {OLD.height: "old", NEW.height: "new"}[dataset.rows]


class TestKilled:
    @pytest.mark.parametrize(
        ("call", "number", "left"),
        [
            ("fsync", 0, "old"),  # the first file of bars is written
            ("fsync", 2, "old"),  # instruments are
            ("fsync", 3, "old"),  # the folder is complete
            ("replace", 0, "old"),  # about to put it in place
            ("replace", 1, "old"),  # about to make it current
            ("fsync", 6, "new"),  # it is current
            ("replace", 2, "new"),  # the panel is about to be put in place
        ],
    )
    def test_at_any_step_leaves_one_whole_version(self, lake: Lake, call: str, number: int, left: str) -> None:
        lake.write("made", snapshot(OLD))
        code, said = finish(start(lake.root, str(NEW.height), call, str(number)))
        assert (code, said) == (-signal.SIGKILL, "")
        assert state(lake) == left
        lake.write("made", snapshot(NEW))
        lake.write("made", snapshot(OLD))
        assert state(lake) == "old"
        assert not list(lake.root.rglob(".tmp-*"))

    def test_at_any_moment(self, lake: Lake) -> None:
        lake.write("made", snapshot(OLD))
        moments = random.Random(4)
        for _ in range(4):
            writer = start(lake.root, str(NEW.height))
            time.sleep(moments.uniform(0.3, 1.2))
            writer.kill()
            finish(writer)
            assert state(lake) in {"old", "new"}

    def test_the_holder_of_a_lock_frees_it(self, lake: Lake) -> None:
        lake.write("made", snapshot(OLD))
        holder = start(lake.root, "hold")
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy, match="Another process is writing dataset 'made'") as caught:
            lake.write("made", snapshot(NEW))
        assert "run this again" in caught.value.hint
        assert state(lake) == "old"
        holder.kill()
        finish(holder)
        lake.write("made", snapshot(NEW))
        assert state(lake) == "new"


class TestTwoAtOnce:
    def test_both_imports_arrive(self, lake: Lake) -> None:
        writers = [start(lake.root, "add", str(number)) for number in (1, 2)]
        assert [finish(writer) for writer in writers] == [(0, "done\n")] * 2
        assert set(lake.bars("made")["symbol"]) == {"N1.XNYS", "N2.XNYS"}
        assert len(lake.instruments("made")) == 2

    def test_two_that_open_a_new_panel_build_one(self, lake: Lake) -> None:
        readers = [start(lake.root, str(NEW.height)) for _ in range(2)]
        assert [finish(reader) for reader in readers] == [(0, "done\n")] * 2
        assert state(lake) == "new"


class TestFullDisk:
    @pytest.fixture
    def small_disk(self, tmp_path: Path):
        folder = tmp_path / "disk"
        folder.mkdir()
        mount = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if mount.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {mount.stderr.strip()}")
        yield folder
        subprocess.run(["umount", "-l", str(folder)], check=True)

    def test_an_import_changes_nothing_and_leaves_nothing(self, small_disk: Path) -> None:
        lake = Lake(small_disk / "lake", clock())
        before = lake.write("made", snapshot(OLD))
        used = sum(file.stat().st_size for file in lake.root.rglob("*") if file.is_file())
        with pytest.raises(StorageFull, match="disk is full") as caught:
            lake.write("made", snapshot(clean_bars(symbols=99)))
        assert "Free some space" in caught.value.hint
        assert lake.dataset("made") == before
        assert lake.bars("made").equals(OLD)
        assert sum(file.stat().st_size for file in lake.root.rglob("*") if file.is_file()) == used

    def test_a_panel_that_does_not_fit_is_not_half_there(self, small_disk: Path) -> None:
        lake = Lake(small_disk / "lake", clock())
        lake.write("made", snapshot(NEW))
        with pytest.raises(StorageFull):
            lake.panel("made")
        assert not [entry for entry in lake.root.rglob("*") if entry.name.startswith((".tmp-", "panel"))]

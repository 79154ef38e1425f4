"""That every kernel is compiled is believed only as long as nothing it hangs on changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from midas.cli.printer import Printer
from midas.cli.process.compiling import compile_kernels
from midas.kernels import stamp, warm
from midas.kernels.stamp import all_compiled, note_all_compiled


@pytest.fixture
def piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One piece of machine code in a kernel folder of its own, made of one file of source."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(stamp, "_SOURCES", tmp_path / "source")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "add.py").write_text("x = 1\n")
    (tmp_path / "kept" / "a").mkdir(parents=True)
    made = tmp_path / "kept" / "a" / "add.nbc"
    made.touch()
    return made


class TestAllCompiled:
    def test_not_before_it_was_noted(self, piece: Path) -> None:
        assert not all_compiled()
        note_all_compiled()
        assert all_compiled()

    def test_not_when_a_piece_is_gone(self, piece: Path) -> None:
        note_all_compiled()
        piece.with_name("more.nbc").touch()
        assert all_compiled()
        piece.unlink()
        assert not all_compiled()

    def test_not_when_source_was_edited(self, piece: Path, tmp_path: Path) -> None:
        note_all_compiled()
        (tmp_path / "source" / "add.py").write_text("x = 12\n")
        assert not all_compiled()

    def test_not_for_other_settings(self, piece: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        note_all_compiled()
        monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
        assert not all_compiled()

    def test_not_for_another_checkout(self, piece: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        note_all_compiled()
        (tmp_path / "source").rename(tmp_path / "elsewhere")
        monkeypatch.setattr(stamp, "_SOURCES", tmp_path / "elsewhere")
        assert not all_compiled()

    def test_not_by_a_note_that_was_cut_off(self, piece: Path) -> None:
        note_all_compiled()
        [note] = piece.parents[1].glob("all-*.json")
        note.write_text(note.read_text()[:-20])
        assert not all_compiled()

    def test_a_folder_that_cannot_be_written_is_no_fault(
        self, piece: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "source" / "add.py" / "below"))
        note_all_compiled()
        assert not all_compiled()


def test_what_is_compiled_is_not_loaded_to_see_that_it_is(piece: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(warm, "compile_all", lambda _progress: done.append("all"))
    monkeypatch.setattr(warm, "load_kernels", lambda: done.append("called from Python"))
    compile_kernels(Printer(quiet=True))
    compile_kernels(Printer(quiet=True))
    assert done == ["all", "called from Python"]

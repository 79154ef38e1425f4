"""The file of seals after a crash and after a disk that was away, and lines that are no seals."""

from __future__ import annotations

from pathlib import Path

import pytest

from midas.app.seal_file import SealFile
from midas.core.errors import Unavailable
from midas.identity.seals import flaws_of, seal_from_line

AT = "2026-01-05T21:00:00+00:00"


def files(folder: Path) -> SealFile:
    return SealFile(folder / "seals", folder / "key", folder / "away" / "copy")


def test_a_torn_line_takes_no_seal_with_it(tmp_path: Path) -> None:
    seals = files(tmp_path)
    seals.append([("paper", 3, "aa")], AT)
    with seals.path.open("a") as file:
        file.write('{"account":"paper","n":5')
    seals.append([("paper", 7, "bb")], AT)
    lines, key = seals.lines(), seals.key()
    assert key is not None
    assert [None if seal is None else seal.n for seal in map(seal_from_line, lines)] == [3, None, 7]
    assert [flaw.why for flaw in flaws_of(lines, key)] == ["seal 2 cannot be read"]


def test_a_copy_that_could_not_be_written_gets_what_it_missed(tmp_path: Path) -> None:
    seals = files(tmp_path)
    assert seals.copy is not None
    seals.copy.parent.write_text("no folder yet")
    with pytest.raises(Unavailable):
        seals.append([("paper", 3, "aa")], AT)
    seals.copy.parent.unlink()
    seals.append([("paper", 7, "bb")], AT)
    assert seals.copy.read_text() == seals.path.read_text()
    assert len(seals.lines()) == 2


@pytest.mark.parametrize("n", ["1e400", "1" + "0" * 30, "0", "-1", "true", '"7"', "7.0", "null"])
def test_a_line_without_a_number_of_a_line_is_no_seal(n: str) -> None:
    line = '{"account":"a","at":"b","hash":"c","mark":"d","n":%s,"previous":""}'
    assert seal_from_line(line % n) is None
    assert seal_from_line(line % "7") is not None


@pytest.mark.parametrize("line", ["", "[]", "{}", "[" * 100_000, '{"account":"\\ud800","at":"b","hash":"c"}'])
def test_other_lines_are_none_either(line: str) -> None:
    assert seal_from_line(line) is None


def test_text_that_cannot_be_written_is_no_seal() -> None:
    line = '{"account":"\\ud800","at":"b","hash":"c","mark":"d","n":7,"previous":""}'
    assert seal_from_line(line) is None

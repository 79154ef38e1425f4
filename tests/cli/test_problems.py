from __future__ import annotations

import json

import pytest

from midas.cli.problems import MOST_FINDINGS, report
from midas.core.errors import DataInvalid, MidasError, NotFound


class TestForPeople:
    def test_says_what_and_what_next_on_stderr(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert report(NotFound("There is no 'x'.", hint="Did you mean 'y'?"), json=False) == 3
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", "error: There is no 'x'.\nnext:  Did you mean 'y'?\n")

    def test_words_of_a_file_cannot_move_the_cursor(self, capsys: pytest.CaptureFixture[str]) -> None:
        report(DataInvalid("a\x1b[2Jb", hint="c\x07", findings=["\x1b]0;t\x07d"]), json=False)
        assert capsys.readouterr().err == "error: ab\n       - d\nnext:  c\n"

    def test_many_findings_are_cut_and_counted(self, capsys: pytest.CaptureFixture[str]) -> None:
        report(DataInvalid("bad", findings=[f"finding {n}" for n in range(MOST_FINDINGS + 5)]), json=False)
        told = capsys.readouterr().err
        assert told.count("finding ") == MOST_FINDINGS
        assert "and 5 more" in told

    def test_what_nobody_foresaw_points_to_its_trace(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert report(MidasError("x"), json=False) == 1
        assert "-v -v" in capsys.readouterr().err


class TestForPrograms:
    def test_is_the_one_document_and_has_every_finding(self, capsys: pytest.CaptureFixture[str]) -> None:
        findings = [f"finding {n}" for n in range(MOST_FINDINGS + 5)]
        assert report(DataInvalid("bad", hint="h", code="c", findings=findings), json=True) == 4
        captured = capsys.readouterr()
        error = json.loads(captured.out)["error"]
        assert (error["detail"], error["hint"], error["code"], error["exit_code"]) == ("bad", "h", "c", 4)
        assert error["findings"] == findings
        assert captured.err == ""

    def test_a_trace_goes_to_stderr(self, capsys: pytest.CaptureFixture[str]) -> None:
        report(NotFound("x"), json=True, trace=True)
        captured = capsys.readouterr()
        json.loads(captured.out)
        assert "NotFound" in captured.err

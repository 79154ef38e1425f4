from __future__ import annotations

import json
import math

import pytest

from midas.cli.printer import Column, Printer
from midas.wire.instruments import Instrument

HOSTILE = Instrument(
    id="X.XKRX",
    symbol="X",
    venue="XKRX",
    name="\x1b]0;owned\x07[red]삼성[/red]",
    currency="KRW",
    board="KOSPI",
    kind="stock",
    aliases=[],
    datasets=[],
)


def _unwanted() -> None:
    raise AssertionError("nobody asked for a table")


class TestAnswer:
    def test_a_document_is_one_and_has_no_nan(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer(json=True).answer({"a": math.nan, "b": [math.inf, 1.5, True, None]}, ["id"], _unwanted)
        assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5, True, None]}

    def test_a_list_of_answers_is_an_array(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer(json=True).answer([HOSTILE], ["X"], _unwanted)
        assert [each["id"] for each in json.loads(capsys.readouterr().out)] == ["X.XKRX"]

    def test_json_wins_over_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer(json=True, quiet=True).answer({"a": 1}, ["id"], _unwanted)
        assert json.loads(capsys.readouterr().out) == {"a": 1}

    def test_quiet_prints_ids_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer(quiet=True).answer({"a": 1}, ["one", "tw\x1b[2Jo"], _unwanted)
        assert capsys.readouterr().out == "one\ntwo\n"


class TestTable:
    def test_cells_are_text_and_nothing_else(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer().table([Column("name", keep=True)], [(HOSTILE.name,)])
        out = capsys.readouterr().out
        assert "[red]삼성[/red]" in out
        assert "\x1b" not in out

    def test_a_pipe_loses_nothing(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("COLUMNS", raising=False)
        Printer().table(["a", Column("b", right=True)], [("x" * 100, "1,000.00")])
        assert "x" * 100 in capsys.readouterr().out

    def test_a_column_without_content_is_left_out(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer().table(["id", "board"], [("X", ""), ("Y", "")])
        assert "board" not in capsys.readouterr().out

    def test_a_narrow_terminal_loses_what_can_be_spared(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        columns = [Column("id", keep=True), Column("name", spare=1), "text"]
        rows = [("005930.XKRX", "삼성전자우선주식회사", "word " * 6)]
        monkeypatch.setenv("COLUMNS", "80")
        Printer().table(columns, rows)
        assert "삼성" in capsys.readouterr().out
        monkeypatch.setenv("COLUMNS", "55")
        Printer().table(columns, rows)
        narrow = capsys.readouterr().out
        assert "삼성" not in narrow
        assert "005930.XKRX" in narrow
        assert max(map(len, narrow.splitlines())) <= 55

    def test_a_heading_is_never_broken(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "40")
        Printer().table(["currency", "what it does"], [("USD", "long words " * 20)])
        assert "currency" in capsys.readouterr().out.splitlines()[0]

    def test_no_line_ends_in_spaces(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer().table(["a", "b"], [("x", "y" * 9), ("x", "y")])
        assert not any(line.endswith(" ") for line in capsys.readouterr().out.splitlines())


class TestWarn:
    def test_goes_to_stderr_even_when_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer(quiet=True).warn(["close\x07-only"])
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", "warning: close-only\n")

    def test_stays_in_the_document_with_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        Printer(json=True).warn(["x"])
        assert capsys.readouterr().err == ""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from midas.cli.grammar import NOUNS
from midas.cli.main import app, run

MIDAS = Path(sys.executable).with_name("midas")


def commands() -> list[list[str]]:
    root = typer.main.get_command(app)
    found: list[list[str]] = []
    for name in NOUNS:
        found += below([name], root.commands[name])  # type: ignore[attr-defined]  # a group
    return found


def below(words: list[str], command: object) -> list[list[str]]:
    inside = getattr(command, "commands", {})
    return [each for name in inside for each in below([*words, name], inside[name])] or [words]


class TestNouns:
    def test_the_issue_s_commands_are_there(self) -> None:
        wanted = {
            "data": {"pull", "import", "list", "show", "check"},
            "strategy": {"list", "show", "check", "new", "save", "delete"},
            "factor": {"operators"},
            "backtest": {"run", "list", "show", "compare", "export", "delete"},
        }
        for noun, verbs in wanted.items():
            assert verbs <= {words[1] for words in commands() if words[0] == noun}
        assert {"serve", "start", "doctor"} <= set(NOUNS)

    @pytest.mark.parametrize("words", commands(), ids=" ".join)
    def test_each_has_help_with_the_options_of_every_command(
        self, words: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run([*words, "--help"]) == 0
        shown = capsys.readouterr().out
        assert f"Usage: midas {' '.join(words)}" in shown
        for option in ("--json", "--quiet", "--verbose", "--mode", "--url", "--home", "--no-color"):
            assert option in shown
        assert "env var" not in shown

    @pytest.mark.parametrize("noun", [[], ["data"], ["backtest"]])
    def test_alone_it_prints_its_verbs(self, noun: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert run(noun) == 0
        assert "Commands:" in capsys.readouterr().out


class TestUsage:
    def test_a_misspelt_noun(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["bactest", "run"]) == 2
        captured = capsys.readouterr()
        assert "Did you mean 'backtest'?" in captured.err
        assert "midas --help" in captured.err
        assert captured.out == ""

    def test_a_misspelt_verb(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["data", "imprt"]) == 2
        assert "Did you mean 'import'?" in capsys.readouterr().err

    def test_a_misspelt_option(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["backtest", "run", "--strategy", "x", "--frsh"]) == 2
        assert "--fresh" in capsys.readouterr().err

    def test_a_missing_option(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["sweep", "run"]) == 2
        assert "Missing option '--strategy'" in capsys.readouterr().err

    def test_with_json_it_is_a_document(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["data", "imprt", "--json"]) == 2
        captured = capsys.readouterr()
        error = json.loads(captured.out)["error"]
        assert (error["code"], error["exit_code"]) == ("usage", 2)
        assert set(error) == {"type", "title", "status", "detail", "code", "hint", "findings", "exit_code"}
        assert captured.err == ""

    def test_control_characters_come_back_harmless(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["\x1b]0;owned\x07"]) == 2
        assert "\x1b" not in capsys.readouterr().err


class TestSharedOptions:
    @pytest.mark.parametrize(
        "words",
        [
            ["--json", "--url", "nonsense", "data", "list"],
            ["data", "--json", "list", "--url", "nonsense"],
            ["data", "list", "--url", "nonsense", "--json"],
        ],
    )
    def test_may_stand_before_or_after_the_verb(self, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert run(words) == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "bad_url"

    def test_the_nearer_one_wins(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--mode", "local", "--url", "nonsense", "data", "list", "--mode", "cloud"]) == 2
        assert "not the address" in capsys.readouterr().err

    def test_verbose_adds_up_to_a_trace(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["-v", "data", "list", "--url", "nonsense", "-v"]) == 2
        assert "Traceback" in capsys.readouterr().err

    def test_one_verbose_is_no_trace(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["data", "list", "--url", "nonsense", "-v"]) == 2
        assert "Traceback" not in capsys.readouterr().err

    def test_variables_stand_for_options(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("MIDAS_JSON", "1")
        monkeypatch.setenv("MIDAS_URL", "nonsense")
        assert run(["data", "list"]) == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "bad_url"

    def test_the_version_s_variable_is_not_the_flag(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("MIDAS_VERSION", "1.2.3")
        assert run(["data", "list", "--url", "nonsense"]) == 2
        assert "not the address" in capsys.readouterr().err


class TestCompletion:
    @staticmethod
    def complete(words: str) -> str:
        environment = {"_MIDAS_COMPLETE": "complete_bash", "COMP_WORDS": f"midas {words}", "PATH": "/usr/bin:/bin"}
        environment["COMP_CWORD"] = str(len(words.split(" ")))
        return subprocess.run([MIDAS], env=environment, capture_output=True, text=True, timeout=30, check=False).stdout

    def test_nouns(self) -> None:
        assert "backtest" in self.complete("bac").split()

    def test_verbs(self) -> None:
        assert {"show", "delete"} <= set(self.complete("backtest ").split())

    def test_options_and_those_of_every_command(self) -> None:
        assert {"--strategy", "--slippage-bps"} <= set(self.complete("backtest run --s").split())
        assert "--json" in self.complete("backtest run --j").split()

    def test_choices(self) -> None:
        assert {"whole", "fractional"} <= set(self.complete("backtest run --lots ").split())

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_can_be_installed(self, shell: str, tmp_path: Path) -> None:
        environment = {
            "HOME": str(tmp_path),
            "PATH": "/usr/bin:/bin",
            "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
        }
        words = [MIDAS, "--install-completion", shell]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        assert any("_MIDAS_COMPLETE" in file.read_text() for file in tmp_path.rglob("*") if file.is_file())

"""Options that every command that runs on the past has."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from midas.cli import backtests, evaluations, sweeps
from midas.cli.run_options import Asked, with_run_options

SHARED = {*Asked.__annotations__} - {"dealing"}


def command(asked_of: list[tuple[str, Asked]]) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @with_run_options
    def go(ctx: typer.Context, asked: Asked, strategy: Annotated[str, typer.Option("--strategy")]) -> None:
        asked_of.append((strategy, asked))

    return app


def said(*words: str) -> tuple[str, Asked]:
    heard: list[tuple[str, Asked]] = []
    done = CliRunner().invoke(command(heard), [*words])
    assert done.exit_code == 0, done.output
    [found] = heard
    return found


def test_a_command_gets_what_they_say_beside_its_own() -> None:
    strategy, asked = said(
        "--symbols", "A,B", "-s", "C", "--strategy", "x", "--start", "20200102", "--initial-capital", "1,000.50",
        "--fill-at", "close", "--settlement", "venue", "--slippage", "sqrt=0.1", "--allow-short", "--slippage-bps", "3",
        "--account-currency", "KRW", "--entry-limit", "-0.01", "--fresh",
    )  # fmt: skip
    assert strategy == "x"
    assert asked["symbols"] == ["A", "B", "C"]
    assert str(asked["start"]) == "2020-01-02"
    assert asked["initial_capital"] == Decimal("1000.50")
    assert (asked["slippage_bps"], asked["account_currency"], asked["fresh"]) == (3.0, "KRW", True)
    dealt = {
        "fill_at": "close",
        "settlement": "venue",
        "slippage": "sqrt=0.1",
        "allow_short": True,
        "entry_limit": -0.01,
    }
    assert dealt.items() <= asked["dealing"].items()


def test_nothing_said_is_what_the_server_assumes() -> None:
    from midas.wire.run_options import RunOptions

    assert RunOptions.model_validate(said("--strategy", "x")[1]) == RunOptions()


@pytest.mark.parametrize("noun", [backtests, sweeps, evaluations])
def test_each_command_that_runs_on_the_past_has_them(noun: object) -> None:
    [run] = [get_command(noun.app).commands["run"]]  # type: ignore[attr-defined]
    names = {param.name for param in run.params}
    from midas.wire.run_options import DealingOptions

    assert names >= SHARED | {*DealingOptions.model_fields}

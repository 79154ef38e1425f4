"""With --json every command prints exactly one document on stdout; with -q ids and paths alone."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import typer
from tests.cli.test_grammar import below
from tests.journeys.command import Done, Inside

from midas.cli.grammar import NOUNS
from midas.cli.main import app

FILE = "name: mine\ntargets: close.top(1).normalise()\nevery: month_end\n"
PRICES = "date,symbol,open,high,low,close,volume\n2024-01-02,005930,76000,76500,75500,76000,1000\n"

CASES = {
    "data pull": ["sample", "--symbols", "IBM"],
    "data import": ["prices.csv", "--venue", "XKRX"],
    "data list": [],
    "data sources": [],
    "data show": ["sample"],
    "data check": ["sample"],
    "data delete": ["sp20"],
    "instrument list": ["A"],
    "instrument show": ["IBM"],
    "instrument bars": ["IBM", "--start", "2013-02-01"],
    "strategy list": [],
    "strategy show": ["momentum"],
    "strategy check": ["mine.yaml"],
    "strategy explain": ["mine.yaml"],
    "strategy new": ["other"],
    "strategy save": ["mine.yaml"],
    "strategy delete": ["kept"],
    "factor operators": [],
    "factor list": [],
    "factor show": ["alpha_101"],
    "backtest run": ["--strategy", "mine.yaml", "--universe", "sample"],
    "backtest list": [],
    "backtest show": ["{one}"],
    "backtest measures": ["sharpe"],
    "backtest compare": ["{one}", "{two}"],
    "backtest export": ["{one}", "--what", "trades"],
    "backtest report": ["{one}"],
    "backtest montecarlo": ["{one}", "--paths", "50"],
    "backtest delete": ["{two}"],
    "sweep run": ["--strategy", "sma_cross", "--symbols", "IBM", "--grid", "fast=5,10", "--grid", "slow=30,60"],
    "sweep list": [],
    "sweep show": ["{sweep}"],
    "sweep export": ["{sweep}"],
    "sweep delete": ["{sweep}"],
    "evaluate run": ["--symbols", "IBM", "--strategies", "buy_and_hold,sma_cross"],
    "evaluate rerun": ["{evaluation}"],
    "evaluate list": [],
    "evaluate show": ["{evaluation}"],
    "evaluate export": ["{evaluation}"],
    "evaluate delete": ["{evaluation}"],
    "account add": ["beta", "--capital", "5000"],
    "account list": [],
    "account show": ["alpha"],
    "account reset": ["empty", "--yes"],
    "order place": ["buy", "1", "IBM", "--account", "alpha", "--time", "gtc", "--dry-run"],
    "order cancel": ["{order}"],
    "order list": [],
    "order show": ["{order}"],
    "position list": ["--account", "alpha"],
    "trade list": ["--account", "alpha"],
    "trade stats": ["--account", "alpha"],
    "ledger seal": [],
    "ledger verify": [],
    "run start": ["--strategy", "sma_cross", "--symbols", "IBM", "--feed", "replay:2000-07-03..2000-08-25"],
    "run list": [],
    "run status": ["{trading}"],
    "run logs": ["{trading}"],
    "run parity": ["{traded}"],
    "run pause": ["{trading}"],
    "run resume": ["{paused}"],
    "run stop": ["{trading}"],
    "risk kill": ["--level", "PAUSE"],
    "risk release": [],
    "risk pulled": [],
    "risk drill": ["alpha"],
    "risk quarantine list": [],
    "risk quarantine release": ["IBM", "--account", "alpha", "--yes"],
    "risk limits": ["alpha", "--set", "max_notional=50000"],
    "job list": [],
    "job show": ["{job}"],
    "job cancel": ["{job}"],
    "doctor": ["--port", "0"],
}
CHANGES = {
    "pull",
    "import",
    "delete",
    "save",
    "new",
    "run",
    "rerun",
    "add",
    "reset",
    "start",
    "pause",
    "resume",
    "stop",
}
CHANGES |= {"stop", "kill", "release", "drill", "limits", "seal"}
STORING = {command for command in CASES if command.split()[-1] in CHANGES}
"""Change the data home or its folder, so they get their own."""
ENDLESS = {"serve", "start", "trader"}
"""Have their own journeys: they print one document and go on serving."""
REFUSED = {"run arm"}
"""Have theirs too: nothing can be armed as long as no adapter of a broker is installed."""


_STARTED = ("run", "start", "--strategy", "sma_cross", "--feed", "replay:2000-07-03..2000-08-25", "-q", "--symbols")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, pulled: Path) -> tuple[Inside, dict[str, str]]:
    folder = tmp_path_factory.mktemp("json")
    shutil.copytree(pulled, folder / "home")
    (folder / "mine.yaml").write_text(FILE)
    (folder / "prices.csv").write_text(PRICES)
    midas = Inside(folder / "home", folder)
    run = ("backtest", "run", "--strategy", "buy_and_hold", "-q", "--symbols")
    names = {"one": midas(*run, "IBM").out.strip(), "two": midas(*run, "AAPL").out.strip()}
    sweep = ("sweep", "run", "--strategy", "sma_cross", "-q", "--symbols", "IBM", "--grid", "fast=5,10")
    names["sweep"] = midas(*sweep, "--grid", "slow=40").out.strip()
    evaluation = ("evaluate", "run", "-q", "--symbols", "IBM", "--strategies", "buy_and_hold")
    names["evaluation"] = midas(*evaluation).out.strip()
    names["job"] = midas("job", "list", "-q").out.split()[0]
    assert midas("strategy", "save", "kept", "mine.yaml").code == 0
    names["traded"] = midas(*_STARTED, "IBM", "--account", "epsilon").out.strip()
    assert midas("trader", "--until-idle").code == 0
    for account in ("alpha", "empty"):
        assert midas("account", "add", account).code == 0
    order = ("order", "place", "buy", "2", "IBM", "--account", "alpha", "--time", "gtc", "-q")
    names["order"] = midas(*order).out.strip()
    names["trading"] = midas(*_STARTED, "AAPL", "--account", "gamma").out.strip()
    names["paused"] = midas(*_STARTED, "MSFT", "--account", "delta").out.strip()
    assert midas("run", "pause", names["paused"]).code == 0
    with closing(sqlite3.connect(midas.home / "midas.db")) as database, database:
        database.execute("INSERT INTO quarantines VALUES ('alpha.1', 'IBM.XNAS', 'nobody can explain it')")
    return midas, names


def asked(command: str, home: tuple[Inside, dict[str, str]], folder: Path, *more: str) -> Done:
    midas, names = home
    if command in STORING:
        shutil.copytree(midas.folder, folder / "all")
        midas = Inside(folder / "all" / "home", folder / "all")
    return midas(*command.split(), *(word.format(**names) for word in CASES[command]), *more)


def test_no_command_is_forgotten() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group
    everything = {" ".join(words) for name in NOUNS for words in below([name], commands[name])}
    assert set(CASES) | ENDLESS | REFUSED == everything


@pytest.mark.parametrize("command", CASES)
def test_json_is_one_document(command: str, home: tuple[Inside, dict[str, str]], tmp_path: Path) -> None:
    done = asked(command, home, tmp_path, "--json")
    assert done.code == 0, done.out
    document = json.loads(done.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert isinstance(document, dict | list)
    assert done.err == ""


@pytest.mark.parametrize("command", CASES)
def test_quiet_is_ids_and_paths(command: str, home: tuple[Inside, dict[str, str]], tmp_path: Path) -> None:
    done = asked(command, home, tmp_path, "-q")
    assert done.code == 0
    assert all(line and " " not in line for line in done.out.splitlines()), done.out


@pytest.mark.parametrize("command", CASES)
def test_people_get_something_to_read(command: str, home: tuple[Inside, dict[str, str]], tmp_path: Path) -> None:
    done = asked(command, home, tmp_path)
    assert done.code == 0
    assert done.out.strip()
    assert "\x1b" not in done.out
    assert not any(line.endswith(" ") for line in done.out.splitlines())
    for raw in (r"\bNone\b", r"\bnan\b", r"\{'", r"datetime\."):
        assert not re.search(raw, done.out)


def test_the_documents_hold_the_fixed_keys(home: tuple[Inside, dict[str, str]]) -> None:
    midas, names = home
    shown = midas("backtest", "show", names["one"], "--json").json
    assert list(shown)[:4] == ["id", "identity", "status", "strategy"]
    assert isinstance(shown["summary"], dict)
    assert isinstance(shown["warnings"], list)
    operators = midas("factor", "operators", "--json").json
    assert len(operators) >= 30
    assert {"rank", "top", "hold", "ema", "rsi", "cross_above"} <= {each["name"] for each in operators}

"""What was tested is what is traded, also by a `midas trader` that is killed with -9 again and again along the way."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from random import Random

import pytest
from tests.journeys.command import Inside, Midas
from tests.laws.killed_trader import Deaths, trade_through
from tests.postgres import Postgres
from tests.scale import scale

from midas.app.settings import Settings
from midas.app.workspace import Workspace
from midas.backtest.result import Result
from midas.backtest.run import run as backtest
from midas.core.clock import SystemClock
from midas.core.order import Fill
from midas.db.journal import SqlJournal
from midas.kernels.stamp import all_compiled
from midas.marketdata.lake import Lake
from midas.marketdata.universe import select
from midas.portfolio.journal import CAUSES
from midas.strategies.registry import build, library

EVERY = [info.name for info in library()]
WHOLE = scale() > 1
END = date(2013, 3, 1) if WHOLE else date(2002, 3, 1)
"""Each life of a trader hears all there was before: a few early years will do to see that it works."""

AT_ONCE = 4
"""So many strategies are traded by one trader, each on an account of its own."""

FEW = ["sma_cross", "momentum", "pairs", "rsi_reversion"]
GROUPS = [("sqlite", EVERY[k : k + AT_ONCE]) for k in range(0, len(EVERY), AT_ONCE)] + [("postgresql", FEW)]
CASES = (
    # all deaths together take about half of what there is to do, where a machine is as quick as any known
    [(store, names, date(2009, 1, 2), Deaths(20, 40 * len(names), 0.1 * len(names))) for store, names in GROUPS]
    if WHOLE
    else [
        ("sqlite", FEW[:1], date(2001, 10, 1), Deaths(2, 20, 0.2)),
        ("postgresql", FEW[1:2], date(2001, 10, 1), Deaths(1, 20, 0.2)),
    ]
)
"""Where runs are kept, which, since when, and how often their trader dies; few here are there to see that it works."""


@pytest.fixture(scope="module")
def midas(tmp_path_factory: pytest.TempPathFactory, pulled: Path) -> Midas:
    """A data home with the sample market, where traders need not compile first."""
    if not all_compiled():
        subprocess.run([sys.executable, "-m", "midas.kernels.warm"], timeout=900, check=True, stdout=subprocess.DEVNULL)
    folder = tmp_path_factory.mktemp("replayed")
    shutil.copytree(pulled, folder / "home")
    return Inside(folder / "home", folder)


def environment(store: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """What to say for runs to be kept in a database of that kind."""
    if store == "sqlite":
        return {}
    server: Postgres = request.getfixturevalue("postgres")
    return {"MIDAS_DATABASE": server.fresh()}


@pytest.mark.figure("LAW")
@pytest.mark.timeout(3600 if WHOLE else 1200)  # the first on a machine compiles
@pytest.mark.parametrize(
    ("store", "names", "start", "deaths"), CASES, ids=[f"{store}-{names[0]}" for store, names, _, _ in CASES]
)
def test_every_strategy_trades_as_it_was_tested_though_its_trader_is_killed(
    store: str, names: list[str], start: date, deaths: Deaths, midas: Midas, request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    where = environment(store, request)
    runs = {name: _started(midas, name, start, where) for name in names}
    killed = trade_through(midas, deaths, Random(f"{store} {len(names)}"), **where)
    assert killed == deaths.count
    counted = 0
    for name, run in runs.items():
        tested = _tested(midas.home, name, start)
        status = midas("run", "status", run, "--json", **where).json
        assert status["run"]["reason"] == "the feed ended", name
        assert _told(_fills(midas.home, status["run"]["account"], where)) == _expected(tested), name
        assert round(float(status["cash"]) * 100) == int(tested.simulation.cash[-1]), name
        assert round(float(status["equity"]) * 100) == int(tested.simulation.equity[-1]), name
        assert (status["orders_open"], status["orders_unknown"], status["quarantined"]) == (0, 0, {}), name
        counted += status["fills"]
        # what it was killed over left its tape whole: the twin on it is the same
        told = midas("run", "parity", run, "--json", **where).json
        assert (told["differing"], told["through"], told["unexplained"]) == (0, status["parity"]["through"], "0.00"), (
            name
        )
    assert counted > 3 * len(names) or not WHOLE
    assert midas("ledger", "verify", "--json", **where).code == 0
    record_property("kills", killed)
    record_property("strategies", len(names))
    record_property("fills", counted)
    record_property(store, f"{', '.join(names)} from {start} to {END}: fills, cash and equity are the backtest's")


def _started(midas: Midas, name: str, start: date, where: dict[str, str]) -> str:
    account = name.replace("_", "-")
    done = midas(
        "run", "start", "--strategy", name, "--universe", "sample", "--account", account,
        "--feed", f"replay:{start}..{END}", "--json", **where,
    )  # fmt: skip
    assert done.code == 0, done.out + done.err
    run: str = done.json["id"]
    return run


def _tested(home: Path, name: str, start: date) -> Result:
    panel = select(Lake(home / "lake", SystemClock()), "sample", []).panel
    return backtest(build(name), panel, start=start, end=END)


def _fills(home: Path, account: str, where: dict[str, str]) -> Sequence[Fill]:
    settings = Settings(home=home, database=where.get("MIDAS_DATABASE"))  # type: ignore[arg-type]

    async def read(workspace: Workspace) -> Sequence[Fill]:
        journal = SqlJournal(workspace.database.place)
        try:
            return await journal.fills(account)
        finally:
            await journal.close()

    with Workspace.open(settings) as workspace:
        return asyncio.run(read(workspace))


def _told(fills: Sequence[Fill]) -> list[tuple[object, ...]]:
    return [
        (
            str(fill.instrument), fill.side.value, float(fill.quantity), float(fill.price), fill.value,
            fill.commission, fill.tax, fill.cause,
        )
        for fill in fills
    ]  # fmt: skip


def _expected(tested: Result) -> list[tuple[object, ...]]:
    fills = tested.simulation.journal.fills
    names = [str(one.id) for one in tested.panel.instruments]
    return [
        (
            names[fills.column[k]], "buy" if fills.side[k] > 0 else "sell", float(fills.quantity[k]),
            float(fills.price[k]), int(fills.value[k]), int(fills.commission[k]), int(fills.tax[k]),
            CAUSES[fills.cause[k] - 1] if fills.cause[k] else None,
        )
        for k in range(len(fills))
    ]  # fmt: skip

"""What was tested is what is traded, also on a dataset that grows while it is traded, whoever is killed on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random

import pytest
from tests.backtest.strategies import Averaged, MonthEnd, Rebalanced
from tests.execution.markets import AMERICA, random_market
from tests.laws.test_session_ends import Leaning, hourly
from tests.postgres import Postgres
from tests.scale import scaled
from tests.trading.followed import Follows, backtested, told_of_run, told_of_test

from midas.marketdata.actions import Actions
from midas.marketdata.feed_text import read_feed
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.schedule import Every

PARTS = ("row", "instrument", "kind", "value")
STRATEGIES = (Averaged, Rebalanced, MonthEnd)


def daily(seed: int) -> tuple[Panel, Definition]:
    return random_market(seed, 3, 50, AMERICA).panel, STRATEGIES[seed % len(STRATEGIES)]().definition()


def within_day(seed: int) -> tuple[Panel, Definition]:
    return _begin(hourly(seed, 2), 120), replace(Leaning().definition(), every=(Every.DAY, Every.CHANGE)[seed % 2])


def _begin(panel: Panel, rows: int) -> Panel:
    assert panel.stamps is not None
    fields = {name: tiles[:, :rows] for name, tiles in panel.fields.items()}
    kept = panel.actions.row < rows
    acts = Actions(*(part[kept] for part in (getattr(panel.actions, name) for name in PARTS)))
    return replace(panel, sessions=panel.sessions[:rows], stamps=panel.stamps[:rows], fields=fields, actions=acts)


CASES = [
    *(("sqlite", made, seed) for made in (daily, within_day) for seed in range(scaled(20))),
    ("postgresql", within_day, 7),
]


@pytest.mark.figure("LAW")
@pytest.mark.timeout(1200)  # the first on a machine compiles
@pytest.mark.parametrize(("store", "make", "seed"), CASES)
def test_a_dataset_that_grows_is_traded_as_its_last_version_is_tested(
    store: str, make: Callable[[int], tuple[Panel, Definition]], seed: int, tmp_path: Path,
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    server: Postgres | None = request.getfixturevalue("postgres") if store == "postgresql" else None
    draw = Random(seed)
    market, definition = make(seed)
    # a server takes its time, and sees the same with one step and one death
    most = 3 if server is None else 1
    steps = sorted(draw.sample(range(market.rows // 3 + 1, market.rows), most))
    home = Follows(tmp_path, None if server is None else server.fresh(), market)
    home.grow(market.rows // 3)
    run = home.start(definition)
    deaths = 0
    if server is not None:
        deaths += home.die(20)
    for stop in [*steps, market.rows]:
        home.grow(stop)
        for _ in range(draw.randrange(most)):
            deaths += home.die(draw.randrange(1, 60))
        if draw.random() < 0.5 * (most > 1):
            home.live()
    home.live()
    panel = home.panel()
    status = home.status(run)
    result = backtested(definition, panel, read_feed(status.run.feed).start, {})
    expected = told_of_test(result, panel)
    assert len(expected) > 2
    assert told_of_run(home.fills()) == expected
    assert status.equity is not None
    money = [int((each * 100).quantize(Decimal(1), ROUND_HALF_UP)) for each in (status.cash, status.equity)]
    assert money == [int(result.simulation.cash[-1]), int(result.simulation.equity[-1])]
    assert (status.run.state, status.orders_unknown, status.quarantined, status.alerts) == ("paper", 0, {}, [])
    told = home.parity(run)
    assert (told.differing, told.unexplained, told.through) == (0, Decimal(0), panel.sessions[-1].item())
    assert status.following is not None
    assert (status.following.corrected, status.following.late) == (0, 0)
    record_property("kills", deaths)
    record_property("fills", len(expected))

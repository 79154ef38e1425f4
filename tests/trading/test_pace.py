"""From a signal to a stored order to the broker: how long it takes, and how many a second, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.postgres import Postgres
from tests.scale import FULL, scale, scaled
from tests.trading.pace import as_many_as_it_can, paced, trading

from midas.db.database import Database

WHOLE = scale() >= FULL
PER_S = 100.0 if WHOLE else 10.0
STORED_MS, CALLED_MS, ORDERS_PER_S = 10.0, 20.0, 200.0
MARGIN = 1.0 if WHOLE else 100.0
"""`make test` may share its machine with a dozen others: there it shows that nothing waits for a poll or for ever."""


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.fresh()
    Database.open(tmp_path / "midas.db").close()
    return tmp_path / "midas.db"


@pytest.mark.figure("H4")
class TestPace:
    def test_by_the_clock(
        self, where: Path | str, tmp_path: Path, record_property: Callable[[str, object], None]
    ) -> None:
        orders = scaled(1_000)

        async def story() -> None:
            async with trading(where, tmp_path) as (office, broker):
                measured = await paced(office, broker, orders, PER_S)
            record_property("orders", orders)
            told = {}
            for name, seconds in (("stored", measured.stored_s), ("called", measured.called_s)):
                assert len(seconds) == orders
                told[name] = {p: float(np.percentile(seconds, p)) * 1000 for p in (50, 99, 100)}
            for name, goal, what in (
                ("stored", STORED_MS, "signal to commit"), ("called", CALLED_MS, "commit to broker call"),
            ):  # fmt: skip
                p = told[name]
                text = (
                    f"p50 {p[50]:.1f} ms, p99 {p[99]:.1f} ms, max {p[100]:.1f} ms at {PER_S:.0f}/s; goal {goal:.0f} ms"
                )
                record_property(f"{what} on {_kind(where)}", text)
                print(f"{what} on {_kind(where)}: {text}")
            assert told["stored"][99] <= STORED_MS * MARGIN
            assert told["called"][99] <= CALLED_MS * MARGIN

        asyncio.run(story())

    def test_as_many_as_there_are(
        self, where: Path | str, tmp_path: Path, record_property: Callable[[str, object], None]
    ) -> None:
        orders = scaled(1_000)

        async def story() -> None:
            async with trading(where, tmp_path) as (office, _broker):
                rate = await as_many_as_it_can(office, orders)
            record_property("orders", orders)
            text = f"{rate:.0f} orders/s stored, sent and answered; goal {ORDERS_PER_S:.0f}"
            record_property(f"durable on {_kind(where)}", text)
            print(f"durable on {_kind(where)}: {text}")
            assert rate >= ORDERS_PER_S / MARGIN

        asyncio.run(story())


def _kind(where: Path | str) -> str:
    return "PostgreSQL" if isinstance(where, str) else "SQLite"

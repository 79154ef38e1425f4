"""A feed that cannot go on ends the runs that follow it, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.marketdata.tick_market import DAYS, lake_of, made_up
from tests.trading.replaying import BEGAN_UTC

from midas.app.missions import mission
from midas.core.clock import SystemClock
from midas.core.errors import Busy, MidasError, NotFound, StorageCorrupt, StorageFull, Unavailable
from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.db.accounts import AccountRecord
from midas.db.runs import RunRecord
from midas.marketdata.feed import FeedEvent
from midas.marketdata.lake import Lake
from midas.marketdata.universe import select
from midas.strategies.registry import build
from midas.trading.daemon import Trader
from midas.trading.feed_events import FeedBroken, events_of
from midas.trading.lifecycle import RunState
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership
from midas.trading.office import Mission, Surroundings
from midas.trading.wishes import Wanted

WITHIN_S = 120.0


@dataclass
class Homes:
    """A run for each account, each on a lake of its own, until the journal says that it is over."""

    lakes: Mapping[str, Lake]
    journal: MemoryJournal

    async def wanted(self) -> Sequence[Wanted]:
        return [Wanted(account, {account: "paper"}) for account in self.lakes if self.over(account) is None]

    async def mission(self, wanted: Wanted) -> Mission:
        name = wanted.account
        request = {
            "strategy": {"name": "any"}, "universe": "ticks", "timeframe": "5m", "feed": f"replay:{DAYS[0]}..",
        }  # fmt: skip
        account = AccountRecord(name, name, 1, "paper", "paper", "USD", 100_000_00, "owner", {}, BEGAN_UTC)
        run = RunRecord(name, name, name, "paper", "", {"request": request}, BEGAN_UTC)
        return mission(account, [run], self.lakes[name], {name: build("sma_cross", {"fast": 2, "slow": 5})})

    async def give_up(self, wanted: Wanted, why: MidasError) -> None:
        raise AssertionError(f"{wanted}: {why}")

    def over(self, run: str) -> str | None:
        moved = self.journal.run(run)
        return moved.reason if moved is not None and moved.state == RunState.STOPPED.value else None


@pytest.fixture
def homes(tmp_path: Path) -> Homes:
    """One of them holds a day that cannot be read."""
    ticks = made_up(1, 120)
    lakes = {name: lake_of(tmp_path / name, ticks) for name in ("damaged", "sound")}
    for lake in lakes.values():
        select(lake, "ticks", [], Timeframe(5, "m"))
    [file] = (tmp_path / "damaged").rglob(f"ticks-{DAYS[2]}.parquet")
    file.write_bytes(file.read_bytes()[:100])
    return Homes(lakes, MemoryJournal())


async def trade(homes: Homes, said: list[str]) -> None:
    around = Surroundings(
        homes.journal, MemoryOwnership(homes.journal), SystemClock(), lambda: 1.0, lease_s=1000.0
    )  # fmt: skip
    async with asyncio.timeout(WITHIN_S):
        await Trader(homes, around, said.append, until_idle=True).run()


def test_stops_its_run_with_the_reason_and_lets_the_other_account_trade_on(homes: Homes) -> None:
    said = list[str]()
    asyncio.run(trade(homes, said))
    why = homes.over("damaged")
    assert why is not None
    assert "'ticks'" in why
    assert f"damaged: {why}" in said
    assert homes.over("sound") == "the feed ended"
    days = {name: {fill.stamp_utc.date() for fill in asyncio.run(homes.journal.fills(name))} for name in homes.lakes}
    assert DAYS[2] in days["sound"]
    # what came before the damage was traded alike, and nothing is left at work
    assert days["damaged"] == days["sound"] - {DAYS[2]}
    assert asyncio.run(homes.journal.orders("damaged")) == []
    [stopped] = [line for line in homes.journal.audits("damaged") if line.act == "run.stopped"]
    assert (stopped.subject, stopped.detail["why"]) == ("damaged", why)


class Breaks:
    """A feed that only fails."""

    instruments: Sequence[InstrumentId] = ()
    timeframe = Timeframe(5, "m")

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def events(self, after_row: int = -1) -> AsyncIterator[FeedEvent]:
        raise self._error
        yield  # type: ignore[unreachable]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StorageCorrupt("It cannot be read.", hint="Import it again."), FeedBroken),
        (NotFound("It is not there."), FeedBroken),
        (Unavailable("It was replaced."), Unavailable),
        (StorageFull("No room."), StorageFull),
        (Busy("Somebody else writes."), Busy),
        (ZeroDivisionError(), ZeroDivisionError),
    ],
)
def test_is_only_given_up_where_trying_again_does_not_help(error: Exception, kind: type[Exception]) -> None:
    async def follow() -> None:
        async for _ in events_of(Breaks(error), -1):
            pass

    with pytest.raises(kind) as told:
        asyncio.run(follow())
    assert type(told.value) is kind
    assert str(told.value) == str(error)

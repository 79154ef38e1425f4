"""What accounts hold, at the last prices they could know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from midas.app import instruments
from midas.app.accounts import major
from midas.app.workspace import Workspace
from midas.core.errors import DataBlocked, NotFound
from midas.core.instrument import InstrumentId
from midas.db import accounts, journal_reads, runs
from midas.trading.journal import Balance
from midas.wire.positions import Position
from midas.wire.runs import RunRequest


@dataclass(frozen=True, slots=True)
class Last:
    """The last close of an instrument, and its day."""

    close: Decimal
    on: date


async def every(workspace: Workspace, account: str) -> list[Position]:
    """Return what an account holds, by instrument.

    Raises
    ------
    NotFound: no such account.
    """
    record = await workspace.database.read(accounts.find, account)
    balance = await workspace.database.read(journal_reads.balance, record.id)
    last = await last_prices(workspace, record.id, balance.quantities)
    return [_position(balance, each, record.currency, last) for each in sorted(balance.quantities)]


async def last_prices(workspace: Workspace, account: str, wanted: Iterable[InstrumentId]) -> dict[InstrumentId, Last]:
    """Return the last closes of instruments, without those no dataset has.

    An account that traded a replay stands where the replay does: later prices, and the splits between, are not its own.
    """
    dataset, until, length = await _standing(workspace, account)
    found: dict[InstrumentId, Last] = {}
    for each in wanted:
        try:
            bar = await instruments.latest(workspace, str(each), dataset, until, length)
        except (NotFound, DataBlocked):
            continue
        if bar.close is not None:
            found[each] = Last(Decimal(str(bar.close)), bar.ts)
    return found


async def _standing(workspace: Workspace, account: str) -> tuple[str | None, date | None, str | None]:
    # the data of the account's latest run, its day by the market's time, and the length of its bars
    latest: tuple[str | None, date | None, str | None] = (None, None, None)
    for run in await workspace.database.read(runs.of_account, account):
        progress = await workspace.database.read(runs.progress, run.id)
        if progress is not None:
            request = RunRequest.model_validate(run.document["request"])
            latest = (request.universe, progress.stamp_utc.date(), request.timeframe)
    return latest


def unrealised(balance: Balance, currency: str, last: Mapping[InstrumentId, Last]) -> Decimal | None:
    """Return what everything held would gain at the last prices; None where one is missing."""
    if any(each not in last for each in balance.quantities):
        return None
    worth = (held * last[each].close - major(balance.costs.get(each, 0), currency)
             for each, held in balance.quantities.items())  # fmt: skip
    return sum(worth, Decimal(0))


def _position(balance: Balance, instrument: InstrumentId, currency: str, last: Mapping[InstrumentId, Last]) -> Position:
    held = balance.quantities[instrument]
    cost = major(balance.costs.get(instrument, 0), currency)
    price = last.get(instrument)
    value = None if price is None else held * price.close
    return Position(
        instrument=str(instrument),
        quantity=held,
        cost=cost,
        average_price=cost / held if held else None,
        last=None if price is None else price.close,
        last_on=None if price is None else price.on,
        value=value,
        unrealised=None if value is None else value - cost,
    )

"""What was executed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from midas.app.accounts import major
from midas.app.paging import Key, Part, part
from midas.app.positions import last_prices, unrealised
from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput
from midas.core.order import Side
from midas.db import accounts, journal_reads, trades
from midas.db.trades import TradeRecord
from midas.wire.trades import Trade, TradeStats


async def page(
    workspace: Workspace, account: str, since: datetime | None, until: datetime | None, limit: int, after: Key | None
) -> Part[Trade]:
    """Return executions of an account, latest first.

    Raises
    ------
    NotFound: no such account.
    InvalidInput: the period ends before it begins.
    """
    _require_period(since, until)
    record = await workspace.database.read(accounts.find, account)
    place = None if after is None else int(after[0])
    found = await workspace.database.read(trades.page, record.id, limit + 1, place, since, until)
    shown = [(each.place, _trade(each, record.currency)) for each in found]
    cut = part(shown, limit, lambda pair: [pair[0]])
    return Part([trade for _, trade in cut.items], cut.last_key)


async def stats(workspace: Workspace, account: str, since: datetime | None, until: datetime | None) -> TradeStats:
    """Return what the executions of a period come to.

    Raises
    ------
    NotFound: no such account.
    InvalidInput: the period ends before it begins.
    """
    _require_period(since, until)
    record = await workspace.database.read(accounts.find, account)
    found = await workspace.database.read(trades.page, record.id, None, None, since, until)
    balance = await workspace.database.read(journal_reads.balance, record.id)
    open_gain = unrealised(balance, record.currency, await last_prices(workspace, record.id, balance.quantities))
    return _stats(record.id, record.currency, found, since, until, open_gain)


def _stats(
    account: str,
    currency: str,
    found: Sequence[TradeRecord],
    since: datetime | None,
    until: datetime | None,
    open_gain: Decimal | None,
) -> TradeStats:
    fills = [each.fill for each in found]
    bought = sum(fill.value for fill in fills if fill.side is Side.BUY)
    sold = sum(fill.value for fill in fills if fill.side is Side.SELL)
    often = Counter(str(fill.instrument) for fill in fills)
    # of several traded as often, the first by name
    most = min(often, key=lambda name: (-often[name], name), default=None)
    stamps = [fill.stamp_utc for fill in fills]
    return TradeStats(
        account=account,
        since=since,
        until=until,
        first=min(stamps, default=None),
        last=max(stamps, default=None),
        count=len(fills),
        buys=sum(fill.side is Side.BUY for fill in fills),
        sells=sum(fill.side is Side.SELL for fill in fills),
        value=major(bought + sold, currency),
        bought=major(bought, currency),
        sold=major(sold, currency),
        average_size=major(bought + sold, currency) / len(fills) if fills else None,
        commission=major(sum(fill.commission for fill in fills), currency),
        tax=major(sum(fill.tax for fill in fills), currency),
        most_traded=most,
        most_traded_count=often[most] if most is not None else 0,
        realised=major(sum(each.realised for each in found), currency),
        unrealised=open_gain,
    )


def _trade(record: TradeRecord, currency: str) -> Trade:
    fill = record.fill
    return Trade(
        execution=fill.execution,
        order=fill.order,
        instrument=str(fill.instrument),
        side=fill.side.value,
        quantity=fill.quantity,
        price=fill.price,
        value=major(fill.value, currency),
        commission=major(fill.commission, currency),
        tax=major(fill.tax, currency),
        realised=major(record.realised, currency),
        cause=None if fill.cause is None else fill.cause.value,
        at=fill.stamp_utc,
    )


def _require_period(since: datetime | None, until: datetime | None) -> None:
    if since is not None and until is not None and until <= since:
        raise InvalidInput("The period ends before it begins.", hint="Swap the ends.", code="end_before_start")

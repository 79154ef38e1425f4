"""What was traded: round trips, the executions they are made of, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from midas.app.accounts import major
from midas.app.paging import Key, Part, part
from midas.app.positions import Last, last_prices, unrealised
from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput
from midas.core.instrument import InstrumentId
from midas.core.order import Fill, Side
from midas.db import accounts, journal_reads, trades
from midas.db.accounts import AccountRecord
from midas.db.trades import ExecutionRecord
from midas.trading.round_trips import BookedTrade, booked_trades
from midas.wire.trades import Execution, Trade, TradeStats


@dataclass(frozen=True, slots=True)
class Period:
    """[since, until), open where an end is None.

    Raises
    ------
    InvalidInput: it ends before it begins.
    """

    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise InvalidInput("The period ends before it begins.", hint="Swap the ends.", code="end_before_start")

    def meets(self, trade: BookedTrade) -> bool:
        """Tell whether a round trip was open at some time in it."""
        begun = self.until is None or trade.entry_utc < self.until
        return begun and (self.since is None or trade.exit_utc is None or trade.exit_utc >= self.since)


async def page(workspace: Workspace, account: str, period: Period, limit: int, after: Key | None) -> Part[Trade]:
    """Return round trips of an account that were open in a period, the latest begun first.

    Raises
    ------
    NotFound: no such account.
    """
    record = await workspace.database.read(accounts.find, account)
    every = await _round_trips(workspace, record)
    before = len(every) if after is None else int(after[0])
    chosen = [(place, each) for place, each in enumerate(every) if place < before and period.meets(each)]
    some = chosen[::-1][: limit + 1]
    last = await last_prices(workspace, record.id, {each.instrument for _, each in some if each.held})
    cut = part([(place, _trade(each, record.currency, last)) for place, each in some], limit, lambda pair: [pair[0]])
    return Part([trade for _, trade in cut.items], cut.last_key)


async def executions(
    workspace: Workspace, account: str, period: Period, limit: int, after: Key | None
) -> Part[Execution]:
    """Return executions of an account, latest first.

    Raises
    ------
    NotFound: no such account.
    """
    record = await workspace.database.read(accounts.find, account)
    place = None if after is None else int(after[0])
    found = await workspace.database.read(
        trades.executions, record.id, limit + 1, place, period.since, period.until
    )  # fmt: skip
    cut = part([(each.place, _execution(each, record.currency)) for each in found], limit, lambda pair: [pair[0]])
    return Part([execution for _, execution in cut.items], cut.last_key)


async def stats(workspace: Workspace, account: str, period: Period) -> TradeStats:
    """Return what the executions of a period come to, and its round trips.

    Raises
    ------
    NotFound: no such account.
    """
    record = await workspace.database.read(accounts.find, account)
    found = await workspace.database.read(trades.executions, record.id, None, None, period.since, period.until)
    balance = await workspace.database.read(journal_reads.balance, record.id)
    open_gain = unrealised(balance, record.currency, await last_prices(workspace, record.id, balance.quantities))
    met = [each for each in await _round_trips(workspace, record) if period.meets(each)]
    return TradeStats.model_validate(
        {
            "account": record.id, "since": period.since, "until": period.until, "unrealised": open_gain,
            **_of_executions(found, record.currency), **_of_trades(met, record.currency),
        }
    )  # fmt: skip


async def _round_trips(workspace: Workspace, record: AccountRecord) -> list[BookedTrade]:
    return booked_trades(await workspace.database.read(trades.booked, record.id), record.currency)


def _of_executions(found: Sequence[ExecutionRecord], currency: str) -> dict[str, object]:
    fills = [each.fill for each in found]
    bought, sold = (_value(fills, side) for side in (Side.BUY, Side.SELL))
    often = Counter(str(fill.instrument) for fill in fills)
    # of several traded as often, the first by name
    most = min(often, key=lambda name: (-often[name], name), default=None)
    stamps = [fill.stamp_utc for fill in fills]
    return {
        "first": min(stamps, default=None),
        "last": max(stamps, default=None),
        "count": len(fills),
        "buys": sum(fill.side is Side.BUY for fill in fills),
        "sells": sum(fill.side is Side.SELL for fill in fills),
        "value": major(bought + sold, currency),
        "bought": major(bought, currency),
        "sold": major(sold, currency),
        "average_size": major(bought + sold, currency) / len(fills) if fills else None,
        "commission": major(sum(fill.commission for fill in fills), currency),
        "tax": major(sum(fill.tax for fill in fills), currency),
        "most_traded": most,
        "most_traded_count": often[most] if most is not None else 0,
        "realised": major(sum(each.realised for each in found), currency),
    }


def _of_trades(met: Sequence[BookedTrade], currency: str) -> dict[str, object]:
    closed = [each for each in met if each.exit_utc is not None]
    return {
        "trades": len(met),
        "trades_open": len(met) - len(closed),
        "trades_won": sum(each.pnl() > 0 for each in closed),
        "trades_lost": sum(each.pnl() < 0 for each in closed),
        "trades_long": sum(each.side is Side.BUY for each in met),
        "trades_short": sum(each.side is Side.SELL for each in met),
        "trades_pnl": major(sum(each.pnl() for each in closed), currency),
    }


def _value(fills: Sequence[Fill], side: Side) -> int:
    return sum(fill.value for fill in fills if fill.side is side)


def _trade(trade: BookedTrade, currency: str, last: Mapping[InstrumentId, Last]) -> Trade:
    pnl = _pnl(trade, currency, last)
    value_in = major(trade.value_in, currency)
    return Trade(
        instrument=str(trade.instrument),
        side="long" if trade.side is Side.BUY else "short",
        entry=trade.entry_utc,
        entry_price=trade.entry_price,
        exit=trade.exit_utc,
        exit_price=None if trade.exit_utc is None else trade.exit_price,
        quantity=trade.opened,
        held=trade.held,
        pnl=pnl,
        gain=pnl / value_in if pnl is not None and value_in else None,
        commission=major(trade.commission, currency),
        tax=major(trade.tax, currency),
        income=major(trade.income, currency),
        executions=trade.executions,
        cause=None if trade.cause is None else trade.cause.value,
    )


def _pnl(trade: BookedTrade, currency: str, last: Mapping[InstrumentId, Last]) -> Decimal | None:
    so_far = major(trade.pnl(), currency)
    if not trade.held:
        return so_far
    known = last.get(trade.instrument)
    return None if known is None else so_far + trade.sign * trade.held * known.close


def _execution(record: ExecutionRecord, currency: str) -> Execution:
    fill = record.fill
    return Execution(
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

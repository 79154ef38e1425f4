"""What was traded."""

from __future__ import annotations

import builtins
from datetime import datetime

from midas.client.link import Link
from midas.wire.trades import Execution, Trade, TradeStats


class Trades:
    """`client.trades`; a period is [since, until), with time zones."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def list(
        self,
        account: str,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        limit: int | None = 100,
    ) -> list[Trade]:
        """Return round trips that were open in a period, the latest begun first."""
        return self._link.all(Trade, "/api/v1/trades", _query(account, since, until), limit)

    def executions(
        self,
        account: str,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        limit: int | None = 100,
    ) -> builtins.list[Execution]:
        """Return executions, latest first."""
        return self._link.all(Execution, "/api/v1/trades/executions", _query(account, since, until), limit)

    def stats(
        self, account: str, since: datetime | str | None = None, until: datetime | str | None = None
    ) -> TradeStats:
        """Return what the executions of a period come to, and its round trips."""
        return self._link.get(TradeStats, "/api/v1/trades/stats", _query(account, since, until))


def _query(account: str, since: datetime | str | None, until: datetime | str | None) -> dict[str, str | None]:
    return {"account": account, "since": _text(since), "until": _text(until)}


def _text(moment: datetime | str | None) -> str | None:
    return moment.isoformat() if isinstance(moment, datetime) else moment

"""What an account's feed said of itself: what a later process goes on from, and how it stands, for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Self

from midas.marketdata.feed import Grown, Remark, Waiting
from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.desk import Desk
from midas.trading.journal import Audit, Checkpoint

TOLD, STANDING = "told", "feed"
"""Kinds of the checkpoints that are kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a feed stands: the version of its data, the last bar it told, since when it waits, and what it left out.

    corrected, late : rows, as in `Grown`, since the account began.
    """

    version: str = ""
    last_utc: datetime | None = None
    since_utc: datetime | None = None
    corrected: int = 0
    late: int = 0

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), default=datetime.isoformat).encode()

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Read what `to_bytes` wrote."""
        told = json.loads(state)
        moments = {name: told[name] and datetime.fromisoformat(told[name]) for name in ("last_utc", "since_utc")}
        return cls(**{**told, **moments})


class FeedBook:
    """Keeps what a feed that grows says; a feed of the past says nothing of the kind."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._standing = Standing()

    async def open(self) -> None:
        """Know what was kept."""
        kept = await self._desk.journal.checkpoint(checkpoint_key(STANDING, self._desk.account))
        if kept is not None:
            self._standing = Standing.from_bytes(kept.state)

    async def grown(self, event: Grown) -> None:
        """Store what the rows to come are numbered by, and what is to be said of those before."""
        was = self._standing
        standing = replace(
            was, version=event.version, corrected=was.corrected + event.corrected, late=was.late + event.late
        )
        remarks = [self._desk.audit(one.act, self._desk.account, dict(one.detail)) for one in event.remarks]
        await self._desk.commit(
            "grown", self._kept(TOLD, event.told), self._kept(STANDING, standing.to_bytes()), *remarks
        )
        self._standing = standing

    async def remark(self, event: Remark) -> None:
        """Take something down in the audit trail."""
        await self._desk.commit("remark", self._audit(event))

    async def waits(self, event: Waiting, last_utc: datetime | None) -> None:
        """Know that all was told, up to a bar that closed at `last_utc`; None where there was no new one."""
        standing = self._standing
        if last_utc is not None or standing.since_utc is None:
            standing = replace(standing, last_utc=last_utc or standing.last_utc, since_utc=event.since_utc)
        if standing != self._standing:
            await self._desk.commit("waits", self._kept(STANDING, standing.to_bytes()))
            self._standing = standing

    def _audit(self, remark: Remark) -> Audit:
        return self._desk.audit(remark.act, self._desk.account, dict(remark.detail))

    def _kept(self, kind: str, state: bytes) -> Checkpoint:
        return Checkpoint(checkpoint_key(kind, self._desk.account), -1, self._desk.now_utc, state)

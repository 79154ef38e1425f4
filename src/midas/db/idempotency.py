"""Requests that may be repeated: the first is carried out, the others get its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from midas.core.errors import AlreadyExists, InvalidInput
from midas.db.sessions import WriteSession
from midas.db.trading_tables import IDEMPOTENCY

KEPT = timedelta(hours=24)
RUNNING = timedelta(seconds=30)
"""After so long without an answer the process that was at it is taken for dead, and the next one goes on."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that is being carried out, or was: `answer` is None until then. begun_utc : when it first came."""

    begun_utc: datetime
    answer: object


def begin(session: WriteSession, person: str, key: str, body_hash: str, now_utc: datetime) -> Begun:
    """Note that a request is carried out now, or return what came of it.

    Raises
    ------
    InvalidInput: the key came with another body (code `idempotency_key_reused`).
    AlreadyExists: it is being carried out at this moment (code `request_running`).
    """
    session.change(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < now_utc - KEPT))
    mine = (IDEMPOTENCY.c.person == person) & (IDEMPOTENCY.c.key == key)
    found = session.first(select(IDEMPOTENCY).where(mine))
    if found is None:
        values = {"person": person, "key": key, "body_hash": body_hash, "created_at": now_utc}
        session.change(insert(IDEMPOTENCY).values(**values))
        return Begun(now_utc, None)
    if found["body_hash"] != body_hash:
        raise InvalidInput(
            "This Idempotency-Key came with another request before.",
            hint="Use a new key for a new request.",
            code="idempotency_key_reused",
        )
    if found["status"] is None and now_utc - found["created_at"] < RUNNING:
        raise AlreadyExists("This request is being carried out.", hint="Ask again in a moment.", code="request_running")
    return Begun(found["created_at"], None if found["status"] is None else found["answer"])


def finish(session: WriteSession, person: str, key: str, status: int, answer: object) -> None:
    """Keep what a request came to."""
    mine = (IDEMPOTENCY.c.person == person) & (IDEMPOTENCY.c.key == key)
    session.change(update(IDEMPOTENCY).where(mine).values(status=status, answer=answer))


def forget(session: WriteSession, person: str, key: str) -> None:
    """Let the key be used again: nothing came of the request."""
    session.change(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.person == person, IDEMPOTENCY.c.key == key))

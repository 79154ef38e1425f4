"""Runs: what trades which account, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from midas.core.errors import InvalidInput, NotFound
from midas.db.older import older
from midas.db.sessions import ReadSession, WriteSession
from midas.db.trading_tables import ACCOUNTS, AUDIT, CHECKPOINTS, RUNS

Json = dict[str, object]

_MANY = 2


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run; `document` holds its strategy, its market, its costs and limits."""

    id: str
    account: str
    strategy: str
    state: str
    reason: str
    document: Json
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: the last row decided on, and when that was by the market's time."""

    row: int
    stamp_utc: datetime


def add(session: WriteSession, record: RunRecord) -> None:
    """Store a new run."""
    session.change(insert(RUNS).values(**asdict(record)))


def show(session: ReadSession, ref: str) -> RunRecord:
    """Return the run whose id begins with `ref`.

    Raises
    ------
    NotFound: none does.
    InvalidInput: several do.
    """
    begins = (RUNS.c.id >= ref) & (RUNS.c.id < ref + "\U0010ffff")
    found = session.all(select(RUNS).where(begins).limit(_MANY)) if ref else []
    exact = [row for row in found if row["id"] == ref]
    if len(found) >= _MANY and not exact:
        raise InvalidInput(f"Several runs begin with {ref!r}.", hint="Write more of the id.", code="ambiguous_id")
    if not found:
        raise NotFound(
            f"There is no run {ref[:64]!r}.", hint="`midas run status` shows the ones there are.", code="unknown_run"
        )
    return RunRecord(**(exact or found)[0])


def page(session: ReadSession, limit: int, after: tuple[datetime, str] | None = None) -> list[RunRecord]:
    """Return runs, latest first, from the one after `after` (created_at, id)."""
    query = select(RUNS).order_by(RUNS.c.created_at.desc(), RUNS.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(older(RUNS, after))
    return [RunRecord(**row) for row in session.all(query)]


def in_states(session: ReadSession, states: Sequence[str], account: str | None = None) -> list[RunRecord]:
    """Return the runs in one of these states, oldest first; of one account, or of all."""
    query = select(RUNS).where(RUNS.c.state.in_(states)).order_by(RUNS.c.created_at, RUNS.c.id)
    if account is not None:
        query = query.where(RUNS.c.account == account)
    return [RunRecord(**row) for row in session.all(query)]


def of_account(session: ReadSession, account: str) -> list[RunRecord]:
    """Return every run an account ever had, oldest first."""
    query = select(RUNS).where(RUNS.c.account == account).order_by(RUNS.c.created_at, RUNS.c.id)
    return [RunRecord(**row) for row in session.all(query)]


def days_on_paper(session: ReadSession, record: RunRecord) -> int:
    """Return on how many days of the machine's calendar runs of the same graph ordered on paper accounts."""
    paper = select(ACCOUNTS.c.id).where(ACCOUNTS.c.kind == "paper")
    alike = select(RUNS).where(RUNS.c.strategy == record.strategy, RUNS.c.account.in_(paper))
    same = [row["id"] for row in session.all(alike) if row["document"]["graph"] == record.document["graph"]]
    ordered = select(func.date(AUDIT.c.stamp_utc).label("day")).where(AUDIT.c.who.in_(same)).distinct()
    return len(session.all(ordered))


def progress(session: ReadSession, run: str) -> Progress | None:
    """Return how far a run is; None before its first decision."""
    columns = (CHECKPOINTS.c.row, CHECKPOINTS.c.stamp_utc)
    found = session.first(select(*columns).where(CHECKPOINTS.c.run == run))
    return None if found is None else Progress(found["row"], found["stamp_utc"])

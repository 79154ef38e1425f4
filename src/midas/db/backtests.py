"""Results of backtests, but for their series."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select

from midas.core.errors import InvalidInput, NotFound
from midas.db.older import older
from midas.db.sessions import ReadSession, WriteSession
from midas.db.tables import BACKTESTS

Json = dict[str, object]

_SHORTEST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class BacktestRecord:
    """One result; `definition` is the strategy's canonical graph.

    `hypothesis` and `evidence` are what it is weighed against luck by; None in rows of before there was a ledger.
    """

    id: str
    identity: str
    status: str
    strategy: str
    definition: Json
    params: Json
    universe: str | None
    symbols: list[str]
    start: date | None
    end: date | None
    created_at: datetime
    summary: Json
    costs: Json
    warnings: list[str]
    rejects: dict[str, int]
    settings: Json
    hypothesis: str | None = None
    evidence: Json | None = None


def by_identity(session: ReadSession, identity: str) -> BacktestRecord | None:
    """Return the result of exactly this question, if it is stored."""
    row = session.first(select(BACKTESTS).where(BACKTESTS.c.identity == identity))
    return None if row is None else _record(row)


def show(session: ReadSession, ref: str) -> BacktestRecord:
    """Return the result whose id or identity begins with `ref`.

    Raises
    ------
    NotFound: none does.
    InvalidInput: several do.
    """
    found = session.all(select(BACKTESTS).where(_begins(ref)).limit(2))
    if len(found) > 1:
        exact = [row for row in found if row["id"] == ref]
        if not exact:
            raise InvalidInput(
                f"Several backtests begin with {ref!r}.", hint="Write more of the id.", code="ambiguous_id"
            )
        found = exact
    if not found:
        raise NotFound(
            f"There is no backtest {ref[:64]!r}.",
            hint="`midas backtest list` shows the ones there are.",
            code="unknown_backtest",
        )
    return _record(found[0])


def page(
    session: ReadSession, limit: int, after: tuple[datetime, str] | None = None, strategy: str | None = None
) -> list[BacktestRecord]:
    """Return results, latest first, from the one after `after` (created_at, id)."""
    query = select(BACKTESTS).order_by(BACKTESTS.c.created_at.desc(), BACKTESTS.c.id.desc()).limit(limit)
    if strategy is not None:
        query = query.where(BACKTESTS.c.strategy == strategy)
    if after is not None:
        query = query.where(older(BACKTESTS, after))
    return [_record(row) for row in session.all(query)]


def save(session: WriteSession, record: BacktestRecord) -> None:
    """Store a result in place of the one of the same identity, if there is one."""
    session.change(delete(BACKTESTS).where(BACKTESTS.c.identity == record.identity))
    session.change(insert(BACKTESTS).values(**asdict(record)))


def remove(session: WriteSession, identity: str) -> None:
    """Forget a result; nothing happens when there is none."""
    session.change(delete(BACKTESTS).where(BACKTESTS.c.identity == identity))


def _begins(ref: str) -> ColumnElement[bool]:
    # a prefix comparison as a range: no wildcard characters to escape, and the index is used
    if len(ref) < _SHORTEST_PREFIX:
        return BACKTESTS.c.id == ref
    return (BACKTESTS.c.identity >= ref) & (BACKTESTS.c.identity < ref + "\U0010ffff")


def _record(row: RowMapping) -> BacktestRecord:
    return BacktestRecord(**row)

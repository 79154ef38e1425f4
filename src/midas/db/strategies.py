"""Stored strategies: a name, and every version ever saved under it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, Select, delete, insert, select, update

from midas.core.errors import AlreadyExists, NotFound, did_you_mean
from midas.db.sessions import ReadSession, WriteSession
from midas.db.tables import STRATEGIES, STRATEGY_VERSIONS


@dataclass(frozen=True, slots=True)
class StrategyVersion:
    """The text of one version."""

    name: str
    version: int
    yaml: str
    created_at: datetime


def latest(session: ReadSession) -> list[StrategyVersion]:
    """Return the latest version of every strategy, by name."""
    joined = (STRATEGIES.c.name == STRATEGY_VERSIONS.c.name) & (STRATEGIES.c.latest == STRATEGY_VERSIONS.c.version)
    query = select(STRATEGY_VERSIONS).join(STRATEGIES, joined).order_by(STRATEGY_VERSIONS.c.name)
    return [_version(row) for row in session.all(query)]


def versions(session: ReadSession, name: str) -> list[StrategyVersion]:
    """Return every version, latest first.

    Raises
    ------
    NotFound: no strategy of that name.
    """
    query = _of(name).order_by(STRATEGY_VERSIONS.c.version.desc())
    found = [_version(row) for row in session.all(query)]
    if not found:
        raise _unknown(session, name)
    return found


def show(session: ReadSession, name: str, version: int | None) -> StrategyVersion:
    """Return a version, the latest when None.

    Raises
    ------
    NotFound: no such strategy or version.
    """
    known = versions(session, name)
    if version is None:
        return known[0]
    for each in known:
        if each.version == version:
            return each
    raise NotFound(
        f"Strategy {name!r} has no version {version}.", hint=f"It has 1 to {known[0].version}.", code="unknown_version"
    )


def create(session: WriteSession, name: str, yaml: str, now_utc: datetime) -> StrategyVersion:
    """Store version 1 under a new name.

    Raises
    ------
    AlreadyExists: the name is taken.
    """
    taken = session.first(select(STRATEGIES.c.latest).where(STRATEGIES.c.name == name))
    if taken is not None:
        raise AlreadyExists(
            f"There is a strategy {name!r} already, at version {taken['latest']}.",
            hint="Choose another name, or save a new version of it.",
            code="strategy_exists",
        )
    session.change(insert(STRATEGIES).values(name=name, latest=1, created_at=now_utc))
    return _add(session, StrategyVersion(name, 1, yaml, now_utc))


def revise(session: WriteSession, name: str, yaml: str, edited: int | None, now_utc: datetime) -> StrategyVersion:
    """Store the version after `edited`; None means after whichever is the latest.

    Raises
    ------
    NotFound: no strategy of that name.
    AlreadyExists: someone saved a later version meanwhile.
    """
    row = session.first(select(STRATEGIES.c.latest).where(STRATEGIES.c.name == name))
    if row is None:
        raise _unknown(session, name)
    last = int(row["latest"])
    if edited is not None and edited != last:
        raise AlreadyExists(
            f"Strategy {name!r} is at version {last} now, not {edited}.",
            hint="Look at the latest version, then save on top of it.",
            code="version_conflict",
        )
    session.change(update(STRATEGIES).where(STRATEGIES.c.name == name).values(latest=last + 1))
    return _add(session, StrategyVersion(name, last + 1, yaml, now_utc))


def remove(session: WriteSession, name: str) -> None:
    """Forget a strategy and its versions.

    Raises
    ------
    NotFound: no strategy of that name.
    """
    if session.change(delete(STRATEGIES).where(STRATEGIES.c.name == name)) == 0:
        raise _unknown(session, name)


def _of(name: str) -> Select[*tuple[object, ...]]:
    return select(STRATEGY_VERSIONS).where(STRATEGY_VERSIONS.c.name == name)


def _add(session: WriteSession, version: StrategyVersion) -> StrategyVersion:
    session.change(
        insert(STRATEGY_VERSIONS).values(
            name=version.name, version=version.version, yaml=version.yaml, created_at=version.created_at
        )
    )
    return version


def _version(row: RowMapping) -> StrategyVersion:
    return StrategyVersion(row["name"], row["version"], row["yaml"], row["created_at"])


def _unknown(session: ReadSession, name: str) -> NotFound:
    known = [row["name"] for row in session.all(select(STRATEGIES.c.name))]
    hint = did_you_mean(name, known) if known else "None is stored yet."
    return NotFound(f"There is no stored strategy {name!r}.", hint=hint, code="unknown_strategy")

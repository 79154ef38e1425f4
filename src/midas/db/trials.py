"""The trial ledger: every configuration of every hypothesis that was ever evaluated; it only grows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, insert, select

from midas.db.sessions import ReadSession, WriteSession
from midas.db.tables import TRIALS

_AT_ONCE = 300
"""Rows of one statement: three values each stay below the least number of variables SQLite was ever built with."""


def record(session: WriteSession, hypothesis: str, configurations: Collection[str], now: datetime) -> int:
    """Note the configurations that are new, and return how many the hypothesis has."""
    wanted = list(dict.fromkeys(configurations))
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        known = {
            row["configuration"]
            for row in session.all(
                select(TRIALS.c.configuration).where(
                    TRIALS.c.hypothesis == hypothesis, TRIALS.c.configuration.in_(some)
                )
            )
        }
        rows = [
            {"hypothesis": hypothesis, "configuration": each, "first_seen_utc": now}
            for each in some
            if each not in known
        ]
        if rows:
            session.change(insert(TRIALS).values(rows))
    return counts(session, [hypothesis])[hypothesis]


def counts(session: ReadSession, hypotheses: Sequence[str]) -> dict[str, int]:
    """Return how many configurations each hypothesis has; 0 for one that was never tried."""
    found = session.all(
        select(TRIALS.c.hypothesis, func.count().label("trials"))
        .where(TRIALS.c.hypothesis.in_(set(hypotheses)))
        .group_by(TRIALS.c.hypothesis)
    )
    return dict.fromkeys(hypotheses, 0) | {row["hypothesis"]: int(row["trials"]) for row in found}

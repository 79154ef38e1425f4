"""Arming a run: the step between a draft and real money."""

from __future__ import annotations

from importlib.metadata import entry_points

from midas.app.limits import kept_in
from midas.app.workspace import Workspace
from midas.core.errors import Refused
from midas.db import runs
from midas.db.accounts import AccountRecord
from midas.db.runs import RunRecord
from midas.trading.arming import Readiness, obstacles

BROKERS = "midas.brokers"
"""Entry point group under which an adapter makes itself known."""


async def require_ready(workspace: Workspace, record: RunRecord, account: AccountRecord, *, confirmed: bool) -> None:
    """Refuse to arm a run that is not ready, with everything that is in the way.

    Raises
    ------
    Refused: so; its code is that of the first obstacle.
    """
    known = Readiness(
        confirmed=confirmed,
        limited=bool(kept_in(account.settings)),
        paper_days=await workspace.database.read(runs.days_on_paper, record),
        broker=account.broker,
        adapters=frozenset(entry.name for entry in entry_points(group=BROKERS)),
    )
    found = obstacles(known)
    if found:
        raise Refused(
            f"Run {record.id} cannot be armed: {found[0].why}.",
            hint=found[0].next,
            code=found[0].code,
            findings=[f"{each.code}: {each.why}. {each.next}" for each in found],
        )

"""Instruments nobody could explain, and letting them go."""

from __future__ import annotations

from collections.abc import Mapping

from midas.app.workspace import Workspace
from midas.core.clock import Clock
from midas.core.errors import InvalidInput, NotFound, Refused
from midas.db import accounts, journal_reads, journal_writes
from midas.db import risk as rows
from midas.db.heads import locked
from midas.db.sessions import ReadSession, WriteSession
from midas.trading.compared import compared_key, found_in, judged_in
from midas.trading.journal import NOBODY, Audit, Quarantine
from midas.wire.quarantines import Quarantined, QuarantineRelease

OWNER = "local"


async def page(workspace: Workspace, account: str | None) -> list[Quarantined]:
    """Return what is in quarantine, of one account or of all.

    Raises
    ------
    NotFound: no such account.
    """
    of = None if account is None else (await workspace.database.read(accounts.find, account)).id
    return await workspace.database.read(_quarantined, of)


async def release(workspace: Workspace, request: QuarantineRelease) -> list[Quarantined]:
    """Let orders in an instrument go out again, and return what is still in quarantine of the account.

    Raises
    ------
    NotFound: no such account, or it has no such instrument in quarantine.
    Refused: by the trader's last look the books and the broker's still differ there, or it did not look since.
    """
    known = await workspace.database.read(accounts.find, request.account)
    return await workspace.database.write(_release, workspace.clock, known.id, request)


def _release(session: WriteSession, clock: Clock, account: str, request: QuarantineRelease) -> list[Quarantined]:
    # the account is locked first: what is read here still holds when it is written
    locked(session, account)
    held = {each.instrument: each for each in _quarantined(session, account)}
    found = held[_named(request.instrument, account, held)]
    if not request.anyway:
        _require_agreed(session, found)
    detail = {"why": request.why, "was": found.why, "differs": found.differs}
    line = Audit(account, OWNER, "quarantine.released", found.instrument, detail, clock.now_utc())
    released = Quarantine(account, found.instrument, "", released=True)
    journal_writes.write(session, account, NOBODY, [released, line])
    return _quarantined(session, account)


def _require_agreed(session: ReadSession, found: Quarantined) -> None:
    stored = journal_reads.checkpoint(session, compared_key(found.account))
    judged = stored is not None and judged_in(stored).get(found.instrument) == found.why
    if judged and not found.differs:
        return
    unseen = "no trader has compared the books with the broker's since it was put in quarantine"
    cure = "Put it right at the broker" if found.differs else "Let the trader of the account run for a minute"
    raise Refused(
        f"{found.instrument} of {found.account} cannot be released yet: {'; '.join(found.differs) or unseen}.",
        hint=f"{cure}, or release it with --yes to trade on in spite of this.",
        code="still_differs",
    )


def _named(name: str, account: str, held: Mapping[str, Quarantined]) -> str:
    found = [each for each in held if name.upper() in (each, each.rpartition(".")[0])]
    if not found:
        raise NotFound(
            f"{name!r} is not in quarantine in {account}.", hint="See `midas risk quarantine list`.",
            code="not_quarantined",
        )  # fmt: skip
    if len(found) > 1:
        raise InvalidInput(f"{name!r} may be {' or '.join(found)}.", hint="Name one of them.", code="ambiguous")
    return found[0]


def _quarantined(session: ReadSession, account: str | None) -> list[Quarantined]:
    shown: list[Quarantined] = []
    for of, reasons in rows.quarantined(session).items():
        if account not in (None, of):
            continue
        stored = journal_reads.checkpoint(session, compared_key(of))
        found = frozenset() if stored is None else found_in(stored)
        shown += [
            Quarantined(
                account=of, instrument=name, why=why, compared_at=None if stored is None else stored.stamp_utc,
                differs=sorted(each.text for each in found if each.instrument == name),
            )
            for name, why in reasons.items()
        ]  # fmt: skip
    return shown

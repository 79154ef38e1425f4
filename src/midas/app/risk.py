"""Limits and the kill switch, from outside of the trader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app import quarantines
from midas.app.instruments import find
from midas.app.journaling import journal
from midas.app.limits import kept_in, limits_of, limits_of_run
from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput, NotFound
from midas.core.instrument import InstrumentId
from midas.db import accounts, runs
from midas.db import risk as rows
from midas.db.accounts import AccountRecord
from midas.db.risk import ALL
from midas.db.runs import RunRecord
from midas.risk.kill import Kill, KillLevel
from midas.risk.limits import Limits
from midas.trading.flag_file import FlagFile
from midas.trading.journal import NOBODY, Audit, Pull
from midas.wire.quarantines import Quarantined
from midas.wire.risk import AccountLimits, Drill, KillRequest, LimitChanges, LimitValues, Pulled, ReleaseRequest

if TYPE_CHECKING:
    from midas.db.journal import SqlJournal

OWNER = "local"
PAPER = "paper"
HEARD = "kill.heard"
"""What a trader writes into the trail when the level it goes by changed."""

_DRILL_S = 5.0
_LOOK_EVERY_S = 0.005


async def pulled(workspace: Workspace) -> list[Pulled]:
    """Return every switch that is pulled, the flag file among them."""
    found = [_wire(kill) for kill in await workspace.database.read(rows.pulled)]
    flag = _flag(workspace).read()
    if flag is not None:
        found.append(
            Pulled(level=flag.name, account=None, who="", why="the flag file", where="file", pulled_at=None)
        )  # fmt: skip
    if not any(each.level == KillLevel.FLATTEN.name for each in found):
        return found
    held_back = await quarantines.page(workspace, None)
    return [_with_left_alone(each, held_back) for each in found]


def _with_left_alone(pulled: Pulled, held_back: list[Quarantined]) -> Pulled:
    if pulled.level != KillLevel.FLATTEN.name:
        return pulled
    mine = [each for each in held_back if pulled.account in (None, each.account)]
    return pulled.model_copy(update={"not_flattened": mine})


async def kill(workspace: Workspace, request: KillRequest) -> list[Pulled]:
    """Pull a switch. One for all accounts is written to the flag file first: that needs no database.

    Raises
    ------
    NotFound: no such account.
    """
    level = KillLevel[request.level]
    account = ALL if request.account is None else (await _named(workspace, request.account)).id
    if account == ALL:
        _flag(workspace).write(level, request.why)
    now_utc = workspace.clock.now_utc()
    pull = Pull(Kill(level, account, OWNER, request.why, now_utc))
    line = Audit(account, OWNER, "kill.pulled", account, {"level": level.name, "why": request.why}, now_utc)
    async with journal(workspace) as book:
        await book.commit(account, NOBODY, [pull, line])
    return await pulled(workspace)


async def release(workspace: Workspace, request: ReleaseRequest) -> list[Pulled]:
    """Release what is pulled for one account, or for all.

    Raises
    ------
    NotFound: no such account.
    """
    account = ALL if request.account is None else (await _named(workspace, request.account)).id
    now_utc = workspace.clock.now_utc()
    pull = Pull(Kill(KillLevel.NONE, account, OWNER, request.why, now_utc))
    line = Audit(account, OWNER, "kill.released", account, {"why": request.why}, now_utc)
    async with journal(workspace) as book:
        await book.commit(account, NOBODY, [pull, line])
    if account == ALL:
        _flag(workspace).remove()
    return await pulled(workspace)


async def limits(workspace: Workspace, account: str, run: str = "") -> AccountLimits:
    """Return an account's limits, or those of one of its runs, which hold beside them.

    Raises
    ------
    NotFound: no such account, or no such run of it.
    """
    known = await _named(workspace, account)
    record = await _run_of(workspace, known, run) if run else None
    return AccountLimits(account=known.id, run=record and record.id, limits=_values(_held(known, record)))


async def set_limits(workspace: Workspace, account: str, values: LimitValues, run: str = "") -> AccountLimits:
    """Replace the limits of an account or one of its runs; a trader that holds it goes by them within a second.

    Raises
    ------
    NotFound: no such account, no such run of it, or no such instrument to restrict.
    Refused: the account is closed.
    InvalidInput: a limit is below 0, or looks back too far.
    """
    named = await _restricting(workspace, values)
    return await _change_limits(workspace, account, run, lambda _: named)


async def change_limits(workspace: Workspace, account: str, changes: LimitChanges, run: str = "") -> AccountLimits:
    """Change the limits that are named and keep the others, by what they are when this is stored.

    Raises
    ------
    NotFound, Refused, InvalidInput: as `set_limits` does.
    """
    named = (await _restricting(workspace, changes)).model_dump(exclude_unset=True)
    return await _change_limits(workspace, account, run, lambda held: held.model_copy(update=named))


async def _restricting(workspace: Workspace, values: LimitValues) -> LimitValues:
    if not values.restricted:
        return values
    ids = await to_thread.run_sync(lambda: [_instrument(workspace, name) for name in values.restricted])
    return values.model_copy(update={"restricted": ids})


def _instrument(workspace: Workspace, name: str) -> str:
    # the gate knows ids alone; what no dataset holds yet may be forbidden by its id
    try:
        return str(find(workspace, name)[0].id)
    except NotFound:
        try:
            return str(InstrumentId.parse(name))
        except InvalidInput:
            pass
        raise


async def _change_limits(
    workspace: Workspace, account: str, run: str, wanted: Callable[[LimitValues], LimitValues]
) -> AccountLimits:
    known = await _named(workspace, account)
    of = (await _run_of(workspace, known, run)).id if run else ""
    now_utc = workspace.clock.now_utc()

    def change(record: AccountRecord, of_run: RunRecord | None) -> tuple[dict[str, object], Audit]:
        document = wanted(_values(_held(record, of_run))).model_dump(mode="json")
        limits_of_run(document, of)
        return document, Audit(record.id, OWNER, "limits.set", of or record.id, document, now_utc)

    await workspace.database.write(rows.change_limits, known.id, of, change)
    return await limits(workspace, known.id, of)


def _held(account: AccountRecord, run: RunRecord | None) -> Limits:
    if run is not None:
        return limits_of_run(kept_in(run.document), run.id)
    return limits_of(kept_in(account.settings), paper=account.kind == PAPER)


def _values(held: Limits) -> LimitValues:
    values = {**asdict(held), "restricted": sorted(held.restricted)}
    values.pop("run")
    return LimitValues.model_validate(values)


async def _run_of(workspace: Workspace, account: AccountRecord, run: str) -> RunRecord:
    record = await workspace.database.read(runs.show, run)
    if record.account != account.id:
        raise NotFound(
            f"Run {record.id} is not of account {account.name!r}.", hint="See `midas run status`.", code="unknown_run"
        )  # fmt: skip
    return record


async def drill(workspace: Workspace, account: str) -> Drill:
    """Pull the switch of an account as far as REDUCE_ONLY, wait until its trader heard of it, and release it.

    Where nobody trades the account there is nobody to wait for.

    Raises
    ------
    NotFound: no such account.
    InvalidInput: a switch is pulled already, so nothing could be seen.
    """
    known = await _named(workspace, account)
    async with journal(workspace) as book:
        if await book.kills(known.id):
            raise InvalidInput("A switch is pulled already.", hint="Release it, then drill.", code="already_pulled")
        begun_s = workspace.clock.monotonic_s()
        since = len(await book.trail(known.id))
        await _drilled(workspace, book, known, KillLevel.REDUCE_ONLY)
        try:
            heard = await _heard(workspace, known, since, begun_s + _DRILL_S)
            took_ms = (workspace.clock.monotonic_s() - begun_s) * 1000.0
        finally:
            await _drilled(workspace, book, known, KillLevel.NONE)
    return Drill(account=known.id, heard=heard, milliseconds=took_ms if heard else None)


async def _heard(workspace: Workspace, account: AccountRecord, since: int, until_s: float) -> bool:
    if await workspace.database.read(rows.leased_until, account.id) is None:
        # nobody trades it: an owner leaves its word there until it lets go, and one that died left it for good
        return False
    while workspace.clock.monotonic_s() < until_s:
        lines = await workspace.database.read(rows.audit_lines, account.id, since, 100)
        if any(line["act"] == HEARD for line in lines):
            return True
        await asyncio.sleep(_LOOK_EVERY_S)
    return False


async def _drilled(workspace: Workspace, book: SqlJournal, account: AccountRecord, level: KillLevel) -> None:
    now_utc = workspace.clock.now_utc()
    pull = Pull(Kill(level, account.id, OWNER, "a drill", now_utc))
    line = Audit(account.id, OWNER, "kill.drill", account.id, {"level": level.name}, now_utc)
    await book.commit(account.id, NOBODY, [pull, line])


async def _named(workspace: Workspace, name: str) -> AccountRecord:
    return await workspace.database.read(accounts.find, name)


def _flag(workspace: Workspace) -> FlagFile:
    return FlagFile(workspace.home.kill_flag)


def _wire(kill: Kill) -> Pulled:
    return Pulled(
        level=kill.level.name, account=kill.account or None, who=kill.who, why=kill.why, where="database",
        pulled_at=kill.pulled_utc,
    )  # fmt: skip

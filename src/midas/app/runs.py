"""Runs: started, looked at, paused, armed, stopped."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from anyio import to_thread

from midas.app import following, missions
from midas.app.arming import require_ready
from midas.app.jobs import moment_and_id
from midas.app.journaling import journal
from midas.app.paging import Key, Part, part
from midas.app.resolving import resolve
from midas.app.run_account import OWNER, PAPER, account_for
from midas.app.workspace import Workspace
from midas.core.errors import Refused
from midas.core.money import Money, minor_digits
from midas.core.order import ENDED, OrderState
from midas.db import accounts, parities
from midas.db import risk as risk_rows
from midas.db import runs as rows
from midas.db.runs import RunRecord
from midas.risk.kill import strongest
from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.equity import Worth
from midas.trading.feed_book import STANDING, Standing
from midas.trading.journal import NOBODY, AskCancel, Audit, MoveRun
from midas.trading.lifecycle import RunState, require_move
from midas.wire.runs import AuditLine, Following, Held, ParityNote, Run, RunRequest, RunStatus

if TYPE_CHECKING:
    from midas.trading.journal import Balance

_ID_BYTES = 6


async def start(workspace: Workspace, request: RunRequest) -> Run:
    """Store a run that trades as soon as a trader is there; a draft waits until it is told to go on.

    Raises
    ------
    NotFound: an unknown strategy, universe or symbol.
    InvalidInput: the question makes no sense.
    Refused: the account cannot carry it.
    """
    found = await resolve(workspace.database, request.strategy, request.params)
    begun = await to_thread.run_sync(following.begin, workspace.lake, found.definition, request)
    request = begun.request
    prepared = await to_thread.run_sync(missions.prepare, workspace.lake, found.definition, request, begun.plot)
    account = await account_for(workspace, request, prepared)
    record = RunRecord(
        id=secrets.token_hex(_ID_BYTES),
        account=account.id,
        strategy=found.name,
        state=(RunState.DRAFT if request.draft else RunState.PAPER).value,
        reason="",
        document={"request": request.model_dump(mode="json"), "graph": found.definition.graph_json()} | begun.document,
        created_at=workspace.clock.now_utc(),
    )
    await workspace.database.write(rows.add, record)
    detail: dict[str, object] = {"strategy": found.name, "feed": request.feed, "symbols": request.symbols}
    await _audited(workspace, record, "run.drafted" if request.draft else "run.started", detail)
    return await _wire(workspace, record)


async def page(workspace: Workspace, limit: int, after: Key | None) -> Part[Run]:
    """Return runs, latest first."""
    found = await workspace.database.read(rows.page, limit + 1, moment_and_id(after))
    shown = [await _wire(workspace, record) for record in found]
    return part(shown, limit, lambda item: [item.created_at.isoformat(), item.id])


async def status(workspace: Workspace, run: str) -> RunStatus:
    """Return how a run and its account stand.

    Raises
    ------
    NotFound: no such run.
    """
    record = await workspace.database.read(rows.show, run)
    currency = (await workspace.database.read(accounts.find, record.account)).currency
    async with journal(workspace) as book:
        balance = await book.balance(record.account)
        kept = await book.checkpoint(checkpoint_key("worth", record.account))
        standing = await book.checkpoint(checkpoint_key(STANDING, record.account))
        kills = await book.kills(record.account)
        quarantined = dict(await book.quarantined(record.account))
    counts, fills = await workspace.database.read(risk_rows.counts, record.account, record.id)
    until = await workspace.database.read(risk_rows.leased_until, record.account)
    last = (await workspace.database.read(parities.latest, [record.id])).get(record.id)
    alerts = await workspace.database.read(risk_rows.alerts, record.account)
    ended, over = {state.value for state in ENDED}, record.state == RunState.STOPPED.value
    return RunStatus(
        run=await _wire(workspace, record),
        trader=until is not None and until > workspace.clock.now_utc(),
        kill=strongest(*(kill.level for kill in kills)).name,
        currency=currency,
        cash=Money(balance.cash, currency).amount,
        equity=None if kept is None else Worth.from_bytes(kept.state).equity,
        positions=_held(balance, currency),
        orders_open=sum(many for state, many in counts.items() if state not in ended),
        orders_unknown=counts.get(OrderState.UNKNOWN.value, 0),
        orders=sum(counts.values()),
        fills=fills,
        quarantined=quarantined,
        parity=None if last is None else ParityNote.model_validate(last.document),
        alerts=[_audit_line(each) for each in alerts],
        following=None if standing is None or over else _following(Standing.from_bytes(standing.state)),
    )


async def stop(workspace: Workspace, run: str, reason: str) -> Run:
    """Let a run be over; what it holds stays with the account, what it has on order is cancelled.

    Raises
    ------
    NotFound: no such run.
    """
    record = await workspace.database.read(rows.show, run)
    if record.state == RunState.STOPPED.value:
        return await _wire(workspace, record)
    async with journal(workspace) as book:
        working = [row.id for row in await book.orders(record.account) if row.intent.run == record.id]
    return await _move(workspace, record, RunState.STOPPED, reason, *(AskCancel(order, reason) for order in working))


async def pause(workspace: Workspace, run: str, reason: str) -> Run:
    """Let a run hear the market and order nothing; what it has on order is cancelled, but for what guards a position.

    Raises
    ------
    NotFound: no such run.
    Refused: it is over, or did not begin.
    """
    record = await workspace.database.read(rows.show, run)
    async with journal(workspace) as book:
        working = [row for row in await book.orders(record.account) if row.intent.run == record.id]
    opening = [row.id for row in working if not row.intent.reduce_only]
    return await _move(workspace, record, RunState.PAUSED, reason, *(AskCancel(order, reason) for order in opening))


async def resume(workspace: Workspace, run: str) -> Run:
    """Let a draft or paused run of a paper account trade.

    Raises
    ------
    NotFound: no such run.
    Refused: it is over or trades already, or its account is live and it has to be armed.
    """
    record = await workspace.database.read(rows.show, run)
    if (await workspace.database.read(accounts.find, record.account)).kind != PAPER:
        raise Refused(
            f"Run {record.id} is on a live account and has to be armed.",
            hint=f"`midas run arm {record.id} --yes`.",
            code="arm_first",
        )
    return await _move(workspace, record, RunState.PAPER, "")


async def arm(workspace: Workspace, run: str, *, confirmed: bool) -> Run:
    """Let a run of a live account trade real money as soon as a trader that may do so takes it up.

    Raises
    ------
    NotFound: no such run.
    Refused: its account is a paper one, its state forbids it, or something is in the way; `findings` say all of it.
    """
    record = await workspace.database.read(rows.show, run)
    account = await workspace.database.read(accounts.find, record.account)
    require_move(RunState(record.state), RunState.ARMED, live=account.kind != PAPER)
    await require_ready(workspace, record, account, confirmed=confirmed)
    return await _move(workspace, record, RunState.ARMED, "")


async def logs(workspace: Workspace, run: str, after: int, limit: int) -> list[AuditLine]:
    """Return lines of the audit trail of a run's account behind line `after`, oldest first.

    Raises
    ------
    NotFound: no such run.
    """
    record = await workspace.database.read(rows.show, run)
    found = await workspace.database.read(risk_rows.audit_lines, record.account, after, limit)
    return [_audit_line(each) for each in found]


async def _move(workspace: Workspace, record: RunRecord, after: RunState, reason: str, *also: AskCancel) -> Run:
    account = await workspace.database.read(accounts.find, record.account)
    require_move(RunState(record.state), after, live=account.kind != PAPER)
    moved = MoveRun(record.id, after.value, reason)
    await _audited(workspace, record, f"run.{after.value}", {"why": reason}, moved, *also)
    return await _wire(workspace, replace(record, state=after.value, reason=reason))


async def _audited(
    workspace: Workspace, record: RunRecord, act: str, detail: dict[str, object], *also: MoveRun | AskCancel
) -> None:
    line = Audit(record.account, OWNER, act, record.id, detail, workspace.clock.now_utc())
    async with journal(workspace) as book:
        await book.commit(record.account, NOBODY, [*also, line])


async def _wire(workspace: Workspace, record: RunRecord) -> Run:
    request = RunRequest.model_validate(record.document["request"])
    progress = await workspace.database.read(rows.progress, record.id)
    last = (await workspace.database.read(parities.latest, [record.id])).get(record.id)
    return Run(
        id=record.id,
        account=record.account,
        strategy=record.strategy,
        state=RunState(record.state).value,
        reason=record.reason,
        feed=request.feed,
        universe=request.universe,
        symbols=request.symbols,
        created_at=record.created_at,
        row=None if progress is None else progress.row,
        at=None if progress is None else progress.stamp_utc,
        parity=None if last is None else _parity_word(ParityNote.model_validate(last.document)),
    )


def _following(standing: Standing) -> Following:
    return Following(
        version=standing.version,
        last_bar=standing.last_utc,
        since=standing.since_utc,
        corrected=standing.corrected,
        late=standing.late,
    )


def _parity_word(last: ParityNote) -> Literal["same", "explained", "unexplained"]:
    if not last.differing:
        return "same"
    return "unexplained" if last.unexplained else "explained"


def _held(balance: Balance, currency: str) -> list[Held]:
    digits = minor_digits(currency)
    found = []
    for instrument, quantity in sorted(balance.quantities.items()):
        cost = balance.costs.get(instrument)
        average = None if cost is None else (Decimal(cost).scaleb(-digits) / quantity)
        found.append(Held(instrument=str(instrument), quantity=quantity, average_price=average))
    return found


def _audit_line(found: dict[str, object]) -> AuditLine:
    return AuditLine.model_validate(
        {**found, "at": found["stamp_utc"], "detail": json.loads(str(found["detail"]))}
    )  # fmt: skip

"""Orders by hand: judged, stored, and sent by the trader that holds the account."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from anyio import to_thread

from midas.app import judging
from midas.app.accounts import PERSON
from midas.app.paging import Key, Part, part
from midas.app.workspace import Workspace
from midas.core.errors import Busy, InvalidInput, MidasError, NotFound, Refused
from midas.core.money import MAX_AMOUNT
from midas.core.order import ENDED, OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.db import accounts, idempotency, journal_reads, journal_writes, orders
from midas.db.accounts import AccountRecord
from midas.db.orders import OrderRecord
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.risk.verdict import Deny
from midas.trading.journal import NOBODY, AskCancel, Audit, Batch, Outdated, Since, StoreOrder
from midas.trading.origin import origin_of
from midas.wire.orders import Order, OrderRequest

_TRIES = 20
"""How often an order is judged again because something else was stored meanwhile."""


async def place(workspace: Workspace, request: OrderRequest, key: str | None) -> Order:
    """Judge an order and store it; the trader sends it.

    The same `key` again gives the same answer, never a second order.

    Raises
    ------
    InvalidInput: no key, a key that came with another request, a quantity or price no order can have, or an instrument
        in another currency.
    NotFound: no such account or instrument.
    Refused: the gate says no; `code` says why.
    AlreadyExists: the same request is being carried out.
    """
    record = await workspace.database.read(accounts.find, request.account)
    _require_open(record, request)
    if request.dry_run:
        row = await _row(workspace, record, request, key or "dry run", workspace.clock.now_utc())
        await _judged(workspace, record, row)
        return _shown(OrderRecord(0, row, row.intent.stamp_utc, False), stored=False)
    if not key:
        raise InvalidInput(
            "An order needs an Idempotency-Key.", hint="Send a new random one with every new order.",
            code="idempotency_key_missing",
        )  # fmt: skip
    body = sha256(request.model_dump_json().encode()).hexdigest()
    begun = await workspace.database.write(idempotency.begin, PERSON, key, body, workspace.clock.now_utc())
    if begun.answer is not None:
        return Order.model_validate(begun.answer)
    try:
        order = await _placed(workspace, record, request, key, begun.begun_utc)
    except (InvalidInput, NotFound, Refused):
        # after anything else nobody knows whether it is stored: who asks again gets the same order
        await workspace.database.write(idempotency.forget, PERSON, key)
        raise
    await workspace.database.write(idempotency.finish, PERSON, key, 201, order.model_dump(mode="json"))
    return order


async def show(workspace: Workspace, order: str) -> Order:
    """Return an order.

    Raises
    ------
    NotFound: there is none.
    """
    return _shown(await workspace.database.read(orders.show, order))


async def page(workspace: Workspace, account: str | None, active: bool, limit: int, after: Key | None) -> Part[Order]:
    """Return orders, latest first, of an account or of all.

    Raises
    ------
    NotFound: no such account.
    """
    of = None if account is None else (await workspace.database.read(accounts.find, account)).id
    place = None if after is None else int(after[0])
    found = await workspace.database.read(orders.page, of, limit + 1, place, active=active)
    cut = part(found, limit, lambda each: [each.place])
    return Part([_shown(each) for each in cut.items], cut.last_key)


async def cancel(workspace: Workspace, order: str) -> Order:
    """Ask for an order to be cancelled; the trader asks the broker. One that ended stays as it is.

    Raises
    ------
    NotFound: there is no such order.
    """
    found = await workspace.database.read(orders.show, order)
    if found.row.state not in ENDED:
        account = found.row.intent.account
        asked = Audit(account, PERSON, "order.cancel", order, {"state": found.row.state.value}, _now(workspace))
        batch: Batch = [AskCancel(order, "asked by hand"), asked]
        await workspace.database.write(journal_writes.write, account, NOBODY, batch)
    return await show(workspace, order)


async def _placed(
    workspace: Workspace, record: AccountRecord, request: OrderRequest, key: str, stamp_utc: datetime
) -> Order:
    row = await _row(workspace, record, request, key, stamp_utc)
    if await workspace.database.read(journal_reads.order, row.id) is not None:
        # whoever began this request stored the order and died before it could say so
        return await show(workspace, row.id)
    for _ in range(_TRIES):
        revision = await _judged(workspace, record, row)
        detail = {"instrument": request.instrument, "side": request.side, "quantity": f"{request.quantity:f}"}
        placed = Audit(record.id, PERSON, "order.place", row.id, detail, _now(workspace))
        try:
            batch: Batch = [Since(revision), StoreOrder(row), placed]
            await workspace.database.write(journal_writes.write, record.id, NOBODY, batch)
        except Outdated:
            continue
        return await show(workspace, row.id)
    raise Busy(f"{record.name} changes too often to judge an order.", hint="Try again.", code="account_busy")


async def _row(
    workspace: Workspace, record: AccountRecord, request: OrderRequest, key: str, stamp_utc: datetime
) -> OrderRow:
    known = await to_thread.run_sync(judging.known, workspace, request.instrument)
    if known.instrument.currency not in ("", record.currency):
        raise InvalidInput(
            f"Account {record.name!r} is in {record.currency}, and {known.instrument.id} in "
            f"{known.instrument.currency}.",
            hint="Name another account.", code="other_currency",
        )  # fmt: skip
    wish = OrderIntent(
        account=record.id,
        run="",
        instrument=known.instrument.id,
        side=Side(request.side),
        quantity=request.quantity,
        kind=OrderKind(request.kind),
        time_in_force=TimeInForce(request.time_in_force),
        stamp_utc=stamp_utc,
        valid_until_utc=stamp_utc + timedelta(seconds=request.valid_for_s),
        leg=f"hand {sha256(key.encode()).hexdigest()[:16]}",
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        reference_price=None if known.last is None else known.last.close,
        reduce_only=request.reduce_only,
    )
    return OrderRow(order_id(wish), wish, OrderState.NEW, changed_utc=_now(workspace))


async def _judged(workspace: Workspace, record: AccountRecord, row: OrderRow) -> int:
    # returns the revision the judgement holds for
    intent = row.intent
    since_utc = judging.locks_since(workspace, intent)
    seen = await workspace.database.read(judging.seen, record.id, intent.instrument, since_utc)
    verdict = await to_thread.run_sync(judging.judge, workspace, record, row, seen)
    if isinstance(verdict, Deny):
        raise _refusal(verdict)
    return seen.revision


def _require_open(record: AccountRecord, request: OrderRequest) -> None:
    if record.closed_at is not None:
        raise Refused(
            f"{record.id} is closed.", hint=f"`{record.name}` names the account as it is now.", code="account_closed"
        )
    if record.kind == "live" and not (request.confirm_live or request.dry_run):
        raise Refused(
            f"{record.name} is a live account: this would be real money.", hint="Add --yes to mean it.",
            code="live_not_confirmed",
        )  # fmt: skip
    for name in ("quantity", "limit_price", "stop_price"):
        value: Decimal | None = getattr(request, name)
        if value is not None and not (value.is_finite() and 0 < value <= MAX_AMOUNT):
            raise InvalidInput(
                f"The {name.replace('_', ' ')} must be above 0, and at most {MAX_AMOUNT:f}.", hint="Nothing was sent.",
                code=f"bad_{name.partition('_')[0]}",
            )  # fmt: skip
    if request.quantity * (request.limit_price or request.stop_price or 1) > MAX_AMOUNT:
        raise InvalidInput(
            f"An order for more than {MAX_AMOUNT:f} cannot be counted with.", hint="Nothing was sent.",
            code="bad_quantity",
        )  # fmt: skip
    _require_price(request)


def _require_price(request: OrderRequest) -> None:
    wanted = {"market": (), "limit": ("limit_price",), "stop": ("stop_price",)}[request.kind]
    for name in ("limit_price", "stop_price"):
        given = getattr(request, name) is not None
        if given != (name in wanted):
            says = "has no" if given else "needs a"
            raise InvalidInput(
                f"A {request.kind} order {says} {name.replace('_', ' ')}.", hint="Nothing was sent.", code="bad_price"
            )


_WRONG = {"bad_quantity", "bad_price", "off_tick", "off_lot", "beyond_limit"}


def _refusal(verdict: Deny) -> MidasError:
    code = verdict.code.value
    kind = InvalidInput if code in _WRONG else NotFound if code == "unknown_instrument" else Refused
    return kind(f"The gate refused the order: {verdict.detail}.", hint="Nothing was sent.", code=code)


def _now(workspace: Workspace) -> datetime:
    return workspace.clock.now_utc()


def _shown(record: OrderRecord, *, stored: bool = True) -> Order:
    row, wish = record.row, record.row.intent
    return Order(
        id=row.id,
        account=wish.account,
        run=wish.run,
        origin=origin_of(wish).value,
        strategy=wish.strategy,
        instrument=str(wish.instrument),
        side=wish.side.value,
        quantity=wish.quantity,
        kind=wish.kind.value,
        time_in_force=wish.time_in_force.value,
        limit_price=wish.limit_price,
        stop_price=wish.stop_price,
        reduce_only=wish.reduce_only,
        state=row.state.value,
        filled=row.filled,
        number=row.number,
        reason=row.reason,
        cancel_waits=record.cancel_waits,
        stored=stored,
        created_at=record.stored_utc,
        valid_until=wish.valid_until_utc,
        changed_at=row.changed_utc,
    )

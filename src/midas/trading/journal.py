"""The port behind which the truth is kept: what happened is stored in batches, each whole or not at all.

Nothing is sent to a broker before the batch that says so is committed. A batch is plain data, so that the same
runner writes to SQLite, to PostgreSQL, to memory, and to a store that loses what it had not committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from midas.core.errors import MidasError
from midas.core.instrument import InstrumentId
from midas.core.order import Fill, OrderState
from midas.execution.order_row import OrderRow
from midas.portfolio.booking import Posting
from midas.risk.kill import Kill
from midas.risk.snapshot import Recent


class Fenced(MidasError):
    """Another process owns the account now: whoever gets this must stop at once and write nothing more."""

    default_code = "fenced"


class Undecided(MidasError):
    """Nobody could say whether the batch was stored: stop, and start over from what the journal says then."""

    default_code = "undecided"


class Outdated(MidasError):
    """Something was stored after the batch was decided on: read again and decide again."""

    default_code = "outdated"


class AlreadyStored(MidasError):
    """The intent, fill or payment is in the journal already; nothing of the batch was written."""

    default_code = "already_stored"


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """A new order, its outbox row with it; `AlreadyStored` when its intent's key is there."""

    row: OrderRow


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """An order moved on; `was` is the state it must be in, else the batch fails as `Fenced`."""

    row: OrderRow
    was: OrderState


@dataclass(frozen=True, slots=True)
class AskCancel:
    """A cancel to be sent; with the reason, which the audit shows."""

    order: str
    reason: str


@dataclass(frozen=True, slots=True)
class CancelSent:
    """A cancel that was sent, or is not needed any more."""

    order: str


@dataclass(frozen=True, slots=True)
class Book:
    """A fill or a payment with its postings, which must balance; unique by account and reference.

    quantity : signed change of what is held of `instrument`, None where nothing changed: below 0 for what was sold, the
    new shares of a split. A fill's is its quantity, signed by its side.
    """

    account: str
    reference: str
    fill: Fill | None
    kind: str
    instrument: InstrumentId | None
    quantity: Decimal | None
    postings: tuple[Posting, ...]
    stamp_utc: datetime


@dataclass(frozen=True, slots=True)
class Audit:
    """A line of the audit trail: who did what to which thing, with what they knew."""

    account: str
    who: str
    act: str
    subject: str
    detail: Mapping[str, object]
    stamp_utc: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run is: its last row, and everything needed to go on as if nothing had happened."""

    run: str
    row: int
    stamp_utc: datetime
    state: bytes


@dataclass(frozen=True, slots=True)
class TapePart:
    """What a run heard since the part before, packed; parts count from 0, each with the checkpoint that knows it.

    row : the last one in it.
    """

    run: str
    n: int
    row: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Quarantine:
    """An instrument nobody can explain: no new orders there until a person released it."""

    account: str
    instrument: str
    reason: str
    released: bool = False


@dataclass(frozen=True, slots=True)
class Pull:
    """The kill switch, pulled; level NONE releases it."""

    kill: Kill


@dataclass(frozen=True, slots=True)
class MoveRun:
    """A run's new state; see `trading.lifecycle`."""

    run: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Since:
    """What the batch was decided on: `Journal.revision` at that time; `Outdated` when more was stored since."""

    revision: int


Asking = StoreOrder | AskCancel | Audit | Quarantine | Pull | MoveRun | Since
"""What anyone with the right may store, without owning the account: wishes, which the owner carries out."""

Entry = Asking | ChangeOrder | CancelSent | Book | Checkpoint | TapePart
Batch = Sequence[Entry]

NOBODY = 0
"""Epoch of who does not own the account; the batch may then hold nothing but `Asking`."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the ledger says an account has; money in minor units.

    costs : balance of SECURITIES by instrument, below 0 for a short; what is held at no cost may be left out.
    """

    cash: int
    quantities: Mapping[InstrumentId, Decimal]
    costs: Mapping[InstrumentId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lately:
    """What an account did lately: its orders by when they were decided, and when its latest fill was executed."""

    orders: Sequence[Recent] = ()
    fill_utc: datetime | None = None


class Journal(Protocol):
    """One account's truth. Reads see everything committed before."""

    async def commit(self, account: str, epoch: int, batch: Batch) -> None:
        """Store a batch, whole or not at all; on return it is durable.

        Raises
        ------
        Fenced: `epoch` is not the account's any more, or an order was not in the state it had to be in.
        AlreadyStored: an intent, fill or payment is there already.
        Outdated: a `Since` of the batch is not the revision any more.
        InvalidInput: postings do not balance, or an entry is of another account.
        NotFound: an order is not in the journal.
        Unavailable, StorageFull, Busy: nothing was stored.
        Undecided: see there.
        """
        ...

    async def revision(self, account: str) -> int:
        """Return how many batches of the account were stored."""
        ...

    async def order(self, order: str) -> OrderRow | None: ...

    async def numbered(self, account: str, number: str) -> OrderRow | None:
        """Return the order of the account that its broker knows by this number, ended ones too; of two the newer."""
        ...

    async def orders(
        self, account: str, *, active: bool = True, sent_utc: datetime | None = None
    ) -> Sequence[OrderRow]:
        """Return an account's orders, oldest first.

        active : those that did not end. sent_utc : those sent then or later.
        """
        ...

    async def lately(self, account: str, since_utc: datetime | None) -> Lately:
        """Return what happened lately, from orders of ours decided at `since_utc` on; none a broker made by itself.

        None : from the orders of runs that were decided within a day of the latest one, by their market's time.
        """
        ...

    async def outbox(self, account: str, epoch: int) -> Sequence[OrderRow]:
        """Return the orders still to be sent (NEW), oldest first."""
        ...

    async def cancels(self, account: str) -> Sequence[OrderRow]:
        """Return the orders with a cancel still to be sent."""
        ...

    async def booked(self, account: str, *references: str) -> frozenset[str]:
        """Return which of these fills and payments are in the ledger."""
        ...

    async def fills(self, account: str, order: str | None = None, since_utc: datetime | None = None) -> Sequence[Fill]:
        """Return executions in the order of booking: of one order, and from a moment on, where that is asked."""
        ...

    async def balance(self, account: str) -> Balance: ...

    async def checkpoint(self, run: str) -> Checkpoint | None: ...

    async def kills(self, account: str) -> Sequence[Kill]:
        """Return the switches that are pulled, for the account or for all."""
        ...

    async def quarantined(self, account: str) -> Mapping[str, str]:
        """Return quarantined instruments with the reason."""
        ...

    async def trail(self, account: str) -> Sequence[Audit]:
        """Return the audit trail, oldest first."""
        ...


class Ownership(Protocol):
    """Who may write for an account: one process at a time, told apart by an epoch that only grows."""

    async def acquire(self, account: str) -> int:
        """Become the owner and return the new epoch.

        Raises
        ------
        Busy: another process owns it and lives.
        """
        ...

    async def renew(self, account: str, epoch: int) -> None:
        """Say that the owner lives.

        Raises
        ------
        Fenced: it is not the owner any more.
        """
        ...

    async def release(self, account: str, epoch: int) -> None: ...

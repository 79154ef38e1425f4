"""The account a run trades: one there is already, where the run fits it, or a new one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from midas.app import following, missions
from midas.app.accounts import latency_ms, latency_settings, paid_in
from midas.app.journaling import journal
from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput, NotFound, Refused
from midas.core.money import Money
from midas.db import accounts
from midas.db import runs as rows
from midas.db.accounts import AccountRecord
from midas.trading.checkpoint_key import checkpoint_key
from midas.wire.runs import RunRequest

if TYPE_CHECKING:
    from midas.app.missions import Prepared
    from midas.marketdata.plot import Plot

OWNER = "local"
"""Who asks, as long as there is one person only."""

PAPER = "paper"


async def account_for(workspace: Workspace, request: RunRequest, prepared: Prepared) -> AccountRecord:
    """Return the account of that name, made where there is none.

    Raises
    ------
    Refused: it is live, or its runs do not go together with this one.
    InvalidInput: it is in another currency, was opened on other terms, or cannot begin with so much or so little.
    """
    currency = prepared.panel.currency
    capital = paid_in(_capital(request, currency), currency)
    try:
        known = await workspace.database.read(accounts.find, request.account)
    except NotFound:
        made = AccountRecord(
            accounts.account_id(request.account, 1), request.account, 1, PAPER, PAPER, currency, capital, OWNER,
            latency_settings(request.latency_ms or 0), workspace.clock.now_utc(),
        )  # fmt: skip
        return await workspace.database.write(accounts.add, made, OWNER)
    _require_fits(
        known, currency, capital if request.initial_capital is not None else None, draft=request.draft
    )  # fmt: skip
    if request.latency_ms not in (None, latency_ms(known)):
        raise InvalidInput(
            f"Orders of account {known.name!r} take {latency_ms(known)} ms.",
            hint="Leave --latency out, or name another account.",
            code="other_latency",
        )
    for other in await workspace.database.read(rows.of_account, known.id):
        # a paper broker's market is laid out once; another one begins with another account
        before = RunRequest.model_validate(other.document["request"])
        missions.require_together([before, request])
        _require_same_names(following.plot_of(other), prepared.plot)
    if prepared.plot is not None:
        await _require_ahead(workspace, known, prepared.first)
    return known


def _capital(request: RunRequest, currency: str) -> Decimal:
    from midas.backtest.spec import DEFAULT_CAPITAL, OTHER_CAPITAL

    if request.initial_capital is not None:
        return request.initial_capital
    return DEFAULT_CAPITAL.get(currency, OTHER_CAPITAL)


def _require_same_names(before: Plot | None, now: Plot | None) -> None:
    if before is not None and now is not None and before.ground.to_json() != now.ground.to_json():
        raise Refused(
            "The universe has other names or fields than when the first run of this account began to follow it.",
            hint="Use another account.",
            code="other_market",
        )


async def _require_ahead(workspace: Workspace, account: AccountRecord, first: int) -> None:
    async with journal(workspace) as book:
        kept = await book.checkpoint(checkpoint_key("paper", account.id))
    if kept is not None and kept.row >= first:
        raise Refused(
            f"Account {account.name!r} met bars already that this run would decide on.",
            hint="Use another account.",
            code="account_ahead",
        )


def _require_fits(account: AccountRecord, currency: str, capital: int | None, *, draft: bool) -> None:
    if account.kind != PAPER and not draft:
        raise Refused(
            f"Account {account.name!r} is live.",
            hint="Name a paper account, or store a draft with --draft and then arm it.",
            code="paper_only",
        )
    if account.currency != currency:
        raise InvalidInput(
            f"Account {account.name!r} is in {account.currency}, and this market in {currency}.",
            hint="Name another account.",
            code="other_currency",
        )
    if capital not in (None, account.capital):
        raise InvalidInput(
            f"Account {account.name!r} began with {Money(account.capital, currency)}.",
            hint="Leave --initial-capital out, or name another account.",
            code="other_capital",
        )

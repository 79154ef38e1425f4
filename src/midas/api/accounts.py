"""`/api/v1/accounts`."""

from __future__ import annotations

from fastapi import APIRouter

from midas.api.dependencies import Here
from midas.api.pages import whole
from midas.app import accounts
from midas.wire.accounts import Account, AccountRequest, ResetRequest
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"])


@router.post("", status_code=201)
async def open_account(workspace: Here, request: AccountRequest) -> Account:
    """Open a paper account."""
    return await accounts.add(workspace, request)


@router.get("")
async def list_accounts(workspace: Here, closed: bool = False) -> Page[Account]:
    """List accounts by name; with `closed` the generations before too."""
    return whole(await accounts.every(workspace, closed=closed))


@router.get("/{account}")
async def show_account(workspace: Here, account: str) -> Account:
    """Show an account by name, or one of its generations by id."""
    return await accounts.show(workspace, account)


@router.post("/{account}/reset", status_code=201)
async def reset_account(workspace: Here, account: str, request: ResetRequest) -> Account:
    """Close a paper account's generation and open the next; what was stays with the old one."""
    return await accounts.reset(workspace, account, request)

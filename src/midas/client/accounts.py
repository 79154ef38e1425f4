"""Accounts to trade with."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

from midas.client.asking import asking, decimal_text
from midas.client.link import Link
from midas.wire.accounts import Account, AccountRequest, ResetRequest
from midas.wire.page import Page


class Accounts:
    """`client.accounts`; an account is named by its name, one of its generations by its id."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def add(self, name: str, capital: Decimal | float | str, currency: str = "USD", *, latency_ms: int = 0) -> Account:
        """Open a paper account; its orders take `latency_ms` to the market."""
        fields = {"name": name, "capital": decimal_text(capital), "currency": currency, "latency_ms": latency_ms}
        return self._link.post(Account, "/api/v1/accounts", asking(AccountRequest, fields))

    def list(self, *, closed: bool = False) -> list[Account]:
        """Return accounts by name; with `closed` the generations before too."""
        return self._link.get(Page[Account], "/api/v1/accounts", {"closed": closed}).items

    def show(self, account: str) -> Account:
        return self._link.get(Account, _path(account))

    def reset(self, account: str, capital: Decimal | float | str | None = None) -> Account:
        """Begin anew, with what the account had at first unless `capital` says; what was is kept."""
        request = asking(ResetRequest, {"capital": decimal_text(capital)})
        return self._link.post(Account, f"{_path(account)}/reset", request)


def _path(account: str) -> str:
    return f"/api/v1/accounts/{quote(account, safe='')}"

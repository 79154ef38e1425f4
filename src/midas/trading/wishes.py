"""What people want traded, account by account, and where the trader hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from midas.core.errors import MidasError
from midas.risk.limits import Limits
from midas.trading.office import Mission

Told = Callable[[str], None]
"""Told in words what the trader does; for people and logs."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an account's owner wants of it now; two that are equal need no other office.

    runs : states by run; none where the account is only to be closed. settings : whatever else changes what an office
    does, as text. limits : by run, "" for the account's; None where nobody looked. An office that is open goes by
    others from then on. quarantined : instruments; None where nobody looked.
    cancels_only : there is no run and nothing to close, and cancels wait.
    """

    account: str
    runs: Mapping[str, str]
    settings: str = ""
    limits: Mapping[str, Limits] | None = None
    quarantined: frozenset[str] | None = None
    cancels_only: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What needs another office when it changes: all but a pause, limits and releases."""
        return self.account, tuple(sorted(self.runs)), self.settings, self.cancels_only


class Owners(Protocol):
    """Where wishes are kept, and what they mean."""

    async def wanted(self) -> Sequence[Wanted]:
        """Return the accounts that have something to do."""
        ...

    async def mission(self, wanted: Wanted) -> Mission:
        """Return what an office is to do.

        Raises
        ------
        MidasError: it cannot be done; the account's runs are to be stopped for that reason.
        """
        ...

    async def give_up(self, wanted: Wanted, why: MidasError) -> None:
        """Stop the runs of an account that cannot be carried out; of one that has none, tell a person."""
        ...

"""Limits of accounts and runs, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING

from midas.risk.limits import Limits

if TYPE_CHECKING:
    from midas.db.accounts import AccountRecord
    from midas.db.runs import RunRecord

KEY = "limits"
"""Where settings and documents hold them."""

NONE: dict[str, object] = {
    "collar": None, "duplicate_window_s": None, "quote_age_s": None, "snapshot_age_s": None, "allow_short": True,
}  # fmt: skip
"""No limit of any kind."""


def limits_of(kept: Mapping[str, object], *, paper: bool) -> Limits:
    """Return limits as they are stored; a paper account that nobody limited is judged by what the venue allows alone.

    Raises
    ------
    InvalidInput: a limit is not one.
    """
    if not kept:
        # what a replay decides in one moment would look like an accident to a clock
        return Limits(duplicate_window_s=None, collar=None, quote_age_s=None, allow_short=True) if paper else Limits()
    return _limits(kept, run="")


def limits_of_run(kept: Mapping[str, object], run: str) -> Limits:
    """Return a run's own limits; what it does not have is left to its account's.

    Raises
    ------
    InvalidInput: a limit is not one.
    """
    return _limits(NONE | dict(kept), run=run)


def limits_by_run(account: AccountRecord, runs: Sequence[RunRecord]) -> dict[str, Limits]:
    """Return an account's limits, under "", and those of the runs that have any.

    Raises
    ------
    InvalidInput: a limit is not one.
    """
    own = {run.id: limits_of_run(kept, run.id) for run in runs if (kept := kept_in(run.document))}
    return {"": limits_of(kept_in(account.settings), paper=account.kind == "paper"), **own}


def kept_in(document: Mapping[str, object]) -> dict[str, object]:
    """Return the limits in an account's settings or a run's document, empty where there are none."""
    kept = document.get(KEY)
    return dict(kept) if isinstance(kept, dict) else {}


def _limits(kept: Mapping[str, object], run: str) -> Limits:
    known = {field.name for field in fields(Limits)} - {"run"}
    values = {name: _limit(name, value) for name, value in kept.items() if name in known}
    return Limits(run=run, **values)  # type: ignore[arg-type]  # their kinds are checked by the wire


def _limit(name: str, value: object) -> object:
    if name == "restricted" and isinstance(value, list):
        return frozenset(str(each) for each in value)
    if name in ("max_quantity", "max_notional") and value is not None:
        return Decimal(str(value))
    return value

"""Limits of accounts, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal

from midas.risk.limits import Limits


def limits_of(kept: Mapping[str, object], *, paper: bool) -> Limits:
    """Return limits as they are stored; a paper account that nobody limited is judged by what the venue allows alone.

    Raises
    ------
    InvalidInput: a limit is not one.
    """
    if not kept:
        # what a replay decides in one moment would look like an accident to a clock
        return Limits(duplicate_window_s=None, collar=None, quote_age_s=None, allow_short=True) if paper else Limits()
    known = {field.name for field in fields(Limits)}
    values = {name: _limit(name, value) for name, value in kept.items() if name in known}
    return Limits(**values)  # type: ignore[arg-type]  # their kinds are checked by the wire


def _limit(name: str, value: object) -> object:
    if name == "restricted" and isinstance(value, list):
        return frozenset(str(each) for each in value)
    if name in ("max_quantity", "max_notional") and value is not None:
        return Decimal(str(value))
    return value

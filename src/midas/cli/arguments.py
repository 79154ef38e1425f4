"""Reading what people type: pairs, lists, days and amounts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from midas.core.errors import InvalidInput

_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)


def pairs(given: Iterable[str], flag: str) -> dict[str, str]:
    """Return `k=v` texts as a mapping; one text may hold several, `a=1,b=2`.

    Raises
    ------
    InvalidInput: a text has no `=` or no name, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in given:
        pieces = text.split(",")
        for piece in pieces if all("=" in each for each in pieces) else [text]:
            name, equals, value = piece.partition("=")
            if not equals or not name.strip():
                raise InvalidInput(
                    f"{flag} {text!r} is not NAME=VALUE.", hint=f"Write {flag} name=value.", code="usage"
                )
            if name.strip() in found:
                raise InvalidInput(f"{flag} says {name.strip()!r} twice.", hint="Say it once.", code="usage")
            found[name.strip()] = value.strip()
    return found


def names(given: Iterable[str]) -> list[str]:
    """Return the parts of comma-separated texts in order, without repetitions."""
    return list(dict.fromkeys(part.strip() for text in given for part in text.split(",") if part.strip()))


def day(text: str | None, flag: str) -> date | None:
    """Return the day `text` names.

    Raises
    ------
    InvalidInput: not a day of the calendar, written YYYY-MM-DD or YYYYMMDD.
    """
    if text is None:
        return None
    match = _ISO.fullmatch(text.strip())
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise InvalidInput(f"{flag} {text!r} is not a day.", hint="Write it as YYYY-MM-DD.", code="bad_date")


def amount(text: str | None, flag: str) -> Decimal | None:
    """Return the exact number `text` writes; thousands may be separated, as in 1,000,000.

    Raises
    ------
    InvalidInput: not a finite number.
    """
    if text is None:
        return None
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise InvalidInput(
            f"{flag} {text!r} is not an amount.", hint="Write it in digits, as 100000.", code="bad_amount"
        )
    return value


def basis_points(text: str | None, flag: str) -> float | None:
    """Return a cost in basis points.

    Raises
    ------
    InvalidInput: not a finite number.
    """
    value = amount(text, flag)
    return None if value is None else float(value)


def grids(given: Iterable[str]) -> dict[str, str]:
    """Return `NAME=VALUES` texts as a mapping; values may hold commas.

    Raises
    ------
    InvalidInput: a text has no `=` or no name, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name or not values or "=" in values:
            raise InvalidInput(
                f"--grid {text!r} is not NAME=VALUES.", hint="Write --grid fast=5:60:1 or --grid fast=5,10,20.",
                code="usage",
            )  # fmt: skip
        if name in found:
            raise InvalidInput(f"--grid says {name!r} twice.", hint="Say it once.", code="usage")
        found[name] = values
    return found

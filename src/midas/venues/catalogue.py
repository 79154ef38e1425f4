"""The venues Midas knows."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from midas.core.errors import InvalidInput
from midas.core.money import minor_digits
from midas.venues.session_table import calendar_of, read_table, weekday_calendar
from midas.venues.tables import build_tables, read_rules, version_of
from midas.venues.venue import Venue

_RULES_OF: Final = {
    "XKRX": "korea",
    "XNAS": "united_states",
    "XNYS": "united_states",
    "ARCX": "united_states",
    "XASE": "united_states",
    "BATS": "united_states",
    "XNSE": "india",
    "XSHG": "china",
    "XSHE": "china",
    "BJSE": "china",
}
_MIC: Final = re.compile(r"[A-Z0-9]{4}")


def known_venues() -> tuple[str, ...]:
    """Return the MICs that have dated rules."""
    return tuple(_RULES_OF)


def venue(mic: str, currency: str = "") -> Venue:
    """Return a venue by its MIC.

    A MIC without dated rules gives a generic venue that trades every weekday in lots of 1 without ticks, limits or
    costs; `currency` must then be given.

    Raises
    ------
    InvalidInput: not a MIC, a currency the venue does not trade in, or none given for a generic venue.
    """
    if not _MIC.fullmatch(mic):
        raise InvalidInput(
            f"{mic!r} is not a venue.", hint="Use a four-character MIC such as XKRX or XNAS.", code="bad_venue"
        )
    if mic not in _RULES_OF:
        return _generic(mic, currency)
    found = _known(mic)
    if currency not in ("", found.currency):
        raise InvalidInput(
            f"{mic} trades in {found.currency}, not {currency}.", hint="Leave the currency out.", code="bad_currency"
        )
    return found


@cache
def _known(mic: str) -> Venue:
    rules = read_rules(_RULES_OF[mic])
    sessions = read_table(rules["sessions"])
    calendar = calendar_of(sessions)
    return Venue(
        mic=mic,
        name=rules["names"][mic],
        country=rules["country"],
        currency=rules["currency"],
        timezone=rules["timezone"],
        boards=tuple(rules["boards"]),
        default_board=rules.get("default_boards", {}).get(mic, rules["default_board"]),
        table_version=version_of(rules, sessions),
        calendar=calendar,
        tables=build_tables(rules, calendar),
        warnings=(rules["warning"],) if "warning" in rules else (),
    )


@cache
def _generic(mic: str, currency: str) -> Venue:
    if not currency:
        raise InvalidInput(
            f"Midas has no rules for {mic}, so its currency must be given.",
            hint=f"Give one, or use one of {', '.join(_RULES_OF)}.",
            code="currency_needed",
        )
    minor_digits(currency)
    calendar = weekday_calendar(mic)
    rules: dict[str, Any] = {"boards": {}, "default_board": "", "ladders": {}, "tax_truncates": False}
    return Venue(
        mic=mic,
        name=mic,
        country="",
        currency=currency,
        timezone=calendar.timezone,
        boards=(),
        default_board="",
        table_version=version_of("generic", rules),
        calendar=calendar,
        tables=build_tables(rules, calendar),
        warnings=(
            f"There are no dated rules for {mic}: every weekday counts as a session, prices have no ticks or limits, "
            "lots are 1, and commission and tax are 0.",
        ),
    )

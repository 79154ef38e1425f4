"""Leaves: what is known in advance, from the venue's calendar and its list of instruments."""

from __future__ import annotations

from midas.factors.operator import Kind, Operator
from midas.factors.unit import Unit, number

_SOURCE = "the venue's session table; every weekday outside it"


def _known(
    name: str, summary: str, unit: Unit = Unit.NUMBER, source: str = "", missing: str = "Never NaN."
) -> Operator:
    return Operator(name, Kind.FIELD, summary, number, fixed=unit, missing=missing, source=source)


ENTRIES = (
    _known("day_of_week", "1 on Monday to 7 on Sunday."),
    _known("week_of_year", "Number of the week in its year, 1 to 53.", source="ISO 8601"),
    _known("day_of_month", "1 to 31."),
    _known("month_of_year", "1 in January to 12 in December."),
    _known("is_week_end", "1 on the venue's last session of the week.", Unit.FLAG, _SOURCE),
    _known("is_month_end", "1 on the venue's last session of the month.", Unit.FLAG, _SOURCE),
    _known("is_quarter_end", "1 on the venue's last session of the quarter.", Unit.FLAG, _SOURCE),
    _known("session_of_month", "Which of the month's sessions it is, from 1.", source=_SOURCE),
    _known("sessions_to_month_end", "How many sessions of the month are still to come.", source=_SOURCE),
    _known(
        "days_to_expiry",
        "Calendar days to the day on which the venue's monthly options expire, 0 on that day.",
        source="dated rules of the venues, not all of them verified",
        missing="NaN at a venue whose rule is not known.",
    ),
    _known(
        "board",
        "Number of the instrument's board among those of its venue, from 0: a group. It is the board the data names"
        " last, not the one of the day.",
    ),
)

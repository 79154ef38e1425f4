"""Write the session tables that ship with Midas from exchange-calendars and our dated overrides.

Run it after a new exchange-calendars or a change to a file of overrides. With --check nothing is written; the exit code
tells whether the shipped tables are what would be written.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import exchange_calendars
import pandas as pd
from exchange_calendars import ExchangeCalendar

from midas.venues.session_table import SessionTable, expand

TABLES: Final = Path(__file__).resolve().parents[1] / "src" / "midas" / "venues" / "tables"
LIBRARY_LAST: Final = date(2050, 12, 31)
LAST: Final = date(2049, 12, 31)  # the library garbles the hours of its own last days
PROCLAIMED_LAST: Final = date(2026, 12, 31)
"""Where holidays are proclaimed year by year: the end of the last year the library lists."""
SATURDAY: Final = 6
SUNDAY: Final = 7
ONE_DAY: Final = timedelta(days=1)

T = TypeVar("T")
Hours = tuple[time, time]
RegularHours = list[tuple[date, tuple[time, time, time]]]
"""From a date on: opening, closing, closing on Saturdays."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to cover of a venue; `weeks` as in SessionTable."""

    name: str
    first: date
    weeks: tuple[tuple[date, str], ...]
    last: date = LAST

    @property
    def file(self) -> Path:
        return TABLES / f"{self.name.lower()}_sessions.json"


# Sessions are made here from the library's holidays: its own list leaves out the Saturdays of Korea (until 1998-12-05)
# and the regular holidays before 1970. New York ended its Saturdays when this table begins.
PLANS: Final = (
    Plan("XKRX", date(1985, 1, 1), ((date(1985, 1, 1), "123456"), (date(1998, 12, 6), "12345"))),
    Plan("XNYS", date(1952, 9, 29), ((date(1952, 9, 29), "12345"),)),
    Plan("XNSE", date(1997, 1, 1), ((date(1997, 1, 1), "12345"),), PROCLAIMED_LAST),
    Plan("XSHG", date(1990, 12, 19), ((date(1990, 12, 19), "12345"),), PROCLAIMED_LAST),
)


def generate(plan: Plan) -> SessionTable:
    """Return the table of a venue."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library lags behind pandas' deprecations
        overrides = tomllib.loads((TABLES / f"{plan.name.lower()}_overrides.toml").read_text(encoding="utf-8"))
        name, end = overrides.get("library", plan.name), LIBRARY_LAST if plan.last == LAST else plan.last
        library = exchange_calendars.get_calendar(name, start=str(plan.first), end=str(end))
        holidays = _holidays(library, plan)
    sessions = _sessions(plan, holidays, overrides)
    regular = _regular_hours(plan, library, overrides)
    special = _special_hours(library, sessions, regular, overrides)
    listed = set(sessions)
    return SessionTable(
        name=plan.name,
        timezone=str(library.tz),
        source=f"exchange-calendars {exchange_calendars.__version__} with dated overrides",
        first=plan.first.isoformat(),
        last=plan.last.isoformat(),
        weeks=[(start.isoformat(), weekdays) for start, weekdays in plan.weeks],
        hours=[
            (f"{start}", f"{opens:%H:%M}", f"{closes:%H:%M}", f"{early:%H:%M}")
            for start, (opens, closes, early) in regular
        ],
        closed=_by_year(day for day in _days(plan.first, plan.last) if _trades(plan, day) and day not in listed),
        extra=_by_year(day for day in sessions if not _trades(plan, day)),
        unsettled=_by_year(day for day in _unsettled(overrides) if day in listed),
        special=_special_by_year(special),
        unscheduled=_unscheduled(plan, overrides, listed),
    )


def _holidays(library: ExchangeCalendar, plan: Plan) -> set[date]:
    found = {day.date() for day in pd.DatetimeIndex(library.adhoc_holidays)}
    if library.regular_holidays is None:
        return found
    return found | {day.date() for day in library.regular_holidays.holidays(str(plan.first), str(plan.last))}


def _sessions(plan: Plan, holidays: set[date], overrides: dict[str, Any]) -> list[date]:
    traded = set(overrides.get("open", ()))
    closed = (holidays | set(overrides.get("closed", ()))) - traded
    for rule in overrides.get("yearly", ()):
        for year in range(rule["since"], LAST.year + 1):
            day = date(year, rule["month"], rule["day"])
            moved = day.isoweekday() > 5
            while moved and (not _trades(plan, day) or day in closed):
                day += ONE_DAY
            closed.add(day)
    return [day for day in _days(plan.first, plan.last) if day in traded or (_trades(plan, day) and day not in closed)]


def _regular_hours(plan: Plan, library: ExchangeCalendar, overrides: dict[str, Any]) -> RegularHours:
    if "hours" in overrides:
        return [(row["from"], (row["open"], row["close"], row["close"])) for row in overrides["hours"]]
    columns = [library.open_times, library.close_times, library.break_start_times]
    starts = {plan.first} | {_start(row) for column in columns for row in column if _start(row) > plan.first}
    return [(start, _saturday(*(_in_force(column, start) for column in columns))) for start in sorted(starts)]


def _saturday(opens: time, closes: time, break_starts: time | None) -> tuple[time, time, time]:
    # Saturdays had the morning session only.
    return opens, closes, break_starts or closes


def _start(row: tuple[Any, time | None]) -> date:
    return date.min if row[0] is None else row[0].date()


def _in_force(column: Sequence[tuple[pd.Timestamp | None, T]], day: date) -> T:
    return [at for start, at in column if start is None or start.date() <= day][-1]


def _special_hours(
    library: ExchangeCalendar, sessions: list[date], regular: RegularHours, overrides: dict[str, Any]
) -> dict[date, Hours]:
    special = _library_hours(library, sessions, regular)
    for rule in overrides.get("delayed", ()):
        for day in rule["days"]:
            opens, closes = _regular(regular, day)
            special[day] = (_later(opens, rule["minutes"]), _later(closes, rule["minutes"]))
    for rule in overrides.get("special_hours", ()):
        special |= dict.fromkeys(rule["days"], (rule["open"], rule["close"]))
    rule = overrides.get("first_session_of_year")
    if rule is not None:
        for day, before in zip(sessions[1:], sessions, strict=False):
            if day.year != before.year:
                opens, closes = _regular(regular, day)
                special[day] = (_later(opens, rule["opens_later_minutes"]), closes)
    return special


def _library_hours(library: ExchangeCalendar, sessions: list[date], regular: RegularHours) -> dict[date, Hours]:
    # Only days that differ from the library's own regular hours are special.
    listed = set(sessions)
    found = {}
    for row in library.schedule.itertuples():
        day = row.Index.date()
        hours = tuple(getattr(row, name).tz_convert(library.tz).time() for name in ("open", "close"))
        usual = tuple(_in_force(column, day) for column in (library.open_times, library.close_times))
        if day in listed and hours != usual:
            opens, closes = _regular(regular, day)
            found[day] = (opens if hours[0] == usual[0] else hours[0], closes if hours[1] == usual[1] else hours[1])
    return found


def _regular(regular: RegularHours, day: date) -> Hours:
    opens, closes, saturday = [hours for start, hours in regular if start <= day][-1]
    return opens, saturday if day.isoweekday() == SATURDAY else closes


def _later(at: time, minutes: int) -> time:
    return (datetime.combine(date.min, at) + timedelta(minutes=minutes)).time()


def _unsettled(overrides: dict[str, Any]) -> list[date]:
    opened = [] if overrides.get("open_days_settle", True) else overrides["open"]
    return sorted([*_bank_holidays(overrides), *opened])


def _unscheduled(plan: Plan, overrides: dict[str, Any], listed: set[date]) -> dict[str, dict[str, str]]:
    years: dict[str, dict[str, str]] = {}
    known = {day: rule["known"] for rule in overrides.get("unscheduled", ()) for day in rule["days"]}
    for day, since in sorted(known.items()):
        if day in listed or not _trades(plan, day) or since > day:
            raise SystemExit(f"{plan.name}: {day}, known on {since}, is no closing on short notice")
        years.setdefault(f"{day:%Y}", {})[f"{day:%m-%d}"] = f"{since}"
    return years


def _bank_holidays(overrides: dict[str, Any]) -> list[date]:
    return sorted(
        _bank_holiday(rule, year)
        for rule in overrides.get("bank_holidays", ())
        for year in range(rule["since"], LAST.year + 1)
    )


def _bank_holiday(rule: dict[str, Any], year: int) -> date:
    if "monday" in rule:
        first = date(year, rule["month"], 1)
        return first + timedelta(days=(8 - first.isoweekday()) % 7 + 7 * (rule["monday"] - 1))
    day = date(year, rule["month"], rule["day"])
    return day + ONE_DAY if day.isoweekday() == SUNDAY else day


def _trades(plan: Plan, day: date) -> bool:
    weekdays = [weekdays for start, weekdays in plan.weeks if start <= day][-1]
    return str(day.isoweekday()) in weekdays


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=step) for step in range((last - first).days + 1))


def _by_year(days: Iterable[date]) -> dict[str, list[str]]:
    years: dict[str, list[str]] = {}
    for day in days:
        years.setdefault(f"{day:%Y}", []).append(f"{day:%m-%d}")
    return years


def _special_by_year(special: dict[date, Hours]) -> dict[str, dict[str, tuple[str, str]]]:
    years: dict[str, dict[str, tuple[str, str]]] = {}
    for day, (opens, closes) in sorted(special.items()):
        years.setdefault(f"{day:%Y}", {})[f"{day:%m-%d}"] = (f"{opens:%H:%M}", f"{closes:%H:%M}")
    return years


def rendered(table: SessionTable) -> str:
    """Return a table as JSON with one year a line, so that a changed holiday is a one-line difference."""
    lines = []
    for key, value in table.items():
        if isinstance(value, dict):
            years = ",\n".join(f"  {json.dumps(year)}: {json.dumps(days)}" for year, days in value.items())
            lines.append(f" {json.dumps(key)}: {{\n{years}\n }}" if years else f" {json.dumps(key)}: {{}}")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: list[str]) -> int:
    """Write the tables, or check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, tell whether the tables are up to date")
    check = parser.parse_args(arguments).check
    return 1 if [plan for plan in PLANS if not _done(plan, check=check)] else 0


def _done(plan: Plan, *, check: bool) -> bool:
    table = generate(plan)
    text = rendered(table)
    if check:
        same = plan.file.exists() and plan.file.read_text(encoding="utf-8") == text
        print(f"{plan.file.name}: {'up to date' if same else 'differs from what exchange-calendars gives now'}")
        return same
    plan.file.write_text(text, encoding="utf-8")
    print(f"{plan.file.name}: {len(expand(table))} sessions, {len(text) / 1024:.0f} KiB")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

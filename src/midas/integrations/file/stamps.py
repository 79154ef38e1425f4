"""Dates and times, as files write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Final

import polars as pl

from midas.core.errors import InvalidInput
from midas.core.timeframe import Timeframe
from midas.marketdata.finding import Finding, Severity
from midas.venues.catalogue import known_venues
from midas.venues.venue import Venue

_YEAR_FIRST: Final = r"^(\d{4})(?:[-./]|년\s*)?(\d{1,2})(?:[-./]|월\s*)?(\d{1,2})일?(?:$|[T ])"
_YEAR_LAST: Final = r"^(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?:$|[T ])"
_TIME: Final = r"[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2}))?"
_FRACTION: Final = r":\d{2}:\d{2}[.,](\d{1,9})"
_OFFSET: Final = r"\d\s*(Z|UTC|[+-]\d{2}:?\d{2})$"
_YEARS: Final = (1600, 2200)
_BEFORE_OPEN_S: Final = 3600
_AFTER_CLOSE_S: Final = 3 * 3600
_OUTSIDE: Final = 0.5
"""Extended hours are real; more than half of the bars outside the session are not."""

_MIDNIGHT: Final = (
    pl.lit(0, pl.Int64).alias("second"), pl.lit(0, pl.Int64).alias("micro"), pl.lit(None, pl.Int64).alias("offset"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stamps:
    """Stamps read from a column; null where a row has none that can be used."""

    ts: pl.Series
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Words findings about rows of a file whose first row is on line `first`."""

    first: int

    def finding(self, code: str, hit: pl.Series, detail: str) -> list[Finding]:
        rows = hit.arg_true()
        if rows.is_empty():
            return []
        where = f"line {int(rows[0]) + self.first}"
        return [Finding(code, Severity.ERROR, "", "", f"{where}: {detail}", len(rows))]


def read_stamps(column: pl.Series, timeframe: Timeframe, venue: Venue, timezone: str | None, first_line: int) -> Stamps:
    """Read session dates, or for intraday bars instants in UTC; of ticks to the microsecond.

    A day is the day as it is written. A time of day other than midnight needs a zone, its own or `timezone`, and the
    zone must be the venue's or UTC: anything else would put the bar on another day or hour.
    """
    parts = _parts(column, venue, timezone)
    # Nothing traded before, and later days do not fit every clock.
    parts = parts.with_columns(day=pl.when(pl.col("day").dt.year().is_between(*_YEARS)).then(pl.col("day")))
    lines = _Lines(first_line)
    unread = parts["day"].is_null()
    samples = column.filter(unread).cast(pl.String).head(1).to_list()
    findings = lines.finding("bad_date", unread, f"{samples[0] if samples else ''!r} is no date")
    if timeframe.unit in "dw":
        ts, more = _days(parts, venue, lines)
    else:
        ts, more = _instants(parts, venue, lines, pl.duration(microseconds="micro" if timeframe.is_tick else pl.lit(0)))
    return Stamps(ts, (*findings, *more))


def _parts(column: pl.Series, venue: Venue, timezone: str | None) -> pl.DataFrame:
    # day as written, second of that day and the rest, offset from UTC in seconds (null: no zone), the venue's time.
    if column.dtype == pl.Date:
        parts = pl.DataFrame({"day": column}).with_columns(*_MIDNIGHT)
    elif isinstance(column.dtype, pl.Datetime):
        parts = _of_datetimes(column)
    else:
        parts = _of_text(column.cast(pl.String), venue)
    local = pl.col("day").cast(pl.Datetime("us")) + pl.duration(seconds="second")
    if timezone is not None:
        zoned = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
        parts = parts.with_columns(offset=pl.col("offset").fill_null(_offset_of(zoned)))
    instant = (local - pl.duration(seconds=pl.col("offset").fill_null(0))).dt.replace_time_zone("UTC")
    there = instant.dt.convert_time_zone(venue.timezone)
    return parts.with_columns(instant=instant, there=there, there_offset=_offset_of(there))


def _offset_of(moment: pl.Expr) -> pl.Expr:
    return (moment.dt.base_utc_offset() + moment.dt.dst_offset()).dt.total_seconds()


def _of_datetimes(column: pl.Series) -> pl.DataFrame:
    moment = pl.col("moment")
    zone = column.dtype.time_zone if isinstance(column.dtype, pl.Datetime) else None
    offset = _offset_of(moment) if zone is not None else pl.lit(None, pl.Int64)
    second = moment.dt.hour().cast(pl.Int64) * 3600 + moment.dt.minute().cast(pl.Int64) * 60 + moment.dt.second()
    micro = moment.dt.microsecond().cast(pl.Int64)
    return column.to_frame("moment").select(day=moment.dt.date(), second=second, micro=micro, offset=offset)


def _of_text(column: pl.Series, venue: Venue) -> pl.DataFrame:
    text = column.to_frame("text")
    plain = column.str.to_date("%Y-%m-%d", strict=False)
    if plain.null_count() == column.null_count():
        return pl.DataFrame({"day": plain}).with_columns(*_MIDNIGHT)
    clock = [pl.col("text").str.extract(_TIME, group).cast(pl.Int64, strict=False).fill_null(0) for group in (1, 2, 3)]
    zone = pl.col("text").str.extract(_OFFSET, 1)
    hours = zone.str.extract(r"([+-]\d{2})", 1).cast(pl.Int64, strict=False)
    minutes = zone.str.extract(r"(\d{2})$", 1).cast(pl.Int64, strict=False)
    signed = pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    offset = pl.when(zone.is_in(["Z", "UTC"])).then(0).otherwise(hours * 3600 + signed * 60)
    fraction = pl.col("text").str.extract(_FRACTION, 1).str.slice(0, 6).str.pad_end(6, "0")
    return text.select(
        day=_day(column, venue), second=clock[0] * 3600 + clock[1] * 60 + clock[2],
        micro=fraction.cast(pl.Int64).fill_null(0), offset=offset.cast(pl.Int64),
    )  # fmt: skip


def _day(column: pl.Series, venue: Venue) -> pl.Expr:
    year, month, day = (
        pl.col("text").str.extract(_YEAR_FIRST, group).cast(pl.Int32, strict=False) for group in (1, 2, 3)
    )
    last = column.str.extract_groups(_YEAR_LAST).struct.unnest().cast(pl.Int32, strict=False)
    return pl.coalesce(_valid(year, month, day), _year_last(last, venue))


def _valid(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    written = pl.concat_str([part.cast(pl.String) for part in (year, month, day)], separator="-")
    return written.str.to_date("%Y-%m-%d", strict=False)


def _year_last(groups: pl.DataFrame, venue: Venue) -> pl.Expr:
    first, second, year = (groups.to_series(index) for index in range(3))
    if first.null_count() == len(first):
        return pl.lit(None, pl.Date)
    day_first, month_first = bool((first > 12).any()), bool((second > 12).any())
    if not day_first and not month_first and venue.country != "US":
        raise InvalidInput(
            "Dates such as 03/04/2024 can be read two ways.",
            hint="Write dates as 2024-04-03.",
            code="ambiguous_date",
        )
    month, day = (second, first) if day_first else (first, second)
    return _valid(pl.lit(year), pl.lit(month), pl.lit(day))


def _days(parts: pl.DataFrame, venue: Venue, lines: _Lines) -> tuple[pl.Series, list[Finding]]:
    midnight = pl.col("second") == 0
    zoned = pl.col("offset").is_not_null()
    dated = venue.mic in known_venues()
    # Where Midas does not know the venue's zone, a day is the day of whatever zone it is written in.
    at_home = (pl.col("offset") == pl.col("there_offset")) if dated else pl.lit(value=True)
    utc = (pl.col("offset") == 0) & pl.lit(dated)
    checked = parts.select(
        naive=~zoned & ~midnight & pl.col("day").is_not_null(),
        wrong=zoned & ~at_home & ~(utc & (midnight | _in_hours(venue, _BEFORE_OPEN_S, _AFTER_CLOSE_S))),
        ts=pl.when(utc & ~midnight).then(pl.col("there").dt.date()).otherwise(pl.col("day")),
    )
    naive, wrong = checked["naive"], checked["wrong"].fill_null(value=False)
    ts = checked["ts"].zip_with(~(naive | wrong), pl.Series([None], dtype=pl.Date))
    return ts, [
        *lines.finding("naive_time", naive, "a time of day without a zone"),
        *lines.finding("wrong_time_zone", wrong, f"the time is in neither {venue.timezone} nor UTC trading hours"),
    ]


def _instants(parts: pl.DataFrame, venue: Venue, lines: _Lines, rest: pl.Expr) -> tuple[pl.Series, list[Finding]]:
    naive = parts["offset"].is_null() & parts["day"].is_not_null()
    instant = parts.select(pl.col("instant") + rest).to_series()
    ts = instant.zip_with(~naive, pl.Series([None], dtype=instant.dtype))
    findings = lines.finding("naive_time", naive, "a time without a zone: say which with the timezone option")
    outside = ~parts.select(_in_hours(venue, 0, 0)).to_series() & ts.is_not_null()
    if len(ts) and outside.sum() > _OUTSIDE * len(ts):
        detail = f"{outside.sum()} of {len(ts)} rows lie outside the hours of {venue.mic} in {venue.timezone}"
        findings += lines.finding("wrong_time_zone", outside, detail)
    return ts, findings


def _in_hours(venue: Venue, before_s: int, after_s: int) -> pl.Expr:
    if not venue.calendar.hours or venue.mic not in known_venues():
        return pl.lit(value=True)
    hours = venue.calendar.hours[-1]
    there = pl.col("there")
    second = there.dt.hour().cast(pl.Int64) * 3600 + there.dt.minute().cast(pl.Int64) * 60 + there.dt.second()
    inside = second.is_between(_seconds(hours.open) - before_s, _seconds(hours.close) + after_s)
    return inside | ((second == 0) if before_s else pl.lit(value=False))


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second

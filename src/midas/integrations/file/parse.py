"""A table as bars."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import polars as pl

from midas.core.basis import Basis
from midas.core.errors import DataInvalid, InvalidInput
from midas.core.instrument import Alias, Instrument, InstrumentId
from midas.integrations.file.columns import recognise
from midas.integrations.file.kinds import kinds_of
from midas.integrations.file.numbers import read_numbers
from midas.integrations.file.request import FileRequest
from midas.integrations.file.stamps import read_stamps
from midas.integrations.file.stated_actions import stated_actions
from midas.integrations.file.symbols import expected_id, read_symbols
from midas.integrations.file.table import Table
from midas.marketdata.aliases import aliases_of
from midas.marketdata.basis_detection import stated_adjusted
from midas.marketdata.finding import Finding, Severity
from midas.marketdata.snapshot import CASH_DIVIDEND
from midas.marketdata.source import RawBars
from midas.venues.catalogue import venue as venue_of
from midas.venues.venue import Venue

_NUMBERS: Final = (
    "open", "high", "low", "close", "adj_close", "volume", "turnover", "change", "base", "dividend", "split", "rights",
)  # fmt: skip
_BARS: Final = ("open", "high", "low", "close", "volume", "turnover", "adj_close", "base")


@dataclass(slots=True)
class _Reading:
    # What reading one file found along the way.
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    currencies: set[str] = field(default_factory=set)


def parse_table(table: Table, request: FileRequest) -> RawBars:
    """Turn a table into bars of one venue.

    Raises
    ------
    InvalidInput: a column is missing, or the file does not say whose bars it holds.
    DataInvalid: no row can be used.
    """
    columns = recognise(table.frame.columns, request.mapping)
    currency = request.currency or _one_currency(table.frame, columns)
    place = venue_of(request.venue, _currency_for(request.venue, currency))
    reading = _Reading(list(table.findings), list(place.warnings))
    frame = _rows(table, columns, place, request, reading)
    _check_currencies(table.frame, columns, place, reading)
    usable = frame.drop_nulls(["symbol", "ts"])
    if usable.is_empty():
        raise _nothing(request, reading)
    instruments = _instruments(usable, place, reading)
    actions, adjusted = stated_actions(usable)
    basis = _basis(usable, request.adjusted, adjusted)
    if actions is not None and basis is not None and not basis.is_raw:
        actions = actions.filter(pl.col("kind") == CASH_DIVIDEND)
    return RawBars(
        request.dataset, place.mic, request.timeframe, _bars(usable), basis, place.currency, request.path.name,
        instruments, actions, tuple(reading.findings), tuple(reading.warnings),
    )  # fmt: skip


def _rows(table: Table, columns: dict[str, str], place: Venue, request: FileRequest, reading: _Reading) -> pl.DataFrame:
    frame, first = table.frame, table.first_line
    stamps = read_stamps(frame[columns["date"]], request.timeframe, place, request.timezone, first)
    ids = _ids(table, columns, place, request, reading)
    reading.findings += stamps.findings
    read = {"symbol": ids, "ts": _closes(stamps.ts, request, reading)}
    for ours in _NUMBERS:
        if ours in columns:
            numbers = read_numbers(frame[columns[ours]], ours, first)
            reading.findings += numbers.findings
            reading.currencies |= numbers.currencies
            if numbers.values.null_count() < len(numbers.values) or ours == "close":
                read[ours] = numbers.values
    for ours in ("board", "name", "kind"):
        if ours in columns:
            read[ours] = frame[columns[ours]].cast(pl.String)
    if "permanent" in columns and "symbol" in columns:
        read["borne"] = frame[columns["symbol"]].cast(pl.String).str.strip_chars().str.to_uppercase()
    return pl.DataFrame(read)


def _closes(stamps: pl.Series, request: FileRequest, reading: _Reading) -> pl.Series:
    # A bar that the end of a session cuts short is stamped later than it was known, never earlier.
    if not request.opening:
        return stamps
    length = request.timeframe
    reading.warnings.append(f"The file stamps bars at their opening; each is stamped {length} later, at its close.")
    return stamps + timedelta(seconds=length.seconds)


def _ids(table: Table, columns: dict[str, str], place: Venue, request: FileRequest, reading: _Reading) -> pl.Series:
    # A symbol may pass to another company; what never does names the bars where a file has it.
    named = next((columns[name] for name in ("permanent", "symbol") if name in columns), None)
    column = None if named is None else table.frame[named]
    stem = request.path.name.partition(".")[0]
    expected = expected_id(column, request.symbol, stem, place.mic)
    if column is not None:
        symbols = read_symbols(column, place.mic, expected, table.first_line)
        reading.findings += symbols.findings
        reading.warnings += symbols.warnings
        return symbols.ids
    if expected is None:
        raise InvalidInput(
            f"{request.path.name} does not say whose bars it holds.",
            hint="Add a symbol column, say which it is with --map symbol=COLUMN, or name the file after the symbol.",
            code="symbol_missing",
        )
    if request.symbol is None:
        reading.warnings.append(f"The file has no symbol column; by its name the bars are taken as {expected}.")
    return pl.Series("symbol", [expected]).new_from_index(0, table.frame.height)


def _bars(frame: pl.DataFrame) -> pl.DataFrame:
    if "change" in frame.columns and "base" not in frame.columns:
        frame = frame.with_columns(base=pl.col("close") - pl.col("change"))
    return frame.select("symbol", "ts", *(name for name in _BARS if name in frame.columns))


def _basis(frame: pl.DataFrame, adjusted: bool | None, by_splits: bool | None) -> Basis | None:
    if adjusted or (adjusted is None and by_splits):
        return stated_adjusted(frame)
    if "open" not in frame.columns:
        return Basis.CLOSE_ONLY
    if adjusted is False or by_splits is False:
        return Basis.RAW
    return None


def _instruments(frame: pl.DataFrame, place: Venue, reading: _Reading) -> tuple[Instrument, ...]:
    known = [name for name in ("name", "board", "kind") if name in frame.columns]
    last = frame.group_by("symbol").agg(pl.col(name).drop_nulls().last() for name in known).sort("symbol")
    boards = _boards(last, place, reading)
    names = last["name"].fill_null("").to_list() if "name" in known else [""] * last.height
    stated = last["kind"].fill_null("").to_list() if "kind" in known else [""] * last.height
    aliases = _aliases(frame)
    kinds, note = kinds_of(place.mic, last["symbol"].to_list(), names, stated)
    if note:
        reading.warnings.append(note)
    return tuple(
        Instrument(InstrumentId.parse(text), name, place.currency, board, kind, aliases.get(text, ()))
        for text, name, board, kind in zip(last["symbol"], names, boards, kinds, strict=True)
    )


def _aliases(frame: pl.DataFrame) -> dict[str, tuple[Alias, ...]]:
    if "borne" not in frame.columns:
        return {}
    days = frame.select("symbol", "borne", day=pl.col("ts").cast(pl.Date)).drop_nulls().sort("symbol", "day")
    last = days["day"].sort()[-1]
    return {
        str(text): aliases_of(part.select("day", "borne").iter_rows(), last)
        for (text,), part in days.group_by("symbol", maintain_order=True)
    }


def _boards(last: pl.DataFrame, place: Venue, reading: _Reading) -> list[str]:
    if not place.boards:
        return [""] * last.height
    if "board" not in last.columns:
        told = [place.usual_board(InstrumentId.parse(text).symbol) for text in last["symbol"]]
        other = sum(board != place.default_board for board in told)
        rest = (
            f"{other} are taken to be on other boards by how they begin, the rest" if other else "every symbol is taken"
        )
        reading.warnings.append(
            f"The file has no market column: {rest} to be on {place.default_board}, whose rules differ "
            "from those of other boards."
        )
        return told
    found: dict[str, str] = {}
    for word in last["board"].fill_null("").unique():
        try:
            found[word] = place.board(word)
        except InvalidInput:
            found[word] = place.default_board
            reading.warnings.append(f"{place.mic} has no board {word!r}: taken as {place.default_board}.")
    return [found[word] for word in last["board"].fill_null("")]


def _currency_for(mic: str, currency: str) -> str:
    try:
        venue_of(mic)
    except InvalidInput as missing:
        if missing.code == "currency_needed":
            return currency
        raise
    return ""


def _one_currency(frame: pl.DataFrame, columns: dict[str, str]) -> str:
    if "currency" not in columns:
        return ""
    words = frame[columns["currency"]].cast(pl.String).drop_nulls().str.to_uppercase()
    return str(words.mode().sort()[0]) if len(words) else ""


def _check_currencies(frame: pl.DataFrame, columns: dict[str, str], place: Venue, reading: _Reading) -> None:
    found = set(reading.currencies)
    rows = frame.height
    if "currency" in columns:
        words = frame[columns["currency"]].cast(pl.String).str.to_uppercase()
        other = words.is_not_null() & (words != place.currency)
        found |= set(words.filter(other))
        rows = int(other.sum()) or rows
    wrong = sorted(found - {place.currency})
    if wrong:
        detail = f"the file has prices in {', '.join(wrong)}; {place.mic} trades in {place.currency}"
        reading.findings.append(Finding("mixed_currency", Severity.ERROR, "", "", detail, rows))


def _nothing(request: FileRequest, reading: _Reading) -> DataInvalid:
    errors = [str(one) for one in reading.findings if one.is_error]
    return DataInvalid(
        f"No row of {request.path.name} can be used. Nothing was imported.",
        hint="Check the columns, and map them with --map if Midas took the wrong ones.",
        findings=errors,
    )

"""What a file says beside its numbers: whose rows they are, in which money, and what was odd about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from midas.core.errors import DataInvalid, InvalidInput
from midas.core.instrument import Alias, Instrument, InstrumentId
from midas.integrations.file.kinds import kinds_of
from midas.integrations.file.request import FileRequest
from midas.integrations.file.symbols import expected_id, read_symbols
from midas.integrations.file.table import Table
from midas.marketdata.aliases import aliases_of
from midas.marketdata.finding import Finding, Severity
from midas.venues.catalogue import venue as venue_of
from midas.venues.venue import Venue


@dataclass(slots=True)
class Reading:
    """What reading one file found along the way."""

    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    currencies: set[str] = field(default_factory=set)


def place_of(frame: pl.DataFrame, columns: Mapping[str, str], request: FileRequest) -> Venue:
    """Return the venue of a file, in the currency that was asked for or that the file names.

    Raises
    ------
    InvalidInput: there is no such venue, or its currency is not known.
    """
    currency = request.currency or _one_currency(frame, columns)
    return venue_of(request.venue, _currency_for(request.venue, currency))


def ids_of(table: Table, columns: Mapping[str, str], place: Venue, request: FileRequest, reading: Reading) -> pl.Series:
    """Return the id of each row, null where its symbol is wrong.

    Raises
    ------
    InvalidInput: the file does not say.
    """
    # A symbol may pass to another company; what never does names the rows where a file has it.
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


def instruments_of(frame: pl.DataFrame, place: Venue, reading: Reading) -> tuple[Instrument, ...]:
    """Return what a file tells of its instruments, by the last row of each."""
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


def _boards(last: pl.DataFrame, place: Venue, reading: Reading) -> list[str]:
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


def _one_currency(frame: pl.DataFrame, columns: Mapping[str, str]) -> str:
    if "currency" not in columns:
        return ""
    words = frame[columns["currency"]].cast(pl.String).drop_nulls().str.to_uppercase()
    return str(words.mode().sort()[0]) if len(words) else ""


def check_currencies(frame: pl.DataFrame, columns: Mapping[str, str], place: Venue, reading: Reading) -> None:
    """Note prices that are in other money than the venue's."""
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


def nothing_usable(request: FileRequest, reading: Reading) -> DataInvalid:
    """Return the error for a file without a single row that can be used."""
    errors = [str(one) for one in reading.findings if one.is_error]
    return DataInvalid(
        f"No row of {request.path.name} can be used. Nothing was imported.",
        hint="Check the columns, and map them with --map if Midas took the wrong ones.",
        findings=errors,
    )

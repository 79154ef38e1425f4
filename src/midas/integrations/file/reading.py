"""What a file says beside its numbers: whose rows they are, in which money, and what was odd about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from midas.core.errors import DataInvalid, InvalidInput
from midas.core.instrument import Alias, Instrument, InstrumentId
from midas.integrations.file.kinds import kinds_of
from midas.integrations.file.numbers import read_numbers
from midas.integrations.file.request import FileRequest
from midas.integrations.file.stamps import read_stamps
from midas.integrations.file.symbols import expected_id, read_symbols
from midas.integrations.file.table import Table
from midas.marketdata.aliases import aliases_of
from midas.marketdata.finding import Finding, Severity
from midas.venues.catalogue import venue as venue_of
from midas.venues.venue import Venue

_WORDS = ("board", "name", "kind")


@dataclass(slots=True)
class Reading:
    """A file that is being read: what it is, our names of its columns, and what was odd about it so far."""

    table: Table
    columns: Mapping[str, str]
    request: FileRequest
    place: Venue
    findings: list[Finding]
    warnings: list[str]
    currencies: set[str] = field(default_factory=set)

    def ids(self) -> pl.Series:
        """Return the id of each row, null where its symbol is wrong.

        Raises
        ------
        InvalidInput: the file does not say.
        """
        # A symbol may pass to another company; what never does names the rows where a file has it.
        request, named = self.request, next((name for name in ("permanent", "symbol") if name in self.columns), None)
        column = None if named is None else self.column(named)
        stem = request.path.name.partition(".")[0]
        expected = expected_id(column, request.symbol, stem, self.place.mic)
        if column is not None:
            symbols = read_symbols(column, self.place.mic, expected, self.table.first_line)
            self.findings += symbols.findings
            self.warnings += symbols.warnings
            return symbols.ids
        if expected is None:
            raise InvalidInput(
                f"{request.path.name} does not say whose bars it holds.",
                hint="Add a symbol column, say which it is with --map symbol=COLUMN, or name the file after the "
                "symbol.",
                code="symbol_missing",
            )
        if request.symbol is None:
            self.warnings.append(f"The file has no symbol column; by its name the bars are taken as {expected}.")
        return pl.Series("symbol", [expected]).new_from_index(0, self.table.frame.height)

    def stamps(self, column: pl.Series) -> pl.Series:
        """Return a column of moments as such."""
        stamps = read_stamps(column, self.request.timeframe, self.place, self.request.timezone, self.table.first_line)
        self.findings += stamps.findings
        return stamps.ts

    def numbers(self, ours: str) -> pl.Series:
        """Return a column as numbers."""
        numbers = read_numbers(self.column(ours), ours, self.table.first_line)
        self.findings += numbers.findings
        self.currencies |= numbers.currencies
        return numbers.values

    def words(self) -> dict[str, pl.Series]:
        """Return what the file says of its instruments in words."""
        return {ours: self.column(ours).cast(pl.String) for ours in _WORDS if ours in self.columns}

    def column(self, ours: str) -> pl.Series:
        return self.table.frame[self.columns[ours]]


@dataclass(frozen=True, slots=True)
class Usable:
    """The rows of a file that can be used, its instruments, and what reading it found."""

    frame: pl.DataFrame
    instruments: tuple[Instrument, ...]
    place: Venue
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]


def usable_rows(
    table: Table,
    columns: Mapping[str, str],
    request: FileRequest,
    rows: Callable[[Reading], pl.DataFrame],
    *needed: str,
) -> Usable:
    """Read a file whose columns are known; a row can be used where it has all that is `needed`.

    Raises
    ------
    InvalidInput: there is no such venue, its currency is not known, or the file does not say whose rows it holds.
    DataInvalid: no row can be used.
    """
    currency = request.currency or _one_currency(table.frame, columns)
    place = venue_of(request.venue, _currency_for(request.venue, currency))
    reading = Reading(table, columns, request, place, list(table.findings), list(place.warnings))
    frame = rows(reading)
    _check_currencies(reading)
    usable = frame.drop_nulls(needed)
    if usable.is_empty():
        raise DataInvalid(
            f"No row of {request.path.name} can be used. Nothing was imported.",
            hint="Check the columns, and map them with --map if Midas took the wrong ones.",
            findings=[str(one) for one in reading.findings if one.is_error],
        )
    instruments = _instruments_of(usable, reading)
    return Usable(usable, instruments, place, tuple(reading.findings), tuple(reading.warnings))


def _instruments_of(frame: pl.DataFrame, reading: Reading) -> tuple[Instrument, ...]:
    # by the last row of each
    place, known = reading.place, [name for name in _WORDS if name in frame.columns]
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


def _check_currencies(reading: Reading) -> None:
    # notes prices that are in other money than the venue's
    place, found, rows = reading.place, set(reading.currencies), reading.table.frame.height
    if "currency" in reading.columns:
        words = reading.column("currency").cast(pl.String).str.to_uppercase()
        other = words.is_not_null() & (words != place.currency)
        found |= set(words.filter(other))
        rows = int(other.sum()) or rows
    wrong = sorted(found - {place.currency})
    if wrong:
        detail = f"the file has prices in {', '.join(wrong)}; {place.mic} trades in {place.currency}"
        reading.findings.append(Finding("mixed_currency", Severity.ERROR, "", "", detail, rows))

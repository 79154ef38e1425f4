"""A file as a table of columns, whatever its format, encoding and delimiter."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from midas.core.errors import DataInvalid, InvalidInput, NotFound, Unavailable
from midas.marketdata.finding import Finding, Severity

DELIMITERS: Final = (",", "\t", ";", "|")
_MAGIC: Final = b"PAR1"
_GZIP: Final = b"\x1f\x8b"
_MOST_UNPACKED: Final = 1 << 30
_ZIP: Final = b"PK\x03\x04"
_BYTE_ORDER_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds. Text columns are stripped; `first_line` is the line of the first row, for messages."""

    frame: pl.DataFrame
    findings: tuple[Finding, ...]
    first_line: int


def read_table(path: Path) -> Table:
    """Read CSV, TSV or Parquet, gzipped or not, told by content and not by name.

    Raises
    ------
    NotFound: there is no such file.
    DataInvalid: it is cut short, or no text in a known encoding.
    InvalidInput: it is no table.
    """
    content = _content(path)
    if content.startswith(_MAGIC):
        return Table(_parquet(content, path), (), 1)
    if content.startswith(_ZIP):
        raise InvalidInput(
            f"{path.name} is an Excel workbook or an archive.", hint="Export its sheet as CSV.", code="no_table"
        )
    text, notice = _decoded(content, path)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InvalidInput(f"{path.name} is empty.", hint="Check the file.", code="empty_file")
    return _delimited(text, path, notice)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", hint="Check the path.", code="unknown_file") from None
    except OSError as refusal:
        raise Unavailable(
            f"{path} cannot be read: {refusal.strerror}.",
            hint="Check that it is a file you may read.",
            code="unreadable",
        ) from refusal
    if not content.startswith(_GZIP):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(_MOST_UNPACKED + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as reason:
        raise _truncated(path, str(reason)) from reason
    if len(unpacked) > _MOST_UNPACKED:
        raise DataInvalid(
            f"{path.name} unpacks to more than {_MOST_UNPACKED >> 20:,} MiB. Nothing was imported.",
            hint="Unpack it and import it in parts, or as Parquet.",
            code="file_too_large",
        )
    return unpacked


def _parquet(content: bytes, path: Path) -> pl.DataFrame:
    if not content.endswith(_MAGIC):
        raise _truncated(path, "a Parquet file ends in PAR1, this one does not")
    try:
        return pl.read_parquet(content)
    except pl.exceptions.PolarsError as reason:
        raise _truncated(path, str(reason).partition("\n")[0]) from reason


def _truncated(path: Path, reason: str) -> DataInvalid:
    finding = Finding("truncated_file", Severity.ERROR, "", "", reason)
    return DataInvalid(
        f"{path.name} is cut short or damaged: {reason}. Nothing was imported.",
        hint="Download or export it again.",
        code="truncated_file",
        findings=[str(finding)],
    )


def _decoded(content: bytes, path: Path) -> tuple[str, str]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            # A UTF-8 mark changes nothing worth telling.
            return _strict(content, encoding, path), "" if encoding == "utf-8-sig" else encoding.upper()
    if content[1:200:2].count(0) > 40:
        return _strict(content, "utf-16-le", path), "UTF-16"
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _strict(content, "cp949", path), "CP949 (Korean Windows)"


def _strict(content: bytes, encoding: str, path: Path) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as reason:
        line = content[: reason.start].count(b"\n") + 1
        finding = Finding("encoding", Severity.ERROR, "", "", f"line {line} is no UTF-8, UTF-16 or CP949 text")
        raise DataInvalid(
            f"{path.name} is no text Midas can read: line {line} is neither UTF-8 nor UTF-16 nor CP949.",
            hint="Save it as UTF-8 and import it again.",
            code="encoding",
            findings=[str(finding)],
        ) from reason


def _delimited(text: str, path: Path, notice: str) -> Table:
    start = len(text) - len(text.lstrip())
    header = text[start:].partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    if delimiter not in header:
        raise InvalidInput(
            f"The first line of {path.name} has one column only: {header.strip()[:80]!r}.",
            hint="Separate columns by comma, tab, semicolon or |.",
            code="wrong_delimiter",
        )
    try:
        frame = pl.read_csv(
            io.BytesIO(text[start:].encode()),
            separator=delimiter,
            infer_schema=False,
        )
        frame = frame.rename({name: name.strip() for name in frame.columns})
    except pl.exceptions.PolarsError as reason:
        raise _ragged(text[start:], delimiter, path, str(reason)) from reason
    findings = [*_encoding_notice(notice), *_ending(text, delimiter, len(frame.columns))]
    return Table(frame.with_columns(pl.all().str.strip_chars()), tuple(findings), 2)


def _ragged(text: str, delimiter: str, path: Path, reason: str) -> InvalidInput:
    lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    width = len(next(lines, []))
    for number, fields in enumerate(lines, 2):
        if len(fields) > width:
            return InvalidInput(
                f"Line {number} of {path.name} has {len(fields)} fields, the first line {width}.",
                hint="Quote fields that contain the delimiter, or correct the line.",
                code="ragged_line",
            )
    return InvalidInput(
        f"{path.name} is no table: {reason.partition(chr(10))[0]}", hint="Check the file.", code="no_table"
    )


def _encoding_notice(encoding: str) -> list[Finding]:
    if not encoding:
        return []
    return [Finding("encoding", Severity.WARNING, "", "", f"the file was read as {encoding}, not UTF-8")]


def _ending(text: str, delimiter: str, width: int) -> list[Finding]:
    last = text.rstrip("\n").rpartition("\n")[2]
    fields = len(next(csv.reader([last], delimiter=delimiter), []))
    number = text.rstrip("\n").count("\n") + 1
    if fields < width:
        detail = f"the last line, {number}, has {fields} of {width} fields: the file was cut short"
        return [Finding("truncated_file", Severity.ERROR, "", "", detail)]
    if not text.endswith("\n"):
        detail = f"the last line, {number}, does not end: if the file was cut, its last value is wrong"
        return [Finding("truncated_file", Severity.WARNING, "", "", detail)]
    return []

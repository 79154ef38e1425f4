"""Files of bars for the tests of the source that reads them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from midas.integrations.file.source import FileSource
from midas.marketdata.source import PullRequest, RawBars

TEXT = """date,open,high,low,close,volume,symbol
2024-01-02,100,110,95,105,1000,005930
2024-01-03,105,112,101,110,1200,005930
2024-01-02,50,52,49,51,300,000660
"""
ROWS = [
    ("005930.XKRX", date(2024, 1, 2), 100.0, 110.0, 95.0, 105.0, 1000.0),
    ("005930.XKRX", date(2024, 1, 3), 105.0, 112.0, 101.0, 110.0, 1200.0),
    ("000660.XKRX", date(2024, 1, 2), 50.0, 52.0, 49.0, 51.0, 300.0),
]
COLUMNS = ("symbol", "ts", "open", "high", "low", "close", "volume")


def read(path: Path, venue: str = "XKRX", symbols: tuple[str, ...] = (), **options: str) -> RawBars:
    [raw] = FileSource().fetch(PullRequest(symbols, options={"path": str(path), "venue": venue, **options}))
    return raw


def written(folder: Path, content: str | bytes, name: str = "bars.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def rows(raw: RawBars) -> list[tuple[object, ...]]:
    return raw.frame.select(COLUMNS).rows()


def codes(raw: RawBars, severity: str = "error") -> list[str]:
    return [one.code for one in raw.findings if one.severity == severity]

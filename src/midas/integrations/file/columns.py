"""Which column of a file means what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from midas.core.errors import InvalidInput, did_you_mean

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "symbol": ("symbol", "ticker", "code", "stockcode", "종목코드", "단축코드", "종목", "isusrtcd", "srtncd"),
    "permanent": ("permanent", "permanentid", "permtick", "instrumentid"),
    "date": (
        "date", "datetime", "timestamp", "ts", "time", "tradedate", "tradingdate", "basdt", "trddd",
        "날짜", "일자", "거래일", "거래일자", "기준일", "기준일자", "일시", "시간",
    ),
    "open": ("open", "openprice", "시가"),
    "high": ("high", "highprice", "고가"),
    "low": ("low", "lowprice", "저가"),
    "close": ("close", "closeprice", "종가", "현재가", "last", "price"),
    "adj_close": ("adjclose", "adjustedclose", "closeadj", "adjcloseprice", "수정종가", "수정주가"),
    "volume": ("volume", "vol", "shares", "거래량"),
    "turnover": ("turnover", "amount", "amountkrw", "value", "tradingvalue", "거래대금", "거래금액"),
    "board": ("market", "board", "marketid", "시장", "시장구분", "소속부시장", "series"),
    "name": ("name", "company", "종목명", "한글종목명", "회사명"),
    "currency": ("currency", "ccy", "통화"),
    "kind": ("kind", "instrumenttype", "종류", "증권구분"),
    "change": ("change", "changes", "대비", "전일대비"),
    "base": ("baseprice", "prevclose", "previousclose", "기준가", "기준가격"),
    "dividend": ("dividend", "dividends", "exdividend", "배당금"),
    "split": ("split", "splits", "stocksplits", "splitratio"),
    "rights": ("rights", "rightsfactor", "권리락비율"),
}  # fmt: skip
"""Our name of a column, and how files write it once case, spaces and punctuation are gone; the earlier the better."""

TICKS: Final[Mapping[str, tuple[str, ...]]] = {
    "symbol": KNOWN["symbol"],
    "time": (
        "time", "timestamp", "datetime", "ts", "tradetime", "exectime",
        "체결시각", "체결시간", "체결일시", "시각", "시간", "일시",
    ),
    "date": (
        "date", "tradedate", "tradingdate", "basdt", "trddd", "날짜", "일자", "거래일", "거래일자", "체결일자",
    ),
    "price": ("price", "tradeprice", "last", "체결가", "체결가격", "현재가", "가격"),
    "size": ("size", "qty", "quantity", "tradesize", "volume", "vol", "shares", "체결량", "체결수량", "수량", "거래량"),
    "arrived": (
        "arrived", "arrival", "arrivaltime", "received", "receivedat", "receivedutc", "recvtime", "localtime",
        "localtimestamp", "수신시각", "수신시간", "수신일시",
    ),
    "board": KNOWN["board"],
    "name": KNOWN["name"],
    "currency": KNOWN["currency"],
    "kind": KNOWN["kind"],
}  # fmt: skip
"""The same of a file of ticks; `arrived` is when a tick reached whoever wrote the file."""

_NOISE = re.compile(r"[\s_.\-()/*\ufeff\"']|\(원\)|\(주\)")


def recognise(names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the file's column for each of ours in a file of bars; `mapping` overrides what the names say.

    Raises
    ------
    InvalidInput: `mapping` names a column the file does not have, or one Midas does not know; or the file has no date
        or no price.
    """
    found = _found(names, mapping, KNOWN)
    if "close" not in found and "adj_close" in found:
        found["close"] = found.pop("adj_close")
    _require(names, found, "date", "close")
    return found


def recognise_ticks(names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the same for a file of ticks, which needs `time`, `price` and `size`; `date` is a day told apart from it.

    Raises
    ------
    InvalidInput: as for bars.
    """
    found = _found(names, mapping, TICKS)
    if "time" not in found and "date" in found:
        found["time"] = found.pop("date")
    _require(names, found, "time", "price", "size")
    return found


def _found(names: Sequence[str], mapping: Mapping[str, str], known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    found = {ours: theirs for ours, theirs in _guessed(names, known).items() if ours not in mapping}
    taken = {_mapped(names, ours, theirs, known): ours for ours, theirs in mapping.items()}
    found = {ours: theirs for ours, theirs in found.items() if theirs not in taken}
    return found | {ours: theirs for theirs, ours in taken.items()}


def _require(names: Sequence[str], found: Mapping[str, str], *columns: str) -> None:
    for needed in columns:
        if needed not in found:
            raise InvalidInput(
                f"No column of the file is a {needed}; it has: {', '.join(names)}.",
                hint=f"Say which one with --map {needed}=COLUMN.",
                code="column_missing",
            )


def _guessed(names: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_NOISE.sub("", name).lower(), name)
    found = {}
    for ours, theirs in known.items():
        match = next((plain[word] for word in theirs if word in plain), None)
        if match is not None:
            found[ours] = match
    return found


def _mapped(names: Sequence[str], ours: str, theirs: str, known: Mapping[str, tuple[str, ...]]) -> str:
    if ours not in known:
        raise InvalidInput(
            f"Midas has no column {ours!r}.", hint=did_you_mean(ours, list(known)), code="column_unknown"
        )
    if theirs not in names:
        raise InvalidInput(
            f"The file has no column {theirs!r}.", hint=did_you_mean(theirs, names), code="column_unknown"
        )
    return theirs

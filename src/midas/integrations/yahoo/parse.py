"""A chart as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from midas.core.errors import DataInvalid, Unavailable
from midas.marketdata.snapshot import ACTION_SCHEMA, CASH_DIVIDEND

_PRICES: Final = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Chart:
    """One symbol's daily bars, adjusted for splits.

    bars : `ts open high low close volume adj_close`, null where Yahoo has no bar.
    dividends : ex-date and amount per share, adjusted for later splits as the prices are.
    splits : dates of splits the prices already include, with their ratio as Yahoo writes it.
    """

    symbol: str
    exchange: str
    currency: str
    bars: pl.DataFrame
    dividends: tuple[tuple[date, float], ...]
    splits: tuple[tuple[date, str], ...]
    dropped_live_bar: bool


def parse_chart(result: Mapping[str, Any], asked: str, now_utc: datetime) -> Chart:
    """Read one chart result; the bar of a session still running at `now_utc` is left out.

    Raises
    ------
    Unavailable: the chart is not of the shape Yahoo sends.
    DataInvalid: it is of another symbol than was asked for.
    """
    try:
        meta = result["meta"]
        if str(meta["symbol"]).upper() != asked.upper():
            raise DataInvalid(
                f"Yahoo was asked for {asked!r} and sent {meta['symbol']!r}.",
                hint="Ask again, or use the symbol Yahoo sent.",
                code="wrong_symbol",
            )
        if meta.get("dataGranularity", "1d") != "1d":
            raise _odd(f"bars of {meta['dataGranularity']} instead of 1d")
        zone = ZoneInfo(meta["exchangeTimezoneName"])
        stamps: list[int] = list(result.get("timestamp") or [])
        bars = _bars(result.get("indicators") or {}, [_day(stamp, zone) for stamp in stamps])
        live = _is_live(meta, stamps, now_utc)
        events = result.get("events") or {}
        return Chart(
            asked,
            str(meta.get("exchangeName", "")),
            str(meta["currency"]),
            bars[:-1] if live else bars,
            tuple(sorted((_day(each["date"], zone), float(each["amount"])) for each in _each(events, "dividends"))),
            tuple(sorted((_day(each["date"], zone), str(each["splitRatio"])) for each in _each(events, "splits"))),
            live,
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as reason:
        raise _odd(f"{type(reason).__name__} {reason}") from reason


def dividend_actions(symbol: str, dividends: Sequence[tuple[date, float]]) -> pl.DataFrame:
    """Return dividends as stated corporate actions of an instrument."""
    rows = [(symbol, day, CASH_DIVIDEND, amount, "stated") for day, amount in dividends if amount > 0]
    return pl.DataFrame(rows, schema=ACTION_SCHEMA, orient="row")


def _bars(indicators: Mapping[str, Any], days: Sequence[date]) -> pl.DataFrame:
    quote = (indicators.get("quote") or [{}])[0]
    adjusted = (indicators.get("adjclose") or [{}])[0].get("adjclose")
    columns: dict[str, Sequence[float | None]] = {name: quote.get(name) or [] for name in _PRICES}
    if adjusted is not None:
        columns["adj_close"] = adjusted
    for name, values in columns.items():
        if len(values) != len(days):
            raise _odd(f"{len(days)} dates but {len(values)} values of {name}")
    series = {name: pl.Series(values, dtype=pl.Float64, strict=True) for name, values in columns.items()}
    return pl.DataFrame({"ts": pl.Series(days, dtype=pl.Date), **series})


def _each(events: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return list((events.get(kind) or {}).values())


def _day(stamp: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(stamp, UTC).astimezone(zone).date()


def _is_live(meta: Mapping[str, Any], stamps: Sequence[int], now_utc: datetime) -> bool:
    period = (meta.get("currentTradingPeriod") or {}).get("regular") or {}
    if not stamps or "start" not in period or "end" not in period:
        return False
    return bool(stamps[-1] >= period["start"] and now_utc.timestamp() < period["end"])


def _odd(what: str) -> Unavailable:
    return Unavailable(
        f"Yahoo's chart is not of the usual shape: {what}.",
        hint="Yahoo may have changed; try again later or use another source.",
        code="yahoo_bad_answer",
    )

"""Talking to the chart endpoint."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx2

from midas.core.errors import InvalidInput, MidasError, NotFound, Refused, Unavailable

BASE_URL: Final = "https://query2.finance.yahoo.com"
_TIMEOUT: Final = httpx2.Timeout(20.0, connect=5.0)
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
"""The endpoint turns away clients that do not look like a browser."""


class YahooClient:
    """One conversation; asks no more often than once in `pause_s` seconds."""

    def __init__(self, base_url: str = BASE_URL, *, pause_s: float = 1.0) -> None:
        self._http = httpx2.Client(
            base_url=base_url, timeout=_TIMEOUT, headers={"User-Agent": _AGENT, "Accept": "application/json"}
        )
        self._pause_s = pause_s
        self._asked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def chart(self, symbol: str, first_s: int, stop_s: int) -> Mapping[str, Any]:
        """Return the daily chart of a Yahoo symbol between two Unix times.

        Raises
        ------
        NotFound: Yahoo does not know the symbol.
        InvalidInput: it refuses the range.
        Unavailable: it does not answer, answers nonsense, or has had enough of us.
        Refused: it wants a login.
        """
        if self._asked and self._pause_s > 0:
            time.sleep(self._pause_s)
        self._asked = True
        params: dict[str, str | int] = {
            "period1": first_s,
            "period2": stop_s,
            "interval": "1d",
            "includePrePost": "false",
            "events": "div,splits,capitalGains",
        }
        try:
            answer = self._http.get(f"/v8/finance/chart/{quote(symbol, safe='')}", params=params)
        except httpx2.HTTPError as failure:
            raise Unavailable(
                f"Yahoo does not answer: {type(failure).__name__}.",
                hint="Check the connection, or try again later.",
                code="yahoo_unreachable",
            ) from failure
        return _result(answer, symbol)


def _result(answer: httpx2.Response, symbol: str) -> Mapping[str, Any]:
    document = _document(answer)
    error = document.get("error") if document is not None else None
    if answer.status_code != 200 or error:
        raise _error(answer.status_code, error, symbol)
    results = document.get("result") if document is not None else None
    if not isinstance(results, list) or not results or not isinstance(results[0], Mapping):
        raise _nonsense("it is no chart")
    return results[0]


def _document(answer: httpx2.Response) -> Mapping[str, Any] | None:
    try:
        chart = answer.json()["chart"]
    except (ValueError, KeyError, TypeError) as reason:
        if answer.status_code == 200:
            raise _nonsense("it is no JSON" if isinstance(reason, ValueError) else "it is no chart") from reason
        return None
    if not isinstance(chart, Mapping):
        raise _nonsense("it is no chart")
    return chart


def _nonsense(what: str) -> Unavailable:
    return Unavailable(
        f"Yahoo's answer cannot be used: {what}.",
        hint="A proxy may be in the way, or Yahoo has changed; try again later.",
        code="yahoo_bad_answer",
    )


def _error(status: int, error: object, symbol: str) -> MidasError:
    said = str(error.get("description", "")) if isinstance(error, Mapping) else ""
    code = str(error.get("code", "")) if isinstance(error, Mapping) else ""
    if status == 404 or code == "Not Found":
        return NotFound(
            f"Yahoo has no {symbol!r}{f' ({said})' if said else ''}.",
            hint="Use Yahoo's symbol, e.g. AAPL, BRK-B, 005930.KS, 247540.KQ.",
            code="unknown_symbol",
        )
    if status in (400, 422):
        return InvalidInput(
            f"Yahoo refuses the request for {symbol!r}{f': {said}' if said else ''}.",
            hint="Check the dates.",
            code="yahoo_refused_range",
        )
    if status == 429:
        return Unavailable(
            "Yahoo says there were too many requests.",
            hint="Wait some minutes, then ask for fewer symbols.",
            code="rate_limited",
        )
    if status in (401, 403):
        return Refused(
            f"Yahoo refuses access (HTTP {status}{f', {said}' if said else ''}).",
            hint="Its terms may have changed; use another source.",
            code="yahoo_refused",
        )
    return Unavailable(
        f"Yahoo answers HTTP {status}{f' ({said})' if said else ''}.", hint="Try again later.", code="yahoo_failed"
    )

"""A web server on this machine that answers as the chart endpoint does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Answer:
    body: str
    status: int = 200
    content_type: str = "application/json"


@dataclass
class ChartServer:
    """`answers` maps a symbol to what is sent; `asked` keeps each request's path, query and headers."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, list[str]], Mapping[str, str]]] = field(default_factory=list)

    def chart(self, symbol: str, result: object) -> None:
        self.answers[symbol] = Answer(json.dumps({"chart": {"result": [result], "error": None}}))


NOT_FOUND = Answer(
    json.dumps({"chart": {"result": None, "error": {"code": "Not Found", "description": "No data found"}}}), 404
)


@contextmanager
def chart_server() -> Iterator[ChartServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            known.asked.append((parts.path, parse_qs(parts.query), dict(self.headers.items())))
            answer = known.answers.get(unquote(parts.path.rpartition("/")[2]), NOT_FOUND)
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = ChartServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stamp(day: int, hour: int = 14, minute: int = 30) -> int:
    return int(datetime(2024, 1, day, hour, minute, tzinfo=UTC).timestamp())


def chart(symbol: str = "AAPL", exchange: str = "NMS", currency: str = "USD", **meta: Any) -> dict[str, Any]:
    quote = {
        "open": [10.0, None, 12.0],
        "high": [11.0, None, 13.0],
        "low": [9.0, None, 11.5],
        "close": [10.5, None, 12.5],
        "volume": [1000, None, 3000],
    }
    return {
        "meta": {
            "symbol": symbol, "exchangeName": exchange, "currency": currency, "dataGranularity": "1d",
            "exchangeTimezoneName": "America/New_York", "gmtoffset": -18000,
        } | meta,
        "timestamp": [stamp(2), stamp(3), stamp(4)],
        "events": {
            "dividends": {"1": {"amount": 0.24, "date": stamp(4)}},
            "splits": {"2": {"date": stamp(3), "numerator": 4, "denominator": 1, "splitRatio": "4:1"}},
        },
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": [10.3, None, 12.5]}]},
    }  # fmt: skip

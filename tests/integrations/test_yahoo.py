"""Charts become bars, and whatever else Yahoo may answer becomes an error that says what to do."""

from __future__ import annotations

import copy
import json
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.integrations.chart_server import NOT_FOUND, Answer, ChartServer, chart, chart_server, stamp

from midas.core.basis import Basis
from midas.core.clock import ManualClock
from midas.core.errors import DataBlocked, DataInvalid, InvalidInput, MidasError, NotFound, Refused, Unavailable
from midas.integrations.yahoo.source import YahooSource
from midas.integrations.yahoo.symbols import candidates, listing
from midas.marketdata.source import PullRequest, RawBars

NOON = datetime(2024, 1, 5, 17, 0, tzinfo=UTC)  # noon in New York


@pytest.fixture
def server() -> Iterator[ChartServer]:
    with chart_server() as running:
        yield running


def fetch(server: ChartServer, *symbols: str, **asked: Any) -> list[RawBars]:
    source = YahooSource(server.url, pause_s=0, clock=ManualClock(asked.pop("now", NOON)))
    return source.fetch(PullRequest(symbols, **asked))


class TestFetch:
    def test_bars_are_split_adjusted_with_dividends_stated(self, server: ChartServer) -> None:
        server.chart("AAPL", chart())
        [raw] = fetch(server, "AAPL")
        assert (raw.basis, raw.currency, raw.dataset) == (Basis.SPLIT_ADJUSTED, "USD", "yahoo-us")
        assert raw.frame.drop("adj_close").rows() == [
            ("AAPL.XNAS", date(2024, 1, 2), 10.0, 11.0, 9.0, 10.5, 1000.0),
            ("AAPL.XNAS", date(2024, 1, 3), None, None, None, None, None),
            ("AAPL.XNAS", date(2024, 1, 4), 12.0, 13.0, 11.5, 12.5, 3000.0),
        ]
        assert raw.actions is not None
        assert raw.actions.rows() == [("AAPL.XNAS", date(2024, 1, 4), "cash_dividend", 0.24, "stated")]
        assert raw.warnings == ("Prices already include these splits: AAPL 4:1 on 2024-01-03.",)

    def test_asks_politely_and_in_full(self, server: ChartServer) -> None:
        server.chart("AAPL", chart())
        fetch(server, "AAPL", start=date(2024, 1, 2), end=date(2024, 1, 4))
        [(path, query, headers)] = server.asked
        assert path == "/v8/finance/chart/AAPL"
        assert query["interval"] == ["1d"]
        assert query["events"] == ["div,splits,capitalGains"]
        assert int(query["period1"][0]) <= stamp(2)
        assert int(query["period2"][0]) > stamp(4)
        assert headers["User-Agent"].startswith("Mozilla")

    def test_only_the_days_asked_for(self, server: ChartServer) -> None:
        server.chart("AAPL", chart())
        [raw] = fetch(server, "AAPL", start=date(2024, 1, 4), end=date(2024, 1, 4))
        assert raw.frame["ts"].to_list() == [date(2024, 1, 4)]

    def test_a_day_is_the_day_of_the_exchange(self, server: ChartServer) -> None:
        seoul = chart("005930.KS", "KSC", "KRW", exchangeTimezoneName="Asia/Seoul")
        seoul["timestamp"] = [stamp(2, 0, 0), stamp(3, 0, 0), stamp(3, 15, 1)]
        server.chart("005930.KS", seoul)
        [raw] = fetch(server, "005930.KS")
        assert raw.frame["ts"].to_list() == [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)]
        assert (raw.dataset, raw.venue, raw.instruments[0].board) == ("yahoo-kr", "XKRX", "KOSPI")

    def test_the_bar_of_a_running_session_is_left_out(self, server: ChartServer) -> None:
        period = {"regular": {"start": stamp(4), "end": stamp(4, 21, 0)}}
        server.chart("AAPL", chart(currentTradingPeriod=period))
        during = NOON - timedelta(days=1)
        [raw] = fetch(server, "AAPL", now=during)
        assert raw.frame["ts"].max() == date(2024, 1, 3)
        assert "the session is still running: AAPL" in raw.warnings[1]
        [later] = fetch(server, "AAPL", now=NOON)
        assert later.frame["ts"].max() == date(2024, 1, 4)

    def test_american_symbols_share_a_dataset_others_have_their_own(self, server: ChartServer) -> None:
        server.chart("AAPL", chart())
        server.chart("JPM", chart("JPM", "NYQ"))
        server.chart("7203.T", chart("7203.T", "JPX", "JPY", exchangeTimezoneName="Asia/Tokyo"))
        raws = fetch(server, "AAPL", "JPM", "7203.T")
        assert [(raw.dataset, raw.venue) for raw in raws] == [("yahoo-us", "XNAS"), ("yahoo-xtks", "XTKS")]
        assert [str(one.id) for one in raws[0].instruments] == ["AAPL.XNAS", "JPM.XNYS"]

    def test_an_id_of_ours_is_looked_for_on_each_board(self, server: ChartServer) -> None:
        server.chart("247540.KQ", chart("247540.KQ", "KOE", "KRW", exchangeTimezoneName="Asia/Seoul"))
        [raw] = fetch(server, "247540.XKRX")
        assert str(raw.instruments[0].id) == "247540.XKRX"
        assert [path.rpartition("/")[2] for path, _, _ in server.asked] == ["247540.KS", "247540.KQ"]


def spoiled(**changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(chart())
    for place, value in changes.items():
        node = made
        *above, last = place.split("__")
        for step in above:
            node = node[step]
        node[last] = value
    return made


class TestErrors:
    @pytest.mark.parametrize(
        ("answer", "kind", "code"),
        [
            (NOT_FOUND, NotFound, "unknown_symbol"),
            (Answer('{"chart": {"error": {"description": "bad range"}}}', 422), InvalidInput, "yahoo_refused_range"),
            (Answer("Edge: Too Many Requests", 429, "text/html"), Unavailable, "rate_limited"),
            (Answer('{"finance": {"error": {"code": "Unauthorized"}}}', 401), Refused, "yahoo_refused"),
            (Answer("<html>consent</html>", 200, "text/html"), Unavailable, "yahoo_bad_answer"),
            (Answer('{"chart": {"result": [', 200), Unavailable, "yahoo_bad_answer"),
            (Answer('{"chart": null}', 200), Unavailable, "yahoo_bad_answer"),
            (Answer('{"chart": {"result": [], "error": null}}', 200), Unavailable, "yahoo_bad_answer"),
            (Answer("[]", 200), Unavailable, "yahoo_bad_answer"),
            (Answer("oops", 500), Unavailable, "yahoo_failed"),
            (Answer('{"chart": {"result": null, "error": {"code": "Not Found"}}}', 200), NotFound, "unknown_symbol"),
        ],
    )
    def test_every_answer_has_its_error(
        self, server: ChartServer, answer: Answer, kind: type[MidasError], code: str
    ) -> None:
        server.answers["AAPL"] = answer
        with pytest.raises(kind) as caught:
            fetch(server, "AAPL")
        assert caught.value.code == code
        assert caught.value.hint

    @pytest.mark.parametrize(
        "result",
        [
            spoiled(meta={}),
            spoiled(timestamp=[stamp(2)]),
            spoiled(indicators__quote=[{"open": [1.0]}]),
            spoiled(timestamp="soon"),
            spoiled(meta__exchangeTimezoneName="Mars/Olympus"),
            spoiled(indicators__adjclose=[{"adjclose": ["a", "b", "c"]}]),
            spoiled(events__dividends={"1": {"amount": None, "date": stamp(4)}}),
            spoiled(meta__dataGranularity="1mo"),
            spoiled(indicators=[]),
        ],
        ids=range(9),
    )
    def test_a_chart_of_another_shape_is_told(self, server: ChartServer, result: dict[str, Any]) -> None:
        server.chart("AAPL", result)
        with pytest.raises(Unavailable) as caught:
            fetch(server, "AAPL")
        assert caught.value.code == "yahoo_bad_answer"

    def test_another_symbol_than_asked_is_refused(self, server: ChartServer) -> None:
        server.chart("AAPL", chart("MSFT"))
        with pytest.raises(DataInvalid, match="asked for 'AAPL' and sent 'MSFT'"):
            fetch(server, "AAPL")

    def test_two_currencies_in_one_dataset_are_refused(self, server: ChartServer) -> None:
        server.chart("AAPL", chart())
        server.chart("MSFT", chart("MSFT", currency="EUR"))
        with pytest.raises(DataInvalid, match="in EUR and USD"):
            fetch(server, "AAPL", "MSFT")

    def test_no_bars_in_the_range(self, server: ChartServer) -> None:
        empty = spoiled(timestamp=[], indicators={"quote": [{}], "adjclose": [{"adjclose": []}]}, events={})
        server.chart("AAPL", empty)
        with pytest.raises(DataBlocked, match="no bars of AAPL"):
            fetch(server, "AAPL")

    def test_no_symbols(self, server: ChartServer) -> None:
        with pytest.raises(InvalidInput, match="which symbols"):
            fetch(server)

    def test_nobody_there(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unavailable, match="does not answer") as caught:
            YahooSource(url, pause_s=0).fetch(PullRequest(("AAPL",)))
        assert caught.value.code == "yahoo_unreachable"

    def test_the_base_url_may_come_with_the_request(self, server: ChartServer) -> None:
        server.chart("AAPL", chart())
        source = YahooSource(pause_s=0, clock=ManualClock(NOON))
        assert source.fetch(PullRequest(("AAPL",), options={"base_url": server.url}))


class TestSymbols:
    @pytest.mark.parametrize(
        ("asked", "tried"),
        [
            ("aapl", ("AAPL",)),
            ("AAPL.XNAS", ("AAPL",)),
            ("BRK.B.XNYS", ("BRK-B",)),
            ("005930.KS", ("005930.KS",)),
            ("005930.XKRX", ("005930.KS", "005930.KQ", "005930.KN")),
        ],
    )
    def test_ours_become_theirs(self, asked: str, tried: tuple[str, ...]) -> None:
        assert candidates(asked) == tried

    @pytest.mark.parametrize(
        ("symbol", "exchange", "one"),
        [
            ("BRK-B", "NYQ", "BRK.B.XNYS"),
            ("SPY", "PCX", "SPY.ARCX"),
            ("X", "", "X.XNYS"),
            ("0700.HK", "", "0700.XHKG"),
        ],
    )
    def test_theirs_become_ours(self, symbol: str, exchange: str, one: str) -> None:
        assert str(listing(symbol, exchange).id) == one

    @pytest.mark.parametrize("symbol", ["^GSPC", "KRW=X", "ABC.XX"])
    def test_what_is_no_stock_is_refused(self, symbol: str) -> None:
        with pytest.raises(InvalidInput, match="no stock or fund"):
            listing(symbol, "")


def test_the_made_up_chart_is_json() -> None:
    assert json.loads(json.dumps(chart())) == chart()

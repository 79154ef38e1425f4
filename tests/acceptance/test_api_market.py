"""The whole Korean market through the HTTP API of a served instance."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import uvicorn

from midas.api.create import create_app
from midas.app.settings import JobSettings, Settings
from midas.app.workspace import Workspace
from midas.client.client import Client

pytestmark = pytest.mark.acceptance

ADJUSTED = Path("data/kr/krx_daily_adj_2023_2025.parquet")
RAW = Path("data/kr/krx_marcap_raw_janfeb_2022_2025.parquet")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    settings = Settings(home=tmp_path_factory.mktemp("served") / "home", jobs=JobSettings(runner="processes"))
    with (
        Workspace.open(settings) as workspace,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening,
    ):
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(create_app(workspace), log_level="critical", timeout_graceful_shutdown=5)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with Client.open(url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def adjusted(client: Client, shared: Path) -> pl.DataFrame:
    """The file as it is, once the server has imported it."""
    report = client.datasets.import_file(shared / ADJUSTED, "XKRX", adjusted=True, name="krx")
    assert report.symbols > 2000
    return pl.read_parquet(shared / ADJUSTED)


def column(frame: pl.DataFrame, *names: str) -> str:
    return next(name for name in frame.columns if name.lower() in names)


def test_every_instrument_is_listed_page_by_page(client, adjusted):
    codes = adjusted[column(adjusted, "code", "symbol", "ticker", "종목코드")].cast(pl.String).str.zfill(6).unique()
    assert [each.id for each in client.instruments.list(dataset="krx")] == sorted(f"{code}.XKRX" for code in codes)


def test_bars_are_those_of_the_file(client, adjusted):
    code, day, close = (column(adjusted, *names) for names in (("code", "symbol"), ("date", "ts", "day"), ("close",)))
    wanted = adjusted.filter(pl.col(code).cast(pl.String).str.zfill(6) == "005930").sort(day)
    bars = client.instruments.bars("005930")
    assert [bar.ts for bar in bars] == wanted[day].cast(pl.Date).to_list()
    assert [bar.close for bar in bars] == pytest.approx(wanted[close].cast(pl.Float64).to_list())
    assert client.instruments.latest("005930.XKRX") == bars[-1]


def test_a_momentum_backtest_of_the_whole_market(client, adjusted):
    told: list[float] = []
    made = client.backtests.run(
        "momentum", {"top": 20, "lookback": 60, "skip": 5}, universe="krx", progress=lambda done, _: told.append(done)
    )
    assert told[-1] == 1.0
    assert made.summary["trades"] > 10
    fills = made.fills()
    assert fills.height > 0
    csv = pl.read_csv(io.BytesIO(client.backtests.export(made.id, "fills", "csv")), try_parse_dates=True)
    assert csv["symbol"].to_list() == fills["symbol"].to_list()
    assert csv["price"].to_list() == fills["price"].to_list()
    assert client.backtests.run("momentum", {"top": 20, "lookback": 60, "skip": 5}, universe="krx").cached
    page = made.tear_sheet()
    assert len(page) < 4_000_000, "a page a browser opens without thinking"


def test_korean_names_and_boards_are_found(client, shared):
    report = client.datasets.import_file(shared / RAW, "XKRX", name="raw", skip_bad=True)
    assert report.rows > 100_000
    found = client.instruments.list(query="삼성전자", dataset="raw")
    assert "005930.XKRX" in [each.id for each in found]
    assert {each.board for each in client.instruments.list(dataset="raw")} >= {"KOSPI", "KOSDAQ"}
    assert client.datasets.check("raw").dataset == "raw"

"""A won account that holds SPY, at the rates of every day from 2009 on, against a walk through both files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import polars as pl
import pytest

from midas.app.rates import rates_of
from midas.backtest.run import run
from midas.core.clock import ManualClock
from midas.core.errors import DataBlocked
from midas.execution.exchange import AccountCurrency
from midas.integrations.file.source import FileSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.marketdata.universe import select
from midas.strategies.library.buy_and_hold import BuyAndHold

pytestmark = pytest.mark.acceptance

START, END = date(2009, 1, 2), date(2020, 12, 31)


def test_every_close_is_worth_what_the_files_say(shared: Path, tmp_path: Path) -> None:
    won = pl.read_parquet(shared / "data" / "macro" / "us_index_vix_usdkrw_daily.parquet")
    won = won.filter(pl.col("symbol") == "USDKRW").sort("date").select("symbol", "date", "close")
    etf = pl.read_parquet(shared / "data" / "us" / "us_etf_daily_1993_2026.parquet").filter(pl.col("symbol") == "SPY")
    lake = Lake(tmp_path / "lake", ManualClock(datetime(2026, 11, 21, tzinfo=UTC)))
    for frame, options in ((won, {"venue": "XFXM", "currency": "KRW", "dataset": "rates"}),
                           (etf, {"venue": "ARCX", "adjusted": "true", "dataset": "spy"})):  # fmt: skip
        frame.write_parquet(tmp_path / "bars.parquet")
        [raw] = FileSource().fetch(PullRequest(options={"path": str(tmp_path / "bars.parquet"), **options}))
        import_bars(lake, raw, skip_bad=True)
    panel = select(lake, None, ["SPY"]).panel
    kept = set(lake.bars("rates")["ts"])
    result = run(
        BuyAndHold(), panel, start=START, end=END, initial_capital=100_000_000, account=AccountCurrency("KRW", 25.0),
        rates=rates_of(lake, "USD", "KRW"),
    )  # fmt: skip
    with pytest.raises(DataBlocked, match="2008-08-07"):  # its rows are empty from 2008-07-31 on
        run(BuyAndHold(), panel, start=date(2008, 1, 2), account=AccountCurrency("KRW"),
            rates=rates_of(lake, "USD", "KRW"))  # fmt: skip
    own = result.exchanged
    assert own is not None
    by_day = {day: Decimal(repr(close)) for day, close in won.select("date", "close").iter_rows() if day in kept}
    last, gain, before = Decimal(0), Decimal(0), None
    for place, day in enumerate(result.sessions.tolist()):
        rate = by_day[day] if day in by_day else by_day[max(known for known in by_day if known <= day)]
        dollars = Decimal(str(round(float(result.equity[place]), 2)))
        assert own.equity[place] == (dollars * rate).quantize(Decimal(1), ROUND_HALF_UP), day
        gain += Decimal(0) if before is None else before * (rate - last)
        last, before = rate, dollars
    assert own.currency_gain == gain.quantize(Decimal(1), ROUND_HALF_UP)
    assert len(own.equity) == len(result.sessions) > 3_000
    first = Decimal(100_000_000) / (own.rates[0] * Decimal("1.0025"))
    assert Decimal(str(result.equity[0])) == Decimal(int(first * 100)) / 100
